"""The whole pipeline on tiny studies: what it makes, and what it does again and what not."""

import html
import json
import os
import re
import shlex
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from restudy.evidence import timing_claims
from restudy.experiments.tables import declared
from restudy.provenance.training_version import TRAINING_VERSION
from restudy.results import group_files
from restudy.results.table_files import misfits, read_table
from tests.workflow.checkout import ROOT, STUDIES
from tests.workflow.outcome import (
    NOTHING,
    TABLES,
    groups,
    jobs_of,
    numbers,
    planned_runs,
    records,
    tracked,
    trained,
)

pytestmark = pytest.mark.pipeline

STUDY_FILES = ("runs.parquet", "history.parquet", "timing.parquet", "study.json")
EVIDENCE = (
    *("compute_facts", "compute_source_tables", "compare_published", "search_configurations"),
    *("test_claims", "show_erratum_effects", "assign_statuses", "tabulate_contradictions"),
    *("test_timing_claims", "build_view_model", "render_page", "render_paper"),
)
"""The rules that say what became of the sources' numbers."""
SHOWN = {"register_results", "render_page"}
"""The rules that show figures."""
DOCSTRING = re.compile(r'^(\s*)"""(?=\w)', re.MULTILINE)


def test_everything_is_made(finished):
    expected = ["report/index.html", "report/paper.pdf", "report/paper.json", "run.json"]
    expected += ["report/view.json"]
    expected += ["mlflow/sync.json", "mlflow/finish.json", "mlflow/mlflow.db"]
    expected += ["tables/statuses.csv"]
    expected += [f"tables/contradictions.{kind}" for kind in ("csv", "md")]
    expected += [f"tables/{name}" for name in timing_claims.TABLES]
    for study in STUDIES:
        expected += [f"studies/{study}/{name}" for name in STUDY_FILES]
        expected += [f"tables/{study}/{name}.{kind}" for name in TABLES for kind in ("csv", "md")]
        expected += [f"figures/{study}.{kind}" for kind in ("svg", "pdf", "csv")]
    for group in groups(finished):
        expected += [f"groups/{group}/{name}" for name in group_files.FILES]
    assert len(groups(finished)) == 4
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


def test_all_tables_are_declared(finished):
    tables = finished.results / "tables"
    paths = sorted(tables.rglob("*.csv"))
    assert paths
    for path in paths:
        name = path.relative_to(tables).with_suffix("").as_posix()
        assert not list(misfits(declared(name), read_table(path))), path


def test_what_is_printed(finished):
    assert trained(finished.output) == dict.fromkeys(groups(finished), (2, 2))
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


def test_the_record_says_how_the_pipeline_was_called(finished):
    record = json.loads((finished.results / "run.json").read_text())
    studies = {path.parent.name for path in finished.results.glob("studies/*/study.json")}
    assert (set(record["studies"]), record["full"], record["only"]) == (studies, [], [])
    assert record["configfiles"] == ["tiny.yaml"]
    assert record["commit"] == json.loads(next(iter(records(finished).values())))["git_commit"]


def test_a_second_run_does_nothing(finished):
    before = numbers(finished)
    assert NOTHING in finished.run()
    assert numbers(finished) == before


@pytest.mark.parametrize(
    ("file", "rules"),
    [
        # Four figures of the sources need no study. MLflow's summaries show studies' figures.
        ("figures/style.py", {"plot_all_studies", "plot_all_source_figures"} | SHOWN),
        ("figures/predicted_vs_actual.py", {"plot_all_studies"} | SHOWN),
        ("report/view/key_findings.py", {"build_view_model", "render_paper"} | SHOWN),
        ("report/html/templates/style.css", {"render_page"}),
        ("stats/variance.py", {"build_view_model", "render_paper"} | SHOWN),
        ("tracking/log.py", {"sync_tracking", "register_results"}),
        # The evidence is checked against plans, and so are study files; what the project's
        # experiments declare is, too.
        (
            "config/loading.py",
            {*EVIDENCE, "plot_all_source_figures", "register_results", "sync_tracking"},
        ),
    ],
)
def test_other_code_than_training_s_retrains_nothing(finished, file, rules):
    with finished.appended(f"src/restudy/{file}"):
        found = finished.planned()
        found.pop("record_run", None)  # made anew with each page and paper
        assert found == dict.fromkeys(rules, 1)


def test_settings_that_change_no_number_retrain_nothing(finished):
    try:
        finished.configure(
            training={"device": "cpu", "max_stacked_runs": 1}, tracking={"flush_interval_s": 1}
        )
        assert finished.planned() == {}
    finally:
        finished.configure()


