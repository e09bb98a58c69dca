"""What a training job does: train the lanes of a cell that are not trained yet, write its files."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from restudy.common.digests import digest
from restudy.config.run_ids import Lane
from restudy.data.load import load
from restudy.provenance.versions import environment, numerical_versions
from restudy.results import group_files
from restudy.training.matmul_backend import Choice
from restudy.training.train_stacks import Watch, train_lanes


def train_cell(
    lanes: Sequence[Lane],
    folder: Path,
    prepared: Path,
    *,
    version: int,
    device: str = "auto",
    stack: int = 10,
    choice: Choice = "auto",
    keep_weights: bool = True,
    checkpoints: Path | None = None,
    checkpoint_seconds: float = 60,
    watch: Watch | None = None,
) -> tuple[group_files.CellResults, int]:
    """Bring a cell's files up to date.

    Lanes that the files hold already, of the same version of training on the same data, are kept as
    they are: with one seed more, one lane is trained.

    Args:
        lanes: the cell's lanes.
        folder: the cell's folder.
        prepared: the prepared data set.
        version: ``TRAINING_VERSION`` of the code that trains.
        device: ``cpu``, ``cuda`` or ``auto``.
        stack: largest number of lanes trained at once.
        choice: how the CPU multiplies matrices, see :mod:`restudy.training.matmul_backend`.
        keep_weights: whether the trained weights are written.
        checkpoints: folder for what training goes on from after a kill; gone when it is done.
        checkpoint_seconds: least time between two checkpoints.
        watch: makes a callback that is told of each stack's epochs.

    Returns:
        the results of all lanes as they were written, and how many of them were trained now.

    Raises:
        RestudyError: the data cannot be read, or the machine lacks what ``device`` or ``choice``
            asks for.
    """
    data = load(prepared)
    digests = {lane.id: _digest(lane, version, data.digest) for lane in lanes}
    parts = []
    old = group_files.read(folder)
    if old is not None:
        parts.append(old.only(_still_right(old, digests, keep_weights)))
    there = set(parts[0].summary["lane"]) if parts else set()
    missing = [lane for lane in lanes if lane.id not in there]
    if missing:
        started = time.perf_counter()
        trained = train_lanes(
            missing,
            data,
            digests=digests,
            device=device,
            stack=stack,
            choice=choice,
            keep_weights=keep_weights,
            checkpoints=checkpoints,
            checkpoint_seconds=checkpoint_seconds,
            watch=watch,
        )
        trained.record |= {
            **environment(),
            "training_version": version,
            "seeds": {lane.id: lane.recipe.seed for lane in missing},
            "seconds": round(time.perf_counter() - started, 3),
        }
        if there and old is not None:
            # Lanes that were kept have a record of their own.
            earlier = [{k: v for k, v in old.record.items() if k != "earlier"}]
            trained.record["earlier"] = [*old.record.get("earlier", []), *earlier]
        parts.append(trained)
    merged = group_files.merge(parts)
    if not keep_weights:
        merged.weights = {}
    group_files.write(merged, folder)
    if checkpoints:
        shutil.rmtree(checkpoints, ignore_errors=True)
    return merged, len(missing)


def describe(cell: str, found: group_files.CellResults, trained: int) -> str:
    """Return the one line that is printed of a cell: runs, seconds, and how well they do."""
    summary = found.summary
    line = f"{cell}: {trained} of {len(summary)} runs trained"
    if trained:
        line += f" in {found.record['seconds']:.0f} s"
    metric = "test_r2" if "test_r2" in summary else "test_accuracy"
    values = summary[metric].dropna()
    if len(values):
        line += f", {metric.replace('_', ' ')} {values.mean():.4f}"
        line += f" ({values.min():.4f} to {values.max():.4f})" if len(values) > 1 else ""
    diverged = int((summary["status"] == "diverged").sum())
    return line + (f", {diverged} diverged" if diverged else "")


def _digest(lane: Lane, version: int, data: str) -> str:
    """Return what stands for everything that a lane's numbers depend on."""
    return digest([lane.recipe.differences(), version, data, numerical_versions()])


def _still_right(
    old: group_files.CellResults, digests: dict[str, str], keep_weights: bool
) -> list[str]:
    """Return the lanes of old results that need no training."""
    return [
        lane
        for lane, before in zip(old.summary["lane"], old.summary["digest"], strict=True)
        if digests.get(lane) == before and (lane in old.weights or not keep_weights)
    ]
