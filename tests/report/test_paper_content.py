"""What the paper says is made from the view model, whatever that holds."""

import json
import math

import pytest

from restudy.common.text_format import TIMES
from restudy.evidence.statuses import Status, label
from restudy.report.paper.content import NUMBERS, content, most_severe, to_json
from restudy.report.paper.dot_plot import Axis, dot_plot
from restudy.report.view.model import Dot
from restudy.report.view.published import farthest
from restudy.report.view.variance import variance
from tests.report import made_up

CAPTIONS = {"FIG-S1-01": "A caption.", "grid": "Another."}


def part(name, *studies, **given):
    """Return a part of the paper about a run with some tables, or studies, in place of others."""
    return content(made_up.full(*studies, **given), {})[name]


@pytest.fixture(scope="module")
def found():
    return content(made_up.full(), CAPTIONS)


def test_published_numbers(found):
    told = found["numbers"]
    assert told["columns"] == ["S1"]
    assert told["by_source"] == [
        {"status": label(status), "tested": tested, "counts": ["1", "1"]}
        for status, tested in (
            *(("exact", True), ("consistent", True), ("source_error_only", True)),
            *(("inconsistent", True), ("setting", False), ("pending", False)),
        )
    ]
    assert all(
        f"1 {Status(status).phrase}" in told["outcome"] for status in ("exact", "inconsistent")
    )


def test_the_number_farthest_outside_is_named():
    table = made_up.published(
        made_up.held("1.4", "inconsistent"),
        made_up.held("-3", "inconsistent", metric="loss"),
        made_up.held("9", "pending"),
    )
    text = farthest(table)
    assert "PUB-S1-002" in text
    assert "0.80 to 1.20 (3 runs)" in text
    assert farthest(table.iloc[2:]) == ""


def test_a_number_s_place_is_counted_in_half_widths(found):
    places = found["numbers"]["plot"]
    assert places["n"] == "3"
    assert places["legend"] == [
        label(one) for one in ("consistent", "source_error_only", "inconsistent")
    ]
    assert [row["name"] for row in places["rows"]] == ["S1"]
    # 1.0 and 1.1 lie at 0 and 0.5 half widths, 1.6 at 3: the right end.
    assert sorted(dot["x"] for dot in places["rows"][0]["dots"]) == [
        *(0.5, pytest.approx(0.5 + 0.5 / 6, abs=0.005), 1.0),
    ]
    assert places["band"] == pytest.approx([1 / 3, 2 / 3], abs=1e-3)


def test_every_status_has_a_colour(found):
    assert set(found["tones"]) == {status.label for status in Status}


def test_verdicts(found):
    told = found["claims"]
    known = list(
        map(label, ("supported", "contradicted", "no_meaningful_difference", "inconclusive"))
    )
    assert [one for one in told["verdicts"] if one in known] == known
    assert "1 rests" in told["power"]
    assert told["reductions"] == ""
    assert [row["id"] for row in told["contradicted"]] == ["CLM-A-02"]
    assert [row["id"] for row in told["all"]] == ["CLM-A-01", "CLM-A-02", "CLM-A-03"]
    shown = [0, *(1 + told["verdicts"].index(one) for one in known), -1]
    assert [[row[place] for place in shown] for row in told["by_topic"]] == [
        ["t", "1", "1", "", "", ""],
        ["u", "", "", "", "1", "1"],
        ["all", "1", "1", "", "1", "1"],
    ]


def test_a_verdict_is_shown_by_a_test_that_found_it():
    known = made_up.claims(("CLM-A-01", "t", "contradicted"))
    tests = made_up.tests(
        {"claim": "CLM-A-01", "verdict": "inconclusive", "metric": "loss"},
        {"claim": "CLM-A-01", "verdict": "contradicted", "scale_of": "ratio", "effect": 2.0}
        | {"ci_low": 1.5, "ci_high": 2.5, "margin": 1.1, "metric": "steps", "dataset": "mnist"},
    )
    (row,) = part("claims", claims=known, claim_tests=tests)["all"]
    assert (row["number"], row["tests"]) == ("mnist, steps", "2 tests")
    assert (row["effect"], row["interval"], row["margin"]) == (
        f"{TIMES} 2.00",
        "1.50 to 2.50",
        f"{TIMES} 1.1",
    )


