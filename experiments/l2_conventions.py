"""What the strength of an L2 penalty means, by the formula that it stands in."""

from __future__ import annotations

import numpy as np

from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw
from restudy.experiments.training import train_all
from restudy.mlp.arithmetic import Array
from restudy.mlp.gradient_check import numerical_gradient
from restudy.training.rng import generator

FORMULAS = {"lambda_over_2": "lambda/2 sum w^2", "lambda": "lambda sum w^2"}
"""Of a recipe's ``l2_convention`` -> level: S1's penalty; S4's, and S1's elastic net."""
STRENGTHS = ("as printed", "converted")
_LAMBDA = 0.01
_SAMPLES, _TEST_SAMPLES = 1000, 2000


@Experiment(
    name="l2-strengths",
    title="One printed strength of L2 in the two formulas that the sources have",
    factors={"formula": ("lambda/2 sum w^2", "lambda sum w^2"), "strength": STRENGTHS},
    numbers={
        "effective_lambda": "gradient of the penalty / weight, in units of the printed lambda",
        "squared_weights": "sum of the squared weights of a softmax classifier, trained",
        "test_accuracy": "share of 2,000 test samples",
    },
    datasets=("mnist",),
)
def l2_strengths(data: Data) -> Rows:
    """Train softmax classifiers with one printed strength in either formula.

    Converted, the strength in the second formula is half of the printed one, so that both pull a
    weight towards 0 alike: d/dw lambda/2 w^2 = lambda w, d/dw lambda w^2 = 2 lambda w.
    """
    for seed in range(SEEDS):
        drawn = draw(data["mnist"], generator(seed, "l2 strengths"), _SAMPLES, _TEST_SAMPLES)
        runs = train_all(
            {
                (convention, strength): {
                    "hidden": [],
                    "lambda2": _given(convention, strength),
                    "l2_convention": convention,
                    "learning_rate": 0.1,
                    "batch_size": 100,
                    "epochs": 20,
                    "evaluate_every": 20,
                    "seed": seed,
                }
                for convention in FORMULAS
                for strength in STRENGTHS
            },
            drawn,
        )
        for (convention, strength), run in runs.items():
            w = run.weights["linear.0.weight"].astype(np.float64)
            effective = pull(convention, _given(convention, strength), seed) / _LAMBDA
            numbers = effective, np.sum(w * w), run.last("test", "accuracy")
            yield FORMULAS[convention], strength, seed, *numbers


def pull(convention: str, strength: float, seed: int) -> float:
    """Return the number that the penalty's gradient is of the weights, (g . w) / (w . w).

    The gradient is numerical, by centred differences of the formula, at weights that the seed
    draws.

    Args:
        convention: in :data:`FORMULAS`.
        strength: what the formula is given.
        seed: draws the weights.
    """
    w: Array = generator(seed, "l2 strengths: weights").standard_normal(20)
    factor = 0.5 if convention == "lambda_over_2" else 1.0
    g = numerical_gradient(lambda: factor * strength * np.sum(w * w), w)
    return float(np.sum(g * w) / np.sum(w * w))


def _given(convention: str, strength: str) -> float:
    return _LAMBDA / 2 if (convention, strength) == ("lambda", "converted") else _LAMBDA
