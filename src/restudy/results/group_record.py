"""The record of a group, ``group.json``: what trained which of its runs. Quick to import."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RECORD = "group.json"
"""Name of the file in the folder of a group."""


def read_record(results: Path, group: str) -> dict[str, Any] | None:
    """Read the record of a group in a results folder; None if it is missing or half-written."""
    try:
        record = json.loads((results / "groups" / group / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def trainings(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the records of all trainings that runs of a group are from, the latest first."""
    return [record, *reversed(record.get("earlier", []))]


def training_of(record: Mapping[str, Any], run: str) -> Mapping[str, Any]:
    """Return the record of the training that a run is from; that of the group if it is unknown."""
    found = (one for one in trainings(record) if run in one.get("seeds", {}))
    return next(found, record)
