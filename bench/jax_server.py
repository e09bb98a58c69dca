"""Trains networks in JAX, as a JAX user would write it: vmap over runs, a jitted scan over steps.

It needs JAX and NumPy alone, for it runs in an environment of its own. It reads a request a line,
JSON, from standard input, and answers each with a line. The first request of a shape compiles.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np


def loss(layers, x, y, norm):
    """Return the mean cross-entropy of a batch."""
    for number, layer in enumerate(layers):
        x = x @ layer["weight"] + layer["bias"]
        if number == len(layers) - 1:
            break
        if norm:
            mean, var = x.mean(0), x.var(0)
            x = (x - mean) * jax.lax.rsqrt(var + 1e-5) * layer["scale"] + layer["shift"]
        x = jax.nn.relu(x)
    return -jnp.take_along_axis(jax.nn.log_softmax(x), y[:, None], 1).mean()


@cache
def trainer(norm: bool, rate: float, momentum: float):
    """Return a function that trains runs for an epoch: it takes over weights and velocities."""

    def step(x, y, state, samples):
        layers, velocities = state
        gradients = jax.grad(loss)(layers, x[samples], y[samples], norm)
        velocities = jax.tree.map(lambda v, g: momentum * v + g, velocities, gradients)
        return (jax.tree.map(lambda p, v: p - rate * v, layers, velocities), velocities), None

    def epoch(layers, velocities, order, x, y):
        return jax.lax.scan(partial(step, x, y), (layers, velocities), order)[0]

    return jax.jit(jax.vmap(epoch, in_axes=(0, 0, 0, None, None)), donate_argnums=(0, 1))


def start(widths: list[int], runs: int, norm: bool) -> list[dict[str, np.ndarray]]:
    """Return new weights, as torch.nn.Linear draws them, each with the runs in front."""
    random = np.random.default_rng(0)
    layers = []
    for inputs, units in itertools.pairwise(widths):
        bound = inputs**-0.5
        layer = {
            "weight": random.uniform(-bound, bound, (runs, inputs, units)),
            "bias": random.uniform(-bound, bound, (runs, units)),
        }
        if norm and len(layers) < len(widths) - 2:
            layer |= {"scale": np.ones((runs, units)), "shift": np.zeros((runs, units))}
        layers.append({name: values.astype(np.float32) for name, values in layer.items()})
    return layers


def train(request: dict) -> tuple[float, list[dict[str, jax.Array]]]:
    """Train an epoch; return its seconds, with compilation if it is due, and the weights."""
    data = np.load(request["data"])
    x, y, order = jnp.asarray(data["x"]), jnp.asarray(data["y"]), jnp.asarray(data["order"])
    if "weight 0" in data:
        layers = start(request["widths"], len(order), request["norm"])
        for name in data.files:
            if " " in name:
                kind, number = name.split()
                layers[int(number)][kind] = data[name]
    else:
        layers = start(request["widths"], len(order), request["norm"])
    layers = jax.tree.map(jnp.asarray, layers)
    velocities = jax.tree.map(jnp.zeros_like, layers)
    epoch = trainer(request["norm"], request["rate"], request["momentum"])
    jax.block_until_ready((layers, velocities, x, y, order))
    started = time.perf_counter()
    layers, velocities = jax.block_until_ready(epoch(layers, velocities, order, x, y))
    return time.perf_counter() - started, layers


def main() -> None:
    """Answer requests until there are no more."""
    for line in sys.stdin:
        request = json.loads(line)
        seconds, layers = train(request)
        if "weights" in request:
            found = {
                f"{kind} {n}": v for n, layer in enumerate(layers) for kind, v in layer.items()
            }
            np.savez(request["weights"], **found)
        print(json.dumps({"seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()
