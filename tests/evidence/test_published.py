"""Statuses: on made-up tables for each case, and for every row of the repository."""

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.api import OLS

from restudy.config.loading import load_rows, load_studies
from restudy.config.reductions import words_of
from restudy.evidence import validation
from restudy.evidence.compare_published import half_unit, is_equal_as_printed
from restudy.evidence.contradictions import findings_in
from restudy.evidence.deterministic_values import (
    DeterministicValue,
    deterministic_values,
    facts_table,
)
from restudy.evidence.metric_selectors import PublishedComparison
from restudy.evidence.published import (
    published_table,
    to_text,
)
from restudy.evidence.reasons import parse, reason_text
from restudy.evidence.schema import Published
from restudy.evidence.statuses import label
from restudy.planning.plan import make_plan
from restudy.results.table_files import read_typed, to_csv
from tests.evidence.made_up import measure, plan, published, tables

SEEDS = [0.90, 0.92, 0.94, 0.91, 0.93]
# By an intercept-only regression: 0.92 +- 2.776 * 0.0158 * sqrt(6/5).
LOW, HIGH = OLS(SEEDS, np.ones(5)).fit().get_prediction([1]).conf_int(obs=True)[0]


def of_seed(run, epoch, split, metric):
    """Return the seed's value; batch norm is half of it."""
    if metric == "penalty":
        return 1.0
    return SEEDS[run.recipe.seed] * (0.5 if run.levels["norm"] == "batch" else 1)


STUDIES = {"tiny": tables(plan(), of_seed)}
BATCH = measure(filter={"norm": "batch"})


def row(studies=STUDIES, exact=None, **fields):
    """Return the one row of the table of one published value."""
    table = published_table([published(**fields)], studies, exact or {})
    return table.iloc[0]


def measured(value, studies=STUDIES, **fields):
    """Return the status and the reason of a value that runs are held beside."""
    corrected, unit = fields.pop("corrected", None), fields.pop("unit", "fraction")
    made = measure(**fields)
    found = row(studies, value=value, unit=unit, measure=made, corrected=corrected)
    return found["status"], reason_text(parse(found))


def test_the_interval_is_that_of_one_more_run():
    found = row(measure=measure())
    assert (found["mean"], found["n"], found["study"]) == (pytest.approx(0.92), 5, "tiny")
    assert found["sd"] == pytest.approx(np.std(SEEDS, ddof=1))
    assert (found["pi_low"], found["pi_high"]) == (pytest.approx(LOW), pytest.approx(HIGH))
    assert found["difference"] == pytest.approx(0.90 - 0.92)


def test_above_a_floor_the_interval_is_of_logs():
    # By an intercept-only regression of ln(number - 0.5), and back.
    logs = np.log(np.array(SEEDS) - 0.5)
    ends = OLS(logs, np.ones(5)).fit().get_prediction([1]).conf_int(obs=True)[0]
    found = row(measure=measure(lower_bound=0.5))
    assert found["mean"] == pytest.approx(0.92)
    assert (found["pi_low"], found["pi_high"]) == pytest.approx(tuple(0.5 + np.exp(ends)))
    with pytest.raises(ValueError, match="no 'lower_bound'"):
        PublishedComparison.model_validate(measure(lower_bound=0.5, minus=measure()))


@pytest.mark.parametrize("value", ["0.90", "0.968", "0.873", "0.97", "0.87", "0.9", "1.0"])
def test_inside_but_for_rounding(value):
    # HIGH is 0.9681: 0.97 is printed of anything from 0.965 on, 1.0 of anything from 0.95 on.
    assert float(HIGH) == pytest.approx(0.96809, abs=1e-5)
    assert measured(value) == ("consistent", "")


@pytest.mark.parametrize(
    ("value", "status"),
    [("0.975", 0.975 - HIGH), ("0.99", 0.99 - HIGH), ("0.5", LOW - 0.5), ("0.9682", 0.9682 - HIGH)],
)
def test_outside_by_how_much(value, status):
    assert measured(value) == ("inconsistent", "")
    found = row(value=value, measure=measure())
    assert found["distance"] == pytest.approx(status, rel=0.05)


def test_percent_are_a_hundred_times_a_share():
    found = row(value="92.0", unit="percent", measure=measure())
    assert (found["mean"], found["pi_low"]) == (pytest.approx(92), pytest.approx(100 * LOW))
    assert measured("96.9", unit="percent")[0] == "inconsistent"
    gain = measure(minus=BATCH)
    found = row(value="46", unit="percentage points", measure=gain)
    assert (found["mean"], found["status"]) == (pytest.approx(46), "consistent")