def test_a_changed_study_is_found_at_once(finished):
    """Its new runs are planned in the first run after the change, not in the second."""
    old = STUDIES["tiny"]
    try:
        finished.write_study("tiny", **old | {"title": "Another title"})
        downstream = dict.fromkeys(
            (
                *("collect_runs", "summarise_studies"),
                *("plot_all_studies", "render_page"),
            ),
            1,
        )
        assert downstream.items() <= finished.planned().items()
        finished.write_study("tiny", **old | {"seeds": 3})
        assert ({"train": 1} | downstream).items() <= finished.planned().items()
    finally:
        finished.write_study("tiny", **old)


def test_a_refactoring_trains_nothing(copy):
    """Below the trainer a module and private functions are renamed, every docstring is reworded."""
    # The store of a copied checkout has another address.
    before = copy.planned()
    assert before.keys() <= {"sync_tracking", "register_results"}
    source = copy.folder / "src/restudy"
    rooms = ("training", "data", "config", "results", "runtime", "common")
    below = [path for room in rooms for path in source.glob(f"{room}/**/*")]
    reworded = 0
    for path in below:
        if path.suffix == ".py":
            content, count = DOCSTRING.subn(r'\1"""Reworded: ', path.read_text())
            path.write_text(content)
            reworded += count
    assert reworded > 200
    (source / "training/optimisers.py").rename(source / "training/update_rules.py")
    for path in [*source.rglob("*.py"), *copy.folder.glob("workflow/**/*.smk")]:
        content = path.read_text()
        renamed = content.replace("training.optimisers", "training.update_rules")
        renamed = re.sub(r"\b_penalise\b", "_add_penalties", renamed)
        renamed = re.sub(r"\b_rescaled\b", "_scaled_values", renamed)
        if renamed != content:
            path.write_text(renamed)
    assert copy.planned() == before


def test_another_version_of_training_retrains(copy):
    some = groups(copy, "mnist*")
    version = "src/restudy/provenance/training_version.py"
    now, another = f"VERSION = {TRAINING_VERSION}\n", f"VERSION = {TRAINING_VERSION + 1}\n"
    with copy.replaced(version, now, another):
        assert copy.planned()["train"] == 2
        output = copy.run(*jobs_of(copy, some))
    # Short groups of one study share a job.
    assert trained(output) == dict.fromkeys(some, (2, 2))


def test_growing_while_the_tracking_store_is_down(finished, copy):
    """A seed and a study more, without the store; with it, the next run completes it."""
    copy.configure(tracking={"uri": "http://127.0.0.1:9"})
    copy.write_study("tiny", **STUDIES["tiny"] | {"seeds": 3})
    wider = STUDIES["tiny"] | {"title": "Wider", "factors": {"hidden": [[8], [9]]}}
    copy.write_study("wider", **wider | {"compare": []})
    output = copy.run()

    old = groups(finished)
    new = [name for name in groups(copy) if name not in old]
    assert len(new) == 1
    grown = {name: (1, 3) for name in old if name.startswith("mnist")}
    assert trained(output) == grown | {new[0]: (2, 2)}
    for name, folder in old.items():
        for table in (group_files.HISTORY, group_files.SUMMARY):
            before, after = (pd.read_parquet(x / table) for x in (folder, groups(copy)[name]))
            rows = after[after["run"].isin(before["run"])].reset_index(drop=True)
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


@pytest.fixture
def in_one_job(finished, tmp_path):
    return finished.with_four_groups_to_train(tmp_path / "checkout")


def test_a_group_that_fails_takes_no_other_with_it(in_one_job):
    script = "workflow/scripts/train.py"
    fails = "    def train(name):\n        "
    error = "from restudy.common.errors import RestudyError; raise RestudyError('made up')"
    raises = f"if name.startswith('mnist-9-'): {error}\n        "
    with in_one_job.replaced(script, fails, fails + raises):
        output = in_one_job.run(fails=True)
    (name,) = set(re.findall(r"^error: (mnist-9-\S+): made up$", output, re.MULTILINE))
    assert len(trained(output)) == 3
    assert name not in records(in_one_job)
    assert len(records(in_one_job)) == 3

    output = in_one_job.run()
    assert trained(output) == dict.fromkeys(groups(in_one_job), (0, 2)) | {name: (2, 2)}
    assert len(records(in_one_job)) == 4


def test_a_file_of_a_group_that_is_gone_is_made_again(finished, copy):
    """When it is needed. It is no output that Snakemake knows of; the record of its job is."""
    name, *others = groups(copy, "mnist*")
    (copy.results / "groups" / name / group_files.WEIGHTS).unlink()
    (copy.results / "studies/tiny/runs.parquet").unlink()
    target = "results/studies/tiny/runs.parquet"
    assert trained(copy.run(target)) == {name: (2, 2)} | dict.fromkeys(others, (0, 2))
    found = numbers(copy)
    assert not [file for file, made in numbers(finished).items() if found[file] != made]
    assert NOTHING in copy.run(target)


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
    assert found["ci_low"] > 0.05
