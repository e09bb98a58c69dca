"""Sequential designs: published boundaries, simulated paths, and the error of whole designs."""

import math

import numpy as np
import pytest
from scipy import stats

from restudy.stats.effects import Effect, effect_of
from restudy.stats.intervals import mean_interval
from restudy.stats.sequential import (
    LOOKS,
    Step,
    boundaries,
    conditional_power,
    exit_probabilities,
    levels,
    repeated_p,
    spent,
    take_look,
)

NONE = -math.inf


# Two-sided 5%, of the spending functions of Lan and DeMets, with looks at equal steps (Reboussin,
# DeMets, Kim and Lan, "Computations for group sequential boundaries ...", Controlled Clinical
# Trials 21, 2000).
@pytest.mark.parametrize(
    ("looks", "spending", "expected"),
    [
        (2, "obrien_fleming", [2.9626, 1.9686]),
        (3, "obrien_fleming", [3.7103, 2.5114, 1.9930]),
        (4, "obrien_fleming", [4.3326, 2.9631, 2.3590, 2.0141]),
        (5, "obrien_fleming", [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]),
        (5, "pocock", [2.4380, 2.4268, 2.4101, 2.3966, 2.3859]),
    ],
)
def test_published_boundaries(looks, spending, expected) -> None:
    found = boundaries(range(1, looks + 1), 0.025, spending)
    assert found == pytest.approx(expected, abs=2e-4)


# Constants of Pocock and of O'Brien and Fleming, two-sided 5% (Jennison and Turnbull, "Group
# sequential methods", 2000, tables 2.1 and 2.3).
@pytest.mark.parametrize(
    ("looks", "pocock", "fleming"), [(2, 2.178, 1.977), (4, 2.361, 2.024), (5, 2.413, 2.040)]
)
def test_published_constants(looks, pocock, fleming) -> None:
    steps = np.arange(1, looks + 1)
    for upper in (np.full(looks, pocock), fleming * np.sqrt(looks / steps)):
        below, above = exit_probabilities(steps, -upper, upper)
        assert below == pytest.approx(above)
        assert below.sum() + above.sum() == pytest.approx(0.05, abs=2e-4)


def test_one_look_is_the_usual_test() -> None:
    assert levels([7], 0.025) == pytest.approx([0.025])
    below, above = exit_probabilities([7], [NONE], [1.5], 2.0)
    assert (below[0], above[0]) == (0, pytest.approx(stats.norm.sf(-0.5)))


@pytest.mark.parametrize("spending", ["obrien_fleming", "pocock"])
def test_all_of_the_level_is_spent(spending) -> None:
    upper = boundaries(LOOKS, 0.025, spending)
    _, above = exit_probabilities(LOOKS, np.full(4, NONE), upper)
    assert above.cumsum() == pytest.approx(
        spent(np.array(LOOKS) / 40, 0.025, spending), rel=1e-6, abs=1e-13
    )
    assert spent(1.0, 0.025, spending) == pytest.approx(0.025)
    assert (np.diff(upper) < 0).all() or spending == "pocock"


def test_exits_like_simulated_paths() -> None:
    rng, times, drift = np.random.default_rng(0), 100_000, 2.0
    steps = np.diff(np.array(LOOKS) / 40, prepend=0)
    b = np.cumsum(rng.normal(drift * steps, np.sqrt(steps), (times, 4)), axis=1)
    z = b / np.sqrt(np.array(LOOKS) / 40)
    lower, upper = np.array([-1, -0.5, 0, 0.5]), np.array([3, 2.5, 2.2, 2.0])
    below, above = exit_probabilities(LOOKS, lower, upper, drift)
    alive = np.ones(times, bool)
    for k in range(4):
        for found, out in ((below[k], z[:, k] <= lower[k]), (above[k], z[:, k] >= upper[k])):
            error = 4 * math.sqrt(found * (1 - found) / times)
            assert (alive & out).mean() == pytest.approx(found, abs=error)
        alive &= (lower[k] < z[:, k]) & (z[:, k] < upper[k])


def test_repeated_p_is_the_level_that_stops() -> None:
    for alpha in (0.004, 0.025, 0.2):
        level = levels(LOOKS, alpha)
        for k in range(1, 4):
            p = [*(min(1, 3 * one) for one in level[:k]), level[k]]
            assert repeated_p(p) == pytest.approx(alpha, rel=1e-4)
    assert repeated_p([0.03], [9]) == pytest.approx(0.03, rel=1e-4)
    assert repeated_p([0.9, 0.9]) == 1
    # What stopped once stays stopped.
    stopped = [0.5, float(levels(LOOKS, 0.01)[1])]
    assert repeated_p([*stopped, 0.9]) == pytest.approx(repeated_p(stopped), rel=1e-4)


