"""What each mistake of the sources does: a number with it, and the same number without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from restudy.config.reductions import from_json, to_json
from restudy.evidence.metric_extraction import (
    MissingError,
    StudyTables,
    extract_metric,
    joint_reductions,
)
from restudy.evidence.metric_selectors import MetricSelector
from restudy.evidence.printed_differences import count_signs, is_shown
from restudy.evidence.reasons import Finding, Reason, columns, parse, reason, rounded, unique
from restudy.evidence.schema import Erratum, ErratumEffect
from restudy.evidence.statuses import Status
from restudy.evidence.verdicts import design_columns
from restudy.results.table_files import make_table
from restudy.stats.effects import paired_effect


def effect_table(
    errata: Sequence[Erratum],
    studies: Mapping[str, StudyTables],
    experiments: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Return the table ``erratum_effects``: each number with a mistake and without it.

    Args:
        errata: rows of the catalogue.
        studies: the studies that they name, as far as this run has them.
        experiments: the tables of the experiments that they name, likewise.
    """
    return make_table(
        "erratum_effects",
        (
            {
                "erratum": erratum.id,
                "source": erratum.origin,
                "severity": erratum.severity,
                "description": effect.what,
                "study": _subject(effect),
                **{"reductions": "", **columns([])},
                **design_columns(effect),
                **_numbers(effect, studies, experiments or {}),
            }
            for erratum in errata
            for effect in erratum.effects
        ),
    )


def statuses_of(
    errata: Sequence[Erratum],
    table: pd.DataFrame,
    contrasts: pd.DataFrame,
    others: Mapping[str, Finding],
) -> dict[str, Finding]:
    """Return the status of each erratum with evidence, or of wording only.

    The effect is confirmed if a number differs between with and without the mistake. No effect is
    found if the intervals of all differences hold 0, or are exploratory. That single runs were read
    as effects is confirmed if a printed difference has the opposite sign in a run of ours.

    Args:
        errata: rows of the catalogue.
        table: as :func:`effect_table` returns it.
        contrasts: as :func:`restudy.evidence.printed_differences.difference_table` returns it.
        others: the status of claims, published numbers and searches, by id.
    """
    return {
        erratum.id: _finding(
            erratum,
            table[table["erratum"] == erratum.id],
            contrasts[contrasts["erratum"] == erratum.id],
            others,
        )
        for erratum in errata
        if erratum.has_evidence or erratum.text_only
    }


def _subject(effect: ErratumEffect) -> str:
    side = effect.as_published
    return side.study if isinstance(side, MetricSelector) else side.experiment


def _numbers(
    effect_of: ErratumEffect,
    studies: Mapping[str, StudyTables],
    experiments: Mapping[str, pd.DataFrame],
) -> dict[str, Any]:
    sides = (effect_of.as_published, effect_of.corrected)
    try:
        both = [extract_metric(side, studies, experiments) for side in sides]
    except MissingError as error:
        return columns([error.reason])
    mine, theirs = both[0].by_seed.align(both[1].by_seed, join="inner")
    effect = paired_effect(mine, theirs)
    if effect.n < 2:
        return {"n": effect.n, **columns([reason("few_pairs")])}
    return {
        "n": effect.n,
        "as_published": mine.mean(),
        "corrected": theirs.mean(),
        "difference": effect.mean,
        "ci_low": effect.low,
        "ci_high": effect.high,
        "p": effect.p,
        "reductions": to_json(joint_reductions(both)),
    }


def _finding(
    erratum: Erratum, rows: pd.DataFrame, contrasts: pd.DataFrame, others: Mapping[str, Finding]
) -> Finding:
    if erratum.text_only:
        return Finding(Status.WORDING_ONLY, (reason("nothing_to_run"),))
    named = [id_ for id_ in erratum.supported_by if id_ in others]
    statuses = tuple(_named(id_, others[id_]) for id_ in named)
    found = rows[rows["difference"].notna()]
    signs = contrasts[contrasts["sign"] != ""]
    counted_signs = (count_signs(contrasts),) if len(signs) else ()
    reasons = (*map(_effect, found.to_dict("records")), *counted_signs, *statuses)
    if len(found) or (signs["reductions"] == "").any():
        differs = (found["ci_low"] > 0) | (found["ci_high"] < 0)
        shown = (differs & ~found["exploratory"].astype(bool)).any() or is_shown(contrasts)
        return Finding(Status.EFFECT_CONFIRMED if shown else Status.NO_EFFECT_FOUND, reasons)
    if any(others[id_].status is not Status.PENDING for id_ in named):
        return Finding(Status.ASSESSED, reasons)
    missing = [
        one for part in (rows, contrasts) for row in part.to_dict("records") for one in parse(row)
    ]
    return Finding(Status.PENDING, unique([*missing, *counted_signs, *statuses]))


def _named(id_: str, other: Finding) -> Reason:
    """Return the status of a row that an erratum names, with the counts of a search."""
    counts = [one.args for one in other.reasons if one.code == "searched"]
    return reason("status", id=id_, status=other.status.value, **(counts[0] if counts else {}))


def _effect(row: Mapping[Any, Any]) -> Reason:
    return reason(
        "effect",
        what=row["description"],
        **{name: rounded(row[name], 4) for name in ("as_published", "corrected")},
        **{name: rounded(row[name], 3) for name in ("difference", "ci_low", "ci_high")},
        n=int(row["n"]),
        reductions=[one._asdict() for one in from_json(row["reductions"])],
        **{name: bool(row[name]) for name in ("redesigned", "exploratory")},
        **{name: row[name] for name in ("redesigned_text", "exploratory_text")},
    )
