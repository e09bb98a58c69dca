"""What of a run belongs to the reference."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from restudy.results.declarations import EVIDENCE_TABLES, STUDY_TABLES
from restudy.results.schema import Kind

FOLDER = Path("results/reference")
ORIGIN, README = "reference.json", "README.md"
PAGE, PAPER = "report/index.html", "report/paper.pdf"

KINDS: Mapping[str, tuple[str, ...]] = {
    "tables": ("tables/*.csv", "tables/*.md"),
    "tables of the studies": ("tables/*/*.csv",),
    "figures": ("figures/*.svg", "figures/*.csv"),
    "report": (PAGE, PAPER),
}
"""Kind -> patterns of its files. What is large (weights, histories, figures as PDF) stays out."""

TIMED = frozenset(
    table.name
    for table in (*EVIDENCE_TABLES.values(), *STUDY_TABLES.values())
    if table.kind is Kind.TIMED
)
"""Times are another run's tomorrow: they say nothing of whether somebody else's run agrees."""

MOST_BYTES = 15_000_000
"""A clone of the repository should not take minutes for the sake of its results."""


def files_of(results: Path) -> dict[str, list[Path]]:
    """Return kind -> files of a results folder that belong to a reference, relative and sorted."""
    return {
        kind: sorted(
            path.relative_to(results)
            for pattern in patterns
            for path in results.glob(pattern)
            if path.stem not in TIMED
        )
        for kind, patterns in KINDS.items()
    }


def tables_of(folder: Path) -> list[str]:
    """Return the names of the tables in a results folder or a reference, such as ``grid/summary``.

    Those with times are left out.
    """
    paths = [*folder.glob("tables/*.csv"), *folder.glob("tables/*/*.csv")]
    kept = [path.relative_to(folder / "tables") for path in paths if path.stem not in TIMED]
    return sorted(path.with_suffix("").as_posix() for path in kept)
