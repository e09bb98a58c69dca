"""Measures what large runs cost, and writes ``load.csv`` and ``.md`` into ``results/bench``."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from bench.load import browsing, memory, planning, postgres, writers
from bench.load.studies import EACH, many_cells
from bench.machine import describe
from docs.screenshots import served
from restudy.common.files import write_atomically
from restudy.results.study_tables import to_markdown
from restudy.results.table_files import to_csv
from restudy.tracking.store import tracking_uri

Row = tuple[str, float, str, str]
"""What was measured, how much, in which unit, and remarks."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure everything that was asked for, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a little of each: does it work")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--results", type=Path, default=Path("results/bench"), metavar="FOLDER")
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    for part in options.only:
        print(f"Measuring {part}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            for row in PARTS[part](Path(folder), options.quick):
                print("  {}: {:.4g} {} {}".format(*row), flush=True)
                rows.append(row)
    table = pd.DataFrame(rows, columns=["what", "value", "unit", "remarks"])
    write_atomically(options.results / "load.csv", to_csv(table))
    shown = table.assign(value=table["value"].map("{:.4g}".format))
    text = to_markdown(shown, "What large runs cost", describe())
    write_atomically(options.results / "load.md", text.encode())


def _planning(folder: Path, quick: bool) -> Iterator[Row]:
    cells = EACH if quick else 2000
    for long, words in ((False, "that share jobs"), (True, "most with a job of their own")):
        found = planning.measure(many_cells(cells, long=long), folder / str(long))
        about = f"{found.jobs} training jobs"
        yield f"plan of {found.cells} cells {words}", found.plan, "s", about
        yield f"dry run of {found.cells} cells {words}", found.dry_run, "s", about


def _writers(folder: Path, quick: bool) -> Iterator[Row]:
    size = {"epochs": 2} if quick else {"lanes": 10, "epochs": 20}
    yield _written("SQLite", writers.measure(tracking_uri(None, folder), folder, **size))
    if problem := postgres.missing():
        print(f"  PostgreSQL is left out: {problem}")
        return
    with postgres.server() as uri:
        yield _written("PostgreSQL", writers.measure(uri, folder / "pg", **size))


def _written(store: str, found: writers.Written) -> Row:
    about = f"{len(found.lost)} lost; {'; '.join(found.lost[:3])}" if found.lost else "none lost"
    what = f"{found.jobs} jobs log {found.runs} runs, {found.points} values into {store} at once"
    return what, found.seconds, "s", about


def _browsing(folder: Path, quick: bool) -> Iterator[Row]:
    runs = 150 if quick else 5000
    uri = tracking_uri(None, folder)
    page = browsing.fill(uri, folder / "artifacts", runs)
    with served(uri, 5052) as start:
        for what, seconds in browsing.measure(start, page):
            yield f"{what}, of {runs} runs", seconds, "s", ""


def _memory(folder: Path, quick: bool) -> Iterator[Row]:
    runs, table = memory.measure(*((0.2, "quick") if quick else (11.4, "default")), folder)
    for step, megabytes in table.itertuples(index=False):
        yield f"peak memory of {step}, {runs} runs", megabytes, "MB", ""


PARTS: dict[str, Callable[[Path, bool], Iterator[Row]]] = {
    "planning": _planning,
    "writers": _writers,
    "browsing": _browsing,
    "memory": _memory,
}


if __name__ == "__main__":
    main()
