"""The counts add up, and the findings are those of the declared rule."""

import math
from typing import Any

import pandas as pd
import pytest
from restudy.report.findings import clearness, findings

from restudy.config.reductions import Reduction
from restudy.report import answer

STATUSES = [
    *("exact", "exact", "consistent"),
    *("bound_satisfied", "source_error_only", "inconsistent", "mismatch"),
    *("pending", "not_testable", "setting", "constant"),
]


def test_numbers_are_counted_once_each():
    tally = answer.numbers(pd.DataFrame({"status": STATUSES}))
    assert {count.name: count.number for count in tally.counts} == {
        "equal to the digit": 2,
        "as one more run of ours": 2,
        "only with the source's mistake": 1,
        "did not reproduce": 2,
        "open at this scale": 1,
        "cannot be judged": 1,
        "settings, not results": 2,
    }
    assert tally.sentence == (
        "Of 11 printed numbers this run judges 7. 4 reproduced: 2 to the last digit, and 2 as one "
        "more run of ours could have given them. 1 came out only with the source's mistake in "
        "place, 2 did not."
    )


def test_claims_are_counted_once_each():
    told = ["supported"] * 3 + ["contradicted", "no_meaningful_difference", "inconclusive"]
    tally = answer.claims([*told, "pending", "timed", "not_testable"])
    assert sum(count.number for count in tally.counts) == 9
    assert tally.sentence == (
        "Of 9 claims 3 held, and 2 did not: our runs contradict 1, and show no meaningful "
        "difference where 1 sees one. 1 is inconclusive, for want of runs or since their tests "
        "disagree; 2 are not tested by this run. 1 cannot be tested here."
    )
    assert "not tested" not in answer.claims([*told, "not_testable"]).sentence


def test_mistakes_are_counted_once_each():
    told = ["effect_confirmed", "no_effect_found", "assessed", "wording_only", "pending"]
    tally = answer.errata(pd.Series([*told, "not_testable"]))
    assert [count.number for count in tally.counts] == [1, 1, 1, 1, 2]
    assert tally.sentence == (
        "Of 6 mistakes found in the sources 1 is shown to change a number, 1 is not; 1 is judged "
        "by the numbers and claims that rest on them, 1 is of wording only, 2 are open or out of "
        "reach."
    )


def test_nothing_is_counted_as_nothing():
    empty = pd.DataFrame({"status": pd.Series(dtype=str)})
    for tally in (answer.numbers(empty), answer.claims([]), answer.errata(empty["status"])):
        assert list(tally.counts) == []
        assert tally.sentence.startswith("Of 0 ")


def reductions(*found: tuple[str, Any, Any]) -> list[dict[str, Any]]:
    return [Reduction(*one)._asdict() for one in found]


def test_cuts_in_a_sentence():
    described = [
        {"reductions": reductions(("seeds", 5, 2), ("epochs", "20", "2"), ("steps", "9", "3"))},
        {"reductions": reductions(("seeds", 5, 1), ("train_samples", "all", "100"))},
        {"reductions": reductions(("norm", ["none", "batch"], ["none"]))},
        {"reductions": []},
    ]
    assert answer.cuts(described, "quick", experiments=False) == (
        "Scale quick cuts 3 of 4 studies: fewer seeds in 2, shorter training in 1, fewer samples "
        "in 1, fewer levels in 1; each study below says what. The small experiments were not done "
        "(experiments: false)."
    )
    whole = answer.cuts(described[3:], "full", left_out=["a", "b"], experiments=True)
    assert (
        whole
        == "Scale full: every study of this run is as it is written. Left out: 2 studies (a, b)."
    )
    many = answer.cuts(described[3:], "full", left_out=list("abcdef"), experiments=True)
    assert many.endswith(" Left out: 6 studies.")


def test_of(claim, topic, verdict, low, high, **fields):
    row = {"claim": claim, "topic": topic, "test": 1, "study": "s", "dataset": "mnist"}
    row |= {"number": "accuracy", "sides": "a less b", "predicts": "greater", "n": 5}
    row |= {"scale_of": "difference", "margin": 0.01, "verdict": verdict}
    row |= {"exploratory": False}
    return row | {"low": low, "effect": (low + high) / 2, "high": high} | fields


