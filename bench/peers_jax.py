"""JAX in a process of its own: an epoch of several runs, vmapped, by one jitted scan over steps.

``python -m bench.peers_jax`` needs JAX alone, which is in ``.venv-bench``. Each line of its input
is a request in JSON, each line of its output the answer, see :func:`answer`.
"""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

Tree = Any
"""Arrays in lists and dictionaries, as JAX takes them."""


def batch_loss(layers: Tree, x: jax.Array, y: jax.Array, epsilon: float) -> tuple[jax.Array, Tree]:
    """Return a batch's mean cross-entropy, and mean and variance of all normalised units."""
    *hidden, last = layers
    statistics = []
    for layer in hidden:
        x = x @ layer["weight"] + layer["bias"]
        if "scale" in layer:
            mean, variance = x.mean(0), x.var(0)
            x = (x - mean) * jax.lax.rsqrt(variance + epsilon) * layer["scale"] + layer["shift"]
            # PyTorch keeps the unbiased variance.
            statistics.append((mean, variance * (len(x) / (len(x) - 1))))
        x = jax.nn.relu(x)
    scores = jax.nn.log_softmax(x @ last["weight"] + last["bias"])
    return -jnp.take_along_axis(scores, y[:, None], 1).mean(), statistics


def epoch(
    state: Tree, order: jax.Array, x: jax.Array, y: jax.Array, *, rule: dict[str, float]
) -> tuple[Tree, jax.Array]:
    """Train one run by SGD with momentum.

    Args:
        state: layers, their velocities, and running statistics.
        order: sample numbers, (steps, batch).
        x: all samples, (n, features).
        y: all labels, (n,).
        rule: ``learning_rate``, ``momentum``, ``norm_eps`` and ``norm_momentum``.

    Returns:
        the state after the last step, and the loss of each batch before its step.
    """

    def step(state: Tree, batch: jax.Array) -> tuple[Tree, jax.Array]:
        layers, velocities, running = state
        rows, labels = (data.at[batch].get(mode="promise_in_bounds") for data in (x, y))
        (loss, statistics), gradients = jax.value_and_grad(batch_loss, has_aux=True)(
            layers, rows, labels, rule["norm_eps"]
        )
        velocities = jax.tree.map(lambda v, g: rule["momentum"] * v + g, velocities, gradients)
        layers = jax.tree.map(lambda w, v: w - rule["learning_rate"] * v, layers, velocities)
        rate = rule["norm_momentum"]
        running = jax.tree.map(lambda old, new: old + rate * (new - old), running, statistics)
        return (layers, velocities, running), loss

    return jax.lax.scan(step, state, order)


def start(arrays: dict[str, np.ndarray], norm: bool) -> Tree:
    """Return the state of all runs before the first step, each array with runs in front."""
    count = sum(name.startswith("weight") for name in arrays)
    layers: list[dict[str, Any]] = []
    running = []
    for i in range(count):
        weight, bias = arrays[f"weight{i}"], arrays[f"bias{i}"]
        layers.append({"weight": weight, "bias": bias})
        if norm and i < count - 1:
            layers[i] |= {"scale": np.ones_like(bias), "shift": np.zeros_like(bias)}
            running.append((np.zeros_like(bias), np.ones_like(bias)))
    return jax.tree.map(jnp.array, (layers, jax.tree.map(np.zeros_like, layers), running))


def answer(request: dict[str, Any], programs: dict[str, tuple[Any, float]]) -> dict[str, Any]:
    """Train one epoch from the weights of a file.

    Args:
        request: ``rule``, as :func:`epoch` has it; ``batch_norm``, whether hidden layers have it;
            ``file``, a path of NumPy's ``.npz`` with ``x``, ``y``, and with runs in front
            ``order`` and each layer's ``weight`` (inputs, outputs) and ``bias`` (outputs,).
        programs: what was compiled before, with its seconds; it is added to.

    Returns:
        ``seconds`` of the epoch of all runs, ``compile_seconds`` of its program, and ``losses``
        of each run and step.
    """
    with np.load(request["file"]) as file:
        arrays = dict(file)
    order, x, y = (jnp.asarray(arrays.pop(name)) for name in ("order", "x", "y"))
    runs, steps, _ = order.shape
    state = start(arrays, request["batch_norm"])
    train = partial(epoch, rule=request["rule"])
    if runs == 1:
        # A single run is faster without an axis of runs.
        state, order = jax.tree.map(lambda array: array[0], (state, order))
    else:
        train = jax.vmap(train, in_axes=(0, 0, None, None))
    given = jax.block_until_ready((state, order, x, y))
    key = f"{jax.tree.map(jnp.shape, given)} {request['rule']}"
    if key not in programs:
        began = time.perf_counter()
        program = jax.jit(train, donate_argnums=0).lower(*given).compile()
        programs[key] = program, time.perf_counter() - began
    program, compile_seconds = programs[key]
    began = time.perf_counter()
    _, losses = jax.block_until_ready(program(*given))
    seconds = time.perf_counter() - began
    losses = np.asarray(losses).reshape(runs, steps).tolist()
    return {"seconds": seconds, "compile_seconds": compile_seconds, "losses": losses}


def main() -> None:
    """Answer each line of the input, to its end."""
    programs: dict[str, tuple[Any, float]] = {}
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line), programs)), flush=True)


if __name__ == "__main__":
    main()
