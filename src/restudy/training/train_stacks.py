"""Training a group: the function that a training job calls."""

from __future__ import annotations

import logging
import platform
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment

from restudy.common.digests import digest
from restudy.common.errors import RestudyError
from restudy.config.recipe import PER_RUN_FIELDS
from restudy.config.run_ids import RunSpec
from restudy.data.load import PreparedData, scale, split
from restudy.data.registry import DATASETS
from restudy.results.group_files import GroupResults, merge, summary_row
from restudy.training import matmul_backend
from restudy.training.batches import TensorData
from restudy.training.checkpoints import Checkpoints
from restudy.training.lightning_module import StackModule
from restudy.training.metrics_callback import Recorder
from restudy.training.stack import Engine, Stack, choose_engine

# What the optimisers' calls differ by.
_UPDATE_FIELDS = ("momentum", "lambda1", "lambda2", "learning_rate", "norm_eps", "seed")

Watch = Callable[[Recorder], pl.Callback]


def train_runs(
    runs: Sequence[RunSpec],
    data: PreparedData,
    *,
    digests: dict[str, str],
    device: str = "cpu",
    stack: int = 10,
    choice: matmul_backend.Choice = "auto",
    engine: Engine = "auto",
    keep_weights: bool = True,
    checkpoints: Path | None = None,
    checkpoint_interval_s: float = 60,
    watch: Watch | None = None,
) -> GroupResults:
    """Train runs of one group, in stacks, and return their results.

    A run's numbers do not depend on the other runs, nor on how the runs are cut into stacks.

    Args:
        runs: the runs, equal in every field that is not in ``PER_RUN_FIELDS``; at least one.
        data: the data set of their recipe.
        digests: run -> what stands for its recipe, code and data in the summary.
        device: ``cpu``, ``cuda``, or ``auto`` for cuda if there is one.
        stack: largest number of runs trained at once.
        choice: how the CPU multiplies matrices, see :mod:`restudy.training.matmul_backend`.
        engine: what takes the steps, see :func:`restudy.training.stack.choose_engine`.
        keep_weights: whether the results hold the trained weights.
        checkpoints: folder to go on from, and to write into, when training takes long; the caller
            deletes it when the results are safe.
        checkpoint_interval_s: least time between two checkpoints of a stack.
        watch: makes a callback for each stack that is told of its epochs, after the recorder.

    Raises:
        RestudyError: ``device`` is cuda and there is none, or the processor cannot do what
            ``choice`` asks for.
    """
    place = find_device(device)
    path = matmul_backend.choose(choice)
    shared = runs[0].recipe
    parts = split(data, shared.n_train, shared.n_validation)
    scaled = scale(parts, shared.scaling, shared.target_scaling)
    tensors = TensorData.from_split(scaled, place)
    used = choose_engine(engine, shared, place)
    results = []
    for some in stacks(runs, stack):
        identity = [path.path, used, str(place), [[run.id, digests[run.id]] for run in some]]
        saved = (
            _Saved(checkpoints, digest(identity), checkpoint_interval_s) if checkpoints else None
        )
        with matmul_backend.use(path.path), _denormals_as_zero():
            results.append(train_stack(some, tensors, digests, keep_weights, saved, watch, used))
    merged = merge(results)
    merged.record = {
        "recipe": shared.model_dump(exclude=set(PER_RUN_FIELDS)),
        "device": describe_device(place),
        "matmul_backend": describe_arithmetic(place, path),
        "engine": used,
        "threads": torch.get_num_threads(),
        "data": {"dataset": data.name, "split_seed": data.split_seed, "sha256": data.digest},
    }
    return merged


def stacks(runs: Sequence[RunSpec], size: int) -> list[list[RunSpec]]:
    """Cut runs into stacks of at most ``size``.

    Runs with dropout are kept apart: drawing masks costs time that the others need not spend. Like
    runs are neighbours, because neighbours with the same numbers are updated by one call.
    """
    groups = (
        sorted(some, key=lambda run: [getattr(run.recipe, name) for name in _UPDATE_FIELDS])
        for drops in (False, True)
        for some in [[run for run in runs if bool(run.recipe.dropout) == drops]]
    )
    return [group[start : start + size] for group in groups for start in range(0, len(group), size)]


