"""Results kept in git: ``python -m restudy.reference keep|gather|verify``.

``verify`` ends with status 0 if all that differs can be chance, 1 if something is different beyond
that, 2 if there is nothing to compare: no reference, no run, or one that was asked for something
else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from restudy.common.errors import RestudyError
from restudy.config.loading import settings_of_scale
from restudy.config.study import SCALES
from restudy.planning.plan import load_plan
from restudy.reference.checks import check_clean, check_finished, check_same, remarks
from restudy.reference.classify_differences import classify_differences
from restudy.reference.compare_tables import compare_folders
from restudy.reference.gather import gather
from restudy.reference.records import GATHERED, REFERENCE, describe, describe_origin, read_origin
from restudy.reference.snapshot import keep
from restudy.reference.text_report import report
from restudy.results.table_files import to_csv

DIFFERENT, NOTHING_TO_COMPARE = 1, 2
_MOST_BYTES = 15_000_000
"""A clone of the repository should not take minutes for the sake of its results."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except (RestudyError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return NOTHING_TO_COMPARE if options.run is _verify else 1
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m restudy.reference",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="keep|gather|verify")
    one = commands.add_parser("keep", help="keep a finished run as the reference")
    one.set_defaults(run=_keep)
    one.add_argument("--scale", choices=SCALES, default="default")
    one.add_argument("--into", type=Path, default=REFERENCE, help=f"(default: {REFERENCE})")
    two = commands.add_parser("gather", help="merge a finished run into the full scale's results")
    two.set_defaults(run=_gather)
    two.add_argument(
        "--only", nargs="*", default=[], metavar="STUDY", help="as the run had it (default: all)"
    )
    two.add_argument("--into", type=Path, default=GATHERED, help=f"(default: {GATHERED})")
    three = commands.add_parser("verify", help="compare a run with the reference")
    three.set_defaults(run=_verify)
    three.add_argument("--scale", choices=SCALES, help="of the run (default: the reference's)")
    three.add_argument("--reference", type=Path, default=REFERENCE, help=f"(default: {REFERENCE})")
    three.add_argument("--all", action="store_true", help="name all rows, however many")
    three.add_argument("--rows", type=Path, help="write the result for every row to this CSV file")
    for command in (one, two, three):
        command.add_argument(
            "--results", type=Path, help="folder of the run (default: as in its settings)"
        )
    return parser


def _keep(options: argparse.Namespace) -> int:
    settings = settings_of_scale(options.scale)
    results = options.results or Path(settings.results)
    plan = load_plan(settings)
    check_finished(plan, results)
    check_clean(results)
    origin = describe_origin(plan, results)
    number, size = keep(results, options.into, origin)
    print(describe(origin))
    print(f"{options.into}: {number:,} files, {size / 1e6:.2f} MB")
    if size > _MOST_BYTES:
        print(f"warning: that is more than {_MOST_BYTES / 1e6:.0f} MB, much for a git repository")
    return 0


def _gather(options: argparse.Namespace) -> int:
    settings = settings_of_scale("full").model_copy(update={"only": options.only})
    results = options.results or Path(settings.results)
    check_clean(results)
    parts, missing = gather(settings, results, options.into)
    print(f"{options.into}: {len(parts['studies'])} studies at the full scale")
    print(f"Not yet: {', '.join(missing) or 'none'}")
    return 0


def _verify(options: argparse.Namespace) -> int:
    origin = read_origin(options.reference)
    scale = options.scale or origin["scale"]
    if scale != origin["scale"]:
        raise RestudyError(f"the reference is of scale {origin['scale']}, not {scale}")
    results = options.results or Path(settings_of_scale(scale).results)
    check_same(origin, results)
    found = classify_differences(compare_folders(options.reference, results, origin["studies"]))
    if options.rows:
        options.rows.write_bytes(to_csv(found.rows))
    print(f"{results} against {options.reference}. {describe(origin)}")
    for remark in remarks(origin, results):
        print(f"Note: {remark}")
    print()
    print(report(found, whole=options.all))
    return 0 if found.agrees else DIFFERENT


if __name__ == "__main__":
    sys.exit(main())
