"""Peers that train several networks at once: torch.func, and JAX in a process of its own.

Both start from the weights and batches of our runs of the same recipes.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from bench import peers
from bench.cases import CLASSES, INPUTS, Samples
from restudy.config.recipe import Recipe
from restudy.training.batches import EpochBatches
from restudy.training.init import initial_layers

ROOT = Path(__file__).parents[1]
JAX_ENVIRONMENT = ROOT / ".venv-bench"
ONE_THREAD = {
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


def batches(recipes: Sequence[Recipe]) -> Tensor:
    """Return the sample numbers of the first epoch's batches, int64 (L, steps, batch)."""
    return EpochBatches(recipes).order(0).view(len(recipes), -1, recipes[0].n_batch)


def initial_network(recipe: Recipe) -> nn.Sequential:
    """Return the recipe's network in plain ``torch.nn``, with our run's initial weights."""
    model = peers.network(recipe)
    linears = [layer for layer in model if isinstance(layer, nn.Linear)]
    for linear, (weights, biases) in zip(
        linears, initial_layers(recipe, INPUTS, CLASSES), strict=True
    ):
        linear.weight.data.copy_(torch.from_numpy(weights))
        linear.bias.data.copy_(torch.from_numpy(biases[:, 0]))  # type: ignore[index]
    return model


def train_by_torch_func(recipes: Sequence[Recipe], samples: Samples) -> tuple[float, Tensor]:
    """Train one epoch of all recipes by ``vmap`` of a gradient over stacked modules.

    Returns:
        seconds, and the loss of each batch before its step, (L, steps).
    """
    models = [initial_network(recipe) for recipe in recipes]
    stacked, buffers = stack_module_state(models)
    parameters = {name: values.detach() for name, values in stacked.items()}
    model = copy.deepcopy(models[0]).to("meta")

    def batch_loss(
        parameters: dict[str, Tensor], buffers: dict[str, Tensor], x: Tensor, y: Tensor
    ) -> Tensor:
        outputs = functional_call(model, (parameters, buffers), (x,))
        return nn.functional.cross_entropy(outputs, y)

    gradients_and_losses = vmap(grad_and_value(batch_loss))
    optimiser = torch.optim.SGD(
        list(parameters.values()),
        lr=recipes[0].learning_rate,
        momentum=recipes[0].momentum,
        fused=True,
    )
    x, y, order = samples.x, samples.y, batches(recipes)
    losses = []
    started = time.perf_counter()
    for batch in order.unbind(1):
        rows = x.index_select(0, batch.reshape(-1)).view(*batch.shape, -1)
        gradients, loss = gradients_and_losses(parameters, buffers, rows, y[batch])
        for name, values in parameters.items():
            values.grad = gradients[name]
        optimiser.step()
        losses.append(loss)
    return time.perf_counter() - started, torch.stack(losses, 1)


def has_jax() -> bool:
    """Return whether the environment with JAX is there; ``make bench`` makes it."""
    return (JAX_ENVIRONMENT / ".ready").exists()


class JaxProcess:
    """A process with JAX, which trains an epoch whenever it is asked to."""

    def __init__(self) -> None:
        """Start the process: one thread, on the core of the caller if that is pinned to one."""
        self._process = subprocess.Popen(  # noqa: S603
            [str(JAX_ENVIRONMENT / "bin/python"), "-m", "bench.peers_jax"],
            cwd=ROOT,
            env=os.environ | ONE_THREAD,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def train(self, recipes: Sequence[Recipe], samples: Samples) -> dict[str, Any]:
        """Train one epoch of all recipes; return :func:`bench.peers_jax.answer`'s answer.

        Raises:
            RuntimeError: the process has ended.
        """
        shared = recipes[0]
        rule = ("learning_rate", "momentum", "norm_eps", "norm_momentum")
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/epoch.npz"
            np.savez(file, **self._arrays(recipes, samples))  # type: ignore[arg-type]
            request = {
                "file": file,
                "batch_norm": shared.norm == "batch",
                "rule": {name: getattr(shared, name) for name in rule},
            }
            print(json.dumps(request), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()  # type: ignore[union-attr]
        if not line:
            raise RuntimeError(f"{JAX_ENVIRONMENT}: JAX ended; its message is above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    @staticmethod
    def _arrays(recipes: Sequence[Recipe], samples: Samples) -> dict[str, np.ndarray]:
        arrays = {
            "x": samples.x.numpy(),
            "y": samples.y.numpy().astype(np.int32),
            "order": batches(recipes).numpy().astype(np.int32),
        }
        runs = [initial_layers(recipe, INPUTS, CLASSES) for recipe in recipes]
        for i, layers in enumerate(zip(*runs, strict=True)):
            arrays[f"weight{i}"] = np.stack([weights.T for weights, _ in layers], dtype=np.float32)
            arrays[f"bias{i}"] = np.stack([bias[:, 0] for _, bias in layers], dtype=np.float32)
        return arrays
