"""Make what is made of the documentation: ``python -m restudy.docs [--results results]``.

Without an option: the reference of all keys, the diagram of the rules, the columns of the tables
and the schema of ``view.json``, from models, rules and declarations, and the outcome at the full
scale, from ``results/gathered``. With the results of a finished run, or with ``results/reference``:
the pictures, and the outcome.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from restudy.common.errors import RestudyError
from restudy.common.files import write_atomically
from restudy.docs import blocks, columns, configuration, diagrams, outcome, pictures
from restudy.report.view.schema import SCHEMA, schema_file


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the files, and say which."""
    parser = argparse.ArgumentParser(prog="python -m restudy.docs", description=__doc__)
    parser.add_argument("--results", type=Path, help="pictures and outcome of this run instead")
    options = parser.parse_args(arguments)
    try:
        if options.results is None:
            _from_checkout()
        else:
            _from_run(options.results)
    except RestudyError as error:
        sys.exit(f"error: {error}")


def _from_checkout() -> None:
    write_atomically(configuration.FILE, configuration.page().encode())
    print(configuration.FILE)
    blocks.put(diagrams.PAGE, diagrams.RULES, diagrams.rules())
    print(f"{diagrams.PAGE}: {diagrams.RULES}")
    for name, content in columns.made().items():
        blocks.put(columns.PAGE, name, content)
    print(f"{columns.PAGE}: {', '.join(columns.made())}")
    blocks.put(columns.DATA_PAGE, columns.DATA_BLOCK, columns.data_sets())
    print(f"{columns.DATA_PAGE}: {columns.DATA_BLOCK}")
    write_atomically(SCHEMA, schema_file())
    print(SCHEMA)
    blocks.put(outcome.PAGE, outcome.FULL_SCALE, outcome.full_scale())
    print(f"{outcome.PAGE}: {outcome.FULL_SCALE}")


def _from_run(results: Path) -> None:
    scale, commit = outcome.origin(results)
    blocks.put(outcome.PAGE, outcome.BLOCK, outcome.outcome(results, scale, commit))
    print(f"{outcome.PAGE}: {outcome.BLOCK}")
    for line in pictures.make(results):
        print(line)


if __name__ == "__main__":
    main()
