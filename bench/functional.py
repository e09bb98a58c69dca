"""Peers that train several runs at once: JAX, and torch.func."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap

from bench.cases import CLASSES, INPUTS, Samples
from bench.peers import network
from restudy.common.errors import RestudyError
from restudy.config.recipe import Recipe

JAX_PYTHON = Path(__file__).parents[1] / ".venv-bench/bin/python"
"""The interpreter of the environment that has JAX: ``make bench`` builds it."""

_ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def orders(recipe: Recipe, runs: int) -> NDArray[np.int64]:
    """Return an order of the samples for each run, (runs, steps, batch)."""
    random = np.random.default_rng(0)
    drawn = [random.permutation(recipe.n_train) for _ in range(runs)]
    return np.stack(drawn).reshape(runs, -1, recipe.n_batch)


def train_functions(
    models: Sequence[nn.Module], recipe: Recipe, samples: Samples, order: Tensor
) -> tuple[float, dict[str, Tensor]]:
    """Train one epoch of several networks by vmap of torch.func's gradient.

    Args:
        models: a network for each run.
        recipe: what is trained.
        samples: the training samples.
        order: numbers of the samples, (runs, steps, batch).

    Returns:
        the seconds, and the parameters by name, each with the runs in front.
    """
    x, y = samples.x, samples.y
    parameters, buffers = stack_module_state(list(models))
    with torch.no_grad():
        parameters = {name: value.detach() for name, value in parameters.items()}
        velocities = {name: torch.zeros_like(value) for name, value in parameters.items()}
    model = models[0].train()

    def loss(own: dict[str, Tensor], state: dict[str, Tensor], x: Tensor, y: Tensor) -> Tensor:
        return nn.functional.cross_entropy(functional_call(model, (own, state), (x,)), y)

    gradients = vmap(grad(loss))
    started = time.perf_counter()
    for batch in order.unbind(1):
        found = gradients(parameters, buffers, x[batch], y[batch])
        for name, value in parameters.items():
            velocity = velocities[name]
            torch.add(found[name], velocity, alpha=recipe.momentum, out=velocity)
            value.sub_(velocity, alpha=recipe.learning_rate)
    return time.perf_counter() - started, parameters


def torch_func(recipe: Recipe, samples: Samples, runs: int) -> float:
    """Train one epoch from new weights; return its seconds per run."""
    order = torch.from_numpy(orders(recipe, runs))
    models = [network(recipe) for _ in range(runs)]
    for model in models:
        for part in model.modules():
            if isinstance(part, nn.BatchNorm1d):
                # vmap has no in-place counter of batches.
                part.num_batches_tracked = None
    return train_functions(models, recipe, samples, order)[0] / runs


@cache
def _server() -> subprocess.Popen[str]:
    surroundings = os.environ | {"XLA_FLAGS": _ONE_THREAD, "JAX_PLATFORMS": "cpu"}
    return subprocess.Popen(  # noqa: S603
        [JAX_PYTHON, Path(__file__).with_name("jax_server.py")],
        env=surroundings,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _answer(request: dict[str, Any]) -> str:
    """Return the server's answer; nothing if it has ended."""
    server = _server()
    if server.stdin is None or server.stdout is None:
        return ""
    print(json.dumps(request), file=server.stdin, flush=True)
    return server.stdout.readline()


def ask_jax(
    recipe: Recipe,
    samples: Samples,
    order: NDArray[np.int64],
    weights: Mapping[str, NDArray[np.float32]] | None = None,
    result: Path | None = None,
) -> float:
    """Have JAX train one epoch; return the seconds, with compilation if it is due.

    Args:
        recipe: what is trained.
        samples: the training samples.
        order: numbers of the samples, (runs, steps, batch).
        weights: what to start from, such as ``weight 0`` and ``bias 0`` of the first layer, each
            with the runs in front; None: new ones.
        result: where to write the trained weights by the same names, as NPZ.

    Raises:
        RestudyError: JAX has failed.
    """
    request: dict[str, Any] = {
        "widths": [INPUTS, *recipe.hidden, CLASSES],
        "norm": recipe.norm == "batch",
        "rate": recipe.learning_rate,
        "momentum": recipe.momentum,
    }
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.npz"
        np.savez(data, x=samples.x.numpy(), y=samples.y.numpy(), order=order, **(weights or {}))
        request |= {"data": str(data)} | ({"weights": str(result)} if result else {})
        answer = _answer(request)
    if not answer:
        raise RestudyError(f"bench: JAX has ended, see above; its environment is {JAX_PYTHON}")
    return float(json.loads(answer)["seconds"])


def jax(recipe: Recipe, samples: Samples, runs: int) -> float:
    """Train one epoch from new weights; return its seconds per run."""
    return ask_jax(recipe, samples, orders(recipe, runs)) / runs
