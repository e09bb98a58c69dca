"""What explains the variance of the test accuracy in a study."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from restudy.common.text_format import brief, joined, percent, sentence
from restudy.report.view.model import Variance
from restudy.report.view.studies import data_title, term
from restudy.results.variance_components import LITTLE, Weight, advice, weigh
from restudy.stats.variance import HIGHER


def variance(study: str, table: pd.DataFrame) -> Variance:
    """Return what a table of variance components says, in lines and in sentences."""
    return Variance(
        study=study,
        factors=tuple(advice(table)),
        sentences=tuple(_sentence(study, *part) for part in _by_dataset(table)),
        largest=_largest(table),
    )


def _largest(table: pd.DataFrame) -> str:
    """Return what explains most on each data set, in few words; empty if nothing is known."""
    terms = []
    for dataset, rows in _by_dataset(table):
        known = rows[rows["omega_squared"].notna() & (rows["source"] != HIGHER)]
        if len(known):
            first = known.iloc[int(known["omega_squared"].to_numpy().argmax())]
            place = f" on {data_title(dataset)}" if dataset else ""
            terms.append(f"{term(first['source'])}{place} ({percent(first['omega_squared'])})")
    if not terms:
        return ""
    return sentence(f"most of the variance in test accuracy is explained by {joined(terms)}")


def _by_dataset(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the rows of each data set, in their order; that of a study of one has no name."""
    for dataset in dict.fromkeys(table["dataset"]):
        yield str(dataset), table[table["dataset"] == dataset]


def _sentence(name: str, dataset: str, rows: pd.DataFrame) -> str:
    where = f"on {data_title(dataset)}" if dataset else f"in {name}"
    known = rows[rows["omega_squared"].notna()].sort_values(
        "omega_squared", ascending=False, kind="stable"
    )
    if known.empty:
        return sentence(f"{where}, it is not yet known: there are too few seeds")
    strong = [
        row
        for row in known[known["source"] != HIGHER].to_dict("records")
        if weigh(row) is Weight.MATTERS
    ]
    if not strong:
        return sentence(f"{where}, nothing surely explains more than {percent(LITTLE)}")
    shares = [
        f"{term(row['source'])}{'' if place else ' explains'} {percent(row['omega_squared'])} "
        f"({percent(row['ci_low'])} to {percent(row['ci_high'])})"
        for place, row in enumerate(strong)
    ]
    better = [
        f"{term(row['source'])} {row['best']} ({brief(row['best_mean'], 4)} against "
        f"{brief(row['worst_mean'], 4)} with {row['worst']})"
        for row in strong
        if row["best"]
    ]
    choice = f"; on average the better choice is {joined(better)}" if better else ""
    return sentence(f"{where}, {joined(shares)} of the variance in test accuracy{choice}")
