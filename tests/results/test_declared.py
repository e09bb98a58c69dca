"""Every table is declared, and what is written is what is declared."""

from pathlib import Path

import pandas as pd
import pytest

from restudy.common.errors import RestudyError
from restudy.docs.column_reference import PAGE, column_blocks
from restudy.docs.generated_blocks import read_block
from restudy.experiments.tables import declared, evidence_tables
from restudy.results.declarations import RUN_TABLES, STUDY_TABLES
from restudy.results.schema import Kind, Role
from restudy.results.table_files import (
    as_text,
    misfits,
    read_table,
    write_runs,
    write_table,
)

ROOT = Path(__file__).parents[2]
FILES = sorted(ROOT.glob("results/*/tables/**/*.csv"))
ALL = [*evidence_tables().values(), *STUDY_TABLES.values(), *RUN_TABLES.values()]


def name_of(path):
    parts = path.with_suffix("").parts
    return "/".join(parts[len(parts) - parts[::-1].index("tables") :])


@pytest.mark.parametrize("folder", ["reference", "gathered"])
def test_tables_in_git_are_as_declared(folder):
    paths = [path for path in FILES if folder in path.parts]
    assert len(paths) > 100
    found = {str(path): list(misfits(declared(name_of(path)), read_table(path))) for path in paths}
    assert not {path: problems for path, problems in found.items() if problems}


def test_keys_name_each_row_once():
    for path in FILES:
        table = read_table(path)
        keys = list(declared(name_of(path)).having(Role.KEY, list(table)))
        assert keys, path
        assert not table.duplicated(keys).any(), path


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_declarations_fit_together(table):
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert any(column.role is Role.KEY for column in (*table.columns, table.others) if column)
    assert all(column.meaning for column in table.columns)
    if table.kind is Kind.SAMPLED and table not in RUN_TABLES.values():
        sample = table.sample
        spread = (sample.sd,) if sample.sd else sample.ends
        assert {sample.mean, sample.n, *spread, sample.log or "n", sample.lost or "n"} <= {*names}


@pytest.fixture
def facts(tmp_path):
    path = tmp_path / "tables/facts.csv"
    return path, pd.DataFrame({"id": ["PUB-1"], "fact": ["mnist.classes"], "ours": ["10"]})


def test_what_is_written_is_read_again(facts):
    path, table = facts
    write_table(path, table)
    pd.testing.assert_frame_equal(read_table(path), as_text(table))
    # A study may have any name.
    write_table(
        path.parent / "tables/winners.csv",
        read_table(next(p for p in FILES if p.stem == "winners")),
    )


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("fact.csv", {}, ("tables/fact.csv", "'fact' is not declared", "did you mean 'facts'")),
        ("tiny/sumary.csv", {}, ("tables/tiny/sumary.csv", "did you mean 'summary'")),
        ("facts.csv", {"our": ["10"]}, ("'our' is not declared", "did you mean 'ours'")),
        ("facts.csv", {"ours": None}, ("facts.csv", "'ours' is missing")),
    ],
)
def test_what_is_not_declared_is_not_written(facts, name, change, words):
    path, table = facts
    for column, values in change.items():
        table = table.drop(columns=column) if values is None else table.assign(**{column: values})
    with pytest.raises(RestudyError) as found:
        write_table(path.parent / name, table)
    assert all(part in str(found.value) for part in words), found.value
    assert not path.parent.exists()


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("published", "mean", "ci_high"),
        ("published", "n", "2.5"),
        ("unit_tests", "equal", "yes"),
        ("grid/summary", "n_diverged", "none"),
    ],
)
def test_a_field_of_another_type_is_found(name, column, value):
    table = read_table(ROOT / f"results/reference/tables/{name}.csv")
    assert not list(misfits(declared(name), table))
    table.loc[0, column] = value
    (problem,) = misfits(declared(name), table)
    assert repr(column) in problem
    assert repr(value) in problem


def test_columns_in_another_order_are_found():
    table = read_table(ROOT / "results/reference/tables/facts.csv")
    assert "order" in next(misfits(declared("facts"), table[["fact", "id", "ours"]]))


def test_runs_are_checked_too(tmp_path):
    table = pd.DataFrame({"run": ["a"], "hidden": ["8"], "seed": [0], "true": [1.0]})
    with pytest.raises(RestudyError, match=r"predictions\.parquet: column 'predicted' is missing"):
        write_runs(tmp_path / "predictions.parquet", table)
    with pytest.raises(RestudyError, match="'predicted': 'bool' is no number"):
        write_runs(tmp_path / "predictions.parquet", table.assign(predicted=[True]))
    write_runs(tmp_path / "predictions.parquet", table.assign(predicted=[2.0]))


@pytest.mark.parametrize("name", column_blocks())
def test_the_page_has_the_columns_declared(name):
    assert read_block(ROOT / PAGE, name) == column_blocks()[name], "run: make docs"
