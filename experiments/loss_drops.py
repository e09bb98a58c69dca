"""Sudden drops of the training loss, and what becomes of the runs that have them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from experiments.stacks import Optimiser, batches, cross_entropy, he_layers, outputs
from restudy.data.load import Part
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw, scaled
from restudy.mlp.arithmetic import Array
from restudy.stats.correlation import spearman
from restudy.training.rng import generator

ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh}
RUNS = 12
STEPS = 200
EVERY = 5
_SAMPLES, _BATCH, _RATE = 200, 50, 0.03
_HIDDEN = [16, 16, 16]
_CLASSES = 10


class Drop(NamedTuple):
    """The steepest fall of each curve.

    Attributes:
        sharpness: the largest fall from one point to the next, as a share of that from the first
            point to the lowest.
        later: ln(loss after that fall / lowest loss from there on).
        final: the last loss.
    """

    sharpness: Array
    later: Array
    final: Array


@Experiment(
    name="sharp-drops",
    title="The sharpest drop of the training loss, and where the run ends",
    factors={"activation": ACTIVATIONS},
    numbers={
        "final_correlation": "rank correlation over 12 runs of sharpness, the largest share of "
        "the whole fall that falls in 5 of 200 steps, with the final loss",
        "later_correlation": "the same with ln(loss after that drop / lowest later loss)",
        "least_sharp": "sharpness of the run with the least",
        "sharpest": "sharpness of the run with the most",
    },
    datasets=("mnist",),
)
def sharp_drops(data: Data) -> Rows:
    """Train 12 networks a seed, 784-16-16-16-10, on the same 200 images.

    The training loss of all images is taken at the start and after every 5 of 200 steps. The runs
    of a seed differ in their weights, in the scale of these, between a half and twice He's, and in
    their batches. A drop is called sharp by the share of the whole fall that one of the 40
    intervals has, and runs are ranked by it: no threshold is needed. If a sharp drop meant that a
    run is caught in a local minimum, those with sharper drops would end higher and improve less
    after it.
    """
    for seed in range(SEEDS):
        random = generator(seed, "sharp drops: samples")
        train = scaled(draw(data["mnist"], random, _SAMPLES, 1)).train
        for name in ACTIVATIONS:
            drop = drops(_curves(train, name, seed))
            rhos = _rho(drop.sharpness, drop.final), _rho(drop.sharpness, drop.later)
            yield name, seed, *rhos, drop.sharpness.min(), drop.sharpness.max()


def drops(curves: Array) -> Drop:
    """Return the steepest fall of each curve.

    Args:
        curves: losses above 0, shape (points, runs).
    """
    falls = curves[:-1] - curves[1:]
    place = falls.argmax(axis=0)
    runs = np.arange(curves.shape[1])
    whole = curves[0] - curves.min(axis=0)
    steepest = falls[place, runs]
    lowest = np.minimum.accumulate(curves[::-1], axis=0)[::-1]  # from each point on
    after = curves[place + 1, runs]
    sharpness = np.where(whole > 0, steepest / np.where(whole > 0, whole, 1), 0)
    return Drop(sharpness, np.log(after / lowest[place + 1, runs]), curves[-1])


def _rho(a: Array, b: Array) -> float:
    """Return the rank correlation; 0 if one of the two never varies."""
    rho = spearman(a, b)
    return 0.0 if np.isnan(rho) else rho


def _curves(train: Part, activation: str, seed: int) -> Array:
    """Return the training losses, shape (evaluations, runs)."""
    stream = f"sharp drops: {activation}"
    x, y = torch.from_numpy(train.x), torch.from_numpy(train.y)
    everything = x.expand(RUNS, *x.shape), y.expand(RUNS, *y.shape)
    randoms = [generator(seed, f"{stream}: weights", run) for run in range(RUNS)]
    scales = (2.0 ** generator(seed, f"{stream}: scales").uniform(-1, 1, RUNS)).tolist()
    layers = he_layers([x.shape[-1], *_HIDDEN, _CLASSES], randoms, scales)
    optimiser = Optimiser("momentum", layers, [_RATE] * RUNS)
    hidden = ACTIVATIONS[activation]

    def losses(some: Tensor, right: Tensor) -> Tensor:
        return cross_entropy(outputs(layers, some, lambda i, h: hidden(h)), right)

    orders = [generator(seed, f"{stream}: batches", run) for run in range(RUNS)]
    curve = [losses(*everything).detach()]
    for step, batch in enumerate(batches(orders, len(x), _BATCH, STEPS), start=1):
        optimiser.step(losses(x[batch], y[batch]))
        if step % EVERY == 0:
            curve.append(losses(*everything).detach())
    return torch.stack(curve).double().numpy()
