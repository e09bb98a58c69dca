"""Tables of a study, for people."""

from __future__ import annotations

import pandas as pd

from restudy.report.view.model import StudyView, View
from restudy.results.study_tables import OVERALL, readable_comparison, readable_summary

LONG = 12
"""A table with more rows is folded."""


def summary(view: View, study: StudyView) -> pd.DataFrame:
    """Return the means of each combination of levels, in the order of the levels."""
    table = view.frame(f"{study.name}/summary")
    for factor, levels in study.description["factors"].items():
        table[factor] = pd.Categorical(table[factor], levels, ordered=True)
    return readable_summary(table, study.factors)


def comparisons(view: View, study: StudyView) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the paired differences to show first, and those of single combinations, if many."""
    table = view.frame(f"{study.name}/comparison")
    overall = (table[study.factors] == OVERALL).any(axis=1)
    if len(table) <= LONG or not overall.any():
        overall[:] = True
    first, rest = table[overall], table[~overall]
    return readable_comparison(first, study.factors), readable_comparison(rest, study.factors)
