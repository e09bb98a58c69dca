"""Differences of two printed numbers, one run each: do they keep their sign over our seeds?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from restudy.config.reductions import to_json
from restudy.evidence.metric_extraction import (
    MissingError,
    StudyTables,
    extract_metric,
    joint_reductions,
)
from restudy.evidence.reasons import Reason, columns, reason
from restudy.evidence.schema import Erratum, PrintedDifference, Published
from restudy.evidence.statuses import Kind, Status, of_kind
from restudy.results.table_files import make_table
from restudy.stats.effects import paired_effect


def difference_table(
    errata: Sequence[Erratum], published: Sequence[Published], studies: Mapping[str, StudyTables]
) -> pd.DataFrame:
    """Return the table ``printed_differences``: printed differences next to those of our runs.

    Args:
        errata: rows of the catalogue.
        published: those that the errata name at least.
        studies: the studies that these are compared with, as far as this run has them.

    Returns:
        one row per difference, in our units (shares, not percent), with the effect in pairs of
        seeds; ``other``: number of seeds with the opposite sign; ``sign``: ``survives`` or
        ``reversed`` if the 95% interval lies on one side of 0, ``open`` if it holds 0.
    """
    rows = {row.id: row for row in published}
    table = make_table(
        "printed_differences",
        (
            {
                "erratum": erratum.id,
                "source": rows[contrast.number].source,
                "description": contrast.what,
                "first": contrast.number,
                "second": contrast.minus,
                **{"sign": "", "reductions": "", "reason": "", "reason_args": ""},
                **_numbers(contrast, rows, studies),
            }
            for erratum in errata
            for contrast in erratum.contrasts
        ),
    )
    return table.astype({"n": "Int64", "n_opposite": "Int64"})


def is_shown(table: pd.DataFrame) -> bool:
    """Return whether a single run of ours has the opposite sign of a printed difference.

    An interval that holds 0 does not show it: with few seeds most do. Experiments that the scale
    reduces are not the source's, and show nothing.
    """
    whole = table[(table["sign"] != "") & (table["reductions"] == "")]
    return bool((whole["n_opposite"] > 0).any())


def count_signs(table: pd.DataFrame) -> Reason:
    """Count how many differences of a :func:`difference_table` keep their sign."""
    judged = table[table["sign"] != ""]
    counts = judged["sign"].value_counts()
    return reason(
        "signs",
        n=len(judged),
        **{sign.value: counts.get(sign, 0) for sign in of_kind(Kind.CONTRASTS)},
        other=(judged["n_opposite"] > 0).sum(),
        reduced=(judged["reductions"] != "").sum(),
        missing=len(table) - len(judged),
    )


def _numbers(
    contrast: PrintedDifference, rows: Mapping[str, Published], studies: Mapping[str, StudyTables]
) -> dict[str, Any]:
    sides = rows[contrast.number], rows[contrast.minus]
    first, second = (row.number_in_our_unit or 0.0 for row in sides)
    printed = first - second
    found: dict[str, Any] = {"printed": printed}
    try:
        both = [extract_metric(row.measure, studies) for row in sides if row.measure is not None]
    except MissingError as error:
        return found | columns([error.reason])
    mine, theirs = both[0].by_seed.align(both[1].by_seed, join="inner")
    effect = paired_effect(mine, theirs)
    found |= {"n": effect.n, "reductions": to_json(joint_reductions(both))}
    found["n_opposite"] = int(((mine - theirs) * printed < 0).sum())
    if effect.n < 2:
        return found | columns([reason("few_pairs")])
    found |= {"mean": effect.mean, "ci_low": effect.low, "ci_high": effect.high, "p": effect.p}
    if effect.low <= 0 <= effect.high:
        return found | {"sign": Status.OPEN}
    survives = (effect.low > 0) == (printed > 0)
    return found | {"sign": Status.SURVIVES if survives else Status.REVERSED}