test_of.__test__ = False


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        # The near end, in margins.
        (test_of("c", "t", "supported", 0.02, 0.08), 2),
        (test_of("c", "t", "contradicted", -0.09, -0.03), 3),
        # That there is no difference is the clearer the narrower the interval is about 0.
        (test_of("c", "t", "no_meaningful_difference", -0.002, 0.005), -0.5),
        (test_of("c", "t", "supported", -0.002, 0.004, predicts="equal"), -0.4),
        (test_of("c", "t", "supported", -0.09, 0.004, predicts="no greater"), -0.4),
        (test_of("c", "t", "supported", -0.002, 0.09, predicts="no less"), -0.2),
        (test_of("c", "t", "supported", 0.02, 0.09, predicts="no less"), 0),
        (test_of("c", "t", "contradicted", 0.05, 0.06, predicts="no greater"), 5),
        (test_of("c", "t", "contradicted", 0.05, 0.06, predicts="equal"), 5),
        # Ratios by their logs: 1.21 is two margins of 1.1.
        (test_of("c", "t", "supported", 1.21, 1.5, scale_of="ratio", margin=1.1), 2),
    ],
)
def test_clear_is_far_from_no_effect_in_margins(row, expected):
    assert clearness(row) == pytest.approx(expected)


@pytest.mark.parametrize("gap", [{"margin": 0.0}, {"low": math.nan}, {"low": 0.08}])
def test_nothing_is_clear_without_an_interval_a_spread_and_a_margin(gap):
    assert math.isnan(clearness(test_of("c", "t", "supported", 0.02, 0.08) | gap))


def tables():
    tests = pd.DataFrame(
        [
            test_of("CLM-A-01", "a", "contradicted", -0.05, -0.02),
            test_of("CLM-A-02", "a", "contradicted", -0.09, -0.08),
            test_of("CLM-B-01", "b", "contradicted", -0.07, -0.03),
            test_of("CLM-B-02", "b", "supported", 0.02, 0.03),
            # Its other tests disagree: the verdict on the claim is another.
            test_of("CLM-B-03", "b", "supported", 0.5, 0.6),
            test_of("CLM-C-01", "c", "no_meaningful_difference", -0.001, 0.001),
        ]
    )
    claims = tests[["claim", "verdict"]].set_axis(["id", "status"], axis=1)
    claims = claims.assign(source="S1", statement="It is so.")
    claims.loc[claims["id"] == "CLM-B-03", "status"] = "inconclusive"
    errata = pd.DataFrame(
        {
            "id": ["ERR-S1-01", "ERR-S1-02"],
            "status": "effect_confirmed",
            "what_is_wrong": "All of it.",
        }
    )
    shown = pd.DataFrame(
        {
            "erratum": ["ERR-S1-01", "ERR-S1-02"],
            "source": "S1",
            "severity": ["low", "high"],
            "what": "test accuracy",
            "study": "s",
            "n": 5,
            "as_published": 0.9,
            "corrected": [0.95, 0.91],
            "difference": [-0.05, -0.01],
            "low": [-0.06, -0.015],
            "high": [-0.04, -0.005],
            "exploratory": False,
        }
    )
    shares = pd.DataFrame(
        {
            "dataset": ["mnist", "mnist"],
            "source": ["batch_size", "residual (seeds)"],
            "share": [0.6, 0.9],
            "low": [0.5, 0.8],
            "high": [0.7, 0.95],
            "best": ["64", None],
            "worst": ["1", None],
            "seeds": [5, 5],
        }
    )
    return claims, tests, errata, shown, {"grid": shares}


def test_findings_are_the_first_of_each_kind():
    found = findings(*tables(), ["s"])
    assert [one.id for one in found] == [
        *("CLM-A-02", "CLM-B-02", "ERR-S1-02", "CLM-C-01", "matters-grid"),
    ]
    assert found[0].effect == (
        "difference \N{MINUS SIGN}0.0850 (95% interval \N{MINUS SIGN}0.0900 to "
        "\N{MINUS SIGN}0.0800; 5 seeds)"
    )
    assert found[4].statement == "Batch size: 64 rather than 1"
    assert found[4].effect == "60% (95% interval 50% to 70%; 5 seeds)"


def test_where_a_kind_has_none_the_next_of_the_others_come():
    claims, tests, errata, shown, _ = tables()
    found = findings(claims, tests, errata, shown, {}, ["s"])
    # Not CLM-A-01: its topic has been.
    assert [one.id for one in found[4:]] == ["CLM-B-01"]


def test_no_findings_without_tables():
    claims, tests, errata, shown, _ = tables()
    assert findings(claims, tests.iloc[:0], errata, shown.iloc[:0], {}, ["s"]) == []


def test_studies_come_before_experiments():
    claims, tests, errata, shown, shares = tables()
    tests.loc[tests["claim"] == "CLM-A-02", "study"] = "an-experiment"
    tests.loc[tests["claim"] == "CLM-B-02", "study"] = "an-experiment"
    shown["study"] = ["s", "an-experiment"]
    found = findings(claims, tests, errata, shown, shares, ["s"])
    # Severity comes first among mistakes, and an experiment is better than nothing.
    assert [one.id for one in found[:3]] == ["CLM-B-01", "CLM-B-02", "ERR-S1-02"]
