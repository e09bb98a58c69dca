"""What each mistake of the sources does: a number with it, and the same number without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from restudy.evidence.contrasts import in_words, is_shown
from restudy.evidence.judging import by_design
from restudy.evidence.ledger import (
    JUDGED,
    NOT_YET,
    NOTHING_FOUND,
    SHOWN,
    WORDING,
    Demonstration,
    Erratum,
    Side,
    Status,
)
from restudy.evidence.measuring import (
    MissingError,
    StudyTables,
    Taken,
    take,
    take_from_experiment,
)
from restudy.evidence.readings import Reading
from restudy.results.table_files import read_table
from restudy.stats.effects import paired_effect

COLUMNS = (
    *("erratum", "source", "severity", "what", "study", "n", "as_published", "corrected"),
    *("difference", "low", "high", "p", "cuts", "because", "redesigned", "exploratory"),
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
        its 95% t interval and ``p``, ``cuts`` (what the scale cuts), ``because`` (why there is
        nothing), ``redesigned`` and ``exploratory`` (why, in words).
    """
    rows = [
        {
            "erratum": erratum.id,
            "source": erratum.origin,
            "severity": erratum.severity,
            "what": shown.what,
            "study": _subject(shown.as_published),
            **{"cuts": "", "because": ""},
            "redesigned": shown.redesigned or "",
            "exploratory": shown.exploratory or "",
            **_numbers(shown, _Tables(studies, experiments or {})),
        }
        for erratum in errata
        for shown in erratum.shows
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def read_demonstrations(path: Path) -> pd.DataFrame:
    """Read the table that :func:`demonstrate` makes from its file."""
    table = read_table(path)
    return table.assign(**{name: pd.to_numeric(table[name]) for name in _NUMBERS})


def statuses_of(
    errata: Sequence[Erratum],
    table: pd.DataFrame,
    contrasts: pd.DataFrame,
    others: Mapping[str, Status],
) -> dict[str, Status]:
    """Return the status of each erratum that is shown, judged by other rows, or of wording only.

    One whose number is another with the mistake than without is shown; if the intervals of all its
    differences hold 0, or they are exploratory, no difference is found. That single runs were read
    as effects is shown if a printed difference has the other sign in a run of ours.

    Args:
        errata: rows of the ledger.
        table: as :func:`demonstrate` returns it.
        contrasts: as :func:`restudy.evidence.contrasts.contrast_table` returns it.
        others: the status of claims, published numbers and puzzles, by id.
    """
    return {
        erratum.id: _status(
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
        return {"because": str(error)}
    mine, theirs = wrong.by_seed.align(right.by_seed, join="inner")
    effect = paired_effect(mine, theirs)
    if effect.n < 2:
        return {"n": effect.n, "because": "fewer than two seeds have both"}
    cuts = "; ".join(dict.fromkeys(cut for cut in (wrong.cuts, right.cuts) if cut))
    return {
        "n": effect.n,
        "as_published": mine.mean(),
        "corrected": theirs.mean(),
        "difference": effect.mean,
        "low": effect.low,
        "high": effect.high,
        "p": effect.p,
        "cuts": cuts,
    }


def _status(
    erratum: Erratum, rows: pd.DataFrame, contrasts: pd.DataFrame, others: Mapping[str, Status]
) -> Status:
    if erratum.wording:
        return Status(WORDING, "nothing to run")
    named = [f"{id_} {others[id_].status}" for id_ in erratum.shown_by if id_ in others]
    judged = any(others[id_].status != NOT_YET for id_ in erratum.shown_by if id_ in others)
    found = rows[rows["difference"].notna()]
    signs = contrasts[contrasts["sign"] != ""]
    counted_signs = [in_words(contrasts)] if len(signs) else []
    words = "; ".join([*map(_in_words, found.to_dict("records")), *counted_signs, *named])
    if len(found) or (signs["cuts"] == "").any():
        differs = (found["low"] > 0) | (found["high"] < 0)
        shown = (differs & (found["exploratory"] == "")).any() or is_shown(contrasts)
        return Status(SHOWN if shown else NOTHING_FOUND, words)
    if judged:
        return Status(JUDGED, words)
    reasons = dict.fromkeys([*rows["because"], *contrasts["because"], *counted_signs])
    return Status(NOT_YET, "; ".join(filter(None, [*reasons, *named])))


def _in_words(row: Mapping[Any, Any]) -> str:
    numbers = (f"{row[name]:.4g}" for name in ("as_published", "corrected"))
    ends = f"{row['difference']:+.3g} ({row['low']:+.3g} to {row['high']:+.3g}, n {row['n']:.0f})"
    words = "{}: {} as published, {} corrected, ".format(row["what"], *numbers)
    return words + ends + (f" [{row['cuts']}]" if row["cuts"] else "") + by_design(row)
