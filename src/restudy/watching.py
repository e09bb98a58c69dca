"""Seeing from outside how far training is: by the files of its cells, and by their checkpoints.

Training need not say how far it is. A cell that is done has a new record, and the checkpoints of
one that takes long tell the epochs that are done. Both are looked at again and again, in the
folders of the cells that are being trained; this takes a millisecond.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from safetensors import SafetensorError, safe_open

from restudy.plan import Cell
from restudy.progress import CellProgress, Training
from restudy.provenance import numerical_versions

RECORD = "cell.json"
"""As in :mod:`restudy.results`, which is slow to import."""
RULE = "train"
"""The rule of the workflow that trains."""


class Seen(NamedTuple):
    """What is trained of a cell: lanes, of which parts count, and those at their end."""

    done: float
    runs: int


class Checkpoint(NamedTuple):
    """What a checkpoint tells: the lanes of its stack, and the epochs that are done."""

    lanes: int
    epochs: int


class Watcher:
    """Looks at the cells of a run of the pipeline.

    Attributes:
        jobs: cells of each job that is to run.
        training: what it knows of the cells.
    """

    def __init__(
        self,
        cells: Mapping[str, Cell],
        jobs: Mapping[str, Sequence[str]],
        results: Path,
        version: int,
    ) -> None:
        """Look what there is before anything runs.

        Args:
            cells: by name, all that the run needs.
            jobs: name of each job that is to run -> its cells; those of no job are done.
            results: folder with ``cells`` and ``checkpoints``.
            version: of training; what another version has trained does not count.
        """
        self.jobs = jobs
        self._cells, self._results = cells, results
        self._checkpoints: dict[Path, tuple[int, Checkpoint | None]] = {}
        self._kept: dict[str, int] = {}
        self._stamps: dict[str, int | None] = {}
        for name in (name for job in jobs.values() for name in job):
            there = kept_lanes(results / "cells" / name, version)
            self._kept[name] = sum(lane.id in there for lane in cells[name].lanes)
            self._stamps[name] = self._stamp(name)
        progress = {}
        for name, cell in cells.items():
            lanes = len(cell.lanes)
            seen = self._unfinished(name) if name in self._kept else Seen(lanes, lanes)
            progress[name] = CellProgress(lanes, cell.work / lanes, *seen)
        self.training = Training(progress, jobs.values())

    def look(self, now: float) -> None:
        """Note what is new, at time ``now``."""
        for name in self.training.in_work():
            lanes = len(self._cells[name].lanes)
            is_done = self._stamp(name) not in (None, self._stamps[name])
            seen = Seen(lanes, lanes) if is_done else self._unfinished(name)
            self.training.see(name, now, *seen)

    def _unfinished(self, name: str) -> Seen:
        """Return what is trained of a cell: lanes that were kept, and by its checkpoints."""
        cell, kept = self._cells[name], self._kept[name]
        files = (self._results / "checkpoints" / name).glob("*.safetensors")
        stamps = sorted(((_stamp(file) or 0, file) for file in files), reverse=True)
        checkpoints = [found for stamp, file in stamps if (found := self._read(file, stamp))]
        seen = trained(checkpoints, len(cell.lanes) - kept, cell.shared.total_epochs)
        return Seen(kept + seen.done, kept + seen.runs)

    def _read(self, file: Path, stamp: int) -> Checkpoint | None:
        """Return what a checkpoint tells; it is read again when it has changed."""
        if self._checkpoints.get(file, (None,))[0] != stamp:
            self._checkpoints[file] = stamp, read_checkpoint(file)
        return self._checkpoints[file][1]

    def _stamp(self, name: str) -> int | None:
        return _stamp(self._results / "cells" / name / RECORD)


def trained(checkpoints: Iterable[Checkpoint], lanes: int, epochs: int) -> Seen:
    """Return what is trained by the checkpoints of a cell.

    Its stacks are trained one after the other: all but the newest are at their end, even if the
    last epochs were not written down.

    Args:
        checkpoints: the newest first. Those after enough for all lanes are of other code or data.
        lanes: how many are to be trained.
        epochs: that each is trained.
    """
    done, runs, left = 0.0, 0, lanes
    for place, checkpoint in enumerate(checkpoints):
        stacked = min(checkpoint.lanes, left)
        part = 1.0 if place else min(checkpoint.epochs / epochs, 1.0)
        done += part * stacked
        runs += stacked if part == 1 else 0
        left -= stacked
    return Seen(done, runs)


def read_checkpoint(file: Path) -> Checkpoint | None:
    """Read what a checkpoint tells, without its tensors; None if it is gone or is none."""
    try:
        with safe_open(file, "np") as opened:
            about = json.loads((opened.metadata() or {})["restudy"])
            # Every tensor of this name has one row for each lane.
            lanes, *_ = opened.get_slice("unit_statistics").get_shape()
            return Checkpoint(int(lanes), int(about["epochs"]))
    except (OSError, SafetensorError, ValueError, KeyError, TypeError):
        return None


def kept_lanes(folder: Path, version: int) -> set[str]:
    """Return the lanes of a cell that need no training, as far as its records tell.

    Args:
        folder: the cell's.
        version: of training, ``TRAINING_VERSION``.
    """
    try:
        record = json.loads((folder / RECORD).read_bytes())
        return {
            lane
            for part in (record, *record.get("earlier", []))
            if part["training_version"] == version
            and numerical_versions().items() <= part["versions"].items()
            for lane in part["seeds"]
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return set()


def _stamp(file: Path) -> int | None:
    """Return when a file was written, in nanoseconds; None if it is not there."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return None


# The one of this process.
_watchers: list[Watcher] = []


def begin(watcher: Watcher) -> None:
    """Say whom to ask how far training is: the Snakefile knows, a plugin of Snakemake asks."""
    _watchers[:] = [watcher]


def begun() -> Watcher | None:
    """Return whom to ask, if there is training to watch."""
    return _watchers[0] if _watchers else None
