"""Our numbers beside the published ones, and what that makes of each of them.

A published number is one run of somebody else's, so it is held against the interval for one more
run of ours, and not against the interval of our mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from restudy.common.text_format import DASH, interval, number
from restudy.config.reductions import to_json
from restudy.evidence.compare_published import Ours, compare, is_equal_as_printed
from restudy.evidence.deterministic_values import Exact
from restudy.evidence.metric_extraction import MissingError, StudyTables, reductions_of
from restudy.evidence.metric_selectors import Measure
from restudy.evidence.reasons import (
    Finding,
    Reason,
    columns,
    nested,
    parse,
    reason,
    rounded,
    stated,
    texts,
)
from restudy.evidence.schema import Published
from restudy.evidence.statuses import Status, label
from restudy.results.study_tables import to_markdown
from restudy.results.table_files import read_table

COLUMNS = (
    *("id", "source", "experiment", "metric", "unit", "split_as_labelled", "split_really"),
    *("value", "mean", "sd", "n", "low", "high", "difference", "distance"),
    *("corrected_mean", "corrected_low", "corrected_high"),
    *("status", "reason", "reason_args", "study", "reductions"),
)
_NUMBERS = {
    **dict.fromkeys(["mean", "sd", "low", "high", "difference", "distance"], "float64"),
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
        run), ``difference`` (published minus mean), ``distance`` (of an inconsistent value from the
        interval), the same of the corrected experiment, the
        status and its reasons, the study and what this scale reduces. All in the row's unit.
    """
    records = [_record(row, studies, exact.get(row.id)) for row in rows]
    return pd.DataFrame(records, columns=list(COLUMNS)).astype(_NUMBERS)


def read_published_table(path: Path) -> pd.DataFrame:
    """Read a :func:`published_table` from its CSV file."""
    table = read_table(path)
    return table.assign(**{name: pd.to_numeric(table[name]) for name in _NUMBERS}).astype(_NUMBERS)


def statuses_of(table: pd.DataFrame) -> dict[str, Finding]:
    """Return id -> status and reasons of a :func:`published_table`."""
    return {
        row["id"]: Finding(Status(row["status"]), parse(row)) for row in table.to_dict("records")
    }


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """Return what a person reads of a :func:`published_table`: texts, one row per value."""
    return pd.DataFrame(
        {
            "id": table["id"],
            "what": table["metric"],
            "labelled": table["split_as_labelled"].replace("", DASH),
            "unit": table["unit"],
            "published": table["value"],
            "ours": table["mean"].map(number).mask(table["status"] == Status.EXACT, table["value"]),
            "95% for one more run": list(map(interval, table["low"], table["high"])),
            "runs": [DASH if pd.isna(n) else str(n) for n in table["n"]],
            "corrected": table["corrected_mean"].map(number),
            "status": table["status"],
            "distance": table["distance"].map(number),
            "because": texts(table).replace("", DASH),
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
    shown = readable(table)
    shown["status"] = shown["status"].map(label)
    return to_markdown(shown, "The published numbers and ours", notes)


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
        "reductions": "",
    }
    if row.measure is not None:
        record |= _measured(row, row.measure, studies)
    elif row.by_hand is not None:
        record |= _said(*row.by_hand)
    elif exact is not None:
        record |= _exact(row, exact)
    elif row.fact is not None:
        record |= _said(Status.PENDING, [reason("data_set_missing")])
    else:
        record |= _said(Status.PENDING)
    return record


def _said(status: Status, reasons: Iterable[Reason] = ()) -> dict[str, str]:
    return {"status": status.value, **columns(reasons)}


def _exact(row: Published, exact: Exact) -> dict[str, Any]:
    """Return the columns of a row that has one value, which no seed changes."""
    mean, printed = _number(exact.ours), _number(row.value)
    found = {"mean": mean, "n": 1, "difference": printed - mean}
    if is_equal_as_printed(exact.ours, row.value):
        return found | _said(Status.EXACT, stated(exact.note))
    reasons = [reason("value", value=exact.ours), *stated(exact.note)]
    if is_equal_as_printed(exact.with_bug, row.value):
        return found | _said(Status.SOURCE_ERROR_ONLY, reasons)
    if pd.isna(found["difference"]):
        return found | _said(Status.MISMATCH, reasons)
    return found | {"distance": abs(printed - mean)} | _said(Status.INCONSISTENT, reasons)


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
        found["reductions"] = to_json(reductions_of(studies[measure.study].description))
    try:
        ours = compare(row.value, row.unit, measure, studies)
    except MissingError as missing:
        status = Status.NOT_TESTABLE if measure.stand_in else Status.PENDING
        return found | _said(status, [*stated(measure.remark), missing.reason])
    estimate = ours.estimate._asdict()
    found |= estimate | {"difference": ours.printed - ours.estimate.mean}
    mended, untested = _corrected(row, studies)
    if mended is not None:
        corrected = mended.estimate
        found["corrected_mean"] = corrected.mean
        found["corrected_low"], found["corrected_high"] = corrected.low, corrected.high
    status, reasons = _judged(measure, ours, mended, untested)
    if status is Status.INCONSISTENT:
        found["distance"] = ours.beyond
    return found | _said(status, [*stated(measure.remark), *reasons])


def _corrected(
    row: Published, studies: Mapping[str, StudyTables]
) -> tuple[Ours | None, Reason | None]:
    """Return the corrected experiment's runs, if there are any, and why they judge nothing."""
    if row.corrected is None:
        return None, None
    try:
        mended = compare(row.value, row.unit, row.corrected, studies)
    except MissingError as missing:
        return None, missing.reason
    return mended, mended.open


def _judged(
    measure: Measure, ours: Ours, mended: Ours | None, untested: Reason | None
) -> tuple[Status, list[Reason]]:
    """Return a measured row's status, and the reasons."""
    if measure.stand_in:
        return Status.NOT_TESTABLE, [ours.open] if ours.reductions and ours.open else []
    if ours.open:
        return Status.PENDING, [ours.open]
    reasons = [ours.loss] if ours.loss else []
    if measure.bound is not None and ours.printed >= ours.estimate.high:
        return Status.BOUND_SATISFIED, reasons
    fits_mended = mended is not None and not untested and mended.fits
    if not ours.fits:
        reasons += [reason("only_corrected_consistent")] if fits_mended else []
        return Status.INCONSISTENT, reasons
    if mended is not None and not untested and not mended.fits:
        beyond = reason("corrected_inconsistent", distance=rounded(mended.beyond, 2))
        return Status.SOURCE_ERROR_ONLY, [*reasons, beyond]
    if fits_mended:
        reasons.append(reason("corrected_consistent"))
    if untested:
        reasons.append(reason("corrected_untested", reasons=nested([untested])))
    return Status.CONSISTENT, reasons
