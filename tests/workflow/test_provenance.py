"""From a number of a finished run back to where it comes from; and the run as an RO-Crate."""

import csv
import hashlib
import io
import json
import sqlite3
import statistics
from contextlib import chdir, closing, redirect_stdout
from datetime import datetime
from urllib.parse import unquote

import pandas as pd
import pytest

import restudy.lineage.crate
import restudy.lineage.trace.__main__
from restudy.data.registry import DATASETS

pytestmark = pytest.mark.pipeline

PUBLISHED = """
- id: PUB-S1-999
  source: S1
  experiment: EXP-S1-MNIST-B
  metric: test accuracy
  value: '50.5'
  unit: percent
  measure:
    study: tiny
    filter: {norm: batch}
    split: test
    metric: accuracy
"""
CLAIM = """
- id: CLM-MINE-02
  sources: [S1]
  topic: mine
  statement: Batch norm helps.
  evidence_in_source: common sense
  scope: in scope
  metric: test accuracy
  contrast: {treatment: with, control: without}
  predicts: higher
  tests:
    - study: tiny
      number: {split: test, metric: accuracy}
      treatment: {norm: batch}
      control: {norm: none}
      predicts: greater
      margin: 0.05
"""


COMMANDS = {"trace": restudy.lineage.trace.__main__.main, "crate": restudy.lineage.crate.main}


def call(checkout, command, *arguments, fails=False):
    """Give a command in a checkout; return what it printed, or its complaint."""
    printed = io.StringIO()
    with chdir(checkout.folder), redirect_stdout(printed):
        if fails:
            with pytest.raises(SystemExit) as ended:
                COMMANDS[command](arguments)
            return str(ended.value)
        COMMANDS[command](arguments)
    return printed.getvalue()


def traced(checkout, what):
    return json.loads(call(checkout, "trace", what, "--json"))


def line(place):
    """Return the line of a file that a place such as ``file:12`` stands for."""
    file, _, number = place.rpartition(":")
    return file, int(number) - 1


@pytest.fixture(scope="module")
def own(finished, tmp_path_factory):
    """A finished checkout with a published value and a claim about its study."""
    made = finished.copy(tmp_path_factory.mktemp("own") / "checkout")
    for name, row in (("published", PUBLISHED), ("claims", CLAIM)):
        with (made.folder / f"config/evidence/{name}.yaml").open("a") as file:
            file.write(row)
    tables = made.results.relative_to(made.folder) / "tables"
    made.run(f"{tables}/published.csv", f"{tables}/claims.csv")
    return made


def mlflow_tags(checkout, run):
    file = (checkout.results / "mlflow/mlflow.db").as_uri()
    with closing(sqlite3.connect(f"{file}?mode=ro", uri=True)) as store:
        rows = store.execute("SELECT key, value FROM tags WHERE run_uuid = ?", (run,))
        return dict(rows.fetchall())


def test_a_published_value_leads_to_runs_code_data_and_mlflow(own):
    found = traced(own, "PUB-S1-999")
    [run_set] = found["run_sets"]
    assert run_set["study"] == "tiny"
    assert [run["seed"] for run in run_set["runs"]] == [0, 1]

    # The values are those that the table's mean is the mean of, in the unit of the row.
    with (own.results / "tables/published.csv").open(newline="") as file:
        [row] = [row for row in csv.DictReader(file) if row["id"] == "PUB-S1-999"]
    values = [run["value"] for run in run_set["runs"]]
    assert statistics.mean(values) == pytest.approx(float(row["mean"]))
    assert found["target"]["says"]["status"] == row["status"]

    prepared = (own.results / "data/mnist.safetensors").read_bytes()
    [data] = found["origin"]["data"]
    assert hashlib.sha256(prepared).hexdigest() in data
    for run in run_set["runs"]:
        record = json.loads((own.results / "groups" / run["group"] / "group.json").read_text())
        assert record["seeds"][run["run"]] == run["seed"]
        assert found["origin"]["version of training"] == [str(record["training_version"])]
        tags = mlflow_tags(own, run["mlflow"])
        assert (tags["restudy.group"], tags["restudy.run"]) == (run["group"], run["run"])
        assert tags["restudy.digest"] == run["digest"]
    assert found["data"]["mnist"]["raw files"] == {
        file.name: file.sha256 for file in DATASETS["mnist"].files
    }

    declared, table = found["target"]["places"]
    for place in (declared, table):
        file, number = line(place)
        assert "PUB-S1-999" in (own.folder / file).read_text().splitlines()[number]


