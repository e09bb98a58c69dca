"""The whole pipeline on tiny studies: what it makes, and what it does again and what not."""

import html
import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pandas as pd
import pytest

from restudy import results
from restudy.evidence import timing
from tests.workflow.checkout import ROOT, STUDIES, Checkout, kill

pytestmark = pytest.mark.pipeline

STUDY_FILES = ("runs.parquet", "history.parquet", "timing.parquet", "study.json")
TABLES = ("summary", "comparison", "winners", "timing")
NOTHING = "Nothing to be done"
EVIDENCE = (
    *("facts", "unit_tests", "published", "forensics", "claims", "errata", "ledger", "page"),
    *("contradictions", "timed_claims", "paper"),
)
"""The rules that say what became of the sources' numbers."""


def cells(checkout, pattern="*"):
    return {path.name: path for path in sorted((checkout.results / "cells").glob(pattern))}


def trained(output):
    """Return what the jobs said: cell -> (runs trained, runs)."""
    found = re.findall(r"^(\S+): (\d+) of (\d+) runs trained", output, re.MULTILINE)
    return {cell: (int(new), int(runs)) for cell, new, runs in found}


def numbers(checkout):
    """Return the bytes of everything that holds results and no times."""
    kept = [
        *(f"cells/*/{name}" for name in (results.HISTORY, results.SUMMARY, results.WEIGHTS)),
        *(f"studies/*/{name}" for name in ("runs.parquet", "history.parquet")),
        "studies/houses/predictions.parquet",
        "tables/*.csv",
        *(f"tables/*/{name}.csv" for name in TABLES if name != "timing"),
        "figures/*",
        "data/*.safetensors",
    ]
    files = [path for pattern in kept for path in checkout.results.glob(pattern)]
    # Verdicts on measured times, and nothing else.
    files = [path for path in files if path.name not in timing.TABLES]
    return {str(path.relative_to(checkout.results)): path.read_bytes() for path in files}


def tracked(checkout):
    """Return the lanes in the MLflow store that are not deleted, one entry for each run."""
    file = (checkout.results / "mlflow/mlflow.db").as_uri()
    with closing(sqlite3.connect(f"{file}?mode=ro", uri=True)) as store:
        return store.execute(
            "SELECT e.name, cell.value, lane.value, r.status FROM runs r "
            "JOIN experiments e ON e.experiment_id = r.experiment_id "
            "JOIN tags cell ON cell.run_uuid = r.run_uuid AND cell.key = 'restudy.cell' "
            "JOIN tags lane ON lane.run_uuid = r.run_uuid AND lane.key = 'restudy.lane' "
            "WHERE r.lifecycle_stage = 'active' ORDER BY 1, 2, 3"
        ).fetchall()


def planned_runs(checkout):
    """Return what :func:`tracked` should return, by the studies' tables."""
    tables = (checkout.results / "studies").glob("*/runs.parquet")
    rows = pd.concat([pd.read_parquet(path, columns=["study", "cell", "lane"]) for path in tables])
    return sorted((*row, "FINISHED") for row in rows.itertuples(index=False, name=None))


def test_everything_is_made(finished):
    expected = ["report/index.html", "report/paper.pdf", "report/paper.json"]
    expected += ["mlflow/sync.json", "mlflow/finish.json", "mlflow/mlflow.db"]
    expected += ["tables/statuses.csv"]
    expected += [f"tables/contradictions.{kind}" for kind in ("csv", "md")]
    expected += [f"tables/{name}" for name in timing.TABLES]
    for study in STUDIES:
        expected += [f"studies/{study}/{name}" for name in STUDY_FILES]
        expected += [f"tables/{study}/{name}.{kind}" for name in TABLES for kind in ("csv", "md")]
        expected += [f"figures/{study}.{kind}" for kind in ("svg", "pdf", "csv")]
    for cell in cells(finished):
        expected += [f"cells/{cell}/{name}" for name in results.FILES]
    assert len(cells(finished)) == 4
    empty = [name for name in expected if not (finished.results / name).stat().st_size]
    assert not empty
    page = (finished.results / "report/index.html").read_text()
    assert all(study["title"] in page for study in STUDIES.values())
    assert not list(finished.results.rglob("*.part"))


