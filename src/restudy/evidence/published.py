"""Published numbers next to ours, and the status that follows for each.

A published number is one run of somebody else's, so it is compared with the interval for one more
run of ours, and not with the interval of our mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from restudy.common.text_format import DASH, interval, number
from restudy.config.reductions import to_json
from restudy.evidence.compare_published import (
    Printed,
    ReplicateEstimate,
    compare,
    is_equal_as_printed,
)
from restudy.evidence.deterministic_values import DeterministicValue
from restudy.evidence.metric_extraction import MissingError, StudyTables, reductions_of
from restudy.evidence.metric_selectors import PublishedComparison
from restudy.evidence.reasons import (
    Reason,
    columns,
    nested,
    reason,
    rounded,
    stated,
    texts,
)
from restudy.evidence.schema import Published
from restudy.evidence.statuses import Status, label
from restudy.results.study_tables import to_markdown
from restudy.results.table_files import make_table, typed

_ABOUT = ("id", "source", "experiment", "metric", "unit", "split_as_labelled", "split_really")


def published_table(
    rows: Iterable[Published],
    studies: Mapping[str, StudyTables],
    exact: Mapping[str, DeterministicValue],
) -> pd.DataFrame:
    """Return the table ``published``: each published number next to ours, in the row's unit.

    Args:
        rows: the rows of ``published.yaml``.
        studies: the tables of the studies of this run, by name.
        exact: id -> our value, for rows that have one which no seed changes.
    """
    records = [_record(row, studies, exact.get(row.id)) for row in rows]
    return typed("published", make_table("published", records))


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """Return a :func:`published_table` as texts for people, one row per value."""
    return pd.DataFrame(
        {
            "id": table["id"],
            "what": table["metric"],
            "labelled": table["split_as_labelled"].replace("", DASH),
            "unit": table["unit"],
            "published": table["value"],
            "ours": table["mean"].map(number).mask(table["status"] == Status.EXACT, table["value"]),
            "95% for one more run": list(map(interval, table["pi_low"], table["pi_high"])),
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
    row: Published, studies: Mapping[str, StudyTables], exact: DeterministicValue | None
) -> dict[str, Any]:
    record: dict[str, Any] = {name: getattr(row, name) or "" for name in _ABOUT}
    record |= {"value": row.value, "study": "", "reductions": ""}
    if row.measure is not None:
        return record | _measured(row, row.measure, studies)
    if row.by_hand is not None:
        return record | _status(*row.by_hand)
    if exact is not None:
        return record | _exact(row, exact)
    missing = [reason("data_set_missing")] if row.fact is not None else []
    return record | _status(Status.PENDING, missing)


def _status(status: Status, reasons: Iterable[Reason] = ()) -> dict[str, str]:
    return {"status": status.value, **columns(reasons)}


def _exact(row: Published, exact: DeterministicValue) -> dict[str, Any]:
    """Return the columns of a row that has one value, which no seed changes."""
    mean, printed = _number(exact.ours), _number(row.value)
    found = {"mean": mean, "n": 1, "difference": printed - mean}
    if is_equal_as_printed(exact.ours, row.value):
        return found | _status(Status.EXACT, stated(exact.note))
    reasons = [reason("value", value=exact.ours), *stated(exact.note)]
    if is_equal_as_printed(exact.with_bug, row.value):
        return found | _status(Status.SOURCE_ERROR_ONLY, reasons)
    if pd.isna(found["difference"]):
        return found | _status(Status.MISMATCH, reasons)
    return found | {"distance": abs(printed - mean)} | _status(Status.INCONSISTENT, reasons)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:  # words or a shape
        return float("nan")


def _measured(
    row: Published, measure: PublishedComparison, studies: Mapping[str, StudyTables]
) -> dict[str, Any]:
    """Return the columns of a row that is compared with runs of ours."""
    found: dict[str, Any] = {"study": measure.study}
    if measure.study in studies:
        found["reductions"] = to_json(reductions_of(studies[measure.study].description))
    try:
        ours = compare(Printed(row.value, row.unit, measure), studies)
    except MissingError as missing:
        status = Status.NOT_TESTABLE if measure.surrogate_data else Status.PENDING
        return found | _status(status, [*stated(measure.remark), missing.reason])
    found |= ours.estimate.columns("pi") | {"difference": ours.printed - ours.estimate.mean}
    corrected, untested = _corrected(row, studies)
    if corrected is not None:
        own = corrected.estimate
        found |= {
            "corrected_mean": own.mean,
            "corrected_pi_low": own.low,
            "corrected_pi_high": own.high,
        }
    status, reasons = _judged(measure, ours, corrected, untested)
    if status is Status.INCONSISTENT:
        found["distance"] = ours.beyond
    return found | _status(status, [*stated(measure.remark), *reasons])


def _corrected(
    row: Published, studies: Mapping[str, StudyTables]
) -> tuple[ReplicateEstimate | None, Reason | None]:
    """Return the corrected experiment's runs, if there are any, and why they are not judged."""
    if row.corrected is None:
        return None, None
    try:
        corrected = compare(Printed(row.value, row.unit, row.corrected), studies)
    except MissingError as missing:
        return None, missing.reason
    return corrected, corrected.open


def _judged(
    measure: PublishedComparison,
    ours: ReplicateEstimate,
    corrected: ReplicateEstimate | None,
    untested: Reason | None,
) -> tuple[Status, list[Reason]]:
    """Return a measured row's status, and the reasons."""
    if measure.surrogate_data:
        return Status.NOT_TESTABLE, [ours.open] if ours.reductions and ours.open else []
    if ours.open:
        return Status.PENDING, [ours.open]
    reasons = [ours.loss] if ours.loss else []
    if measure.bound is not None and ours.printed >= ours.estimate.high:
        return Status.BOUND_SATISFIED, reasons
    corrected_fits = corrected is not None and not untested and corrected.fits
    if not ours.fits:
        reasons += [reason("only_corrected_consistent")] if corrected_fits else []
        return Status.INCONSISTENT, reasons
    if corrected is not None and not untested and not corrected.fits:
        beyond = reason("corrected_inconsistent", distance=rounded(corrected.beyond, 2))
        return Status.SOURCE_ERROR_ONLY, [*reasons, beyond]
    if corrected_fits:
        reasons.append(reason("corrected_consistent"))
    if untested:
        reasons.append(reason("corrected_untested", reasons=nested([untested])))
    return Status.CONSISTENT, reasons