def test_a_claim_leads_to_both_of_its_sides(own):
    found = traced(own, "CLM-MINE-02")
    assert [run_set["role"] for run_set in found["run_sets"]] == [
        "test 1, treatment",
        "test 1, control",
    ]
    runs = pd.read_parquet(own.results / "studies/tiny/runs.parquet")
    for run_set, level in zip(found["run_sets"], ("batch", "none"), strict=True):
        wanted = runs[runs["norm"] == level]
        assert {(run["group"], run["run"]) for run in run_set["runs"]} == set(
            zip(wanted["group"], wanted["run"], strict=True)
        )
    assert found["target"]["says"]["status"]


@pytest.mark.parametrize(
    ("what", "kind", "runs"),
    [
        ("tiny", "study", 4),
        ("tiny/test_accuracy", "metric of a study", 4),
        ("figures/tiny.svg", "study", 4),
        ("results/figures/houses.csv", "study", 4),
        ("tables/tiny/summary.csv:2", "row of a table", 2),
        ("tables/tiny/comparison.csv:2", "row of a table", 4),
        ("tables/published.csv:2", "published value", 0),
        ("PUB-S1-041", "published value", 0),
        ("ERR-S1-01", "erratum", 0),
        ("FIG-S1-01", "figure of a source", 0),
        ("SYS-S1-RELU", "layer", 0),
        ("PUZ-S1-01", "configuration search", 0),
        ("CON-HYP-01", "contradiction", 0),
        ("layer-gradients", "experiment", 0),
    ],
)
def test_other_things_that_can_be_asked_about(finished, what, kind, runs):
    found = traced(finished, what)
    assert found["target"]["kind"] == kind
    assert sum(len(run_set["runs"]) for run_set in found["run_sets"]) == runs
    assert all(run["mlflow"] for run_set in found["run_sets"] for run in run_set["runs"])


def test_a_metric_s_values_are_those_of_the_runs(finished):
    [run_set] = traced(finished, "tiny/test_accuracy")["run_sets"]
    table = pd.read_parquet(finished.results / "studies/tiny/runs.parquet")
    found = {(run["group"], run["run"]): run["value"] for run in run_set["runs"]}
    assert found == table.set_index(["group", "run"])["test_accuracy"].to_dict()


def test_a_run_is_found_by_group_by_run_and_by_mlflow_s_id(finished):
    [run_set] = traced(finished, "tiny")["run_sets"]
    run = run_set["runs"][0]
    place = f"{run['group']}/{run['run']}"
    for what in (place, run["run"], run["mlflow"]):
        [found] = traced(finished, what)["run_sets"]
        assert run["mlflow"] in [one["mlflow"] for one in found["runs"]]
    [group] = traced(finished, run["group"])["run_sets"]
    assert len(group["runs"]) == 2


@pytest.mark.parametrize(
    ("what", "meant"),
    [
        ("PUB-S1-41", "PUB-S1-041"),
        ("houzes", "houses"),
        ("tiny/test_acuracy", "tiny/test_accuracy"),
    ],
)
def test_a_name_that_is_not_there_gets_the_nearest(finished, what, meant):
    assert f"did you mean '{meant}'?" in call(finished, "trace", what, fails=True)


@pytest.mark.parametrize(
    "what", ["../../etc/passwd", "tables/../../tiny.yaml", "", "$(touch owned)"]
)
def test_nothing_outside_of_the_results_is_looked_at(finished, what):
    assert "nothing here is called" in call(finished, "trace", what, fails=True)
    assert not (finished.folder / "owned").exists()


def test_without_a_store_the_chain_is_told_all_the_same(copy):
    (copy.results / "mlflow/mlflow.db").unlink()
    text = call(copy, "trace", "tiny")
    assert "run ids are not known: the store" in text
    assert "commit of training" in text


def test_without_a_run_it_is_said(finished):
    text = call(finished, "trace", "tiny", "--results", "nowhere", fails=True)
    assert "nowhere: there is no run here" in text


