"""Our numbers beside the published ones, and what that makes of each of them.

A published number is one run of somebody else's, so it is held against the interval for one more
run of ours, and not against the interval of our mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from restudy.evidence.comparing import Ours, compare, is_equal_as_printed
from restudy.evidence.exact import Exact
from restudy.evidence.ledger import (
    BOUND_HOLDS,
    BUG_ONLY,
    CANNOT_BE,
    DIFFERS,
    EQUAL,
    INSIDE,
    NOT_YET,
    OUTSIDE,
    Published,
    Status,
)
from restudy.evidence.measuring import MissingError, StudyTables, cuts
from restudy.evidence.readings import Measure
from restudy.results.table_files import read_table
from restudy.tables import DASH, number, to_markdown

COLUMNS = (
    *("id", "source", "experiment", "metric", "unit", "split_as_labelled", "split_really"),
    *("value", "mean", "sd", "n", "low", "high", "difference"),
    *("corrected_mean", "corrected_low", "corrected_high"),
    *("status", "because", "study", "cuts"),
)
_NUMBERS = {
    **dict.fromkeys(["mean", "sd", "low", "high", "difference"], "float64"),
    **dict.fromkeys(["corrected_mean", "corrected_low", "corrected_high"], "float64"),
    "n": "Int64",
}


def published_table(
    rows: Iterable[Published], studies: Mapping[str, StudyTables], exact: Mapping[str, Exact]
) -> pd.DataFrame:
    """Put our numbers beside the published ones.

    Args:
        rows: the rows of ``published.yaml``.
        studies: the tables of the studies of this run, by name.
        exact: id -> our value, for rows that have one which no seed changes.

    Returns:
        one row per published value, with the columns ``COLUMNS``: what it is, its ``value`` as
        printed, ``mean, sd, n`` of our runs, ``low, high`` (95% prediction interval for one more
        run), ``difference`` (published minus mean), the same of the corrected experiment, the
        status and its reason, the study and what this scale cuts of it. All in the row's unit.
    """
    records = [_record(row, studies, exact.get(row.id)) for row in rows]
    return pd.DataFrame(records, columns=list(COLUMNS)).astype(_NUMBERS)


def read_published_table(path: Path) -> pd.DataFrame:
    """Read a :func:`published_table` from its CSV file."""
    table = read_table(path)
    return table.assign(**{name: pd.to_numeric(table[name]) for name in _NUMBERS}).astype(_NUMBERS)


def statuses_of(table: pd.DataFrame) -> dict[str, Status]:
    """Return id -> status and reason of a :func:`published_table`."""
    rows = zip(table["id"], table["status"], table["because"], strict=True)
    return {id_: Status(status, because) for id_, status, because in rows}


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """Return what a person reads of a :func:`published_table`: texts, one row per value."""
    return pd.DataFrame(
        {
            "id": table["id"],
            "what": table["metric"],
            "labelled": table["split_as_labelled"].replace("", DASH),
            "unit": table["unit"],
            "published": table["value"],
            "ours": table["mean"].map(number).mask(table["status"] == EQUAL, table["value"]),
            "95% for one more run": _intervals(table["low"], table["high"]),
            "runs": [DASH if pd.isna(n) else str(n) for n in table["n"]],
            "corrected": table["corrected_mean"].map(number),
            "status": table["status"],
            "because": table["because"].replace("", DASH),
        }
    )


def to_text(table: pd.DataFrame, scale: str) -> str:
    """Return a :func:`published_table` as Markdown, for reading."""
    notes = (
        f"Scale {scale}. A number is inside if one more run of ours could have given it, by the "
        "95% prediction interval: of numbers that are as published, one in twenty falls outside. "
        "Corrected: our mean where the source's mistake is mended. All in the unit of the row. "
        "docs/evidence.md says how each status is made."
    )
    return to_markdown(readable(table), "The published numbers and ours", notes)


def _record(
    row: Published, studies: Mapping[str, StudyTables], exact: Exact | None
) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": row.id,
        "source": row.source,
        "experiment": row.experiment,
        "metric": row.metric,
        "unit": row.unit,
        "split_as_labelled": row.split_as_labelled or "",
        "split_really": row.split_really or "",
        "value": row.value,
        "study": "",
        "cuts": "",
    }
    if row.measure is not None:
        record |= _measured(row, row.measure, studies)
    elif row.status is not None:
        record |= _said(Status(row.status, row.because or ""))
    elif exact is not None:
        record |= _exact(row, exact)
    elif row.fact is not None:
        record |= _said(Status(NOT_YET, "the data set is not in this run"))
    else:
        record |= _said(Status(NOT_YET))
    return record


def _said(status: Status) -> dict[str, str]:
    return status._asdict()


def _exact(row: Published, exact: Exact) -> dict[str, Any]:
    """Return the columns of a row that has one value, which no seed changes."""
    mean, printed = _number(exact.ours), _number(row.value)
    found = {"mean": mean, "n": 1, "difference": printed - mean}
    if is_equal_as_printed(exact.ours, row.value):
        return found | _said(Status(EQUAL, exact.note))
    because = _sentence(f"ours is {exact.ours}", exact.note)
    if is_equal_as_printed(exact.with_bug, row.value):
        return found | _said(Status(BUG_ONLY, because))
    if pd.isna(found["difference"]):
        return found | _said(Status(DIFFERS, because))
    return found | _said(Status(_outside(abs(printed - mean)), because))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:  # words or a shape
        return float("nan")


def _measured(
    row: Published, measure: Measure, studies: Mapping[str, StudyTables]
) -> dict[str, Any]:
    """Return the columns of a row that runs of ours are held beside."""
    found: dict[str, Any] = {"study": measure.study}
    if measure.study in studies:
        found["cuts"] = cuts(studies[measure.study].description)
    try:
        ours = compare(row.value, row.unit, measure, studies)
    except MissingError as missing:
        status = CANNOT_BE if measure.stand_in else NOT_YET
        return found | _said(Status(status, _sentence(measure.remark, str(missing))))
    estimate = ours.estimate._asdict()
    found |= estimate | {"difference": ours.printed - ours.estimate.mean}
    mended, reason = _corrected(row, studies)
    if mended is not None:
        corrected = mended.estimate
        found["corrected_mean"] = corrected.mean
        found["corrected_low"], found["corrected_high"] = corrected.low, corrected.high
    status, remarks = _judged(measure, ours, mended, reason)
    return found | _said(Status(status, _sentence(measure.remark, *remarks)))


def _corrected(row: Published, studies: Mapping[str, StudyTables]) -> tuple[Ours | None, str]:
    """Return the corrected experiment's runs, if there are any, and why they judge nothing."""
    if row.corrected is None:
        return None, ""
    try:
        mended = compare(row.value, row.unit, row.corrected, studies)
    except MissingError as missing:
        return None, str(missing)
    return mended, mended.open


