"""Comparing a run of your own with the reference: ``python -m restudy.reference.verify``.

Ends with status 0 if all that differs can be chance, 1 if something is different beyond that, 2 if
there is nothing to compare: no reference, no run, or one that was asked for something else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from restudy.common.errors import RestudyError
from restudy.config.loading import settings_of_scale
from restudy.config.study import SCALES
from restudy.reference.contents import FOLDER
from restudy.reference.judging import compare_folders, judge
from restudy.reference.matching import check_same, remarks
from restudy.reference.origin import in_words, read_origin
from restudy.reference.text_report import tell
from restudy.results.table_files import to_csv

DIFFERENT, NOTHING_TO_COMPARE = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is the same and what differs; return the status to end with."""
    parser = argparse.ArgumentParser(
        prog="python -m restudy.reference.verify",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--scale", choices=SCALES, help="of the run (default: the reference's)")
    parser.add_argument("--results", type=Path, help="of the run (default: as in its settings)")
    parser.add_argument("--reference", type=Path, default=FOLDER, help=f"(default: {FOLDER})")
    parser.add_argument("--all", action="store_true", help="name all rows, however many")
    parser.add_argument("--rows", type=Path, help="write what every row is to this CSV file")
    options = parser.parse_args(arguments)
    try:
        origin = read_origin(options.reference)
        scale = options.scale or origin["scale"]
        if scale != origin["scale"]:
            raise RestudyError(f"the reference is of scale {origin['scale']}, not {scale}")
        results = options.results or Path(settings_of_scale(scale).results)
        check_same(origin, results)
        found = judge(compare_folders(options.reference, results, origin["studies"]))
        if options.rows:
            options.rows.write_bytes(to_csv(found.rows))
    except (RestudyError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return NOTHING_TO_COMPARE
    print(f"{results} against {options.reference}. {in_words(origin)}")
    for remark in remarks(origin, results):
        print(f"Note: {remark}")
    print()
    print(tell(found, whole=options.all))
    return 0 if found.agrees else DIFFERENT


if __name__ == "__main__":
    sys.exit(main())
