"""Running an experiment, and checking the table that comes out."""

from __future__ import annotations

import itertools
from collections import Counter

import pandas as pd

from restudy.common.errors import RestudyError
from restudy.experiments.declaration import Data, Experiment, Rows
from restudy.experiments.project import project


def run(name: str, data: Data) -> pd.DataFrame:
    """Run an experiment.

    Args:
        name: of the experiment.
        data: name -> prepared data set, at least those that it needs.

    Returns:
        one row for each combination of levels and each seed.

    Raises:
        KeyError: there is no such experiment, or a data set is not there.
        RestudyError: the table is not as declared.
    """
    experiment = project().experiments[name]
    place = project().place(experiment)
    where = f"{place.file}: {place.function}"
    table = tabulate(experiment, project().function(experiment)(data), where)
    check(experiment, table, where)
    return table


def tabulate(experiment: Experiment, rows: Rows, where: str) -> pd.DataFrame:
    """Return the rows of an experiment as a table, with float64 numbers.

    Args:
        experiment: the declaration.
        rows: levels, seed and numbers, as declared.
        where: file and function, for the message.

    Raises:
        RestudyError: a row has more or fewer fields than declared, or a number is none.
    """
    columns, keys = experiment.columns, len(experiment.factors) + 1
    found = []
    for row in rows:
        if len(row) != len(columns):
            raise RestudyError(f"{where}: yields {row!r}; declared: {', '.join(columns)}")
        numbers = []
        for name, value in zip(columns[keys:], row[keys:], strict=True):
            if isinstance(value, str):
                raise RestudyError(f"{where}: {name}: {value!r} is not allowed; allowed: a number")
            numbers.append(float(value))
        found.append((*row[:keys], *numbers))
    return pd.DataFrame(found, columns=columns)


def check(experiment: Experiment, table: pd.DataFrame, where: str) -> None:
    """Check that a table has every combination of levels once for each seed, and no other rows.

    Args:
        experiment: the declaration.
        table: with the columns of the declaration.
        where: file and function, for the message.

    Raises:
        RestudyError: a row is missing, undeclared, or there twice.
    """
    keys = [*experiment.factors, "seed"]
    wanted = set(itertools.product(*experiment.factors.values(), range(experiment.seeds)))
    found = Counter(table[keys].itertuples(index=False, name=None))
    for problem, rows in {
        "has no row of": wanted - found.keys(),
        "has a row of undeclared levels:": found.keys() - wanted,
        "has more than one row of": {row for row, times in found.items() if times > 1},
    }.items():
        if rows:
            row = ", ".join(map("{}={!r}".format, keys, min(rows, key=repr)))
            raise RestudyError(f"{where}: the table {problem} {row}")
