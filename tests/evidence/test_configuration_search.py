"""Forensics, where the truth is known: the right candidate is kept, far ones are ruled out."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from restudy.config.loading import load_rows
from restudy.evidence import validation
from restudy.evidence.configuration_search import SearchResult, search_configurations
from restudy.evidence.reasons import reason_text, texts
from restudy.evidence.schema import Published
from restudy.evidence.search_specs import ConfigurationSearch
from restudy.evidence.search_tables import (
    candidate_table,
    conclusion,
    conclusion_table,
    to_text,
)
from tests.evidence.made_up import configuration_search, plan, published, tables

NUMBERS = ("accuracy", "data_loss")
ROWS = [
    published(id="PUB-S1-001", value="0.900"),
    published(id="PUB-S1-002", value="30.00", unit="percent", metric="a share"),
]
CLUES = [
    {"published": "PUB-S1-001", "split": "test", "metric": "accuracy"},
    {"published": "PUB-S1-002", "split": "test", "metric": "data_loss"},
]
RATES = [0.001, 0.01, 0.1]
# Two standard deviations about the mean, from lowest to highest.
FIVE = np.array([-2, -1, 0, 1, 2]) / math.sqrt(2.5)


def search(means, seeds=5, sd=0.01, **keys):
    """Return the tables of a search: (level of each factor ...) -> means of the two numbers."""
    made = plan(seeds=seeds, factors=keys.pop("factors", {"learning_rate": RATES}), **keys)

    def value(run, epoch, split, metric):
        if metric not in NUMBERS:
            return 0.0
        mean = means[tuple(run.levels.values())][NUMBERS.index(metric)]
        return mean + sd * FIVE[run.recipe.seed]

    return {"tiny": tables(made, value)}


def one(studies, **fields):
    """Solve one search."""
    made = configuration_search(
        **{"search_factors": ["learning_rate"], "constraints": CLUES} | fields
    )
    [solution] = search_configurations([made], ROWS, studies)
    return solution


MEANS = {("0.001",): (0.90, 0.30), ("0.01",): (0.905, 0.29), ("0.1",): (0.90, 0.50)}


def concluded(result: SearchResult) -> str:
    return conclusion(conclusion_table([result]).to_dict("records")[0])


def test_the_interval_is_bonferroni_s():
    solution = one(search(MEANS))
    table = candidate_table([solution])
    first = table.iloc[0]
    half = stats.t(4).ppf(1 - 0.05 / 2 / 2) * 0.01 * math.sqrt(6 / 5)
    assert (first["pi_low"], first["pi_high"]) == (
        pytest.approx(0.9 - half),
        pytest.approx(0.9 + half),
    )
    assert (first["n"], first["diverged"], first["sd"]) == (5, 0, pytest.approx(0.01))
    percent = table.iloc[1]
    assert percent["pi_high"] == pytest.approx(30 + 100 * half)


def test_a_difference_of_two_values_is_told_in_pairs_of_seeds():
    # Each number of its own may lie anywhere between the two rates; their difference is 0.1 at
    # both, but for a spread that is a tenth of theirs.
    factors = {"norm": ["none", "batch"], "learning_rate": [0.01, 0.1]}
    made = plan(seeds=5, factors=factors)
    turned = {seed: FIVE[(seed + 1) % 5] for seed in range(5)}

    def value(run, epoch, split, metric):
        mean = 0.3 if run.levels["learning_rate"] == "0.01" else 0.9
        noise = 0.01 * FIVE[run.recipe.seed]
        if run.levels["norm"] == "batch":
            return mean - 0.1 + noise + 0.001 * turned[run.recipe.seed]
        return mean + noise

    rows = [
        published(id="PUB-S1-001", value="0.500"),
        published(id="PUB-S1-002", value="0.60"),
    ]
    number = {"split": "test", "metric": "accuracy"}
    clues = [
        {"published": "PUB-S1-001", "filter": {"norm": "batch"}, **number},
        {"published": "PUB-S1-002", "filter": {"norm": "none"}, **number},
    ]
    less = {"published": "PUB-S1-001", "filter": {"norm": "batch"}}
    difference = {"published": "PUB-S1-002", "filter": {"norm": "none"}, "minus": less, **number}

    def verdict(*clues, **other):
        made_up = configuration_search(
            search_factors=["learning_rate"], between="learning_rate", constraints=list(clues)
        )
        [solution] = search_configurations(
            [made_up], [rows[0], {**other}.get("row", rows[1])], studies
        )
        return solution

    studies = {"tiny": tables(made, value)}
    assert verdict(*clues).candidates[0].verdict == "compatible"
    assert verdict(*clues, difference).candidates[0].verdict == "compatible"
    # 0.72 and 0.50 lie between the rates, too. Their difference is nowhere.
    far = published(id="PUB-S1-002", value="0.72")
    assert verdict(*clues, row=far).candidates[0].verdict == "compatible"
    solution = verdict(*clues, difference, row=far)
    assert solution.candidates[0].verdict == "ruled_out"
    row = candidate_table([solution]).iloc[-1]
    assert (row["published"], row["value"]) == ("PUB-S1-002 less PUB-S1-001", "0.220")
    assert row["mean"] == pytest.approx(0.1)
    assert row["sd"] == pytest.approx(0.001)
    half = stats.t(4).ppf(1 - 0.05 / 3 / 2) * 0.001 * math.sqrt(6 / 5)
    assert row["pi_high"] == pytest.approx(0.1 + half)
    assert "PUB-S1-002 less PUB-S1-001, test accuracy: 0.220 printed" in concluded(solution)


def test_what_fits_all_values_is_left():
    solution = one(search(MEANS))
    table = candidate_table([solution])
    assert table["candidate"].tolist() == [f"learning rate {x}" for x in RATES for _ in range(2)]
    assert table["verdict"].tolist() == ["compatible"] * 4 + ["ruled_out"] * 2
    assert table["fits"].tolist() == [True] * 5 + [False]
    because = texts(table).iloc[-1]
    assert because.startswith("PUB-S1-002, test data loss: 30.00 printed, ")
    assert because.endswith("ours, 20.0 sd from the mean")
    assert table["sds"].iloc[-1] == pytest.approx(20)
    assert (table["misses"].iloc[:5] < 1).all()
    assert concluded(solution) == (
        "Compatible: learning rate 0.001; learning rate 0.01. "
        "Levels among them: learning rate 0.001, 0.01. Ruled out: 1 of 3. "
        f"The nearest of these: learning rate 0.1 ({because})."
    )


def test_when_nothing_is_left_the_nearest_is_named():
    means = {("0.001",): (0.5, 0.3), ("0.01",): (0.8, 0.3), ("0.1",): (0.9, 0.9)}
    text = concluded(one(search(means)))
    assert text.startswith("No candidate is compatible: so it was another. Ruled out: 3 of 3.")
    assert "The nearest of these: learning rate 0.01 (PUB-S1-001, test accuracy: 0.900" in text


def test_many_that_are_left_are_counted():
    rates = [x / 1000 for x in range(1, 8)]
    factors = {"learning_rate": rates, "momentum": [0.0, 0.9]}
    fits = {(str(x), m): (0.9, 0.3) for x in rates for m in ("0.0", "0.9")}
    fits["0.007", "0.0"] = fits["0.007", "0.9"] = (0.5, 0.3)
    solution = one(search(fits, factors=factors), search_factors=["learning_rate", "momentum"])
    text = concluded(solution)
    assert "; and 8 more." in text
    assert (
        "Levels among them: learning rate 0.001, 0.002, 0.003, 0.004, 0.005, 0.006; momentum any."
        in text
    )
    assert "Ruled out: 2 of 14." in text


def test_between_two_levels_anything_between_is_possible():
    factors = {"learning_rate": [0.01, 0.1], "momentum": [0.0, 0.5, 0.9]}
    means = {
        **{
            ("0.01", "0.0"): (0.7, 0.30),
            ("0.01", "0.5"): (0.2, 0.3),
            ("0.01", "0.9"): (0.97, 0.30),
        },
        **{("0.1", "0.0"): (0.1, 0.30), ("0.1", "0.5"): (0.2, 0.3), ("0.1", "0.9"): (0.30, 0.30)},
    }
    between = [{**clue, "filter": {"momentum": ["0.0", "0.9"]}} for clue in CLUES]
    solution = one(search(means, factors=factors), constraints=between)
    assert [c.verdict for c in solution.candidates] == ["compatible", "ruled_out"]
    half = stats.t(4).ppf(1 - 0.05 / 2 / 2) * 0.01 * math.sqrt(6 / 5)
    first = candidate_table([solution]).iloc[0]
    assert (first["pi_low"], first["pi_high"]) == (
        pytest.approx(0.7 - half),
        pytest.approx(0.97 + half),
    )
    assert first["mean"] == pytest.approx(0.97)  # the nearer one
    fixed = [{**clue, "filter": {"momentum": "0.5"}} for clue in CLUES]
    solution = one(search(means, factors=factors), constraints=fixed)
    assert [c.verdict for c in solution.candidates] == ["ruled_out", "ruled_out"]


def test_a_rate_between_two_that_were_searched():
    """0.90 and 30 lie between what 0.001 and 0.01 give, but no rate above 0.01 gives 0.90."""
    means = {("0.001",): (0.80, 0.40), ("0.01",): (0.95, 0.20), ("0.1",): (0.99, 0.30)}
    solution = one(search(means), between="learning_rate")
    assert [c.name for c in solution.candidates] == [
        "learning rate 0.001 to 0.01",
        "learning rate 0.01 to 0.1",
    ]
    assert [c.verdict for c in solution.candidates] == ["compatible", "ruled_out"]
    half = stats.t(4).ppf(1 - 0.05 / 2 / 2) * 0.01 * math.sqrt(6 / 5)
    first, _, third, _ = candidate_table([solution]).to_dict("records")
    assert (first["pi_low"], first["pi_high"]) == (
        pytest.approx(0.8 - half),
        pytest.approx(0.95 + half),
    )
    assert (third["pi_low"], third["pi_high"]) == (
        pytest.approx(0.95 - half),
        pytest.approx(0.99 + half),
    )


def test_only_neighbours_with_the_same_other_levels_are_paired():
    factors = {"learning_rate": [0.01, 0.1], "momentum": [0.0, 0.9]}
    means = {(rate, m): (0.9, 0.3) for rate in ("0.01", "0.1") for m in ("0.0", "0.9")}
    both = {"search_factors": ["learning_rate", "momentum"], "between": "learning_rate"}
    solution = one(search(means, factors=factors), **both)
    assert [dict(c.levels) for c in solution.candidates] == [
        {"learning_rate": "0.01 to 0.1", "momentum": "0.0"},
        {"learning_rate": "0.01 to 0.1", "momentum": "0.9"},
    ]
    with pytest.raises(ValueError, match="'between' is 'width'; allowed: learning_rate, momentum"):
        one(search(means, factors=factors), **both | {"between": "width"})


def test_runs_that_diverge():
    made = plan(factors={"learning_rate": RATES})

    def value(run, epoch, split, metric):
        lost = {"0.001": 0, "0.01": 4, "0.1": 5}[run.levels["learning_rate"]]
        if run.recipe.seed < lost:
            return math.nan
        return (0.9 if metric == "accuracy" else 0.3) + 0.01 * FIVE[run.recipe.seed]

    solution = one({"tiny": tables(made, value)})
    assert [c.verdict for c in solution.candidates] == ["compatible", "pending", "ruled_out"]
    _, few, lost = solution.candidates
    assert reason_text(few.reasons) == "fewer than two finished runs (4 of 5 runs diverged)"
    assert reason_text(lost.reasons) == "PUB-S1-001, test accuracy: all runs diverged"
    assert "Not judged: 1 (fewer than two" in concluded(solution)
    fits = candidate_table([solution])["fits"]
    assert fits.tolist() == [True, True, pd.NA, pd.NA, False, False]


def test_a_search_that_is_not_in_this_run_or_cut():
    solution = one({})
    assert concluded(solution) == "Not yet: study tiny is not in this run."
    assert candidate_table([solution]).empty
    scales = {"quick": {"recipe": {"epochs": 2}}}
    solution = one(search(MEANS, scale="quick", scales=scales))
    assert {c.verdict for c in solution.candidates} == {"pending"}
    assert concluded(solution) == "Not yet: this scale reduces: epochs 2 instead of 4."
    scales = {"quick": {"factors": {"learning_rate": RATES[:2]}}}
    solution = one(search(MEANS, scale="quick", scales=scales))
    text = concluded(solution)
    assert text.startswith("Compatible: learning rate 0.001; learning rate 0.01. ")
    assert text.endswith(
        "This scale reduces the search: learning_rate 0.001, 0.01 instead of 0.001, 0.01, 0.1."
    )


def test_a_level_that_the_scale_lacks_leaves_a_candidate_open_unless_the_rest_rules_it_out():
    factors = {"learning_rate": [0.01, 0.1], "momentum": [0.0, 0.9]}
    means = {("0.01", "0.0"): (0.9, 0.3), ("0.1", "0.0"): (0.3, 0.3)}
    scales = {"quick": {"factors": {"momentum": [0.0]}}}
    clues = [
        {**CLUES[0], "filter": {"momentum": "0.0"}},
        {**CLUES[1], "filter": {"momentum": "0.9"}},
    ]
    solution = one(search(means, factors=factors, scale="quick", scales=scales), constraints=clues)
    assert [c.verdict for c in solution.candidates] == ["pending", "ruled_out"]
    assert reason_text(solution.candidates[0].reasons) == "momentum 0.9 is not at this scale"


def test_the_right_candidate_is_kept_and_far_ones_are_not():
    # 200 candidates, each of which is right in its own world: the printed numbers are fixed, and
    # the candidate's mean lies where one run of it may have given them.
    rng, count, seeds, sd = np.random.default_rng(1), 200, 4, 0.01
    drawn = rng.normal(size=(count, len(NUMBERS)))
    noise = rng.normal(size=(count, seeds, len(NUMBERS)))

    def kept(distance, count):
        rates = [float(x) for x in range(1, count + 1)]
        made = plan(seeds=seeds, factors={"learning_rate": rates}, recipe={"epochs": 1})

        def value(run, epoch, split, metric):
            if metric not in NUMBERS:
                return 0.0
            place, number = int(run.recipe.learning_rate) - 1, NUMBERS.index(metric)
            printed = (0.9, 0.3)[number]
            mean = printed - sd * (drawn[place, number] + distance)
            return mean + sd * noise[place, run.recipe.seed, number]

        rows = [published(value="0.900000"), published(id="PUB-S1-002", value="0.300000")]
        [solution] = search_configurations(
            [configuration_search(search_factors=["learning_rate"], constraints=CLUES)],
            rows,
            {"tiny": tables(made, value)},
        )
        return np.mean([c.verdict == "compatible" for c in solution.candidates])

    # Two independent values: 0.975^2 = 0.9506.
    assert abs(kept(0, count) - 0.9506) < 3 * math.sqrt(0.9506 * 0.0494 / count)
    assert kept(40, 50) < 0.05


def test_tables_and_text():
    solutions = [one(search(MEANS)), one({}, id="PUZ-S1-02")]
    table = conclusion_table(solutions)
    counts = table[["compatible", "ruled_out", "not_yet"]].to_numpy().tolist()
    assert counts == [[2, 1, 0], [0, 0, 0]]
    text = to_text(solutions, "full")
    assert text.index("# PUZ-S1-01: T") < text.index("Compatible: ") < text.index("| candidate")
    assert "| learning rate 0.1 " in text
    assert "# PUZ-S1-02: T\n\nQ?\n\nNot yet: study tiny is not in this run.\n" in text


def test_the_repository_s_puzzles_are_about_printed_numbers():
    folder = Path(__file__).parents[2] / validation.FOLDER
    rows = {row.id: row for row in load_rows(folder / "published.yaml", Published)}
    searches = load_rows(folder / "configuration_searches.yaml", ConfigurationSearch)
    assert len(searches) == 5
    for made in searches:
        for clue in made.constraints:
            assert rows[clue.published].source == made.source
            # The same split and metric as where the number is held beside a study of its own.
            measured = rows[clue.published].measure
            assert (clue.split, clue.metric) == (measured.split, measured.metric)