def test_the_page_says_what_makes_a_figure_again(copy):
    page = html.unescape((copy.results / "report/index.html").read_text())
    (command,) = re.findall(r"<code>(\S+snakemake .*/figures/tiny.svg)</code>", page)
    assert "--configfile tiny.yaml" in command
    figure = copy.results / "figures/tiny.svg"
    before = figure.stat().st_mtime_ns, figure.read_bytes()
    copy.run(*shlex.split(command)[1:])
    assert figure.stat().st_mtime_ns > before[0]
    assert figure.read_bytes() == before[1]


def test_what_is_printed(finished):
    assert trained(finished.output) == dict.fromkeys(cells(finished), (2, 2))
    assert "Report:   results/report/index.html" in finished.output
    assert "% done, about " in finished.output


def test_every_run_is_in_mlflow_once(finished):
    assert tracked(finished) == planned_runs(finished)
    report = json.loads((finished.results / "mlflow/sync.json").read_text())
    assert (report["missing"], report["problem"]) == (0, None)
    report = json.loads((finished.results / "mlflow/finish.json").read_text())
    assert (report["missing"], report["problem"]) == (0, None)
    assert (report["summaries"], report["models"]) == (2, 2)


def test_registered_networks_have_the_scores_of_the_table(finished):
    """What docs/tracking.md shows, on the best of the tiny study's networks."""
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/tracking.md").read_text(), re.DOTALL)
    code = code.replace("models:/s3-small@best", "models:/tiny@best")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=finished.folder,
        env={**os.environ, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"},
        capture_output=True,
        text=True,
        check=True,
    )
    runs = pd.read_parquet(finished.results / "studies/tiny/runs.parquet")
    order = ["validation_accuracy", "validation_data_loss"]
    best = runs.sort_values(order, ascending=[False, True]).iloc[0]
    assert done.stdout.split() == ["test", "accuracy", f"{best['test_accuracy']:.6f}"]


def test_a_second_run_does_nothing(finished):
    before = numbers(finished)
    assert NOTHING in finished.run()
    assert numbers(finished) == before


@pytest.mark.parametrize(
    ("file", "rules"),
    [
        # Four figures of the sources need no study. MLflow's summaries show studies' figures.
        (
            "figures/style.py",
            {"learning_curves": 1, "housing": 1, "figures": 2, "finish_tracking": 1, "page": 1},
        ),
        ("figures/housing.py", {"housing": 1, "finish_tracking": 1, "page": 1}),
        ("report/findings.py", {"page": 1}),
        ("report/templates/style.css", {"page": 1}),
        ("stats/variance.py", {"paper": 1}),
        ("tracking/log.py", {"sync_tracking": 1, "finish_tracking": 1}),
        # The evidence is checked against plans, and so are study files.
        ("config/loading.py", dict.fromkeys((*EVIDENCE, "finish_tracking"), 1)),
    ],
)
def test_other_code_than_training_s_retrains_nothing(finished, file, rules):
    with finished.appended(f"src/restudy/{file}"):
        assert finished.planned() == rules


def test_comments_make_nothing_stale(finished):
    with finished.appended("src/restudy/lanes/train.py", "\n# A remark.\n"):
        assert finished.planned() == {}


def test_settings_that_change_no_number_retrain_nothing(finished):
    try:
        finished.configure(training={"device": "cpu", "stack": 1}, tracking={"live_seconds": 1})
        assert finished.planned() == {}
    finally:
        finished.configure()


def test_a_changed_study_is_found_at_once(finished):
    """Its new runs are planned in the first run after the change, not in the second."""
    old = STUDIES["tiny"]
    try:
        finished.write_study("tiny", **old | {"title": "Another title"})
        downstream = {"collect": 1, "tables": 1, "learning_curves": 1, "page": 1}
        assert downstream.items() <= finished.planned().items()
        finished.write_study("tiny", **old | {"seeds": 3})
        assert ({"train": 1} | downstream).items() <= finished.planned().items()
    finally:
        finished.write_study("tiny", **old)


