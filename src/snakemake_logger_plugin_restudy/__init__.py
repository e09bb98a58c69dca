"""Snakemake's messages as they are, but its progress line with the time left.

Snakemake counts jobs, and one job may take a hundred times as long as another. This counts the
work of the cells that are still to be trained, by the plan's estimate. Jobs that several cells
share are rules of their own; in the table of jobs they are counted as ``train``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from logging import LogRecord
from pathlib import Path
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from restudy import progress

# What the scheduler says of itself between jobs, and of each file that a failed job did not write.
_UNSAID = ("Select jobs to execute", "Execute ", "Cannot restore ")
_TRAIN = "train"


def table_of_jobs(counts: Mapping[str, int]) -> str:
    """Return how many jobs of each kind there are, as Snakemake writes it.

    Args:
        counts: rule -> number of its jobs, and ``total``.
    """
    folded: dict[str, int] = {}
    for rule, count in counts.items():
        folded[_kind(rule)] = folded.get(_kind(rule), 0) + count
    rows = [("job", "count"), *folded.items()]
    wide = max(len(name) for name, _ in rows)
    lines = [f"{name:{wide}}  {count:>5}" for name, count in rows]
    lines.insert(1, f"{'-' * wide}  {'-' * 5}")
    return "\n".join(["Job stats:", *lines, ""])


def _kind(rule: str) -> str:
    return _TRAIN if rule.startswith(f"{_TRAIN}_") else rule


class LogHandler(LogHandlerBase):
    """Writes Snakemake's log to the terminal."""

    def __post_init__(self) -> None:
        """Start without knowing any job."""
        self._cells: dict[int, set[str]] = {}
        self._clock: progress.Clock | None = None

    def emit(self, record: LogRecord) -> None:
        """Print a record: one line for a job that starts, one for progress, the rest as it is."""
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_INFO:
            line = self._job(vars(record))
        elif event == LogEvent.JOB_FINISHED:
            line = self._finished(vars(record))
        elif event == LogEvent.PROGRESS:
            line = self._progress(vars(record))
        elif event == LogEvent.RUN_INFO:
            line = table_of_jobs(vars(record)["stats"])
        elif record.getMessage().startswith(_UNSAID):
            line = ""
        else:
            line = self.format(record)
        if line:
            print(line, file=sys.stderr, flush=True)

    def _job(self, job: dict[str, Any]) -> str:
        if _kind(job["rule_name"]) == _TRAIN:
            self._clock = self._clock or progress.Clock(time.monotonic())
            # A cell's files lie in a folder that has its name.
            self._cells[job["jobid"]] = {Path(file).parent.name for file in job["output"]}
        return str(job["rule_msg"] or "")

    def _finished(self, job: dict[str, Any]) -> str:
        for cell in self._cells.pop(job["job_id"], ()):
            if self._clock:
                self._clock.finished(cell)
        return ""

    def _progress(self, count: dict[str, Any]) -> str:
        line = f"{count['done']} of {count['total']} jobs done"
        return line + (self._clock.describe(time.monotonic()) if self._clock else "")

    @property
    def writes_to_stream(self) -> bool:
        """It takes the place of Snakemake's own handler."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """It writes no file."""
        return False

    @property
    def has_filter(self) -> bool:
        """Snakemake's filter is used, and with it the option --quiet."""
        return False

    @property
    def has_formatter(self) -> bool:
        """Snakemake's formatter is used."""
        return False

    @property
    def needs_rulegraph(self) -> bool:
        """The graph of rules is not needed."""
        return False
