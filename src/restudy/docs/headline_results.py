"""The README's results: of a run or reference, and at the full scale."""

from __future__ import annotations

import json
from pathlib import Path

from restudy.reference.records import GATHERED, ORIGIN
from restudy.report import phrases
from restudy.report.view.build import read_summary
from restudy.results.run_record import read_run_record

PAGE = Path("README.md")
HEADLINES, FULL_SCALE = "outcome", "full scale"
"""The blocks of the page."""


def origin(results: Path) -> tuple[str, str]:
    """Return scale and commit of a run, or of a reference.

    Raises:
        RestudyError: it is neither finished nor a reference.
    """
    if (results / ORIGIN).is_file():
        recorded = json.loads((results / ORIGIN).read_text(encoding="utf-8"))
        return str(recorded["scale"]), str(recorded["commit"])
    run = read_run_record(results)
    return run.scale, run.commit_in_words()


def headlines(results: Path) -> str:
    """Return counts and key findings of a run or reference, as the report begins with them."""
    scale, commit = origin(results)
    counts, findings = read_summary(results / "tables")
    rows = [
        [one.kind, one.statement, f"{one.measured}: {one.effect}"]
        for one in map(phrases.finding, findings)
    ]
    return "\n".join(
        [
            phrases.bullets(counts),
            "",
            "| | | |",
            "|---|---|---|",
            *("| " + " | ".join(text.replace("|", "\\|") for text in row) + " |" for row in rows),
            "",
            f"*A run at the {scale} scale, commit `{commit[:12]}`. The rows are those that the "
            "report begins with, chosen by a rule.*",
        ]
    )


def full_scale(folder: Path = GATHERED) -> str:
    """Return the counts of what has been gathered at the full scale."""
    return phrases.bullets(read_summary(folder / "tables")[0])
