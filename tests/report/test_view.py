"""The view model: counts, verdicts and extent; the same when it is read from its file."""

import json
import math
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from restudy.config.reductions import Reduction
from restudy.evidence.statuses import Kind, Status, of_kind
from restudy.report import phrases
from restudy.report.view.build import RunInfo
from restudy.report.view.counts import count, final_verdicts, outcome
from restudy.report.view.model import read_view
from restudy.report.view.provenance import provenance
from restudy.report.view.schema import SCHEMA, schema_file
from tests.report import made_up
from tests.workflow.checkout import ROOT


def by_status(counts):
    return {one.status.value: one.n for one in counts}


@pytest.mark.parametrize("kind", [Kind.PUBLISHED, Kind.CLAIMS, Kind.ERRATA])
def test_each_row_is_counted_once(kind):
    statuses = [status for status in of_kind(kind) for _ in range(status.order + 1)]
    counts = count(statuses)
    assert [one.status for one in counts] == list(of_kind(kind))
    assert all(one.n == one.status.order + 1 for one in counts)
    text = phrases.outcome(kind, counts)
    assert f"of {len(statuses)} " in text
    assert all(f"{one.n} {one.status.phrase}" in text for one in counts)


def test_nothing_is_counted_as_nothing():
    assert count([]) == ()
    assert phrases.outcome("claims", ()) == "There are no claims."
    assert phrases.outcome("claims", count(["pending"])).startswith("None of 1 claim ")


def test_counts_are_those_of_all_rows_and_of_each_source():
    view = made_up.full()
    assert by_status(view.counts.published) == {
        **{"exact": 1, "consistent": 1, "source_error_only": 1},
        **{"inconsistent": 1, "setting": 1, "pending": 1},
    }
    first, second = view.sources
    assert first.counts.published == view.counts.published
    # A claim of two sources is counted for each.
    assert first.counts.claims == second.counts.claims == view.counts.claims
    assert (second.counts.published, second.counts.errata) == ((), ())


def test_a_claim_about_time_has_its_verdict_from_the_table_of_times():
    tables = made_up.tables() | {
        "claims": made_up.claims(("CLM-A-01", "t", "timed"), ("CLM-A-02", "t", "timed")),
        "timed_claims": made_up.table("timed_claims", {"id": "CLM-A-01", "verdict": "supported"}),
    }
    assert final_verdicts(tables) == {"CLM-A-01": Status.SUPPORTED, "CLM-A-02": Status.TIMED}
    counts = outcome(tables)
    assert by_status(counts.claims) == {"supported": 1, "timed": 1}
    assert by_status(counts.claims_untimed) == {"timed": 2}


def test_a_run_that_studies_share_is_counted_once():
    one = made_up.study()
    lost = one.runs.assign(status=["diverged", *["finished"] * 5])
    view = made_up.full(studies=(made_up.study(runs=lost), made_up.study("grid", runs=lost)))
    assert (view.extent.networks, view.extent.diverged, view.extent.datasets) == (6, 1, ("mnist",))
    assert [(study.runs, study.seeds, study.diverged) for study in view.studies] == [(6, 3, 1)] * 2


def test_reductions_are_counted_by_sort():
    def reduced(*found):
        return [Reduction(*one)._asdict() for one in found]

    studies = [
        made_up.study(name, reductions=reductions)
        for name, reductions in {
            "s1-one": reduced(("seeds", 5, 2), ("epochs", "20", "2"), ("steps", "9", "3")),
            "two": reduced(("seeds", 5, 1), ("train_samples", "all", "100")),
            "grid": [],
        }.items()
    ]
    info = RunInfo("A title", "quick", "abc", studies_left_out=["x", "y"], experiments_done=False)
    made = made_up.tables()
    own = {f"two/{name}": made[f"grid/{name}"] for name in ("summary", "comparison")}
    text = phrases.reductions(made_up.full(tuple(studies), info=info, **own))
    for part in ("2 of 3 studies", "fewer seeds in 2", "shorter training in 1", "2 studies (x, y)"):
        assert part in text
    assert "experiments: false" in text
    whole = phrases.reductions(made_up.full((studies[2],)))
    assert "fewer" not in whole
    many = replace(info, studies_left_out=list("abcdef"))
    assert "6 studies." in phrases.reductions(made_up.full(info=many))


@pytest.mark.parametrize("made", [made_up.full, made_up.empty, made_up.nasty])
def test_the_file_holds_all_of_it(made, tmp_path):
    view = made()
    path = tmp_path / "view.json"
    path.write_bytes(view.to_json())
    read = read_view(path)
    assert read.to_json() == view.to_json() == made().to_json()
    assert made_up.page(read) == made_up.page(view)
    Draft202012Validator(json.loads(schema_file())).validate(json.loads(path.read_bytes()))


def test_numbers_that_json_does_not_have_are_no_dots():
    one = {"claim": "CLM-A-01", "verdict": "supported"}
    rows = made_up.tests(one | {"effect": math.nan}, one | {"effect": math.inf}, one)
    first, second = made_up.full(claim_tests=rows).effect_dots
    assert math.isfinite(first.value)
    assert second.value == pytest.approx(2.0)


def test_the_schema_is_that_of_the_models():
    assert (ROOT / SCHEMA).read_bytes() == schema_file(), "run: make docs"


def test_provenance_says_what_runs_share_and_what_not():
    # Run s2 was kept when s0 and s1 were trained anew.
    record = made_up.RECORD | {"seeds": {"s0": 0, "s1": 1}}
    kept = record | {"seeds": {"s0": 0, "s2": 2}, "git_commit": None, "git_dirty": None}
    records = {"x": record | {"earlier": [kept]}, "y": record}
    rows = [("x", "s0", 0), ("x", "s1", 1), ("x", "s2", 2), ("y", "s0", 7)]
    runs = made_up.pd.DataFrame(rows, columns=["group", "run", "seed"])
    told = provenance(records, runs)
    for part in ("seeds 0 to 2, 7", f"{'a' * 12} (3 runs)", f"mnist {'d' * 12} (split 0)"):
        assert any(part in line for line in told)
    # The same whatever the time it took.
    slow = {group: one | {"seconds": 99.0} for group, one in records.items()}
    assert provenance(slow, runs) == told
