"""Calibration: how often the intervals and tests of the verdicts are right, by simulation.

Theory promises 95 % for normal noise. What is left of it with three values, or with noise that is
skewed or has heavy tails, no formula tells; here thousands of samples whose truth is known do.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from restudy.stats.effects import NULL_TESTS, NullTest, mean_and_error, t_interval, upper_tail
from restudy.stats.holm import holm
from restudy.stats.intervals import LEVEL, wilson_interval
from restudy.stats.power import power_to_see
from restudy.stats.rule_simulation import LARGE, RULES, Rule, share_supported, share_wrong
from restudy.stats.seed_effects import SEED_EFFECTS, SeedEffect
from restudy.stats.verdict import ALPHA

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]


@dataclass(frozen=True)
class Noise:
    """Noise of one distribution; called with the lengths of the axes.

    Attributes:
        rng: all that is random in a row of the table comes from here.
        draw: draws values of mean 0 and standard deviation 1.
    """

    rng: np.random.Generator
    draw: Draw

    def __call__(self, *shape: int) -> Array:
        """Return noise of that shape."""
        return self.draw(self.rng, shape)


Procedure = Callable[[Noise, int, int], Bools | Array]
"""Takes noise, n and repetitions, and says of each repetition whether what is counted happened, or
in which share of it."""

SIZES = (3, 5, 10, 30)
FAMILY = 10
"""Tests in a family, all of true null hypotheses."""
EFFECTS = (0.5, 1.0, 2.0)
"""Effects for the power, in standard deviations of the differences."""
SHARES = (0.5, 0.9, 0.98)
TEST_SAMPLES = (100, 1000, 10000)
RULE_SIZES = (5, 10, 20)
PER_PROJECT = 50
"""Repetitions of other rows for one of all claims of a project, which is 116 claims."""


class Simulation(NamedTuple):
    """A row of the table before it is simulated: see `calibrate`."""

    measure: str
    description: str
    distribution: str
    n: int
    nominal: float
    repetitions: int
    happens: Callable[[np.random.Generator], Bools | Array]


def calibrate(repetitions: int = 10_000, seed: int = 0) -> pd.DataFrame:
    """Simulate coverage, false positives and power of what verdicts and tables use.

    Noise has mean 0 and standard deviation 1 (`DISTRIBUTIONS`); pairs and blocks share one more
    such value. Each row has random numbers of its own, whatever the other rows are.

    Args:
        repetitions: samples per row.
        seed: of all.

    Returns:
        one row per measure, procedure, noise and n: ``measure`` (``coverage``, ``false positives``,
        ``power``, ``wrong verdicts`` among the decided claims, or ``supported`` among those that
        hold), ``description`` (the procedure), ``distribution``, ``n`` (per group; of a share the
        test samples), ``nominal`` (what it should be: the level, the most that is allowed, or the
        power of one test under normal noise), ``repetitions``, ``estimate`` and ``mc_error`` (the
        estimate's standard error).

    Raises:
        ValueError: ``repetitions`` is less than 1.
    """
    if repetitions < 1:
        raise ValueError("a simulation needs at least one repetition")
    simulations = (
        *_coverages(repetitions),
        *_coverages_of_shares(repetitions),
        *_false_positives(repetitions),
        *_powers(repetitions),
        *_rules(max(1, repetitions // PER_PROJECT)),
    )
    return pd.DataFrame([_row(simulation, seed) for simulation in simulations])


def _row(simulation: Simulation, seed: int) -> dict[str, object]:
    row = simulation._asdict()
    happens = row.pop("happens")
    name = f"{simulation[:4]}".encode()
    found = happens(np.random.default_rng([seed, zlib.crc32(name)]))
    estimate = float(found.mean())
    variance = estimate * (1 - estimate) if found.dtype == bool else float(found.var())
    error = math.sqrt(variance / simulation.repetitions)
    return row | {"estimate": estimate, "mc_error": error}


# Noise, of mean 0 and standard deviation 1


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.standard_normal(shape)


def _lognormal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    drawn = np.exp(rng.standard_normal(shape))
    return np.asarray((drawn - math.exp(0.5)) / math.sqrt((math.e - 1) * math.e), np.float64)


def _t3(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.standard_t(3, shape) / math.sqrt(3)


DISTRIBUTIONS: dict[str, Draw] = {"normal": _normal, "lognormal": _lognormal, "t3": _t3}


def _over_noise(
    measure: str,
    what: str,
    procedure: Procedure,
    nominal: Callable[[int], float],
    repetitions: int,
    sizes: Sequence[int] = SIZES,
) -> Iterator[Simulation]:
    """Yield a procedure's rows: under every noise, with every n."""
    for distribution, draw in DISTRIBUTIONS.items():
        for n in sizes:

            def happens(rng: np.random.Generator, draw: Draw = draw, n: int = n) -> Bools | Array:
                return procedure(Noise(rng, draw), n, repetitions)

            yield Simulation(measure, what, distribution, n, nominal(n), repetitions, happens)


# Coverage: whether the interval holds the truth


def _coverages(repetitions: int) -> Iterator[Simulation]:
    for what, procedure in _INTERVALS.items():
        yield from _over_noise("coverage", what, procedure, lambda n: LEVEL, repetitions)


def _holds(truth: float | Array, ends: tuple[Array, Array]) -> Bools:
    return (ends[0] <= truth) & (truth <= ends[1])


def _pairs(noise: Noise, *shape: int) -> Array:
    """Return differences of pairs, of standard deviation 1; their seed's share falls out."""
    shared = noise(*shape)
    return ((shared + noise(*shape)) - (shared + noise(*shape))) / math.sqrt(2)


def _mean(noise: Noise, n: int, times: int) -> Bools:
    return _holds(0, t_interval(*mean_and_error(noise(times, n))))


def _paired(noise: Noise, n: int, times: int) -> Bools:
    return _holds(0, t_interval(*mean_and_error(_pairs(noise, times, n))))


def _prediction(noise: Noise, n: int, times: int) -> Bools:
    mean, se, df = mean_and_error(noise(times, n))
    return _holds(noise(times), t_interval(mean, se * math.sqrt(n + 1), df))


def _of_sides(effect: SeedEffect) -> Procedure:
    """Return the simulation of a kind of effect, with the same noise on all sides of a seed."""
    truth = np.array(effect.truth, np.float64)

    def covers(noise: Noise, n: int, times: int) -> Bools:
        sides = noise(times, n, 1) + truth + noise(times, n, len(truth))
        ends = t_interval(*mean_and_error(effect.of_sides(sides)))
        return _holds(effect.of_sides(truth), ends)

    return covers


_INTERVALS: dict[str, Procedure] = {
    "t interval of a mean": _mean,
    "t interval of paired differences": _paired,
    "prediction interval of one more value": _prediction,
    **{one.description: _of_sides(one) for one in SEED_EFFECTS.values() if one.truth},
}


def _coverages_of_shares(repetitions: int) -> Iterator[Simulation]:
    for share in SHARES:
        for n in TEST_SAMPLES:

            def happens(rng: np.random.Generator, share: float = share, n: int = n) -> Bools:
                counts, rows = np.unique(rng.binomial(n, share, repetitions), return_inverse=True)
                low, high = np.transpose([wilson_interval(count / n, n) for count in counts])
                return _holds(share, (low, high))[rows]

            what, distribution = "Wilson interval of a share", f"binomial {share}"
            yield Simulation("coverage", what, distribution, n, LEVEL, repetitions, happens)


# False positives: whether a true null hypothesis is rejected


def _false_positives(repetitions: int) -> Iterator[Simulation]:
    for what, procedure in _TESTS.items():
        yield from _over_noise("false positives", what, procedure, lambda n: ALPHA, repetitions)


def _family_of(p_of: NullTest) -> Procedure:
    """Return the simulation of a test: is any of a family's true null hypotheses rejected?"""

    def any_found(noise: Noise, n: int, times: int) -> Bools:
        p = p_of(_pairs(noise, times, FAMILY, n))
        return np.asarray((holm(p) < ALPHA).any(axis=-1))

    return any_found


def _equivalence(noise: Noise, n: int, times: int) -> Bools:
    """Return whether an effect at the edge of a margin of 3 is taken to lie inside."""
    margin = 3.0
    mean, se, df = mean_and_error(margin + _pairs(noise, times, n))
    return upper_tail(margin - np.abs(mean), se, df) < ALPHA


_TESTS: dict[str, Procedure] = {
    **{
        f"any of {FAMILY} paired {name} tests, after Holm": _family_of(p_of)
        for name, p_of in NULL_TESTS.items()
    },
    "paired test of equivalence, at the margin": _equivalence,
}


# Power: whether an effect that is there is found, with its sign


def _powers(repetitions: int) -> Iterator[Simulation]:
    for effect in EFFECTS:

        def found(noise: Noise, n: int, times: int, effect: float = effect) -> Bools:
            x = effect + _pairs(noise, times, n)
            return np.asarray((NULL_TESTS["t"](x) < ALPHA) & (x.mean(axis=-1) > 0))

        def nominal(n: int, effect: float = effect) -> float:
            return power_to_see(effect, 1 / math.sqrt(n), n - 1, ALPHA)

        what = f"paired t test, effect {effect:g} sd"
        yield from _over_noise("power", what, found, nominal, repetitions, SIZES[:3])


# Rules: whether the verdicts on all claims of a project are right


def _rules(repetitions: int) -> Iterator[Simulation]:
    def power_of_one(n: int) -> float:
        return power_to_see(LARGE, 1 / math.sqrt(n), n - 1, ALPHA)

    for what, rule in RULES.items():

        def wrong(noise: Noise, n: int, times: int, rule: Rule = rule) -> Array:
            return share_wrong(rule, noise, n, times)

        def supported(noise: Noise, n: int, times: int, rule: Rule = rule) -> Array:
            return share_supported(rule, noise, n, times)

        sizes = repetitions, RULE_SIZES
        yield from _over_noise("wrong verdicts", what, wrong, lambda n: ALPHA, *sizes)
        yield from _over_noise("supported", what, supported, power_of_one, *sizes)
