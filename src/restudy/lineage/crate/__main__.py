"""Packing a finished run: ``python -m restudy.lineage.crate [--results DIR] [--agent NAME]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from restudy.common.errors import RestudyError
from restudy.lineage.crate.building import write_crate
from restudy.lineage.crate.run import read_run
from restudy.lineage.crate.workflow import workflow_files


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the crate into the folder of the results, and say what is in it."""
    parser = argparse.ArgumentParser(prog="python -m restudy.lineage.crate", description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--into", type=Path, help="(default: crate, in the results)")
    parser.add_argument("--agent", help="name of the person who did the run (default: untold)")
    options = parser.parse_args(arguments)
    folder = options.into or options.results / "crate"
    try:
        run = read_run(options.results)
        files = workflow_files(Path.cwd(), run.commit)
        number = write_crate(run, files, folder, options.agent)
    except RestudyError as error:
        sys.exit(f"error: {error}")
    print(f"{folder}: {number:,} files; commit {run.commit}, {run.started:%Y-%m-%d %H:%M} UTC on")


if __name__ == "__main__":
    main()
