"""The section on the studies: each with its figure, its tables and where its numbers come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from restudy.report.parts import LONG, Block, Lines, Picture, Section, Table
from restudy.report.provenance import provenance
from restudy.results.study_tables import OVERALL, notes, readable_comparison, readable_summary


def studies(parts: Sequence[Section]) -> Section:
    """Return the section on the studies, made of those of :func:`study`."""
    return Section(
        name="studies",
        title="The studies",
        question="What was trained, and what came out.",
        notes="Single runs, thousands of rows, are in the files that each study links to.",
        parts=parts,
        empty="" if parts else "This run has no studies.",
    )


def study(
    description: Mapping[str, Any],
    runs: pd.DataFrame,
    summary: pd.DataFrame,
    comparison: pd.DataFrame,
    records: Mapping[str, Mapping[str, Any]],
    picture: Picture | None = None,
) -> Section:
    """Return what the page says of a study.

    Args:
        description: ``study.json`` of the study.
        runs: its ``runs.parquet``.
        summary: :func:`restudy.results.study_tables.summary_table` of it.
        comparison: :func:`restudy.results.study_tables.comparison_table` of it.
        records: ``cell.json`` of its cells, by id.
        picture: its figure.
    """
    factors = list(description["factors"])
    shown = readable_summary(summary, factors)
    blocks: list[Block] = [picture] if picture else []
    blocks.append(
        Table(
            "Mean ± half of the 95% interval over seeds",
            shown,
            folded=len(shown) > LONG,
            on_paper=False,
        )
    )
    blocks += _comparisons(comparison, factors)
    blocks.append(Lines("Where the numbers come from", provenance(records, runs), folded=True))
    return Section(
        name=description["name"],
        title=description["title"],
        question=description["question"],
        notes=notes(description, runs),
        blocks=blocks,
        links=links(description["name"]),
    )


def _comparisons(comparison: pd.DataFrame, factors: list[str]) -> list[Block]:
    if comparison.empty:
        return []
    means = comparison[(comparison[factors] == OVERALL).any(axis=1)]
    first, rest = comparison, comparison.iloc[:0]
    if len(comparison) > LONG and len(means):
        first, rest = means, comparison.drop(index=means.index)
    shown = readable_comparison(first, factors)
    blocks: list[Block] = [Table("Paired differences", shown, folded=len(shown) > 2 * LONG)]
    if len(rest):
        title = "Paired differences, combination by combination"
        shown = readable_comparison(rest, factors)
        blocks.append(Table(title, shown, folded=True, on_paper=False))
    return blocks


def links(study: str) -> dict[str, str]:
    """Return the addresses of a study's files, relative to the page."""
    tables = f"../tables/{study}"
    return {
        "summary": f"{tables}/summary.csv",
        "comparisons": f"{tables}/comparison.csv",
        "winners": f"{tables}/winners.csv",
        "times": f"{tables}/timing.csv",
        "all runs": f"../studies/{study}/runs.parquet",
        "histories": f"../studies/{study}/history.parquet",
    }
