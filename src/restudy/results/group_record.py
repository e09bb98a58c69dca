"""The record of a cell, ``cell.json``: what trained which of its lanes. Quick to import."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RECORD = "cell.json"
"""Name of the file in the folder of a cell."""


def read_record(results: Path, cell: str) -> dict[str, Any] | None:
    """Read the record of a cell in a results folder; None if it is missing or half-written."""
    try:
        record = json.loads((results / "cells" / cell / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def trainings(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the records of all trainings that lanes of a cell are from, the latest first."""
    return [record, *reversed(record.get("earlier", []))]


def training_of(record: Mapping[str, Any], lane: str) -> Mapping[str, Any]:
    """Return the record of the training that a lane is from; that of the cell if it is unknown."""
    found = (one for one in trainings(record) if lane in one.get("seeds", {}))
    return next(found, record)
