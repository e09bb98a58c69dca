"""Snakemake's messages as they are, but its progress line with the time left.

Snakemake counts jobs, and one job may take a hundred times as long as another. This counts the
work of the cells that are still to be trained, by the plan's estimate.
"""

from __future__ import annotations

import sys
import time
from logging import LogRecord
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from restudy import progress

# What the scheduler says of itself between jobs.
_SCHEDULING = ("Select jobs to execute", "Execute ")


class LogHandler(LogHandlerBase):
    """Writes Snakemake's log to the terminal."""

    def __post_init__(self) -> None:
        """Start without knowing any job."""
        self._cells: dict[int, str] = {}
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
        elif record.getMessage().startswith(_SCHEDULING):
            line = ""
        else:
            line = self.format(record)
        if line:
            print(line, file=sys.stderr, flush=True)

    def _job(self, job: dict[str, Any]) -> str:
        if job["rule_name"] == "train":
            self._clock = self._clock or progress.Clock(time.monotonic())
            self._cells[job["jobid"]] = dict(job["wildcards"])["cell"]
        return str(job["rule_msg"] or "")

    def _finished(self, job: dict[str, Any]) -> str:
        cell = self._cells.pop(job["job_id"], None)
        if cell and self._clock:
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