@pytest.fixture(scope="module")
def crate(finished, tmp_path_factory):
    folder = tmp_path_factory.mktemp("crate") / "crate"
    call(finished, "crate", "--into", str(folder))
    return folder


def graph(crate):
    metadata = json.loads((crate / "ro-crate-metadata.json").read_text())
    return {entity["@id"]: entity for entity in metadata["@graph"]}


def ids(value):
    return [one["@id"] for one in (value if isinstance(value, list) else [value])]


def test_the_crate_has_what_its_profile_asks_for(crate):
    """By hand, clause by clause; ``make crate`` lets a validator do it."""
    found = graph(crate)
    root = found["./"]
    assert found["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    assert {
        "https://w3id.org/ro/wfrun/process/0.5",
        "https://w3id.org/ro/wfrun/workflow/0.5",
        "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
    } <= set(ids(root["conformsTo"]))
    main = found[root["mainEntity"]["@id"]]
    assert {"File", "SoftwareSourceCode", "ComputationalWorkflow"} <= set(main["@type"])
    assert found[main["programmingLanguage"]["@id"]]["name"] == "Snakemake"
    [action] = [found[one] for one in ids(root["mentions"])]
    assert action["@type"] == "CreateAction"
    assert action["instrument"] == {"@id": "Snakefile"}
    assert datetime.fromisoformat(action["startTime"]) < datetime.fromisoformat(action["endTime"])
    for way, key in (("input", "object"), ("output", "result")):
        parameters = set(ids(main[way]))
        assert {found[one]["@type"] for one in parameters} == {"FormalParameter"}
        assert {found[one]["exampleOfWork"]["@id"] for one in ids(action[key])} == parameters


def test_every_reference_in_the_crate_leads_somewhere(crate):
    found = graph(crate)
    for entity in found.values():
        for key, value in entity.items():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, dict) and not one["@id"].startswith(("http", "ro-crate")):
                    assert one["@id"] in found, (entity["@id"], key)


def test_the_crate_s_files_are_there_with_their_digests(crate, finished):
    listed = [one for one in graph(crate).values() if "sha256" in one]
    for entity in listed:
        content = (crate / unquote(entity["@id"])).read_bytes()
        assert entity["sha256"] == hashlib.sha256(content).hexdigest()
        assert entity["contentSize"] == str(len(content))
    names = {entity["@id"] for entity in listed}
    assert {"results/report/index.html", "results/report/paper.pdf", "config.yaml"} <= names
    for path in [*finished.results.glob("tables/**/*.csv"), *finished.results.glob("figures/*")]:
        assert f"results/{path.relative_to(finished.results)}" in names
    assert (crate / "src/restudy/training/train_group.py").is_file()
    assert not [path for path in crate.rglob("*") if path.suffix in (".safetensors", ".pyc")]


def test_the_crate_s_inputs_are_the_data_by_their_digests(crate):
    found = graph(crate)
    for name in ("mnist", "california_housing"):
        values = {one.get("value") for one in found.values()}
        assert {file.sha256 for file in DATASETS[name].files} <= values
        assert found[f"#{name}"]["license"] == DATASETS[name].licence


def test_the_same_run_gives_the_same_crate(crate, finished):
    before = (crate / "ro-crate-metadata.json").read_bytes()
    call(finished, "crate", "--into", str(crate))
    assert (crate / "ro-crate-metadata.json").read_bytes() == before


def test_no_folder_is_replaced_that_is_no_crate(finished, tmp_path):
    (tmp_path / "mine").write_text("precious")
    text = call(finished, "crate", "--into", str(tmp_path), fails=True)
    assert "is no crate" in text
    assert (tmp_path / "mine").read_text() == "precious"


def test_a_run_that_is_not_finished_gives_no_crate(copy):
    (copy.results / "run.json").unlink()
    assert "the run is not finished" in call(copy, "crate", fails=True)
    assert not (copy.results / "crate").exists()


def test_who_did_the_run_is_told_if_asked(finished, tmp_path):
    call(finished, "crate", "--into", str(tmp_path / "crate"), "--agent", "A. Person")
    found = graph(tmp_path / "crate")
    assert found[found["#run"]["agent"]["@id"]]["name"] == "A. Person"
