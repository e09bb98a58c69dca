"""What each mistake of the sources does: a number with it, and the same number without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from restudy.config.reductions import from_json, to_json
from restudy.evidence.metric_extraction import (
    MissingError,
    StudyTables,
    Taken,
    joint_reductions,
    take,
    take_from_experiment,
)
from restudy.evidence.metric_selectors import Reading
from restudy.evidence.printed_differences import count_signs, is_shown
from restudy.evidence.reasons import Finding, Reason, columns, parse, reason, rounded, unique
from restudy.evidence.schema import Demonstration, Erratum, Side
from restudy.evidence.statuses import Status
from restudy.results.table_files import read_table
from restudy.stats.effects import paired_effect

COLUMNS = (
    *("erratum", "source", "severity", "what", "study", "n", "as_published", "corrected"),
    *("difference", "low", "high", "p", "reductions", "reason", "reason_args"),
    *("redesigned", "redesigned_text", "exploratory", "exploratory_text"),
)
_NUMBERS = ("n", "as_published", "corrected", "difference", "low", "high", "p")


class _Tables(NamedTuple):
    """What there is of studies and experiments, by name."""

    studies: Mapping[str, StudyTables]
    experiments: Mapping[str, pd.DataFrame]


def demonstrate(
    errata: Sequence[Erratum],
    studies: Mapping[str, StudyTables],
    experiments: Mapping[str, pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Hold each number with a mistake beside the same number without it.

    Args:
        errata: rows of the ledger.
        studies: the studies that they name, as far as this run has them.
        experiments: the tables of the experiments that they name, likewise.

    Returns:
        one row per demonstration with the columns ``COLUMNS``: ``study`` (or experiment, where the
        number with the mistake is read), ``n`` (seeds that both sides have),
        ``as_published`` and ``corrected`` (means), ``difference`` (the first less the second) with
        its 95% t interval and ``p``, ``reductions`` (of the scale), ``reason`` (why there is
        nothing), ``redesigned`` and ``exploratory``, with texts why.
    """
    rows = [
        {
            "erratum": erratum.id,
            "source": erratum.origin,
            "severity": erratum.severity,
            "what": shown.what,
            "study": _subject(shown.as_published),
            **{"reductions": "", **columns([])},
            "redesigned": shown.redesigned is not None,
            "redesigned_text": shown.redesigned or "",
            "exploratory": shown.exploratory is not None,
            "exploratory_text": shown.exploratory or "",
            **_numbers(shown, _Tables(studies, experiments or {})),
        }
        for erratum in errata
        for shown in erratum.shows
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def read_demonstrations(path: Path) -> pd.DataFrame:
    """Read the table that :func:`demonstrate` makes from its file."""
    table = read_table(path)
    flags = {name: table[name] == "True" for name in ("redesigned", "exploratory")}
    return table.assign(**{name: pd.to_numeric(table[name]) for name in _NUMBERS}, **flags)


def statuses_of(
    errata: Sequence[Erratum],
    table: pd.DataFrame,
    contrasts: pd.DataFrame,
    others: Mapping[str, Finding],
) -> dict[str, Finding]:
    """Return the status of each erratum that is shown, judged by other rows, or of wording only.

    One whose number is another with the mistake than without is shown; if the intervals of all its
    differences hold 0, or they are exploratory, no difference is found. That single runs were read
    as effects is shown if a printed difference has the other sign in a run of ours.

    Args:
        errata: rows of the ledger.
        table: as :func:`demonstrate` returns it.
        contrasts: as :func:`restudy.evidence.printed_differences.contrast_table` returns it.
        others: the status of claims, published numbers and puzzles, by id.
    """
    return {
        erratum.id: _finding(
            erratum,
            table[table["erratum"] == erratum.id],
            contrasts[contrasts["erratum"] == erratum.id],
            others,
        )
        for erratum in errata
        if erratum.has_evidence or erratum.wording
    }


def _subject(side: Side) -> str:
    return side.study if isinstance(side, Reading) else side.experiment


def _take(side: Side, tables: _Tables) -> Taken:
    if isinstance(side, Reading):
        return take(side, tables.studies)
    return take_from_experiment(side, tables.experiments)


def _numbers(shown: Demonstration, tables: _Tables) -> dict[str, Any]:
    try:
        wrong, right = _take(shown.as_published, tables), _take(shown.corrected, tables)
    except MissingError as error:
        return columns([error.reason])
    mine, theirs = wrong.by_seed.align(right.by_seed, join="inner")
    effect = paired_effect(mine, theirs)
    if effect.n < 2:
        return {"n": effect.n, **columns([reason("few_pairs")])}
    return {
        "n": effect.n,
        "as_published": mine.mean(),
        "corrected": theirs.mean(),
        "difference": effect.mean,
        "low": effect.low,
        "high": effect.high,
        "p": effect.p,
        "reductions": to_json(joint_reductions([wrong, right])),
    }


def _finding(
    erratum: Erratum, rows: pd.DataFrame, contrasts: pd.DataFrame, others: Mapping[str, Finding]
) -> Finding:
    if erratum.wording:
        return Finding(Status.WORDING_ONLY, (reason("nothing_to_run"),))
    named = [id_ for id_ in erratum.shown_by if id_ in others]
    statuses = tuple(_named(id_, others[id_]) for id_ in named)
    found = rows[rows["difference"].notna()]
    signs = contrasts[contrasts["sign"] != ""]
    counted_signs = (count_signs(contrasts),) if len(signs) else ()
    reasons = (*map(_effect, found.to_dict("records")), *counted_signs, *statuses)
    if len(found) or (signs["reductions"] == "").any():
        differs = (found["low"] > 0) | (found["high"] < 0)
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
        what=row["what"],
        **{name: rounded(row[name], 4) for name in ("as_published", "corrected")},
        **{name: rounded(row[name], 3) for name in ("difference", "low", "high")},
        n=int(row["n"]),
        reductions=[one._asdict() for one in from_json(row["reductions"])],
        **{name: bool(row[name]) for name in ("redesigned", "exploratory")},
        **{name: row[name] for name in ("redesigned_text", "exploratory_text")},
    )
