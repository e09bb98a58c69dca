"""What the paper says is made from the tables, whatever they say."""

import json
import math
from dataclasses import replace

import pytest
from restudy.report.paper.strips import Axis, Dot, strip
from restudy.report.paper.words import TIMES

from restudy.report.paper import claims, errata, numbers, studies
from restudy.report.paper.content import content, to_json
from tests.report import made_up_paper as made_up


@pytest.fixture(scope="module")
def found():
    return content(made_up.full())


def test_printed_numbers(found):
    assert found["numbers"]["outcome"] == (
        "Of the 4 printed numbers that could be judged, 1 comes out to the last digit, 1 lies "
        "where one more run could fall, 1 comes out only with a mistake of the source left in and "
        "1 lies outside."
    )
    assert found["numbers"]["unjudged"] == (
        "Of the others, 1 is not judged yet, since this run cuts or lacks their experiment; 1 is "
        "given by hand: settings and constants."
    )
    assert found["numbers"]["columns"] == ["S1"]
    assert found["numbers"]["by_source"][0] == {
        **{"status": "exact", "judged": True, "counts": ["1"], "all": "1"},
    }
    assert found["numbers"]["by_source"][-1]["status"] == "pending"


def test_the_number_farthest_outside_is_named():
    table = made_up.published(
        made_up.held("1.4", "inconsistent"),
        made_up.held("-3", "inconsistent", metric="loss"),
        made_up.held("9", "pending"),
    )
    assert numbers.farthest(table) == (
        "Farthest outside is PUB-S1-002, loss: the source prints -3, one more run of ours is "
        "expected at 0.80 to 1.20 (3 runs)."
    )
    assert numbers.farthest(table.iloc[2:]) == ""


def test_a_number_s_place_is_counted_in_half_widths(found):
    places = found["numbers"]["places"]
    assert places["n"] == "3"
    assert [row["name"] for row in places["rows"]] == ["S1"]
    # 1.0 and 1.1 lie at 0 and 0.5 half widths, 1.6 at 3: the right end.
    assert sorted(dot["x"] for dot in places["rows"][0]["dots"]) == [
        *(0.5, pytest.approx(0.5 + 0.5 / 6, abs=0.005), 1.0),
    ]
    assert places["band"] == pytest.approx([1 / 3, 2 / 3], abs=1e-3)


def test_verdicts(found):
    told = found["claims"]
    assert told["outcome"] == (
        "Of the 3 claims that were tested, 1 is supported, 1 is contradicted and 1 remains "
        "inconclusive."
    )
    assert told["untested"] == "Of the others, 1 is not tested yet."
    assert told["power"].startswith("Of the inconclusive claims 1 rests on too few runs")
    assert told["cuts"] == ""
    assert [row["id"] for row in told["contradicted"]] == ["CLM-A-02"]
    assert [row["id"] for row in told["all"]] == ["CLM-A-01", "CLM-A-02", "CLM-A-03"]
    assert told["by_topic"] == [
        {"topic": "t", "counts": ["1", "1", "", ""], "others": ""},
        {"topic": "u", "counts": ["", "", "", "1"], "others": "1"},
        {"topic": "all", "counts": ["1", "1", "", "1"], "others": "1"},
    ]


def test_a_verdict_is_shown_by_a_test_that_found_it():
    ledger = made_up.claims(("CLM-A-01", "t", "contradicted"))
    tests = made_up.tests(
        {"claim": "CLM-A-01", "verdict": "inconclusive", "number": "loss"},
        {"claim": "CLM-A-01", "verdict": "contradicted", "scale_of": "ratio", "effect": 2.0}
        | {"low": 1.5, "high": 2.5, "margin": 1.1, "number": "steps", "dataset": "mnist"},
    )
    (row,) = claims.listed(ledger, tests)
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
        ({"effect": -0.02, "predicts": "less"}, 2.0),
        ({"effect": 0.02, "predicts": "less"}, -2.0),
        ({"effect": 4.0, "scale_of": "ratio", "margin": 2.0}, 2.0),
        ({"effect": 0.0, "scale_of": "ratio", "margin": 2.0}, -100.0),  # the left end
    ],
)
def test_an_effect_s_place_is_counted_in_margins(fields, in_margins):
    row = {"claim": "CLM-A-01", "verdict": "supported"} | fields
    (drawn,) = claims.places(made_up.tests(row))["rows"]
    share = math.asinh(in_margins) / math.asinh(100)
    assert drawn["dots"][0]["x"] == pytest.approx(0.5 + 0.5 * share, abs=0.005)


