"""Where a number comes from: ``python -m restudy.lineage.trace ID [--results results/quick]``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from restudy.common.errors import RestudyError
from restudy.lineage.trace.chain import follow
from restudy.lineage.trace.mlflow_runs import run_ids
from restudy.lineage.trace.resolve import resolve
from restudy.lineage.trace.text import lines

_EXAMPLES = "an id of the evidence, a study, STUDY/METRIC, a file of tables/ or figures/, a run"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the chain behind a name."""
    parser = argparse.ArgumentParser(prog="python -m restudy.lineage.trace", description=__doc__)
    parser.add_argument("what", help=_EXAMPLES)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--uri", help="another MLflow store (default: as in the pipeline)")
    parser.add_argument("--json", action="store_true", help="everything, for a program")
    options = parser.parse_args(arguments)
    try:
        target = resolve(options.what, options.results, options.uri)
        found = follow(target, options.results)
        studies = [run_set["study"] for run_set in found["run_sets"]]
        ids, problem = run_ids(studies, options.results, options.uri) if studies else ({}, "")
        for run in (run for run_set in found["run_sets"] for run in run_set["runs"]):
            run["mlflow"] = ids.get((run["study"], run["group"], run["run"]))
    except RestudyError as error:
        sys.exit(f"error: {error}")
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        print("\n".join(lines(found, problem)))


if __name__ == "__main__":
    main()