def test_repeated_p_is_uniform_at_most() -> None:
    rng, times = np.random.default_rng(4), 200
    x = rng.normal(size=(times, 40))
    p = np.stack(
        [stats.ttest_1samp(x[:, :n], 0, axis=1, alternative="greater").pvalue for n in LOOKS]
    )
    found = np.array([repeated_p(one) for one in p.T])
    for alpha in (0.05, 0.2):
        assert (found <= alpha).mean() < alpha + 4 * math.sqrt(alpha * (1 - alpha) / times)


def at(n: int, mean: float, sd: float = 1.0) -> Effect:
    return Effect(n, mean, sd / math.sqrt(n), n - 1)


def test_steps() -> None:
    def step(effect: Effect, direction: str = "greater") -> Step:
        return take_look(effect, 0.5, direction).step

    assert step(at(20, 1.2)) is Step.SUPPORT
    assert step(at(20, 1.2), "less") is Step.CONTRADICTION
    assert step(at(40, 0.0)) is Step.EQUIVALENCE
    assert step(at(40, 0.0), "equal") is Step.SUPPORT
    assert step(at(40, 0.3)) is Step.LAST
    assert step(at(10, 0.9)) is Step.GO_ON
    assert step(at(20, 0.48, 4.0)) is Step.FUTILITY
    with pytest.raises(ValueError, match="no look"):
        take_look(at(7, 1.0), 0.5, "greater")


@pytest.mark.parametrize("direction", ["greater", "less", "different", "equal", "non_superior"])
def test_conditional_power_by_simulation(direction) -> None:
    """The estimates of the seeds to come are drawn, and judged with the spread of those so far."""
    rng, times, n, seeds, level, margin = np.random.default_rng(2), 40_000, 10, 40, 0.02, 0.3
    effect = at(n, 0.35)
    more = rng.normal(0.35, 1 / math.sqrt(seeds - n), times)
    estimate = (n * 0.35 + (seeds - n) * more) / seeds
    t = estimate * math.sqrt(seeds)
    edge = margin * math.sqrt(seeds)
    one, two = stats.t.isf([level, level / 2], seeds - 1)
    above, below = (t > one) & (estimate >= margin), (t < -one) & (estimate <= -margin)
    inside = np.abs(t) < edge - one
    expected = {
        "greater": (above, below, inside),
        "less": (below, above, inside),
        "different": ((np.abs(t) > two) & (np.abs(estimate) >= margin), None, inside),
        "equal": (inside, np.abs(t) > edge + two, None),
        "non_superior": (t < edge - one, t > edge + one, None),
    }[direction]
    found = conditional_power(effect, margin, direction, seeds, level)
    for one_found, flags in zip(found, expected, strict=True):
        if flags is None:
            assert math.isnan(one_found)
        else:
            assert one_found == pytest.approx(flags.mean(), abs=4 * math.sqrt(0.25 / times))


@pytest.mark.parametrize(
    ("truth", "wrong"),
    [(0.0, {Step.SUPPORT, Step.CONTRADICTION}), (1.0, {Step.CONTRADICTION, Step.EQUIVALENCE})],
)
def test_errors_of_a_whole_design(truth: float, wrong: set[Step]) -> None:
    """Over all looks with t tests: 5% at most at no effect, 2.5% at the margin."""
    rng, times = np.random.default_rng(6), 500
    x, looks = truth + rng.normal(size=(times, 40)), (5, 10, 20, 40)
    ends = []
    for seeds in x:
        for n in looks:
            found = take_look(effect_of(mean_interval(seeds[:n])), 1.0, "greater", looks)
            if found.step is not Step.GO_ON:
                break
        ends.append(found.step)
    most = 0.05 if truth == 0 else 0.025
    share = np.mean([one in wrong for one in ends])
    assert share < most + 4 * math.sqrt(most * (1 - most) / times)
    assert np.mean([one is Step.EQUIVALENCE for one in ends]) > 0.5 or truth


def test_no_looks() -> None:
    for call in (
        lambda: boundaries([]),
        lambda: boundaries([5, 5]),
        lambda: spent(0.0, 0.025),
        lambda: spent(0.5, 0.6),
        lambda: repeated_p([]),
        lambda: repeated_p([0.1] * 5),
        lambda: conditional_power(at(5, 1.0), 0.5, "higher", 10, 0.02),
    ):
        with pytest.raises(ValueError, match=r"look|level|p values|higher"):
            call()
