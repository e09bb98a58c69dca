"""Batch norm with epsilon in several places, on pixels that hardly ever vary."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw, scaled
from restudy.mlp.arithmetic import Array
from restudy.training.rng import generator

EPSILONS = {
    "none": ("root", 0.0),
    "1e-8 in the root": ("root", 1e-8),
    "1e-5 in the root": ("root", 1e-5),
    "1e-3 in the root": ("root", 1e-3),
    "1e-8 to sigma": ("sigma", 1e-8),
    "1e-5 to sigma": ("sigma", 1e-5),
    "1e-3 to sigma": ("sigma", 1e-3),
}
"""Level -> where epsilon is added, and how much."""
REFERENCE = "1e-5 in the root"
SIDE = 28
RING = 4
"""Pixels this near to the edge are the border: MNIST's digits were fitted into the 20 x 20 pixels
in the middle, and then moved by their centre of mass."""
_BATCH = 128


class Normed(NamedTuple):
    """Outputs, and gradients with respect to the inputs, shape (n, features) each."""

    out: Array
    gradient: Array


@Experiment(
    name="epsilon",
    title="Batch norm of raw pixels, by where epsilon is added",
    factors={"pixels": ("border", "centre"), "epsilon": EPSILONS},
    numbers={
        "bad_outputs": "share of outputs that are not finite",
        "bad_gradients": "share of gradients that are not finite",
        "largest_gradient": "largest finite |gradient| with respect to a pixel, that of an "
        "output being normal(0, 1)",
        "output_difference": "|output - that with 1e-5 in the root| / |that|, of finite ones",
        "gradient_difference": "the same of the gradients",
    },
    datasets=("mnist",),
)
def epsilon(data: Data) -> Rows:
    """Normalise a batch of 128 MNIST images in float32, every pixel a feature.

    As the gradient of the outputs normal(0, 1) numbers are handed back.
    """
    for seed in range(SEEDS):
        random = generator(seed, "epsilon")
        x = scaled(draw(data["mnist"], random, _BATCH)).train.x
        dout = random.standard_normal(x.shape).astype(np.float32)
        for name, columns in _pixels().items():
            found = {
                level: normalise(x[:, columns], dout[:, columns], place, eps)
                for level, (place, eps) in EPSILONS.items()
            }
            right = found[REFERENCE]
            for level, normed in found.items():
                finite = np.isfinite(normed.gradient)
                bad = np.mean(~np.isfinite(normed.out)), np.mean(~finite)
                largest = np.max(np.abs(normed.gradient), initial=0, where=finite)
                yield name, level, seed, *bad, largest, *map(_difference, normed, right)


def normalise(x: Array, dout: Array, place: str, eps: float) -> Normed:
    """Return (x - mean) / s, and the gradient of its inputs, step by step as they are computed.

    s is sqrt(var + eps) (Ioffe and Szegedy 2015, algorithm 1) or sqrt(var) + eps (as S2 prints it).
    With c = x - mean and g the gradient of the outputs,

        dL/ds = -sum(g c) / s^2,  dL/dr = dL/ds / (2 root),  dL/dc = g / s + dL/dr 2 c / n,
        dL/dx = dL/dc - mean(dL/dc)

    where r is what stands under the root, and root the value of the root, s or s - eps. Where all
    samples are the same c is 0; a root that is 0 then divides 0 by 0.

    Args:
        x: shape (n, features).
        dout: g, shape of x.
        place: "root" or "sigma".
        eps: epsilon; 0 for none.
    """
    n, e = len(x), x.dtype.type(eps)
    c = x - x.mean(axis=0)
    var = (c * c).mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        root = np.sqrt(var + e) if place == "root" else np.sqrt(var)
        s = root if place == "root" else root + e
        out = c / s
        ds = -(dout * c).sum(axis=0) / (s * s)
        dc = dout / s + ds / (2 * root) * (2 * c / n)
        return Normed(out, dc - dc.mean(axis=0))


def _pixels() -> dict[str, NDArray[np.bool_]]:
    """Return which of the 784 pixels belong to the border and which do not, shape (784,) each."""
    inner = np.zeros((SIDE, SIDE), bool)
    inner[RING:-RING, RING:-RING] = True
    return {"border": ~inner.ravel(), "centre": inner.ravel()}


def _difference(a: Array, b: Array) -> float:
    """Return |a - b| / |b| of the numbers that are finite in both; 0 if b has none but zeros."""
    good = np.isfinite(a) & np.isfinite(b)
    x, y = a[good].astype(np.float64), b[good].astype(np.float64)
    size = float(np.sqrt(np.sum(y * y)))
    return float(np.sqrt(np.sum((x - y) ** 2))) / size if size else 0.0
