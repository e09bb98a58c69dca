"""Snakemake's messages as they are, but its progress with runs, work and the time left.

Snakemake counts jobs, tells of them when they end, and one job may take a hundred times as long as
another. Instead the work of the groups is counted, by the plan's estimate, as it is done.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from logging import LogRecord
from typing import Any

from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from tabulate import tabulate

from restudy.progress import training_progress
from snakemake_logger_plugin_restudy.display import Display

# What the scheduler says of itself between jobs, and of each file that a failed job did not write.
_UNSAID = ("Select jobs to execute", "Execute ", "Cannot restore ")
# How Python and the shell tell of a process that was ended by force.
_KILLED = ("died with <Signals.SIGKILL: 9>", "returned non-zero exit status 137")
KILLED = (
    "error: the process of this job was killed from outside: mostly by the system, because memory "
    "ran out. Give fewer --cores, or a smaller training.max_stacked_runs in config.yaml, then the "
    "same command again: it goes on from what is done"
)


def table_of_jobs(counts: Mapping[str, int]) -> str:
    """Return how many jobs of each rule, and in total, there are, as Snakemake writes it."""
    table = tabulate(counts.items(), ("job", "count"), tablefmt="simple", intfmt="")
    return f"Job stats:\n{table}\n"


def _names(job: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return what a job is called in a line, and its name among those that train if it does."""
    trains = job["rule_name"] == training_progress.RULE
    name = job["wildcards"]["job"] if trains else None
    return name or job["rule_msg"] or job["rule_name"], name


class LogHandler(LogHandlerBase):
    """Writes Snakemake's log to the terminal."""

    def __post_init__(self) -> None:
        """Start without knowing any job."""
        # Unless Snakemake tells of jobs that start and end there is nothing to show between them.
        untold = {Quietness.ALL, Quietness.PROGRESS, Quietness.RULES}
        quiet = not untold.isdisjoint(self.common_settings.quiet or ())
        self._display = Display(sys.stderr, live=not (quiet or self.common_settings.dryrun))

    def emit(self, record: LogRecord) -> None:
        """Print a record: one line for a job that starts, one for progress, the rest as it is."""
        event, fields = getattr(record, "event", None), vars(record)
        if event == LogEvent.JOB_INFO:
            self._print(fields["rule_msg"])
            self._display.began(fields["jobid"], *_names(fields))
        elif event == LogEvent.JOB_FINISHED:
            self._display.ended(fields["job_id"], well=True)
        elif event == LogEvent.PROGRESS:
            self._display.counted(fields["done"], fields["total"])
        elif event == LogEvent.RUN_INFO:
            self._display.expect(jobs=fields["stats"]["total"])
            self._print(table_of_jobs(fields["stats"]))
        elif not record.getMessage().startswith(_UNSAID):
            if event == LogEvent.RESOURCES_INFO and "cores" in fields:
                self._display.expect(cores=fields["cores"])
            if event == LogEvent.JOB_ERROR:
                self._display.ended(fields["jobid"], well=False)
            self._print(self.format(record))
            if any(words in record.getMessage() for words in _KILLED):
                self._print(KILLED)

    def close(self) -> None:
        """Take away what is not to stay on the terminal."""
        self._display.close()
        super().close()

    def _print(self, line: str | None) -> None:
        if line:
            self._display.print(line)

    # It takes the place of Snakemake's own handler, with its filter (for --quiet) and formatter.
    writes_to_stream = True
    writes_to_file = has_filter = has_formatter = needs_rulegraph = False
