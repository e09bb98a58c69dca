"""What training costs, roughly: for forecasts, the time that is left, and how groups share jobs.

Nothing that is trained depends on these numbers, and a machine twice as fast changes no decision
much: they are right within a factor of two on one core of a server of the 2020s. Only
:func:`operations` is exact: ids of groups depend on it.
"""

from __future__ import annotations

import itertools
import math

from restudy.config.diagnostics import PROBES
from restudy.config.recipe import Recipe
from restudy.data.registry import DATASETS

# Fitted to processor times of :mod:`restudy.training` on one thread of an AVX-512 server: stacks
# of 3 to 10 runs, momentum and Adam, with and without batch norm and dropout, from a linear model
# of the houses to 784-1024-1024-10, batches of 8 to 256 and of all samples.
_FLOP = 0.9e-11
"""Seconds of a floating-point operation in the products."""
_READ = 1.6e-9
"""Seconds to fetch one input of one sample from the data."""
_VALUE = 0.5e-9
"""Seconds to pass over an input of a sample in training; over the output of a unit: three times."""
_MASK = 1.6e-8
"""Seconds to draw whether a unit is dropped for one sample, and to drop it."""
_WEIGHT = 2e-9
"""Seconds that a step takes to pass over a weight and its velocity, whatever the batch."""
_LAYER = 5e-5
"""Seconds that a run adds to a step for each layer, however small it is."""
GROUP = 0.6
"""Seconds to read and scale the images and to write the files of a group; houses are less."""
_ROWS = 500
"""Samples of a full batch that are taken at a time, for each run anew."""

START = 8.0
"""Seconds before a job's first step, nearly all of them imports."""
_JOB = 4.0
"""Seconds that any other job takes: imports, and a table."""
_OTHER_JOBS = 22
"""Those of a run that are there once, such as the tables of all studies, the store, the page."""


def other_jobs(
    *, datasets: int, studies: int, runs: int, figures: int, experiments: int
) -> list[float]:
    """Estimate the seconds of one core of the jobs that train nothing, by what they handle."""
    return [
        0.07 * runs,  # put into MLflow, by one job
        *[_JOB] * (2 * datasets + _OTHER_JOBS),  # data are fetched, and prepared
        *[1.5] * studies,  # tables of runs
        *[1.5] * figures,  # drawn in jobs of several, as SVG and PDF
        *[12.0] * experiments,  # with their share of a job's start
    ]


def seconds(recipe: Recipe, runs: int) -> float:
    """Estimate how long one core trains a group, without the start of its job.

    Args:
        recipe: of one of its runs; the others cost the same, but for dropout.
        runs: how many there are.
    """
    data = DATASETS[recipe.dataset]
    weights = _weights(recipe)
    inputs, units = data.inputs, sum(recipe.hidden)
    steps, full = recipe.total_steps, recipe.batch_size == "full"
    trained, evaluated = steps * recipe.n_batch, _evaluated(recipe)
    products = (operations(recipe) + 2 * weights * evaluated) * _FLOP
    # A full batch is read where it lies; others are put together sample by sample.
    passes = inputs * (evaluated if full else trained + evaluated) * _READ
    passes += ((inputs + 3 * units) * trained + units * evaluated) * _VALUE
    passes += units * trained * _MASK if recipe.dropout else 0
    passes += weights * steps * _WEIGHT
    # Calls, whatever the size of the network.
    blocks = math.ceil(recipe.n_batch / _ROWS) if full else 1
    calls = (len(recipe.hidden) + 1) * steps * blocks * _LAYER
    return runs * products + runs * passes + (GROUP + runs * calls)


def operations(recipe: Recipe) -> int:
    """Return the floating-point operations of the products that train one run.

    Forward 2 a weight and sample, backward 4. Evaluation is not counted.
    """
    return 6 * _weights(recipe) * recipe.total_steps * recipe.n_batch


def _weights(recipe: Recipe) -> int:
    data = DATASETS[recipe.dataset]
    widths = [data.inputs, *recipe.hidden, data.classes or 1]
    return sum(a * b for a, b in itertools.pairwise(widths))


def _evaluated(recipe: Recipe) -> int:
    """Return how many samples a run is measured on in all, its diagnostics' included."""
    times = math.ceil(recipe.total_epochs / recipe.evaluate_every)
    # About: there are six training rows for each image of the test sets.
    tests = DATASETS[recipe.dataset].train_rows // 6
    samples = times * (recipe.n_train + recipe.n_validation)
    samples += tests * (times if "test" in recipe.diagnostics else 1)
    return samples + sum(
        PROBES[diagnostic].samples(recipe, times) for diagnostic in recipe.diagnostics
    )