def test_the_source_s_bug():
    status, because = measured("0.92", corrected=BATCH)
    assert status == "source_error_only"
    assert because == "0.44 beyond what the corrected experiment gives"
    found = row(value="0.92", measure=measure(), corrected=BATCH)
    assert found["corrected_mean"] == pytest.approx(0.46)
    assert found["corrected_pi_high"] == pytest.approx(HIGH / 2)


def test_a_corrected_experiment_that_gives_the_number_too():
    assert measured("0.92", corrected=measure()) == (
        "consistent",
        "the corrected experiment gives it too",
    )
    status, because = measured("0.46", corrected=BATCH)
    assert status == "inconsistent"
    assert because == "but the corrected experiment gives it"
    assert measured("0.7", corrected=BATCH) == ("inconsistent", "")


def test_a_corrected_experiment_that_cannot_judge():
    status, because = measured("0.92", corrected=measure(study="other"))
    assert status == "consistent"
    assert because == ("the corrected experiment does not judge it: study other is not in this run")


@pytest.mark.parametrize(
    ("value", "status"), [("1", "bound_satisfied"), ("0.95", "consistent"), ("0.8", "inconsistent")]
)
def test_an_upper_bound(value, status):
    assert measured(value, bound="upper")[0].startswith(status)


def test_a_stand_in_judges_nothing():
    fields = {"surrogate_data": True, "remark": "the data set is not named"}
    for studies, because in ((STUDIES, ""), ({}, "; study tiny is not in this run")):
        found = measured("0.5", studies, **fields)
        assert found == ("not_testable", f"the data set is not named{because}")
    found = row(measure=measure(**fields))
    assert found["difference"] == pytest.approx(-0.02)


def test_penalised_and_remarked():
    status, because = measured("1.92", include_penalty=True, metric="data_loss", remark="as summed")
    assert (status, because) == ("consistent", "as summed")


def test_a_number_read_off_a_curve_is_as_coarse_as_the_curve():
    def bent(run, epoch, split, metric):
        return min(epoch, 2) + epoch / 100

    studies = {"tiny": tables(plan(), bent)}  # a knee at step 18 of 9, 18, 27, 36
    fields = {"split": "train", "reduce": "knee", "unit": "iterations"}
    for value, status in (("20", "consistent"), ("13", "consistent"), ("24", "inconsistent")):
        assert measured(value, studies, **fields)[0].startswith(status)


def test_not_yet():
    assert measured("0.92", {}) == ("pending", "study tiny is not in this run")
    one = {"tiny": tables(plan(seeds=1), of_seed)}
    assert measured("0.92", one) == ("pending", "fewer than two finished runs")
    scales = {"quick": {"recipe": {"train_samples": 9000}}}
    cut = plan(scale="quick", scales=scales)
    quick = {"tiny": tables(cut, of_seed)}
    assert measured("0.92", quick) == (
        "pending",
        "this scale reduces: train_samples 9000 instead of all",
    )
    found = row(quick, measure=measure())  # shown all the same
    assert found["mean"] == pytest.approx(0.92)
    assert words_of(found["reductions"]) == "train_samples 9000 instead of all"


def test_fewer_seeds_make_a_study_no_less_comparable():
    made = plan(scale="default", scales={"default": {"seeds": 3}})
    found = row({"tiny": tables(made, of_seed)}, measure=measure())
    assert (found["status"], found["n"]) == ("consistent", 3)
    assert words_of(found["reductions"]) == "3 seeds instead of 5"


def test_diverged_runs_are_left_out_and_counted():
    def diverging(number):
        def value(run, epoch, split, metric):
            lost = run.recipe.seed < number
            return math.nan if lost else of_seed(run, epoch, split, metric)

        return {"tiny": tables(plan(), value)}

    assert measured("0.92", diverging(1)) == (
        "consistent",
        "1 of 5 runs diverged",
    )
    assert measured("0.92", diverging(4)) == (
        "pending",
        "fewer than two finished runs (4 of 5 runs diverged)",
    )
    assert row(diverging(2), measure=measure())["n"] == 3