def test_training_code_retrains(copy):
    some = cells(copy, "mnist*")
    with copy.appended("src/restudy/lanes/train.py"):
        assert copy.planned()["train"] == 2
        output = copy.run(f"results/cells/{next(iter(some))}/cell.json")
    # Short cells of one study share a job.
    assert trained(output) == dict.fromkeys(some, (2, 2))


def test_growing_while_the_tracking_store_is_down(finished, copy):
    """A seed and a study more, without the store; with it, the next run completes it."""
    copy.configure(tracking={"uri": "http://127.0.0.1:9"})
    copy.write_study("tiny", **STUDIES["tiny"] | {"seeds": 3})
    wider = STUDIES["tiny"] | {"title": "Wider", "factors": {"hidden": [[8], [9]]}}
    copy.write_study("wider", **wider | {"compare": []})
    output = copy.run()

    old = cells(finished)
    new = [name for name in cells(copy) if name not in old]
    assert len(new) == 1
    grown = {name: (1, 3) for name in old if name.startswith("mnist")}
    assert trained(output) == grown | {new[0]: (2, 2)}
    for name, folder in old.items():
        for table in (results.HISTORY, results.SUMMARY):
            before, after = (pd.read_parquet(x / table) for x in (folder, cells(copy)[name]))
            rows = after[after["lane"].isin(before["lane"])].reset_index(drop=True)
            pd.testing.assert_frame_equal(rows, before, check_exact=True)
    assert "warning: MLflow" in output
    report = json.loads((copy.results / "mlflow/sync.json").read_text())
    assert report["missing"] == len(planned_runs(copy)) == 14

    before = numbers(copy)
    copy.configure()
    assert trained(copy.run()) == {}
    assert tracked(copy) == planned_runs(copy)
    for name in ("sync", "finish"):
        assert json.loads((copy.results / f"mlflow/{name}.json").read_text())["missing"] == 0
    assert numbers(copy) == before
    assert NOTHING in copy.run()


def test_a_run_that_is_killed_and_started_again_ends_the_same(finished, tmp_path):
    """Killed in the middle of training, run again: to the bit what an undisturbed run makes."""
    checkout = Checkout.fresh(tmp_path / "checkout")
    # MLflow is told at once, so that there are runs in it that the kill leaves unfinished.
    checkout.configure(tracking={"live_seconds": 0.01})
    process = checkout.start()
    try:
        wait_for(lambda: unfinished(checkout), process)
    finally:
        kill(process)
    assert len(list((checkout.results / "cells").glob("*/cell.json"))) < 4

    output = checkout.run()
    assert trained(output)
    assert numbers(checkout).keys() == numbers(finished).keys()
    different = [
        name for name, content in numbers(finished).items() if numbers(checkout)[name] != content
    ]
    assert not different
    assert tracked(checkout) == planned_runs(checkout)


@pytest.fixture
def in_one_job(finished, tmp_path):
    """A checkout with data, and a study that is yet to train: four cells in one job."""
    checkout = finished.copy(tmp_path / "checkout")
    shutil.rmtree(checkout.results / "cells")
    recipe = STUDIES["tiny"]["recipe"] | {"epochs": 40}
    factors = {"hidden": [[8], [9], [10], [11]]}
    study = STUDIES["tiny"] | {"recipe": recipe, "factors": factors, "compare": []}
    checkout.write_study("four", **study)
    checkout.configure(only=["four"])
    return checkout


def records(checkout):
    found = (checkout.results / "cells").glob("*/cell.json")
    return {path.parent.name: path.read_bytes() for path in found}


