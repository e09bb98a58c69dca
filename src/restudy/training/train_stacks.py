"""Training a cell: the function that a training job calls."""

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
from restudy.config.recipe import LANE_FIELDS
from restudy.config.run_ids import Lane
from restudy.data.load import PreparedData, scale, split
from restudy.data.registry import DATASETS
from restudy.results.group_files import CellResults, merge, summary_row
from restudy.training import matmul_backend
from restudy.training.batches import TensorData
from restudy.training.checkpoints import Checkpoints
from restudy.training.lightning_module import LanesModule
from restudy.training.metrics_callback import Recorder
from restudy.training.stack import Stack

# What the optimisers' calls differ by.
_UPDATE_FIELDS = ("momentum", "lambda1", "lambda2", "learning_rate", "norm_eps", "seed")

Watch = Callable[[Recorder], pl.Callback]


def train_lanes(
    lanes: Sequence[Lane],
    data: PreparedData,
    *,
    digests: dict[str, str],
    device: str = "cpu",
    stack: int = 10,
    choice: matmul_backend.Choice = "auto",
    keep_weights: bool = True,
    checkpoints: Path | None = None,
    checkpoint_seconds: float = 60,
    watch: Watch | None = None,
) -> CellResults:
    """Train lanes of one cell, in stacks, and return their results.

    A lane's numbers do not depend on the other lanes, nor on how the lanes are cut into stacks.

    Args:
        lanes: the lanes, equal in every field that is not in ``LANE_FIELDS``; at least one.
        data: the data set of their recipe.
        digests: lane -> what stands for its recipe, code and data in the summary.
        device: ``cpu``, ``cuda``, or ``auto`` for cuda if there is one.
        stack: largest number of lanes trained at once.
        choice: how the CPU multiplies matrices, see :mod:`restudy.training.matmul_backend`.
        keep_weights: whether the results hold the trained weights.
        checkpoints: folder to go on from, and to write into, when training takes long; the caller
            deletes it when the results are safe.
        checkpoint_seconds: least time between two checkpoints of a stack.
        watch: makes a callback for each stack that is told of its epochs, after the recorder.

    Raises:
        RestudyError: ``device`` is cuda and there is none, or the processor cannot do what
            ``choice`` asks for.
    """
    place = find_device(device)
    path = matmul_backend.choose(choice)
    shared = lanes[0].recipe
    parts = split(data, shared.n_train, shared.n_validation)
    scaled = scale(parts, shared.scaling, shared.target_scaling)
    tensors = TensorData.from_split(scaled, place)
    results = []
    for some in stacks(lanes, stack):
        identity = [path.path, str(place), [[lane.id, digests[lane.id]] for lane in some]]
        saved = _Saved(checkpoints, digest(identity), checkpoint_seconds) if checkpoints else None
        with matmul_backend.use(path.path), _denormals_as_zero():
            results.append(train_stack(some, tensors, digests, keep_weights, saved, watch))
    merged = merge(results)
    merged.record = {
        "recipe": shared.model_dump(exclude=set(LANE_FIELDS)),
        "device": describe_device(place),
        "arithmetic": describe_arithmetic(place, path),
        "threads": torch.get_num_threads(),
        "data": {"dataset": data.name, "split_seed": data.split_seed, "sha256": data.digest},
    }
    return merged


def stacks(lanes: Sequence[Lane], size: int) -> list[list[Lane]]:
    """Cut lanes into stacks of at most ``size``.

    Lanes with dropout are kept apart: drawing masks costs time that the others need not spend. Like
    lanes are neighbours, because neighbours with the same numbers are updated by one call.
    """
    groups = (
        sorted(some, key=lambda lane: [getattr(lane.recipe, name) for name in _UPDATE_FIELDS])
        for drops in (False, True)
        for some in [[lane for lane in lanes if bool(lane.recipe.dropout) == drops]]
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
    lanes: Sequence[Lane],
    data: TensorData,
    digests: dict[str, str],
    keep_weights: bool,
    saved: _Saved | None,
    watch: Watch | None,
) -> CellResults:
    """Train lanes at once and return their results, on data of any floating-point type."""
    recipes = [lane.recipe for lane in lanes]
    shared = recipes[0]
    stack = Stack(recipes, data, DATASETS[shared.dataset].classes)
    recorder = Recorder([lane.id for lane in lanes])
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
        trainer.fit(LanesModule(stack, done))
    history = recorder.history()
    facts = {
        "n_train": len(data.train.x),
        "n_validation": len(data.validation.x),
        "n_test": len(data.test.x),
        "parameters": stack.network.trainable(),
    }
    rows = [
        summary_row(lane.id, digests[lane.id], lane.recipe, own_history, facts)
        for lane in lanes
        for own_history in [history[history["lane"] == lane.id]]
    ]
    weights = _weights(lanes, stack) if keep_weights else {}
    return CellResults(history, pd.DataFrame(rows), recorder.timing(), weights)


def _weights(lanes: Sequence[Lane], stack: Stack) -> dict[str, dict[str, np.ndarray]]:
    """Return copies of the trained weights: lane -> name -> values."""
    return {
        lane.id: {name: tensor.numpy() for name, tensor in state.items()}
        for lane, state in zip(lanes, stack.network.lane_states(), strict=True)
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