@pytest.mark.parametrize(
    "fields", [{"predicts": "equal"}, {"margin": 0.0}, {"verdict": "pending"}, {"effect": math.nan}]
)
def test_an_effect_without_a_place_is_left_out(fields):
    row = {"claim": "CLM-A-01", "verdict": "supported"} | fields
    assert claims.places(made_up.tests(row))["rows"] == []


def test_mistakes(found):
    assert found["errata"]["outcome"] == (
        "Of the 2 mistakes that were found, 1 changes a number of ours and 1 is not looked into "
        "yet."
    )
    (row,) = found["errata"]["effects"]
    assert row["numbers"] == [
        {"what": "accuracy", "published": "0.9700", "corrected": "0.9500"}
        | {"difference": "+0.020", "interval": "+0.010 to +0.030", "n": "3"}
    ]


def test_a_mistake_whose_difference_may_be_nothing_is_not_listed():
    row = {"erratum": "ERR-S1-01", "what": "m", "low": -0.1, "high": 0.1, "difference": 0.0}
    assert (
        errata.effects(made_up.errata(("ERR-S1-01", "effect_confirmed")), made_up.shown(row)) == []
    )


def test_a_table_is_no_longer_than_a_page():
    rows = [{"severity": "high", "numbers": [{}] * 3, "id": place} for place in range(20)]
    kept = errata.gravest([{"severity": "low", "numbers": [{}], "id": "low"}, *rows])
    assert [row["id"] for row in kept] == list(range(errata.NUMBERS // 3))
    assert errata.gravest([{"severity": "low", "numbers": [{}]}]) != []
    assert len(claims.few([{}] * 100)) == claims.ROWS


def test_signs_of_printed_differences(found):
    assert found["errata"]["signs"] == (
        "Of 2 printed differences the sign of 1 survives over our seeds, that of 0 is reversed, 1 "
        "are open; 1 more are not in this run."
    )
    assert errata.signs(made_up.contrasts("", "")) == ""


def test_claims_against_each_other(found):
    (pair,) = found["claims"]["opposed"]
    assert (pair["claim"], pair["other"]) == ("CLM-A-01", "CLM-A-02")
    beyond = made_up.opposed(("CLM-A-01", "CLM-A-02"))
    beyond = beyond.assign(verdict="not_testable", other_verdict="not_testable")
    assert claims.opposed(beyond) == []


def test_searches():
    tables = made_up.full()
    waiting = tables.puzzles.assign(puzzle="PUZ-S1-02", compatible="0", ruled_out="0")
    assert errata.open_puzzles(tables.puzzles) == ""
    assert errata.puzzles(waiting) == []
    assert errata.open_puzzles(waiting) == "Not yet known is the answer to PUZ-S1-02."


def test_what_matters(found):
    assert found["matters"] == [
        {
            "study": "grid",
            "sentences": [
                "On MNIST, norm explains 60% (50% to 70%) and the seed 20% (10% to 30%) of the "
                "variance in test accuracy; on average the better choice is norm batch (0.9800 "
                "against 0.9500 with none)."
            ],
        }
    ]
    assert found["abstract"][-1] == (
        "Most of the variance in test accuracy is explained by norm on MNIST (60%)."
    )


def test_what_is_not_known_of_what_matters():
    unknown = made_up.MATTERS.assign(share=math.nan)
    assert studies.variance("grid", unknown) == [
        "On MNIST, it is not yet known: there are too few seeds."
    ]
    assert studies.most(unknown) == ""
    weak = made_up.MATTERS.assign(low=0.0, dataset="")
    assert studies.variance("grid", weak) == ["In grid, nothing surely explains more than 5%."]


def test_how_much_was_run(found):
    assert found["extent"] == {
        "studies": "1 study",
        "networks": "6 trained networks",
        "data": "MNIST",
        "seeds": "three seeds",
        "cut": "This scale cuts the study: fewer seeds, samples, epochs or levels than are written "
        "down for the full one.",
        "diverged": "",
    }


def test_a_run_that_studies_share_is_counted_once():
    one = made_up.study()
    both = studies.extent([one, replace(one, description=one.description | {"reductions": []})])
    assert (both["studies"], both["networks"]) == ("2 studies", "6 trained networks")
    assert "1 of the 2 studies" in both["cut"]
    lost = one.runs.assign(status=["diverged", *["finished"] * 5])
    assert studies.extent([replace(one, runs=lost)])["diverged"].startswith("1 of the networks")


def test_differences_of_the_sources_experiments(found):
    assert found["contrasts"] == [
        {"source": "S1", "study": "s1-one", "contrast": "batch \N{MINUS SIGN} none"}
        | {"factor": "norm", "where": "", "metric": "", "difference": "+0.012"}
        | {"interval": "+0.002 to +0.022", "n": "3"}
    ]
    assert studies.contrasts([made_up.study(as_published=True)], "S1") == []
    assert studies.contrasts([made_up.study(source=None)], "S1") == []


def test_means_over_other_factors_stand_for_the_combinations():
    one = made_up.study(factors={"norm": ["none", "batch"], "width": ["8", "9"]})
    rows = [{"width": width, "metric": "test_r2"} for width in ("8", "9", "all")]
    compared = one.comparison.merge(one.comparison.assign(k=1), how="left")
    compared = (
        compared.loc[[0, 0, 0]]
        .reset_index(drop=True)
        .assign(**{name: [row[name] for row in rows] for name in ("width", "metric")})
    )
    (row,) = studies.contrasts([replace(one, comparison=compared)], "S1")
    assert row["metric"] == "test R²"


def test_sources(found):
    first, second = found["sources"]
    assert first["counts"] == ["6", "4", "2"]
    assert first["experiments"] == [{"name": "Network A", "counts": ["1", "1", "1", "1", "2"]}]
    assert first["picture"] == "FIG-S1-01"
    assert first["told"][0].startswith("Of the 4 printed numbers of S1 that could be judged")
    assert second["counts"] == ["0", "4", "0"]
    assert (second["experiments"], second["picture"]) == ([], "")
    assert second["told"] == [
        "Of the 3 claims of S7 that were tested, 1 is supported, 1 is contradicted and 1 remains "
        "inconclusive."
    ]


def test_method(found):
    assert found["title"] == "Two reports on fully connected networks, run again"
    assert found["method"] == {
        **{"level": "95%", "alpha": "0.05", "power": "80%", "chance": "one in 20"},
        "calibration": "In simulations with three seeds the interval of a paired difference holds "
        "the truth in 94.9% with normal noise.",
    }


def test_nothing_is_known_of_nothing():
    found = content(made_up.empty())
    assert found["title"] == "Fully connected networks, run again"
    assert found["numbers"]["outcome"].endswith("has been held against a run of ours yet.")
    assert found["numbers"]["runs"] == found["numbers"]["unjudged"] == ""
    assert found["claims"]["outcome"] == "No claim has been tested yet."
    assert found["errata"]["outcome"] == "No mistakes are listed."
    assert found["extent"]["networks"] == "no networks"
    assert (
        found["sources"] == found["matters"] == found["contrasts"] == found["claims"]["all"] == []
    )


def test_same_each_time_and_plain(found):
    text = to_json(found)
    assert text == to_json(content(made_up.full()))
    assert json.loads(text) == found


def test_dots_are_stacked_where_they_would_hide_each_other():
    axis = Axis(limit=2.0, ticks=(-2.0, 0.0, 2.0))
    dots = [Dot("a", 0.0, "k"), Dot("a", 0.0, "k"), Dot("b", 9.0, "k"), Dot("b", math.nan, "k")]
    drawn = strip(dots, axis, 1.0)
    assert [(row["name"], row["height"]) for row in drawn["rows"]] == [("a", 2), ("b", 1)]
    assert [dot["level"] for dot in drawn["rows"][0]["dots"]] == [0, 1]
    assert drawn["rows"][1]["dots"][0]["x"] == 1.0
    labels = [tick["label"] for tick in drawn["ticks"]]
    assert labels == ["≤ \N{MINUS SIGN}2", "0", "≥ 2"]


def test_tests_that_were_designed_after_a_look_are_counted_and_exploratory_ones_left_out():
    one = {"claim": "CLM-A-01", "verdict": "supported"}
    rows = made_up.tests(one | {"redesigned": True}, one | {"test": 2, "exploratory": True})
    assert claims.designs(rows).startswith("1 test replaces one that did not test its claim")
    assert "1 test is exploratory" in claims.designs(rows)
    assert claims.designs(made_up.tests(one)) == ""
    found = content(replace(made_up.full(), claim_tests=rows))["claims"]["all"]
    assert [row["tests"] for row in found] == [""]  # of one test