def find_device(device: str) -> torch.device:
    """Return the device that ``cpu``, ``cuda`` or ``auto`` stands for.

    Raises:
        RestudyError: ``device`` is cuda and there is none.
    """
    available: bool = torch.cuda.is_available()
    if device == "cuda" and not available:
        raise RestudyError(
            "config.yaml: training.device: 'cuda' is not there; allowed on this machine: cpu, auto"
        )
    return torch.device("cuda" if device != "cpu" and available else "cpu")


def describe_device(device: torch.device) -> str:
    """Return the name of a device, for the records."""
    if device.type == "cuda":
        return f"cuda: {torch.cuda.get_device_name(device)}"
    return f"cpu: {platform.machine()}, {torch.backends.cpu.get_cpu_capability()}"


def describe_arithmetic(device: torch.device, path: matmul_backend.Arithmetic) -> str:
    """Return how float32 matrices are multiplied, for the records."""
    if device.type == "cuda":
        return f"cuBLAS, {torch.get_float32_matmul_precision()} precision"
    return path.describe()


@dataclass(frozen=True)
class _Saved:
    """Where a stack's checkpoint is, what makes it valid, and how often it is written."""

    folder: Path
    key: str
    seconds: float


def train_stack(
    runs: Sequence[RunSpec],
    data: TensorData,
    digests: dict[str, str],
    keep_weights: bool,
    saved: _Saved | None,
    watch: Watch | None,
    engine: Engine = "auto",
) -> GroupResults:
    """Train runs at once and return their results, on data of any floating-point type."""
    recipes = [run.recipe for run in runs]
    shared = recipes[0]
    stack = Stack(recipes, data, DATASETS[shared.dataset].classes, engine)
    recorder = Recorder([run.id for run in runs])
    callbacks: list[pl.Callback] = [recorder]
    done = 0
    if saved:
        file = saved.folder / f"{saved.key}.safetensors"
        keeper = Checkpoints(file, saved.key, recorder, saved.seconds)
        callbacks.append(keeper)
        done = keeper.restore(stack)
    if watch:
        callbacks.append(watch(recorder))
    if done < stack.epochs:
        trainer = _quiet_trainer(data.train.x.device, stack.epochs - done, callbacks)
        trainer.fit(StackModule(stack, done))
    history = recorder.history()
    facts = {
        "n_train": len(data.train.x),
        "n_validation": len(data.validation.x),
        "n_test": len(data.test.x),
        "parameters": stack.network.trainable(),
    }
    rows = [
        summary_row(run.id, digests[run.id], run.recipe, own_history, facts)
        for run in runs
        for own_history in [history[history["run"] == run.id]]
    ]
    weights = _weights(runs, stack) if keep_weights else {}
    return GroupResults(history, pd.DataFrame(rows), recorder.timing(), weights)


def _weights(runs: Sequence[RunSpec], stack: Stack) -> dict[str, dict[str, np.ndarray]]:
    """Return copies of the trained weights: run -> name -> values."""
    return {
        run.id: {name: tensor.numpy() for name, tensor in state.items()}
        for run, state in zip(runs, stack.network.run_states(), strict=True)
    }


@contextmanager
def _denormals_as_zero() -> Iterator[None]:
    """Take numbers below 1e-38 for zero on the CPU.

    The velocity of a unit that gets no gradient halves every few steps and ends among them for
    good; processors need a hundred times as long for each. Measured on a 784-512-256-10 network
    at batch 16: a quarter less time, the same accuracies.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def _quiet_trainer(device: torch.device, epochs: int, callbacks: list[pl.Callback]) -> pl.Trainer:
    """Return a Trainer that says nothing and writes nothing of its own accord."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning")
    return pl.Trainer(
        accelerator="gpu" if device.type == "cuda" else "cpu",
        devices=1,
        max_epochs=epochs,
        callbacks=callbacks,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        # A job of a cluster is one process here, whatever the cluster's variables say.
        plugins=[LightningEnvironment()],
    )
