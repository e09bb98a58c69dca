"""The section on what matters most: shares of the variance of test accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from restudy.report.parts import Lines, Section

_TABLES = "../tables"


def matters(advice: Mapping[str, Sequence[str]]) -> Section:
    """Return the section on what matters most.

    Args:
        advice: study -> lines, see :func:`restudy.results.variance_components.advice`.
    """
    return Section(
        name="matters",
        title="What matters most",
        question="How much of the variation in test accuracy does each choice explain, and which "
        "level is the better one?",
        notes="Shares of variance (omega squared) with 95% bootstrap intervals over seeds, by data "
        "set, largest first. A share holds for the levels that the study has, and no others.",
        empty="" if advice else "No study of this run crosses its factors (figure: grid).",
        parts=[
            Section(
                name=f"matters-{study}",
                title=f"In the study {study}",
                question="",
                blocks=[Lines("Largest share first", lines)],
                links={
                    "shares": f"{_TABLES}/{study}/matters.csv",
                    "for reading": f"{_TABLES}/{study}/matters.md",
                },
            )
            for study, lines in advice.items()
        ],
    )
