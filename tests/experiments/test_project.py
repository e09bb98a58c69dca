"""A project's folder of experiments is read without running it, and what is wrong is named."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from restudy.common.errors import RestudyError
from restudy.experiments.declaration import Experiment
from restudy.experiments.project import load_project
from restudy.experiments.running import check
from restudy.experiments.tables import declared
from restudy.results.schema import Role
from restudy.results.table_files import write_table

from ..recipes import images

ROOT = Path(__file__).parents[2]
COIN = """
import numpy as np  # heavy: not imported before it is run

from experiments.helpers import SIDES
from restudy.experiments.declaration import Data, Experiment, Rows

BIASES = {"fair": 0.5, "bent": np.sqrt(0.5)}
OTHERS = ("a", "b")


@Experiment(
    name="coin",
    title="A coin, thrown",
    factors={"coin": BIASES, "other": (*OTHERS, "c")},
    numbers={"heads": "share of throws"},
    seeds=3,
)
def throw(data: Data) -> Rows:
    for seed in range(3):
        random = np.random.default_rng(seed)
        for coin, p in BIASES.items():
            for other in (*OTHERS, "c"):
                yield coin, other, seed, float((random.random(SIDES) < p).mean())
"""


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "mine"
    made.mkdir()
    (made / "coins.py").write_text(COIN)
    (made / "helpers.py").write_text("SIDES = 20\n")
    (tmp_path / "config.yaml").write_text("experiments_folder: mine\n")
    return made


def changed(folder, old, new, name="coins.py"):
    text = (folder / "coins.py").read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


def complaint(folder):
    with pytest.raises(RestudyError) as caught:
        load_project(str(folder))
    return str(caught.value)


def run(folder):
    program = (
        "from restudy.experiments.running import run\n"
        "from restudy.common.errors import RestudyError\n"
        "try:\n    print(run('coin', {}).to_csv(index=False))\n"
        "except RestudyError as error:\n    print('error:', error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder.parent,
        env={k: v for k, v in os.environ.items() if k != "RESTUDY_EXPERIMENTS"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


def test_an_experiment_of_one_s_own_is_found_and_run(folder):
    declared = load_project(str(folder)).experiments["coin"]
    assert declared.columns == ["coin", "other", "seed", "heads"]
    assert declared.factors == {"coin": ("fair", "bent"), "other": ("a", "b", "c")}
    head, *rows = run(folder).splitlines()
    assert head == "coin,other,seed,heads"
    assert len(rows) == 2 * 3 * 3


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("throw(data: Data) ->", "throw(data: Data -> ", ["coins.py:", "no Python"]),
        ('title="A coin, thrown",', "", ["coins.py:11: throw: title", "is missing"]),
        ("title=", "titel=", ["throw: titel", "unknown key", "did you mean 'title'"]),
        ("seeds=3", "seeds=0", ["throw: seeds", "0 is not allowed"]),
        ("seeds=3", "seeds=len(OTHERS)", ["throw: seeds", "len(OTHERS) is computed"]),
        ("seeds=3", 'datasets=["mnits"]', ["datasets", "'mnits'", "did you mean 'mnist'"]),
        ('(*OTHERS, "c")', '(*OTHERS, "a")', ["other", "each once"]),
        ('(*OTHERS, "c")', '("a",)', ["other: ('a',)", "two levels or more"]),
        ('{"heads":', '{"seed":', ["two columns are called 'seed'"]),
        ('name="coin"', 'name="Coin"', ["throw: name", "'Coin'"]),
    ],
)
def test_what_is_wrong_with_a_declaration_is_named(folder, old, new, says):
    changed(folder, old, new)
    text = complaint(folder)
    assert all(part in text for part in says), text


def test_two_of_one_name(folder):
    changed(folder, "def throw", "def toss", name="more.py")
    text = complaint(folder)
    assert all(part in text for part in ("more.py", "toss", "'coin'", "throw", "coins.py")), text


def test_a_folder_that_is_not_there(tmp_path):
    assert "experiments_folder" in complaint(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("in BIASES.items()", 'in [("fair", 0.5)]', ["no row of coin='bent'"]),
        ("yield coin,", 'yield "fair",', ["more than one row", "no row"]),
        ("yield coin,", 'yield "both",', ["undeclared", "no row"]),
        ("coin, other, seed,", "coin, seed,", ["coin, other, seed, heads"]),
        ("float((", "str((", ["heads: 'np.", "heads: '0."]),
    ],
)
def test_a_table_that_is_not_as_declared(folder, old, new, says):
    changed(folder, old, new)
    text = run(folder)
    assert text.startswith("error: mine/coins.py: throw: ")
    assert any(part in text for part in says), text


COUNTS = """
import pandas as pd

