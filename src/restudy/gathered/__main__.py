"""Keeping what a run found at the full scale: ``python -m restudy.gathered [--only STUDY ...]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from restudy.errors import RestudyError
from restudy.forecast import settings_of
from restudy.gathered.gathering import FOLDER, gather
from restudy.provenance import commit
from restudy.reference.finished import check_clean
from restudy.reference.origin import report_commit


def main(arguments: Sequence[str] | None = None) -> None:
    """Put the answers of a finished run beside those of earlier ones, and say what is there."""
    parser = argparse.ArgumentParser(prog="python -m restudy.gathered", description=__doc__)
    parser.add_argument(
        "--only", nargs="*", default=[], metavar="STUDY", help="as the run had it (default: all)"
    )
    parser.add_argument("--results", type=Path, help="of the run (default: those of SCALE=full)")
    parser.add_argument("--into", type=Path, default=FOLDER, help=f"(default: {FOLDER})")
    options = parser.parse_args(arguments)
    try:
        settings = settings_of("full").model_copy(update={"only": options.only})
        results = options.results or Path(settings.results)
        check_clean(commit(), report_commit(results))
        record, missing = gather(settings, results, options.into)
    except RestudyError as error:
        sys.exit(f"error: {error}")
    print(f"{options.into}: {len(record['studies'])} studies at the full scale")
    print(f"Not yet: {', '.join(missing) or 'none'}")


if __name__ == "__main__":
    main()
