"""Descents whose course can be written down."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from experiments import toy_optimisation
from experiments.toy_optimisation import CURVATURES, LANDSCAPES, Landscape
from restudy.mlp.gradient_check import numerical_gradient
from restudy.training.rng import generator
from tests.experiments.tables import tabulate

BOWL = Landscape(
    lambda random: np.ones(1), lambda x: x[..., 0] ** 2 / 2, lambda x: x, target=0.5e-6
)


@pytest.mark.parametrize("rate", [0.1, 0.5, 1.5, 1.9])
def test_plain_descent_contracts_by_one_less_the_rate(rate):
    """x_t = (1 - rate)^t, so |x| <= 1e-3 first at t = ln 1e-3 / ln |1 - rate|."""
    paths = toy_optimisation.descend(BOWL, "plain", np.array([rate]), np.ones((1, 1)))
    assert paths.steps[0, 0] == math.ceil(math.log(1e-3) / math.log(abs(1 - rate)))
    assert paths.sign_changes[0, 0] == (1 if rate > 1 else 0)
    # An update is 1 - rate times the last, so from one to the next it changes by rate times that.
    assert paths.roughness[0, 0] == pytest.approx(rate, rel=0.01)


@pytest.mark.parametrize(("rule", "m"), [("momentum 0.5", 0.5), ("momentum 0.9", 0.9)])
@pytest.mark.parametrize("rate", [0.001, 0.05, 0.7, 2.0])
def test_momentum_takes_the_steps_of_its_recurrence(rule, m, rate):
    """x_(t+1) = (1 + m - rate) x_t - m x_(t-1) has the solution a z1^t + b z2^t."""
    z1, z2 = np.roots([1, -(1 + m - rate), m]).astype(complex)
    b = (1 - rate - z1) / (z2 - z1)
    t = np.arange(toy_optimisation.STEPS + 1)
    x = ((1 - b) * z1**t + b * z2**t).real
    arrived = np.flatnonzero(np.abs(x) <= 1e-3)
    paths = toy_optimisation.descend(BOWL, rule, np.array([rate]), np.ones((1, 1)))
    assert paths.steps[0, 0] == (arrived[0] if len(arrived) else toy_optimisation.STEPS + 1)


def test_a_rate_that_is_too_large_never_arrives():
    paths = toy_optimisation.descend(BOWL, "plain", np.array([2.5, 1.0]), np.ones((1, 1)))
    assert paths.steps[:, 0].tolist() == [toy_optimisation.STEPS + 1, 1]
    assert paths.sign_changes[:, 0].tolist() == [pytest.approx(1, abs=0.6), 0]


def test_the_quadratic_takes_what_its_condition_number_says():
    """Plain descent at the best rate: ((k - 1) / (k + 1))^t; heavy ball: sqrt(m)^t at best."""
    landscape = LANDSCAPES["quadratic"]
    starts = np.array([landscape.start(np.random.default_rng(i)) for i in range(5)])
    assert landscape.height(starts) == pytest.approx(np.ones(5))
    k = CURVATURES[-1] / CURVATURES[0]
    assert k == pytest.approx(100)
    best = np.array([2 / (CURVATURES[0] + CURVATURES[-1])])
    bound = math.log(1e-3) / math.log((k - 1) / (k + 1))
    assert toy_optimisation.descend(landscape, "plain", best, starts).steps.max() <= math.ceil(
        bound
    )


@pytest.mark.parametrize("name", LANDSCAPES)
def test_gradients_of_landscapes(name):
    landscape = LANDSCAPES[name]
    random = np.random.default_rng(1)
    x = random.standard_normal((4, len(landscape.start(random))))
    numerical = numerical_gradient(lambda: landscape.height(x).sum(), x)
    assert landscape.gradient(x) == pytest.approx(numerical, abs=1e-8)
    assert (landscape.height(x) >= 0).all()


def test_lowest_points_are_at_height_0():
    third = np.pi / 3 * np.array([1, 3, 5])
    minima = np.stack([np.cos(third), np.sin(third)], axis=-1)
    assert LANDSCAPES["saddle"].height(minima) == pytest.approx(np.zeros(3))
    assert LANDSCAPES["saddle"].gradient(minima) == pytest.approx(np.zeros((3, 2)), abs=1e-14)
    assert LANDSCAPES["plateau"].height(np.zeros(2)) == 0


@pytest.fixture(scope="module")
def descended():
    return (
        tabulate(toy_optimisation.descent, {})
        .set_index(["landscape", "optimiser", "rate"])
        .sort_index()
    )


def test_the_tuned_rate_is_the_best_of_the_grid(descended):
    found = descended.loc[("quadratic", "plain", "tuned"), "learning_rate"].unique()
    assert found == pytest.approx([2 ** (2 / 3)])  # 2^1 diverges: 2 / 1 is the limit
    steps = descended["steps"]
    tuned, same = steps.xs("tuned", level="rate"), steps.xs("same", level="rate")
    assert tuned.groupby(level=[0, 1]).mean().le(same.groupby(level=[0, 1]).mean() * 1.1).all()


def test_everybody_arrives(descended):
    assert descended["steps"].max() <= toy_optimisation.STEPS


def test_the_double_well():
    x = np.linspace(-2, 2, 9)
    numerical = numerical_gradient(lambda: toy_optimisation.well_height(x).sum(), x)
    assert toy_optimisation.well_gradient(x) == pytest.approx(numerical, abs=1e-8)


def test_without_noise_a_particle_stays_in_its_well():
    table = (
        tabulate(toy_optimisation.double_well, {})
        .set_index(["start", "optimiser", "noise"])
        .sort_index()
    )
    calm = table.loc[("shallow well", "plain", "0")]
    assert calm["deeper"].max() == 0
    shallow = brentq(toy_optimisation.well_gradient, 0.5, 1.5)
    assert calm["final_loss"].to_numpy() == pytest.approx(
        toy_optimisation.well_height(np.array(shallow))
    )
    # From anywhere it is the side of the ridge that decides.
    ridge = brentq(toy_optimisation.well_gradient, -0.5, 0.5)
    left = [
        np.mean(
            generator(seed, "double well: anywhere").uniform(-2, 2, toy_optimisation.PARTICLES)
            < ridge
        )
        for seed in range(toy_optimisation.SEEDS)
    ]
    assert table.loc[("anywhere", "plain", "0"), "deeper"].tolist() == left
