"""Running an experiment, and checking the table that comes out."""

from __future__ import annotations

import itertools
from collections import Counter

import pandas as pd

from restudy.common.errors import RestudyError
from restudy.experiments.declaration import Data, Experiment
from restudy.experiments.project import project


def run(name: str, data: Data) -> pd.DataFrame:
    """Do an experiment.

    Args:
        name: its name.
        data: name -> prepared data set, at least those that it needs.

    Returns:
        one row for each combination of levels and each seed; see :func:`check`.

    Raises:
        KeyError: there is no such experiment, or a data set is not there.
        RestudyError: the table is not as declared.
    """
    experiment = project().experiments[name]
    place = project().place(experiment)
    where = f"{place.file}: {place.function}"
    rows = list(project().function(experiment)(data))
    columns = experiment.columns
    for row in rows:
        if len(row) != len(columns):
            raise RestudyError(f"{where}: yields {row!r}; declared: {', '.join(columns)}")
    table = pd.DataFrame(rows, columns=columns)
    check(experiment, table, where)
    return table


def check(experiment: Experiment, table: pd.DataFrame, where: str) -> None:
    """Check that a table is what its experiment declares.

    Every combination of levels is there once for each seed, and all numbers are floats.

    Args:
        experiment: the declaration.
        table: with the columns of the declaration.
        where: file and function, for the message.

    Raises:
        RestudyError: it is not.
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
    for name in experiment.numbers:
        if table[name].dtype != "float64":
            raise RestudyError(f"{where}: {name}: is {table[name].dtype}; allowed: float64")