@pytest.mark.parametrize(
    ("fields", "in_margins"),
    [
        ({"effect": 0.02}, 2.0),
        ({"effect": -0.02, "expected": "less"}, 2.0),
        ({"effect": 0.02, "expected": "less"}, -2.0),
        ({"effect": 4.0, "scale_of": "ratio", "margin": 2.0}, 2.0),
        ({"effect": 0.0, "scale_of": "ratio", "margin": 2.0}, -100.0),  # the left end
    ],
)
def test_an_effect_s_place_is_counted_in_margins(fields, in_margins):
    row = {"claim": "CLM-A-01", "verdict": "supported"} | fields
    (drawn,) = part("claims", claim_tests=made_up.tests(row))["plot"]["rows"]
    share = math.asinh(in_margins) / math.asinh(100)
    assert drawn["dots"][0]["x"] == pytest.approx(0.5 + 0.5 * share, abs=0.005)


@pytest.mark.parametrize(
    "fields", [{"expected": "equal"}, {"margin": 0.0}, {"verdict": "pending"}, {"effect": math.nan}]
)
def test_an_effect_without_a_place_is_left_out(fields):
    row = {"claim": "CLM-A-01", "verdict": "supported"} | fields
    assert part("claims", claim_tests=made_up.tests(row))["plot"]["rows"] == []


def test_mistakes(found):
    (row,) = found["errata"]["effects"]
    assert row["numbers"] == [
        {"what": "accuracy", "published": "0.9700", "corrected": "0.9500"}
        | {"difference": "+0.020", "interval": "+0.010 to +0.030", "n": "3"}
    ]


def test_a_mistake_whose_difference_may_be_nothing_is_not_listed():
    shown = made_up.shown({"ci_low": -0.1, "ci_high": 0.1, "difference": 0.0})
    assert part("errata", erratum_effects=shown)["effects"] == []


