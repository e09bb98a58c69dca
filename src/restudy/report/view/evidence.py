"""What was found about mistakes, figures, systems and settings that the sources leave out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from restudy.common.text_format import DASH, brief, estimate, joined, sentence, spelled
from restudy.config.reductions import words_of
from restudy.evidence.reasons import COLUMNS as REASONS
from restudy.evidence.reasons import by_design, texts
from restudy.evidence.search_tables import conclusion
from restudy.evidence.statuses import Status
from restudy.report.view.model import Effect, Erratum, Search, Table
from restudy.report.view.tables import Tables, as_texts, reasons

_NOISE = {"normal": "normal noise", "lognormal": "skewed noise", "t3": "heavy tails"}
_PLACES = {
    "published": "with their source",
    "claims": "under the claims",
    "errata": "with their source",
    "systems": "below",
    "figures": "with their source",
}
"""Kind of rows -> where they are on the page."""


def errata(tables: Tables) -> list[Erratum]:
    """Return the mistakes of the sources, and what they do to numbers of ours."""
    shown = tables["erratum_effects"]
    shown = shown[shown["difference"].notna()]
    own = dict(iter(shown.groupby("erratum", sort=False)))
    return [
        Erratum(
            **{name: row[name] for name in ("id", "source", "severity", "where")},
            wrong=row["what_is_wrong"],
            status=Status(row["status"]),
            reasons=reasons(row, "what we found"),
            effects=tuple(map(_effect, own[row["id"]].to_dict("records")))
            if row["id"] in own
            else (),
        )
        for row in tables["errata"].to_dict("records")
    ]


def other_figures(figures: pd.DataFrame) -> pd.DataFrame:
    """Return figures that are not drawn with their source, and why."""
    # A figure that is drawn as the figure of a study.
    elsewhere = "as the figure of the study " + figures["figure"]
    because = texts(figures).mask(figures["status"] == Status.DRAWN, elsewhere)
    return figures.assign(because=because)[["id", "title", "status", "because"]]


def searches(tables: Tables) -> list[Search]:
    """Return the configuration searches with their conclusions and candidates."""
    table = tables["search_candidates"]
    table = table.assign(because=texts(table)).drop_duplicates(["search", "candidate"])
    candidates = {
        name: as_texts(rows[["candidate", "verdict", "because"]])
        for name, rows in table.groupby("search", sort=False)
    }
    return [
        Search(
            **{name: row[name] for name in ("search", "source", "title", "question")},
            conclusion=conclusion(row),
            done=bool(row["compatible"] + row["ruled_out"] > 0),
            candidates=candidates.get(row["search"], Table()),
        )
        for row in tables["configuration_searches"].to_dict("records")
    ]


def systems(tables: Tables) -> pd.DataFrame:
    """Return the systems and experiments of the sources, and what repeats them."""
    table = tables["systems"]
    return table.assign(ours=texts(table)).drop(columns=list(REASONS))


def status_counts(tables: Tables) -> pd.DataFrame:
    """Return how many rows of each kind have which status, of statuses that occur."""
    table = tables["statuses"].copy()
    table.insert(1, "rows", table["kind"].map(_PLACES))
    unused = [one.value for one in Status if one in table and not table[one.value].any()]
    return table.drop(columns=unused).rename(columns={one.value: one.label for one in Status})


def coverage(calibration: pd.DataFrame) -> str:
    """Return how often the intervals of paired differences hold the truth, by simulation."""
    rows = calibration[
        (calibration["measure"] == "coverage")
        & (calibration["description"] == "t interval of paired differences")
    ]
    if rows.empty:
        return ""
    few = rows[rows["n"] == rows["n"].min()].to_dict("records")
    shares = [f"{100 * row['estimate']:.1f}% with {_noise(row['distribution'])}" for row in few]
    return sentence(
        f"in simulations with {spelled(int(few[0]['n']))} seeds the interval of a paired "
        f"difference holds the truth in {joined(shares)}"
    )


def _effect(row: Mapping[Any, Any]) -> Effect:
    ends = (float(row[name]) for name in ("difference", "ci_low", "ci_high"))
    difference, interval = estimate(*ends, signed=True)
    is_clear = row["ci_low"] > 0 or row["ci_high"] < 0
    return Effect(
        description=f"{row['description']}{by_design(row)}",
        published=brief(float(row["as_published"]), 4),
        corrected=brief(float(row["corrected"]), 4),
        difference=difference,
        interval=interval,
        n=f"{row['n']:.0f}",
        reductions=words_of(row["reductions"]) or DASH,
        changes=bool(is_clear and not row["exploratory"]),
    )


def _noise(distribution: str) -> str:
    return _NOISE.get(distribution, f"{distribution} noise")