from restudy.experiments.declaration import Table
from restudy.results.schema import Column, Role, Type


@Table(
    name="counts",
    source="S5",
    title="Published numbers",
    row="source",
    columns=[
        Column("source", Type.TEXT, "id of the source", Role.KEY),
        Column("numbers", Type.INTEGER, "published numbers", unit="rows"),
    ],
)
def counts(published):
    return pd.DataFrame({"source": ["S5"], "numbers": [len(published)]})
"""


@pytest.fixture
def own_table(folder, monkeypatch):
    (folder / "counts.py").write_text(COUNTS)
    monkeypatch.setenv("RESTUDY_EXPERIMENTS", str(folder))
    return folder.parent / "tables/counts.csv"


def test_a_table_of_one_s_own_is_declared_and_written(own_table):
    found = declared("counts")
    assert [column.unit for column in found.columns] == ["", "rows"]
    assert found.columns[0].role is Role.KEY
    write_table(own_table, pd.DataFrame({"source": ["S5"], "numbers": [3]}), found)
    assert own_table.read_text() == "source,numbers\nS5,3\n"


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"source": ["S5"]}, "counts.csv: column 'numbers' is missing"),
        ({"source": ["S5"], "numbers": ["many"]}, "counts.csv: column 'numbers': 'many' is no"),
        ({"source": ["S5"], "numbers": [3], "more": [1]}, "counts.csv: column 'more' is not decl"),
    ],
)
def test_what_a_table_does_not_declare_is_not_written(own_table, table, says):
    with pytest.raises(RestudyError, match=says):
        write_table(own_table, pd.DataFrame(table), declared("counts"))
    assert not own_table.exists()


def test_a_table_that_nobody_declares_is_named(own_table):
    with pytest.raises(RestudyError, match=r"tables/count\.csv: 'count' is not declared"):
        declared("count")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('row="source",', "", "counts: row: is missing"),
        ("Role.KEY", "Role.LOCK", "columns: .*Role.LOCK.* is computed"),
        ('unit="rows"', 'units="rows"', "columns: .*units='rows'.* is computed"),
        ("Type.INTEGER", '"count"', "columns: .*'count'.* a member of Type"),
    ],
)
def test_what_is_wrong_with_a_column_is_named(own_table, folder, old, new, says):
    assert old in COUNTS
    (folder / "counts.py").write_text(COUNTS.replace(old, new))
    assert re.search(says, complaint(folder), re.DOTALL), complaint(folder)


def test_a_digest_follows_what_is_imported(folder):
    def digest():
        from restudy.experiments import project

        project._load.cache_clear()
        project.versions.clear_caches()
        every = load_project(str(folder))
        return every.digest(every.experiments["coin"])

    first = digest()
    (folder / "unrelated.py").write_text("X = 1\n")
    (folder / "helpers.py").write_text("# a remark\nSIDES = 20\n")
    assert digest() == first
    (folder / "helpers.py").write_text("SIDES = 30\n")
    assert digest() != first


def test_the_example_of_the_documentation_runs(tmp_path, monkeypatch):
    page = (ROOT / "docs/reproduce-a-paper.md").read_text(encoding="utf-8")
    code = page.partition("# add experiments/few_images.py\n")[2].partition("```")[0]
    (tmp_path / "few_images.py").write_text(code)
    every = load_project(str(tmp_path))
    declared = every.experiments["few-images"]
    modules = {name: module for name, module in sys.modules.items() if "experiments" in name}
    try:
        rows = list(every.function(declared)({"mnist": images(rows=600)}))
    finally:
        sys.modules.update(modules)
    check(declared, pd.DataFrame(rows, columns=declared.columns), "f")


def test_a_table_is_checked_by_its_declaration():
    declared = Experiment(
        name="x", title="x", factors={"a": ("1", "2")}, numbers={"n": "n"}, seeds=1
    )
    table = pd.DataFrame({"a": ["1", "2"], "seed": 0, "n": 1.0})
    check(declared, table, "f")
    with pytest.raises(RestudyError, match="f: the table has no row of a='2', seed=0"):
        check(declared, table.iloc[:1], "f")


def test_reading_the_declarations_imports_nothing_heavy():
    """They are read when Snakemake parses the Snakefile."""
    program = (
        "import sys; from restudy.experiments.project import project; assert project().tables; "
        "print([m for m in ('numpy', 'pandas', 'torch', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=ROOT,
    )
    assert done.stdout.strip() == "[]"