def _judged(
    measure: Measure, ours: Ours, mended: Ours | None, reason: str
) -> tuple[str, list[str]]:
    """Return a measured row's status, and remarks."""
    if measure.stand_in:
        return CANNOT_BE, [f"this scale cuts: {ours.cuts}"] if ours.cuts else []
    if ours.open:
        return NOT_YET, [ours.open]
    remarks = [ours.loss] if ours.loss else []
    if measure.bound is not None and ours.printed >= ours.estimate.high:
        return BOUND_HOLDS, remarks
    fits_mended = mended is not None and not reason and mended.fits
    if not ours.fits:
        remarks += ["but the corrected experiment gives it"] if fits_mended else []
        return _outside(ours.beyond), remarks
    if mended is not None and not reason and not mended.fits:
        return BUG_ONLY, [
            *remarks,
            f"{_digits(mended.beyond)} beyond what the corrected experiment gives",
        ]
    if fits_mended:
        remarks.append("the corrected experiment gives it too")
    if reason:
        remarks.append(f"the corrected experiment does not judge it: {reason}")
    return INSIDE, remarks


def _outside(distance: float) -> str:
    return f"{OUTSIDE} by {_digits(distance)}"


def _digits(value: float) -> str:
    """Return a distance with two digits that count."""
    return f"{value:.1e}" if value < 1e-4 else f"{float(f'{value:.2g}'):g}"


def _sentence(*parts: str | None) -> str:
    return "; ".join(part for part in parts if part)


def _intervals(low: pd.Series[float], high: pd.Series[float]) -> list[str]:
    return [
        DASH if pd.isna(start) else f"{number(start)} to {number(end)}"
        for start, end in zip(low, high, strict=True)
    ]
