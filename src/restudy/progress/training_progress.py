"""Which groups of a run of the pipeline are trained, by their records: seen from outside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from restudy.planning.plan import RunGroup
from restudy.progress.time_left import GroupProgress
from restudy.provenance.versions import numerical_versions
from restudy.results.group_record import RECORD, trainings
from restudy.runtime.timestamps import when_written

RULE = "train"
"""The rule of the workflow that trains."""


class Watcher:
    """Looks at the records of the groups that a run of the pipeline trains.

    Attributes:
        groups: progress of each group before the run.
        jobs: name of each training job -> its groups.
    """

    def __init__(
        self,
        groups: Mapping[str, RunGroup],
        jobs: Mapping[str, Sequence[str]],
        results: Path,
        version: int,
    ) -> None:
        """Look what there is before anything runs.

        Args:
            groups: by name, all that the run needs.
            jobs: name of each job that is to run -> its groups; those of no job are done.
            results: folder with ``groups``.
            version: of training; what another version has trained does not count.
        """
        self.jobs = jobs
        self.groups = {
            name: GroupProgress(len(group.runs), group.work, len(group.runs))
            for name, group in groups.items()
        }
        self._folder = results / "groups"
        # When the record of each group was written that is not trained yet.
        self._written: dict[str, float] = {}
        for name in (name for job in jobs.values() for name in job):
            there = trained_runs(self._folder / name, version)
            self.groups[name].done = sum(run.id in there for run in groups[name].runs)
            self._written[name] = when_written(self._folder / name / RECORD)

    def finished(self) -> list[str]:
        """Return the groups whose records were written since the last call."""
        now = {name: when_written(self._folder / name / RECORD) for name in self._written}
        found = [name for name, when in now.items() if when and when != self._written[name]]
        for name in found:
            del self._written[name]
        return found


def trained_runs(folder: Path, version: int) -> set[str]:
    """Return the runs of a group that need no training, as far as its records tell.

    Args:
        folder: the group's.
        version: of training, ``TRAINING_VERSION``.
    """
    try:
        record = json.loads((folder / RECORD).read_bytes())
        return {
            run
            for part in trainings(record)
            if part["training_version"] == version
            and numerical_versions().items() <= part["versions"].items()
            for run in part["seeds"]
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()


# The one of this process.
_watchers: list[Watcher] = []


def set_watcher(watcher: Watcher) -> None:
    """Set the watcher of this process: the Snakefile makes it, the logger plugin uses it."""
    _watchers[:] = [watcher]


def get_watcher() -> Watcher | None:
    """Return the watcher of this process, if there is training to watch."""
    return _watchers[0] if _watchers else None