@pytest.mark.parametrize(
    ("value", "ours", "status", "because"),
    [
        ("(3, 4)", "(3, 4)", "exact", ""),
        ("(3, 4)", "(4,)", "mismatch", "ours is (4,)"),
        ("60000", "60000", "exact", ""),
        ("1.5e-10", "1.5049e-10", "exact", ""),
        ("1.50", "1.5049", "exact", ""),
        ("1.50", "1.512", "inconsistent", "ours is 1.512"),
        ("2.3e-05", "1.0", "inconsistent", "ours is 1.0"),
    ],
)
def test_one_value_that_no_seed_changes(value, ours, status, because):
    found = row(exact={"PUB-S1-001": DeterministicValue(ours)}, value=value)
    assert (found["status"], reason_text(parse(found))) == (status, because)


def test_one_value_with_the_source_s_bug():
    of_facts = pd.DataFrame({"id": ["PUB-S1-001"], "fact": ["a.b"], "ours": ["10"]})
    tests = pd.DataFrame(
        {
            "id": ["PUB-S1-002", "PUB-S1-003"],
            "printed": ["2.5e-09", "1.0"],
            "ours": ["2.5e-09", "3.5e-08"],
            "note": ["by momentum", "see the candidates"],
            "with_bug": ["", "1.0"],
        }
    )
    exact = deterministic_values(of_facts, [tests, pd.DataFrame({"candidate": ["a"]})])
    assert exact["PUB-S1-001"] == DeterministicValue("10")
    assert row(exact=exact, value="10")["status"] == "exact"
    equal = row(exact=exact, id="PUB-S1-002", value="2.5e-09")
    assert (equal["status"], reason_text(parse(equal))) == ("exact", "by momentum")
    bug = row(exact=exact, id="PUB-S1-003", value="1.0")
    assert bug["status"] == "source_error_only"
    assert reason_text(parse(bug)) == "ours is 3.5e-08; see the candidates"
    assert bug["mean"] == pytest.approx(3.5e-08)
    none = deterministic_values(of_facts, [tests.drop(columns="with_bug")])
    assert row(exact=none, id="PUB-S1-003", value="1.0")["status"] == "inconsistent"