def test_a_job_that_is_killed_keeps_the_cells_that_are_done(in_one_job):
    process = in_one_job.start()
    try:
        wait_for(lambda: records(in_one_job), process)
    finally:
        kill(process)
    done = records(in_one_job)
    assert 1 <= len(done) < 4

    output = in_one_job.run()
    assert "Train four-mnist-01: 4 cells" in output
    after = records(in_one_job)
    assert {name: after[name] for name in done} == done
    assert trained(output) == {name: (0 if name in done else 2, 2) for name in after}
    assert len(after) == 4
    assert NOTHING in in_one_job.run()


def test_a_cell_that_fails_takes_no_other_with_it(in_one_job):
    script = "workflow/scripts/train.py"
    fails = "    def train(name):\n        "
    error = "from restudy.errors import RestudyError; raise RestudyError('made up')"
    raises = f"if name.startswith('mnist-9-'): {error}\n        "
    with in_one_job.replaced(script, fails, fails + raises):
        output = in_one_job.run(fails=True)
    (name,) = set(re.findall(r"^error: (mnist-9-\S+): made up$", output, re.MULTILINE))
    assert len(trained(output)) == 3
    # Snakemake has removed the files of all four.
    assert records(in_one_job) == {}

    output = in_one_job.run()
    assert trained(output) == dict.fromkeys(cells(in_one_job), (0, 2)) | {name: (2, 2)}
    assert len(records(in_one_job)) == 4
    assert not list((in_one_job.results / "cells").glob("*/.done"))


def unfinished(checkout):
    try:
        return [run for run in tracked(checkout) if run[-1] == "RUNNING"]
    except sqlite3.OperationalError:  # no store yet, or it is being made
        return []


def wait_for(condition, process, seconds=200):
    """Wait until a condition holds; complain if the process ends before."""
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "the pipeline ended too early"
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def test_a_truncated_file_of_the_user_s_is_told(copy):
    cache = copy.results / "data/mnist.raw.json"
    folder = copy.folder / "mine"
    folder.mkdir()
    for name, path in json.loads(cache.read_text()).items():
        shutil.copy(path, folder / name)
    broken = folder / "train-labels-idx1-ubyte"
    broken.write_bytes(broken.read_bytes()[:-1])
    copy.configure(data={"folder": str(folder)})
    output = copy.run("results/data/mnist.raw.json", fails=True)
    (line,) = set(re.findall(r"^error: .*", output, re.MULTILINE))
    assert str(broken) in line


CLAIM = """
- id: CLM-MINE-01
  sources: [S1]
  topic: mine
  statement: A network learns if its weights move.
  evidence_in_source: common sense
  scope: in scope
  metric: test accuracy
  contrast: {treatment: a rate of 0.1, control: a rate of a billionth}
  predicts: higher
  tests:
    - study: rates
      number: {split: test, metric: accuracy}
      treatment: {learning_rate: '0.1'}
      control: {learning_rate: '1e-09'}
      predicts: greater
      margin: 0.05
"""


def test_a_claim_of_one_s_own_on_a_study_of_one_s_own_gets_its_verdict(finished, tmp_path):
    own = finished.copy(tmp_path / "own")
    study = STUDIES["tiny"] | {"factors": {"learning_rate": [0.1, 1e-9]}, "seeds": 5}
    own.write_study("rates", **{key: value for key, value in study.items() if key != "compare"})
    with (own.folder / "config/evidence/claims.yaml").open("a") as file:
        file.write(CLAIM)
    output = own.run(str(own.results.relative_to(own.folder) / "tables/claims.csv"))
    assert sum(new for new, _ in trained(output).values()) == 8  # two of the ten were there
    verdicts = pd.read_csv(own.results / "tables/claims.csv").set_index("id")
    assert verdicts.loc["CLM-MINE-01", "status"] == "supported"
    tests = pd.read_csv(own.results / "tables/claim_tests.csv").set_index("claim")
    found = tests.loc["CLM-MINE-01"]
    runs = pd.read_parquet(own.results / "studies/rates/runs.parquet")
    wide = runs.pivot_table("test_accuracy", "seed", "learning_rate", observed=True)
    difference = wide["0.1"] - wide["1e-09"]
    assert found["effect"] == pytest.approx(difference.mean())
    assert found["n"] == 5
    assert found["low"] > 0.05
