"""What came out, in a few lines for the README: of a run or reference, and at the full scale."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from restudy.evidence.demonstrations import read_demonstrations
from restudy.evidence.judging import read_claim_tests
from restudy.evidence.published import read_published_table
from restudy.reference.contents import ORIGIN
from restudy.reference.gather import FOLDER
from restudy.report import answer
from restudy.report.claims import verdicts
from restudy.report.findings import findings
from restudy.results.table_files import read_table
from restudy.run_record import read_run_record

PAGE = Path("README.md")
BLOCK = "outcome"
FULL_SCALE = "full scale"


def origin(results: Path) -> tuple[str, str]:
    """Return scale and commit of a run, or of a reference.

    Raises:
        RestudyError: it is neither finished nor a reference.
    """
    if (results / ORIGIN).is_file():
        told = json.loads((results / ORIGIN).read_text(encoding="utf-8"))
        return str(told["scale"]), str(told["commit"])
    run = read_run_record(results)
    return run.scale, run.commit_in_words()


def outcome(results: Path, scale: str, commit: str) -> str:
    """Return how much came out again and what is worth knowing, as the report begins with it."""
    tables = results / "tables"
    found = findings(
        _read(tables, "claims"),
        read_claim_tests(tables / "claim_tests.csv"),
        _read(tables, "errata"),
        read_demonstrations(tables / "errata_shown.csv"),
        {path.parent.name: pd.read_csv(path) for path in sorted(tables.glob("*/matters.csv"))},
        [path.parent.name for path in tables.glob("*/summary.csv")],
    )
    return "\n".join(
        [
            tallies(tables),
            "",
            "| | | |",
            "|---|---|---|",
            *(
                "| " + " | ".join(_cell(text) for text in (one.kind, one.statement, told)) + " |"
                for one in found
                for told in (f"{one.measured}: {one.effect}",)
            ),
            "",
            f"*A run at the {scale} scale, commit `{commit[:12]}`. The rows are those that the "
            "report begins with, chosen by a rule.*",
        ]
    )


def tallies(tables: Path) -> str:
    """Return how many numbers, claims and mistakes came out how, as a list in Markdown.

    Args:
        tables: the folder with the tables of a run, or of all that has been gathered.
    """
    counts = (
        answer.numbers(read_published_table(tables / "published.csv")),
        answer.claims(verdicts(_read(tables, "claims"), _read(tables, "timed_claims"))),
        answer.errata(_read(tables, "errata")["status"]),
    )
    return "\n".join(f"* {count.sentence}" for count in counts)


def full_scale(folder: Path = FOLDER) -> str:
    """Return the same of what has been gathered at the full scale."""
    return tallies(folder / "tables")


def _read(tables: Path, name: str) -> pd.DataFrame:
    return read_table(tables / f"{name}.csv")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
