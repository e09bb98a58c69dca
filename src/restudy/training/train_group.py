"""What a training job does: train the runs of a group that are not trained yet, write its files."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from restudy.common.digests import digest
from restudy.config.run_ids import RunSpec
from restudy.data.load import load
from restudy.provenance.versions import environment, numerical_versions
from restudy.results import group_files
from restudy.training.matmul_backend import Choice
from restudy.training.stack import Engine, choose_engine
from restudy.training.train_stacks import Watch, find_device, train_runs


def train_group(
    runs: Sequence[RunSpec],
    folder: Path,
    prepared: Path,
    *,
    version: int,
    device: str = "auto",
    stack: int = 10,
    choice: Choice = "auto",
    engine: Engine = "auto",
    keep_weights: bool = True,
    checkpoints: Path | None = None,
    checkpoint_interval_s: float = 60,
    watch: Watch | None = None,
) -> tuple[group_files.GroupResults, int]:
    """Bring a group's files up to date.

    Runs that the files hold already, of the same version of training on the same data, are kept as
    they are: with one seed more, one run is trained.

    Args:
        runs: the group's runs.
        folder: the group's folder.
        prepared: the prepared data set.
        version: ``TRAINING_VERSION`` of the code that trains.
        device: ``cpu``, ``cuda`` or ``auto``.
        stack: largest number of runs trained at once.
        choice: how the CPU multiplies matrices, see :mod:`restudy.training.matmul_backend`.
        engine: what takes the optimiser steps: ``auto``, ``compiled`` or ``torch``.
        keep_weights: whether the trained weights are written.
        checkpoints: folder for what training goes on from after a kill; gone when it is done.
        checkpoint_interval_s: least time between two checkpoints.
        watch: makes a callback that is told of each stack's epochs.

    Returns:
        the results of all runs as they were written, and how many of them were trained now.

    Raises:
        RestudyError: the data cannot be read, or the machine lacks what ``device`` or ``choice``
            asks for.
    """
    data = load(prepared)
    used = choose_engine(engine, runs[0].recipe, find_device(device))
    digests = {run.id: _digest(run, version, data.digest, used) for run in runs}
    parts = []
    old = group_files.read(folder)
    if old is not None:
        parts.append(old.only(_still_right(old, digests, keep_weights)))
    there = set(parts[0].summary["run"]) if parts else set()
    missing = [run for run in runs if run.id not in there]
    if missing:
        started = time.perf_counter()
        trained = train_runs(
            missing,
            data,
            digests=digests,
            device=device,
            stack=stack,
            choice=choice,
            engine=engine,
            keep_weights=keep_weights,
            checkpoints=checkpoints,
            checkpoint_interval_s=checkpoint_interval_s,
            watch=watch,
        )
        trained.record |= {
            **environment(),
            "training_version": version,
            "seeds": {run.id: run.recipe.seed for run in missing},
            "seconds": round(time.perf_counter() - started, 3),
        }
        if there and old is not None:
            # Runs that were kept have a record of their own.
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


def describe(group: str, found: group_files.GroupResults, trained: int) -> str:
    """Return the one line that is printed of a group: runs, seconds, and how well they do."""
    summary = found.summary
    line = f"{group}: {trained} of {len(summary)} runs trained"
    if trained:
        line += f" in {found.record['seconds']:.0f} s"
    metric = "test_r2" if "test_r2" in summary else "test_accuracy"
    values = summary[metric].dropna()
    if len(values):
        line += f", {metric.replace('_', ' ')} {values.mean():.4f}"
        line += f" ({values.min():.4f} to {values.max():.4f})" if len(values) > 1 else ""
    diverged = int((summary["status"] == "diverged").sum())
    return line + (f", {diverged} diverged" if diverged else "")


def _digest(run: RunSpec, version: int, data: str, engine: str) -> str:
    """Return what stands for everything that a run's numbers depend on."""
    return digest([run.recipe.differences(), version, data, engine, numerical_versions()])


def _still_right(
    old: group_files.GroupResults, digests: dict[str, str], keep_weights: bool
) -> list[str]:
    """Return the runs of old results that need no training."""
    return [
        run
        for run, before in zip(old.summary["run"], old.summary["digest"], strict=True)
        if digests.get(run) == before and (run in old.weights or not keep_weights)
    ]
