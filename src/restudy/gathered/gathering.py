"""Putting the answers of a run at the full scale beside those of the runs before it.

The full scale as a whole takes a night. It can be done in parts, a few studies at a time; what each
part finds is kept, and the verdicts are made of all that is there.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from restudy.config.settings import Settings
from restudy.errors import RestudyError
from restudy.evidence.checks import FOLDER as EVIDENCE
from restudy.evidence.contrasts import read_contrasts
from restudy.evidence.demonstrations import read_demonstrations
from restudy.evidence.judging import read_claim_tests
from restudy.evidence.ledger import Ledger, load_ledger, statuses, summary
from restudy.evidence.published import read_published_table
from restudy.evidence.reasons import parse
from restudy.evidence.standing import standing
from restudy.evidence.timing import CLAIMS as TIMED
from restudy.gathered.merging import LAYOUTS, merge, settled
from restudy.gathered.record import Record, describe, joined, read_record, still_right, write_record
from restudy.gathered.telling import claims_beside, readme
from restudy.plan import load_plan
from restudy.provenance import code_digest
from restudy.reference.configuration import read_configuration
from restudy.reference.contents import FOLDER as REFERENCE
from restudy.reference.contents import README
from restudy.reference.finished import check_finished
from restudy.tables import to_csv

FOLDER = Path("results/gathered")

STUDY_TABLES = ("summary.csv", "comparison.csv", "winners.csv", "matters.csv", "matters.md")
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
    check_finished(plan, results, code_digest("restudy.training"))
    new = {name: _read(results, name) for name in LAYOUTS}
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
    old = {name: _read(into, name) for name in LAYOUTS} if (into / "tables").is_dir() else {}
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
            _write(part, name, table)
        for name, table in _judged(part, ledger, record).items():
            _write(part, name, table)
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
    default = _read(REFERENCE, "claims") if (REFERENCE / "tables/claims.csv").is_file() else None
    told = ("claims", "claim_tests", "errata", "puzzles", "timed_claims")
    tables = {name: _read(folder, name) for name in told}
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
    for name in STUDY_TABLES:
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


def _read(folder: Path, name: str) -> pd.DataFrame:
    try:
        return pd.read_csv(folder / f"tables/{name}.csv", dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise RestudyError(f"{folder}/tables/{name}.csv: cannot be read: {error}") from None


def _write(folder: Path, name: str, table: pd.DataFrame) -> None:
    (folder / f"tables/{name}.csv").write_bytes(to_csv(table))
