"""The key findings are those of the declared rule."""

import math

import pytest

from restudy.report.phrases import finding
from restudy.report.view.key_findings import clearness, key_findings
from tests.report import made_up


def test_of(claim, topic, verdict, low, high, **fields):
    row = {"claim": claim, "topic": topic, "test": 1, "study": "s", "dataset": "mnist"}
    row |= {"metric": "accuracy", "contrast": "a less b", "expected": "greater", "n": 5}
    row |= {"scale_of": "difference", "margin": 0.01, "verdict": verdict}
    row |= {"exploratory": False}
    return row | {"ci_low": low, "effect": (low + high) / 2, "ci_high": high} | fields


test_of.__test__ = False


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        # The near end, in margins.
        (test_of("c", "t", "supported", 0.02, 0.08), 2),
        (test_of("c", "t", "contradicted", -0.09, -0.03), 3),
        # That there is no difference is the clearer the narrower the interval is about 0.
        (test_of("c", "t", "no_meaningful_difference", -0.002, 0.005), -0.5),
        (test_of("c", "t", "supported", -0.002, 0.004, expected="equal"), -0.4),
        (test_of("c", "t", "supported", -0.09, 0.004, expected="non_superior"), -0.4),
        (test_of("c", "t", "supported", -0.002, 0.09, expected="non_inferior"), -0.2),
        (test_of("c", "t", "supported", 0.02, 0.09, expected="non_inferior"), 0),
        (test_of("c", "t", "contradicted", 0.05, 0.06, expected="non_superior"), 5),
        (test_of("c", "t", "contradicted", 0.05, 0.06, expected="equal"), 5),
        # Ratios by their logs: 1.21 is two margins of 1.1.
        (test_of("c", "t", "supported", 1.21, 1.5, scale_of="ratio", margin=1.1), 2),
    ],
)
def test_clear_is_far_from_no_effect_in_margins(row, expected):
    assert clearness(row) == pytest.approx(expected)


@pytest.mark.parametrize("gap", [{"margin": 0.0}, {"ci_low": math.nan}, {"ci_low": 0.08}])
def test_nothing_is_clear_without_an_interval_a_spread_and_a_margin(gap):
    assert math.isnan(clearness(test_of("c", "t", "supported", 0.02, 0.08) | gap))


def tables():
    """Tables with a choice of findings of each kind."""
    tests = [
        test_of("CLM-A-01", "a", "contradicted", -0.05, -0.02),
        test_of("CLM-A-02", "a", "contradicted", -0.09, -0.08),
        test_of("CLM-B-01", "b", "contradicted", -0.07, -0.03),
        test_of("CLM-B-02", "b", "supported", 0.02, 0.03),
        # Its other tests disagree: the verdict on the claim is another.
        test_of("CLM-B-03", "b", "supported", 0.5, 0.6),
        test_of("CLM-C-01", "c", "no_meaningful_difference", -0.001, 0.001),
    ]
    verdicts = {row["claim"]: row["verdict"] for row in tests} | {"CLM-B-03": "inconclusive"}
    effects = [
        {
            "erratum": "ERR-S1-01",
            "severity": "low",
            "difference": -0.05,
            "ci_low": -0.06,
            "ci_high": -0.04,
        },
        {"erratum": "ERR-S1-02", "severity": "high", "difference": -0.01}
        | {"ci_low": -0.015, "ci_high": -0.005},
    ]
    status = "effect_confirmed"
    return {
        "claims": made_up.claims(*((id_, "t", one) for id_, one in verdicts.items())),
        "claim_tests": made_up.tests(*tests),
        "errata": made_up.errata(("ERR-S1-01", status), ("ERR-S1-02", status)),
        "erratum_effects": made_up.shown(*(one | {"study": "s"} for one in effects)),
        "s/summary": made_up.table("s/summary"),
        "grid/variance_components": made_up.table("grid/variance_components", *made_up.MATTERS),
    }


def ids(found):
    return [one.id for one in found]


def test_findings_are_the_first_of_each_kind():
    found = key_findings(tables())
    assert ids(found) == ["CLM-A-02", "CLM-B-02", "ERR-S1-02", "CLM-C-01", "grid"]
    assert [found[0].effect, found[0].low, found[0].high] == pytest.approx([-0.085, -0.09, -0.08])
    assert (found[0].seeds, found[0].measure) == (5, "difference")
    assert (found[4].statement, found[4].levels, found[4].effect) == (
        *("norm", ("batch", "none"), 0.6),
    )


def test_a_finding_has_its_numbers_in_words():
    text = finding(key_findings(tables())[0])
    minus = "\N{MINUS SIGN}"
    for number in (f"{minus}0.0850", f"{minus}0.0900 to {minus}0.0800", "5 seeds"):
        assert number in text.effect
    shares = finding(key_findings(tables())[4])
    assert shares.effect.startswith("60%")
    assert shares.address == "variance-grid"


def test_where_a_kind_has_none_the_next_of_the_others_come():
    found = tables()
    del found["grid/variance_components"]
    # Not CLM-A-01: its topic has been.
    assert ids(key_findings(found))[4:] == ["CLM-B-01"]


def test_no_findings_without_tables():
    found = tables() | {"claim_tests": made_up.tests(), "erratum_effects": made_up.shown()}
    del found["grid/variance_components"]
    assert key_findings(found) == []


def test_studies_come_before_experiments():
    found = tables()
    tests, shown = found["claim_tests"], found["erratum_effects"]
    tests.loc[tests["claim"].isin(["CLM-A-02", "CLM-B-02"]), "study"] = "an-experiment"
    shown["study"] = ["s", "an-experiment"]
    # Severity comes first among mistakes, and an experiment is better than nothing.
    assert ids(key_findings(found))[:3] == ["CLM-B-01", "CLM-B-02", "ERR-S1-02"]
