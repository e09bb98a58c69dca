"""Merge a run of some studies at the full scale: ``python -m restudy.reference.gather``.

The full scale as a whole takes a night. It can be done in parts, a few studies at a time; what each
part finds is kept, and the verdicts are made of all that is there.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from restudy.common.errors import RestudyError
from restudy.config.loading import settings_of_scale
from restudy.config.settings import Settings
from restudy.evidence.assign_statuses import standing
from restudy.evidence.erratum_effects import read_demonstrations
from restudy.evidence.printed_differences import read_contrasts
from restudy.evidence.published import read_published_table
from restudy.evidence.reasons import parse
from restudy.evidence.schema import Ledger, load_ledger, statuses, summary
from restudy.evidence.timing_claims import CLAIMS as TIMED
from restudy.evidence.validation import FOLDER as EVIDENCE
from restudy.evidence.verdicts import read_claim_tests
from restudy.planning.plan import load_plan
from restudy.provenance.versions import commit
from restudy.reference.configuration import read_configuration
from restudy.reference.contents import FOLDER as REFERENCE
from restudy.reference.contents import README
from restudy.reference.finished import check_clean, check_finished
from restudy.reference.gathered_record import (
    Record,
    describe,
    joined,
    read_record,
    still_right,
    write_record,
)
from restudy.reference.gathered_text import claims_beside, readme
from restudy.reference.merging import LAYOUTS, merge, settled
from restudy.reference.origin import report_commit
from restudy.results.declarations import STUDY_TABLES
from restudy.results.schema import Kind
from restudy.results.table_files import read_table, write_table

FOLDER = Path("results/gathered")

KEPT = (
    *(f"{table.name}.csv" for table in STUDY_TABLES.values() if table.kind is not Kind.TIMED),
    "matters.md",
)
"""Tables of a study that are kept, of those that it has: all but seconds."""

_JUDGED = ("published", "claims", "errata")
"""The kinds of rows that have a status here; systems and figures are not of runs."""


def gather(settings: Settings, results: Path, into: Path) -> tuple[Record, list[str]]:
    """Take over what a finished run found, as a whole or not at all.

    Answers of earlier runs stay where this one has none, if they are of the code, levels, recipes
    and seeds that are here; all verdicts are made anew.

    Args:
        settings: of the run, at the full scale.
        results: its folder.
        into: what has been gathered before, if there is such a folder.

    Returns:
        what is gathered now, and the names of the studies that are missing.

    Raises:
        RestudyError: the run is not finished, or not one of these settings.
    """
    everything = load_plan(settings.model_copy(update={"only": []}))
    plan = load_plan(settings)
    check_finished(plan, results)
    new = {name: read_table(results / f"tables/{name}.csv") for name in LAYOUTS}
    left_out = _left_out(new.values())
    if strangers := sorted(left_out & plan.studies.keys()):
        raise RestudyError(
            f"{results}: the last run did not have {', '.join(strangers)}; allowed: the studies "
            "that it had, under ONLY as it was called"
        )
    experiments = [
        name for name in read_configuration(results)["experiments"] if name not in left_out
    ]
    earlier = still_right(read_record(into), everything)
    record = joined(earlier, describe(plan, results, experiments))
    trusted = {name for kind in earlier.values() for name in kind}
    old = (
        {name: read_table(into / f"tables/{name}.csv") for name in LAYOUTS}
        if (into / "tables").is_dir()
        else {}
    )
    merged = merge(new, old, trusted, {*plan.studies, *experiments})
    ledger = load_ledger(EVIDENCE)
    merged["claim_tests"] = settled(ledger.claims, merged["claim_tests"])
    timed = results if experiments or not old else into
    missing = [name for name in everything.studies if name not in record["studies"]]
    part = into.with_name(f".{into.name}.{uuid.uuid4().hex}.part")
    try:
        (part / "tables").mkdir(parents=True)
        shutil.copyfile(timed / "tables" / TIMED, part / "tables" / TIMED)
        for name, table in merged.items():
            write_table(part / f"tables/{name}.csv", table)
        for name, table in _judged(part, ledger, record).items():
            write_table(part / f"tables/{name}.csv", table)
        for name in record["studies"]:
            _keep(name, results if name in plan.studies else into, part)
        _tell(part, record, missing)
        write_record(record, part)
        shutil.rmtree(into, ignore_errors=True)
        part.rename(into)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return record, missing


def _judged(folder: Path, ledger: Ledger, record: Record) -> dict[str, pd.DataFrame]:
    """Return what follows from the merged tables: each row's status, and how many have which."""
    tables = folder / "tables"
    found = statuses(
        ledger,
        figures_drawn=(),
        judged=standing(
            ledger,
            published_table=read_published_table(tables / "published.csv"),
            claim_tests=read_claim_tests(tables / "claim_tests.csv"),
            errata_shown=read_demonstrations(tables / "errata_shown.csv"),
            contrasts=read_contrasts(tables / "contrasts.csv"),
            puzzles=pd.read_csv(tables / "puzzles.csv"),
            experiments={},
            done=list(record["experiments"]),
            missing_figures={},
        ),
    )
    counts = summary({kind: found[kind] for kind in _JUDGED}).reset_index()
    return {"claims": found["claims"], "errata": found["errata"], "statuses": counts}


def _tell(folder: Path, record: Record, missing: list[str]) -> None:
    """Write the pages that a visitor reads."""
    default = (
        read_table(REFERENCE / "tables/claims.csv")
        if (REFERENCE / "tables/claims.csv").is_file()
        else None
    )
    told = ("claims", "claim_tests", "errata", "puzzles", "timed_claims")
    tables = {name: read_table(folder / f"tables/{name}.csv") for name in told}
    published = read_published_table(folder / "tables/published.csv")
    (folder / "claims.md").write_text(claims_beside(tables["claims"], default), encoding="utf-8")
    advice = {
        path.parent.name: path.read_text(encoding="utf-8")
        for path in sorted((folder / "tables").glob("*/matters.md"))
    }
    text = readme(record, missing, published, tables, default, advice)
    (folder / README).write_text(text, encoding="utf-8")


def _keep(study: str, source: Path, into: Path) -> None:
    """Copy a study's own tables, those that it has."""
    folder = into / "tables" / study
    folder.mkdir()
    for name in KEPT:
        path = source / "tables" / study / name
        if path.is_file():
            shutil.copyfile(path, folder / name)


def _left_out(tables: Iterable[pd.DataFrame]) -> set[str]:
    """Return the studies and experiments that a run did not have, by the reasons of its rows."""
    return {
        str(name)
        for table in tables
        for row in table.to_dict("records")
        for one in parse(row)
        if one.code == "not_in_this_run"
        for name in one.args.values()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Merge a finished run into what earlier ones found, and print what is there."""
    parser = argparse.ArgumentParser(
        prog="python -m restudy.reference.gather", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--only", nargs="*", default=[], metavar="STUDY", help="as the run had it (default: all)"
    )
    parser.add_argument("--results", type=Path, help="of the run (default: those of SCALE=full)")
    parser.add_argument("--into", type=Path, default=FOLDER, help=f"(default: {FOLDER})")
    options = parser.parse_args(arguments)
    try:
        settings = settings_of_scale("full").model_copy(update={"only": options.only})
        results = options.results or Path(settings.results)
        check_clean(commit(), report_commit(results))
        record, missing = gather(settings, results, options.into)
    except RestudyError as error:
        sys.exit(f"error: {error}")
    print(f"{options.into}: {len(record['studies'])} studies at the full scale")
    print(f"Not yet: {', '.join(missing) or 'none'}")


if __name__ == "__main__":
    main()