def test_by_hand_and_nothing():
    found = row(status="not testable", reason="so")
    assert (found["status"], reason_text(parse(found))) == ("not_testable", "so")
    assert pd.isna(found["mean"])
    assert pd.isna(found["n"])
    assert row(fact="mnist.classes")["reason"] == "data_set_missing"
    assert (row()["status"], row()["reason"]) == ("pending", "")
    assert reason_text(parse(row(status="pending", reason="later"))) == "later"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"measure": measure(), "status": "setting"}, "status and measure"),
        ({"measure": measure(), "fact": "mnist.classes"}, "measure and fact"),
        ({"corrected": measure()}, "'corrected' needs a 'measure'"),
        ({"measure": measure(), "value": "(3,)"}, "needs a number"),
        ({"measure": measure(surrogate_data=True)}, "needs a 'remark'"),
        ({"status": "pending"}, "needs a reason"),
        ({"measure": measure(at="first")}, "'first' is not allowed; allowed: last, best"),
    ],
)
def test_a_row_comes_to_its_status_in_one_way(fields, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        published(**fields)


# Digits


@pytest.mark.parametrize(
    ("printed", "half"),
    [("79.89", 0.005), ("0.941000", 5e-7), ("25", 0.5), ("1e-9", 5e-10), ("1.50e-3", 5e-6)],
)
def test_half_a_unit_of_the_last_digit(printed, half):
    assert half_unit(printed) == pytest.approx(half, rel=1e-12)


@given(st.floats(-1e6, 1e6), st.integers(0, 6))
def test_equal_as_printed_is_what_formatting_says(value, digits):
    printed = f"{value:.{digits}f}"
    assert is_equal_as_printed(repr(value), printed)
    assert abs(float(printed) - value) <= half_unit(printed) * (1 + 1e-6)
    other = f"{float(printed) + 10.0**-digits:.{digits}f}"
    assert not is_equal_as_printed(repr(value), other)


# The repository's own rows

ROOT = Path(__file__).parents[2]
ROWS = load_rows(ROOT / validation.FOLDER / "published.yaml", Published)
BY_HAND = {"setting", "constant", "not_testable"}
RESULTS = {
    *("pending", "exact", "consistent", "mismatch"),
    *("source_error_only", "bound_satisfied", "inconsistent"),
}


@pytest.fixture(scope="module")
def made():
    """Tables with random numbers for every study that a row is measured on, by scale."""
    studies = load_studies(ROOT / validation.STUDIES)
    named = validation.Evidence(ROWS, []).compared(studies)
    found = {}
    for scale in ("quick", "full"):
        plans = make_plan({name: studies[name] for name in named}, scale).studies
        found[scale] = {name: tables(one) for name, one in plans.items()}
    return found


def test_every_row_gets_one_status_whatever_is_in_the_run(made):
    exact = deterministic_values(
        facts_table(ROWS, {}), [pd.DataFrame(columns=["id", "ours", "note"])]
    )

    @settings(max_examples=5, deadline=None)
    @given(st.sampled_from(["quick", "full"]), st.data())
    def holds(scale, data):
        names = data.draw(st.sets(st.sampled_from(sorted(made[scale]))))
        table = published_table(ROWS, {name: made[scale][name] for name in names}, exact)
        assert list(table["id"]) == [row.id for row in ROWS]
        for row, found in zip(ROWS, table.to_dict("records"), strict=True):
            assert found["status"] in BY_HAND | RESULTS
            if row.status is not None:
                assert label(found["status"]) == row.status
                assert reason_text(parse(found)) == (row.reason or "")
            if row.measure is not None and row.measure.study not in names:
                assert found["status"] == (
                    "not_testable" if row.measure.surrogate_data else "pending"
                )
                assert f"study {row.measure.study} is not in this run" in reason_text(parse(found))

    holds()


def test_the_full_scale_judges_every_row_that_is_measured(made):
    table = published_table(ROWS, made["full"], {}).set_index("id")
    for row in ROWS:
        if row.measure is not None:
            found = table.loc[row.id]
            assert found["n"] >= 2, row.id
            assert not math.isnan(found["difference"]), row.id
            assert (found["status"] == "not_testable") == row.measure.surrogate_data
            assert found["status"] != "pending", row.id
            assert math.isnan(found["corrected_mean"]) == (row.corrected is None), row.id


def test_the_quick_scale_judges_no_row_that_is_measured(made):
    table = published_table(ROWS, made["quick"], {}).set_index("id")
    for row in ROWS:
        if row.measure is not None:
            assert table.loc[row.id, "status"] in ("pending", "not_testable"), row.id


def test_what_each_group_of_rows_is_held_beside():
    four = [row for row in ROWS if row.source in ("S1", "S2", "S3", "S4")]
    by_study = pd.Series([row.measure.study for row in four if row.measure]).value_counts()
    assert by_study.to_dict() == {
        **{"s1-mnist": 10, "s3-small-published": 33, "s3-comparison-published": 48},
        **{"s4-published": 22, "s4-depth": 4, "s4-softmax": 2, "s4-width": 1, "s4-keras": 16},
    }
    # Without one of them: unit tests.
    rest = [r.id for r in ROWS if not (r.measure or r.fact or r.status)]
    assert all("PUB-S1-001" < id_ < "PUB-S1-041" for id_ in rest)


def test_a_written_table_reads_back(tmp_path):
    rows = [
        published(measure=measure(), corrected=BATCH),
        published(id="PUB-S1-002", status="not testable", reason="so", value="2 or 3"),
    ]
    table = published_table(rows, STUDIES, {})
    (tmp_path / "published.csv").write_bytes(to_csv(table))
    pd.testing.assert_frame_equal(read_typed(tmp_path / "published.csv"), table)


def test_statuses_and_text():
    rows = [published(measure=measure()), published(id="PUB-S1-002", value="10", metric="classes")]
    table = published_table(rows, STUDIES, {"PUB-S1-002": DeterministicValue("10")})
    found = findings_in(table)
    assert {id_: status.status for id_, status in found.items()} == {
        "PUB-S1-001": "consistent",
        "PUB-S1-002": "exact",
    }
    lines = to_text(table, "full").splitlines()
    assert lines[0] == "# The published numbers and ours"
    groups = [[group.strip() for group in line.split("|")] for line in lines[4:6]]
    assert "0.9200" in groups[0]
    assert "0.8719 to 0.9681" in groups[0]
    assert groups[1][6] == "10"


def test_the_docs_know_every_status():
    text = (ROOT / "docs/evidence.md").read_text()
    for status in RESULTS | BY_HAND:
        assert f"`{status}" in text, status
