"""Trying again later: whether the rule that completes the store has to run once more.

Snakemake runs a rule again when its parameters change. The rule is handed a number that grows
after an attempt that left runs missing, and stays as it is after one that left none.
"""

from __future__ import annotations

import json
from pathlib import Path


def next_attempt(report: Path) -> int:
    """Return the number to hand to the rule, given the report of the last attempt, if any."""
    try:
        last = json.loads(report.read_text(encoding="utf-8"))
        return int(last["attempt"]) + (1 if last["missing"] else 0)
    except (OSError, ValueError, KeyError):
        return 0
