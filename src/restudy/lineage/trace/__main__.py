"""Where a number comes from: ``python -m restudy.lineage.trace ID [--results results/quick]``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from restudy.common.errors import RestudyError
from restudy.lineage.trace.chain import chain
from restudy.lineage.trace.finding import Finder
from restudy.lineage.trace.mlflow import run_ids, run_of
from restudy.lineage.trace.words import lines

_EXAMPLES = "an id of the evidence, a study, STUDY/METRIC, a file of tables/ or figures/, a run"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the chain behind what is asked about."""
    parser = argparse.ArgumentParser(prog="python -m restudy.lineage.trace", description=__doc__)
    parser.add_argument("what", help=_EXAMPLES)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--uri", help="another MLflow store (default: as in the pipeline)")
    parser.add_argument("--json", action="store_true", help="everything, for a program")
    options = parser.parse_args(arguments)
    try:
        finder = Finder(options.results)
        subject = finder.find(options.what)
        if subject.kind == "MLflow run":
            subject = finder.find(run_of(subject.name, options.results, options.uri))
        found = chain(subject, options.results)
        studies = [group["study"] for group in found["groups"]]
        ids, problem = run_ids(studies, options.results, options.uri) if studies else ({}, "")
        for run in (run for group in found["groups"] for run in group["runs"]):
            run["mlflow"] = ids.get((run["study"], run["cell"], run["lane"]))
    except RestudyError as error:
        sys.exit(f"error: {error}")
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        print("\n".join(lines(found, problem)))


if __name__ == "__main__":
    main()
