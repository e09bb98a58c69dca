"""Trying again later: whether the rule that completes the store has to run once more.

Snakemake runs a rule again when its parameters change. The rule is handed a number that grows
after an attempt that left runs missing, and while the file that the store was is gone; it stays as
it is after an attempt that left none missing.
"""

from __future__ import annotations

import json
from pathlib import Path


def next_attempt(report: Path, store: Path | None) -> int:
    """Return the number to hand to the rule.

    Args:
        report: of the last attempt, if there was one.
        store: the store's file; None if it is no file.
    """
    try:
        last = json.loads(report.read_text(encoding="utf-8"))
        is_gone = store is not None and not store.is_file()
        return int(last["attempt"]) + (1 if last["missing"] or is_gone else 0)
    except (OSError, ValueError, KeyError):
        return 0
