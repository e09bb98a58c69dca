"""Keeping a finished run as the reference: ``python -m restudy.reference [--scale default]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from restudy.common.errors import RestudyError
from restudy.config.loading import settings_of_scale
from restudy.config.study import SCALES
from restudy.planning.plan import load_plan
from restudy.provenance.versions import commit
from restudy.reference.contents import FOLDER, MOST_BYTES
from restudy.reference.finished import check_clean, check_finished
from restudy.reference.keeping import keep
from restudy.reference.origin import describe_origin, in_words, report_commit


def main(arguments: Sequence[str] | None = None) -> None:
    """Copy what is compact of a finished run, and say how large it is."""
    parser = argparse.ArgumentParser(prog="python -m restudy.reference", description=__doc__)
    parser.add_argument("--scale", choices=SCALES, default="default")
    parser.add_argument("--results", type=Path, help="of the run (default: as in its settings)")
    parser.add_argument("--into", type=Path, default=FOLDER, help=f"(default: {FOLDER})")
    options = parser.parse_args(arguments)
    try:
        settings = settings_of_scale(options.scale)
        results = options.results or Path(settings.results)
        plan = load_plan(settings)
        check_finished(plan, results)
        check_clean(commit(), report_commit(results))
        origin = describe_origin(plan, results)
        sizes = keep(results, options.into, origin)
    except RestudyError as error:
        sys.exit(f"error: {error}")
    print(in_words(origin))
    for kind, (number, size) in sizes.items():
        print(f"{kind:22}{number:6,} files {size / 1e6:7.2f} MB")
    total = sum(size for _, size in sizes.values())
    print(f"{options.into}: {total / 1e6:.2f} MB")
    if total > MOST_BYTES:
        print(f"warning: that is more than {MOST_BYTES / 1e6:.0f} MB, much for a git repository")


if __name__ == "__main__":
    main()