def test_a_table_is_no_longer_than_a_page():
    rows = [{"severity": "high", "numbers": [{}] * 3, "id": place} for place in range(20)]
    kept = most_severe([{"severity": "low", "numbers": [{}], "id": "low"}, *rows])
    assert [row["id"] for row in kept] == list(range(NUMBERS // 3))
    assert most_severe([{"severity": "low", "numbers": [{}]}]) != []


def test_signs_of_printed_differences(found):
    for text in ("of 2 ", "of 1 survives", "1 are open"):
        assert text in found["errata"]["signs"].lower()
    assert part("errata", printed_differences=made_up.contrasts("", ""))["signs"] == ""


def test_claims_against_each_other(found):
    (pair,) = found["claims"]["opposed"]
    assert (pair["claim"], pair["other"]) == ("CLM-A-01", "CLM-A-02")
    beyond = {"verdict": "not_testable", "other_verdict": "not_testable"}
    table = made_up.opposed(("CLM-A-01", "CLM-A-02"), **beyond)
    assert part("claims", contradictions=table)["opposed"] == []


def test_searches():
    done = part("searches")
    assert done["open"] == ""
    assert [row["search"] for row in done["found"]] == ["PUZ-S1-01"]
    row = {"search": "PUZ-S1-02", "compatible": 0, "ruled_out": 0}
    waiting = part("searches", configuration_searches=made_up.searches(row))
    assert waiting["found"] == []
    assert "PUZ-S1-02" in waiting["open"]


def test_what_matters(found):
    ((sentence,),) = [one["sentences"] for one in found["variance"]]
    for words in ("norm explains 60% (50% to 70%)", "the seed 20% (10% to 30%)", "0.9800 against"):
        assert words in sentence
    assert "hidden" not in sentence  # it may explain nothing
    assert "norm on MNIST (60%)" in found["abstract"][-1]


def test_what_is_not_known_of_what_matters():
    table = made_up.table("grid/variance_components", *made_up.MATTERS)
    unknown = table.assign(omega_squared=math.nan)
    assert "%" not in variance("grid", unknown).sentences[0]
    assert variance("grid", unknown).largest == ""
    weak = table.assign(ci_low=0.0, dataset="")
    assert "norm" not in variance("grid", weak).sentences[0]


def test_how_much_was_run(found):
    extent = found["extent"]
    assert (extent["studies"], extent["networks"]) == ("2 studies", "12 trained networks")
    assert (extent["data"], extent["seeds"], extent["diverged"]) == ("MNIST", "three seeds", "")
    assert "all 2 studies" in extent["reduced"]
    half = part("extent", (made_up.study(), made_up.study("grid", reductions=[])))
    assert "1 of the 2 studies" in half["reduced"]


def test_differences_of_the_sources_experiments(found):
    assert found["contrasts"] == [
        {"source": "S1", "study": "s1-one", "contrast": "batch \N{MINUS SIGN} none"}
        | {"factor": "norm", "where": "", "metric": "", "difference": "+0.012"}
        | {"interval": "+0.002 to +0.022", "n": "3"}
    ]
    for own in ({"as_published": True}, {"source": None}):
        assert part("contrasts", (made_up.study(**own),)) == []


def test_means_over_other_factors_stand_for_the_combinations():
    one = made_up.study(factors={"norm": ["none", "batch"], "width": ["8", "9"]})
    rows = [made_up.COMPARED | {"width": width, "metric": "test_r2"} for width in ("8", "9", "all")]
    table = made_up.typed("s1-one/comparison", made_up.pd.DataFrame(rows))
    summary = made_up.tables()["s1-one/summary"].assign(width="8")
    given = {"s1-one/comparison": table, "s1-one/summary": summary}
    (row,) = part("contrasts", (one,), **given)
    assert row["metric"] == "test R²"


def test_sources(found):
    first, second = found["sources"]
    assert first["counts"] == ["6", "4", "2"]
    assert first["experiments"] == [["Network A", "1", "1", "1", "1", "2"]]
    assert first["picture"] == "FIG-S1-01"
    assert "PUB-S1-004" in first["outcomes"][0]  # farthest outside
    assert second["counts"] == ["0", "4", "0"]
    assert (second["experiments"], second["picture"], len(second["outcomes"])) == ([], "", 1)


def test_method(found):
    assert found["title"] == "A title"
    method = found["method"]
    assert (method["level"], method["alpha"], method["power"]) == ("95%", "0.05", "80%")
    assert "94.9%" in method["calibration"]  # with the fewest seeds


def test_nothing_is_known_of_nothing():
    found = content(made_up.empty(), {})
    assert found["numbers"]["runs"] == ""
    assert found["abstract"]
    assert found["extent"]["networks"].startswith("no ")
    assert (
        found["sources"] == found["variance"] == found["contrasts"] == found["claims"]["all"] == []
    )


def test_same_each_time_and_plain(found):
    text = to_json(found)
    assert text == to_json(content(made_up.full(), CAPTIONS))
    assert json.loads(text) == found


def test_dots_are_stacked_where_they_would_hide_each_other():
    axis = Axis(limit=2.0, ticks=(-2.0, 0.0, 2.0))
    dots = [
        Dot(row=row, value=value, status=Status.SUPPORTED)
        for row, value in (("a", 0.0), ("a", 0.0), ("b", 9.0))
    ]
    drawn = dot_plot(dots, axis, 1.0)
    assert [(row["name"], row["height"]) for row in drawn["rows"]] == [("a", 2), ("b", 1)]
    assert [dot["level"] for dot in drawn["rows"][0]["dots"]] == [0, 1]
    assert drawn["rows"][1]["dots"][0]["x"] == 1.0
    labels = [tick["label"] for tick in drawn["ticks"]]
    assert labels == ["≤ \N{MINUS SIGN}2", "0", "≥ 2"]


def test_tests_that_were_designed_after_a_look_are_counted_and_exploratory_ones_left_out():
    one = {"claim": "CLM-A-01", "verdict": "supported"}
    rows = made_up.tests(one | {"redesigned": True}, one | {"test": 2, "exploratory": True})
    told = part("claims", claim_tests=rows)
    for text in ("1 test replaces", "1 test is exploratory"):
        assert text in told["designs"]
    assert part("claims", claim_tests=made_up.tests(one))["designs"] == ""
    assert [row["tests"] for row in told["all"]] == [""]  # of one test
