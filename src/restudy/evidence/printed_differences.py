"""Differences of two printed numbers, one run each: do they keep their sign over our seeds?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from restudy.config.reductions import to_json
from restudy.evidence.metric_extraction import MissingError, StudyTables, joint_reductions, take
from restudy.evidence.reasons import Reason, columns, reason
from restudy.evidence.schema import Erratum, PrintedContrast, Published
from restudy.evidence.statuses import Kind, Status, of_kind
from restudy.results.table_files import read_table
from restudy.stats.effects import paired_effect

COLUMNS = (
    *("erratum", "source", "what", "number", "less", "printed"),
    *("n", "mean", "low", "high", "p", "other", "sign", "reductions", "reason", "reason_args"),
)
_NUMBERS = ("printed", "n", "mean", "low", "high", "p", "other")


def contrast_table(
    errata: Sequence[Erratum], published: Sequence[Published], studies: Mapping[str, StudyTables]
) -> pd.DataFrame:
    """Hold differences that the sources read as effects beside those of our runs.

    Args:
        errata: rows of the ledger.
        published: those that the errata name at least.
        studies: the studies that these are held beside, as far as this run has them.

    Returns:
        one row per difference with the columns ``COLUMNS``: the ids of the two printed numbers,
        ``printed`` (the first less the second), ``n, mean, low, high, p`` of ours in pairs of seeds
        (95% t interval), ``other`` (seeds with the other sign than the printed one), ``sign``
        (``survives`` or ``reversed`` if the interval lies on one side of 0, ``open`` if it holds
        0), ``reductions`` (of the scale), ``reason`` (why there is nothing). Numbers are in our
        units: shares, not percent.
    """
    rows = {row.id: row for row in published}
    table = pd.DataFrame(
        [
            {
                "erratum": erratum.id,
                "source": rows[contrast.number].source,
                "what": contrast.what,
                "number": contrast.number,
                "less": contrast.less,
                **{"sign": "", "reductions": "", "reason": "", "reason_args": ""},
                **_numbers(contrast, rows, studies),
            }
            for erratum in errata
            for contrast in erratum.contrasts
        ],
        columns=list(COLUMNS),
    )
    return table.astype({"n": "Int64", "other": "Int64"})


def read_contrasts(path: Path) -> pd.DataFrame:
    """Read the table that :func:`contrast_table` makes from its file."""
    table = read_table(path)
    return table.assign(**{name: pd.to_numeric(table[name]) for name in _NUMBERS})


def is_shown(table: pd.DataFrame) -> bool:
    """Return whether a single run of ours would have told of another sign than the source's.

    An interval that holds 0 does not show it: with few seeds most do. A run with the other sign
    does. Experiments that the scale cuts are not the source's, and show nothing.
    """
    whole = table[(table["sign"] != "") & (table["reductions"] == "")]
    return bool((whole["other"] > 0).any())


def count_signs(table: pd.DataFrame) -> Reason:
    """Count how many of the differences in a :func:`contrast_table` keep their sign."""
    judged = table[table["sign"] != ""]
    counts = judged["sign"].value_counts()
    return reason(
        "signs",
        n=len(judged),
        **{sign.value: counts.get(sign, 0) for sign in of_kind(Kind.CONTRASTS)},
        other=(judged["other"] > 0).sum(),
        reduced=(judged["reductions"] != "").sum(),
        missing=len(table) - len(judged),
    )


def _numbers(
    contrast: PrintedContrast, rows: Mapping[str, Published], studies: Mapping[str, StudyTables]
) -> dict[str, Any]:
    sides = rows[contrast.number], rows[contrast.less]
    first, second = (row.number_in_our_unit or 0.0 for row in sides)
    printed = first - second
    found: dict[str, Any] = {"printed": printed}
    try:
        mine, theirs = (take(row.measure, studies) for row in sides if row.measure is not None)
    except MissingError as error:
        return found | columns([error.reason])
    reduced = to_json(joint_reductions([mine, theirs]))
    pairs = mine.by_seed.align(theirs.by_seed, join="inner")
    effect, other = paired_effect(*pairs), (pairs[0] - pairs[1]) * printed < 0
    found |= {"n": effect.n, "reductions": reduced, "other": int(other.sum())}
    if effect.n < 2:
        return found | columns([reason("few_pairs")])
    found |= {"mean": effect.mean, "low": effect.low, "high": effect.high, "p": effect.p}
    return found | {"sign": _sign(printed, effect.low, effect.high)}


def _sign(printed: float, low: float, high: float) -> str:
    if low <= 0 <= high:
        return Status.OPEN
    return Status.SURVIVES if (low > 0) == (printed > 0) else Status.REVERSED
