"""Simulated verdicts on many claims at once: how often each rule is wrong, and what it finds.

The claims are like those of a project: 116, with 1 to 6 conditions each, in topics of very unequal
size. All say "greater". The tests of a claim are of the same seeds and correlate by 0.6, those of
different claims by 0.1. Effects are in standard deviations of the differences of a seed, with a
margin of 1. A quarter of the claims each has

* no effect in any condition;
* effects of the margin, of minus the margin and of 0, by turns;
* an effect of 2 in all conditions;
* an effect of 2 in the first half of the conditions, and none in the others.

The answers rest on t tests, and so does what is promised of them. With differences of seeds as
skewed as a lognormal variable, one-sided t tests of few seeds are not right. The promise is kept
then only because clear effects stand beside those at the margin. With all effects at the margin,
40% of the few verdicts from five seeds were wrong, and 13% of those from 40.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from restudy.stats.effects import mean_and_error, t_interval, upper_tail
from restudy.stats.holm import holm
from restudy.stats.multiplicity import Array
from restudy.stats.selected_claims import adjust_within, level_of_selected
from restudy.stats.verdict import ALPHA

Bools = NDArray[np.bool_]
Rule = Callable[[Array], tuple[Bools, Bools, Bools]]
"""Function from differences, shape (times, claims, conditions, seeds), to what it says of claims:
whether it is decided, whether that is wrong, and whether the claim is supported."""

MARGIN, LARGE = 1.0, 2.0
_CONDITIONS = np.repeat([1, 2, 3, 4, 5, 6], [18, 40, 16, 26, 5, 11])
_TOPICS = np.repeat(np.arange(11), [38, 17, 17, 9, 8, 6, 5, 5, 4, 4, 3])
_CLAIMS = len(_CONDITIONS)
_SHARED, _OF_CLAIM = 0.1, 0.5
"""Shares of variance of the seed and of the seed in a claim."""


def _true_effects() -> Array:
    """Return the true effects, shape (claims, conditions); NaN where there is no condition."""
    place = np.arange(_CONDITIONS.max())
    sizes = _CONDITIONS[:, None]
    quarters = [
        np.zeros_like(place, float),
        np.choose(place % 3, [MARGIN, -MARGIN, 0.0]),
        np.full(place.shape, LARGE),
        np.where(place < sizes / 2, LARGE, 0.0),
    ]
    effects = np.array([np.broadcast_to(one, (_CLAIMS, len(place))) for one in quarters])
    mine = effects[np.arange(_CLAIMS) % 4, np.arange(_CLAIMS)]
    # Topics have claims of every kind and size.
    order = np.random.default_rng(0).permutation(_CLAIMS)
    return np.asarray(np.where(place < sizes, mine, np.nan)[order], np.float64)


TRUTH = _true_effects()
HOLDS = np.nanmin(TRUTH, axis=-1) >= LARGE
"""Claims that hold in all conditions."""


def differences(noise: Callable[..., Array], n: int, times: int) -> Array:
    """Return differences of seeds, shape (times, claims, conditions, n)."""
    claims, conditions = TRUTH.shape
    shared = np.sqrt(_SHARED) * noise(times, 1, 1, n)
    of_claim = np.sqrt(_OF_CLAIM) * noise(times, claims, 1, n)
    own = np.sqrt(1 - _SHARED - _OF_CLAIM) * noise(times, claims, conditions, n)
    return np.asarray(TRUTH[..., None] + shared + of_claim + own, np.float64)


def selected_rule(x: Array) -> tuple[Bools, Bools, Bools]:
    """Judge by `selected_claims`; wrong is a claim with one wrong answer in any condition."""
    mean, se, df = mean_and_error(x)
    p = np.stack(
        [
            np.where(mean >= MARGIN, upper_tail(mean, se, df), 1),
            np.where(mean <= -MARGIN, upper_tail(-mean, se, df), 1),
            upper_tail(MARGIN - np.abs(mean), se, df),
        ],
        axis=-2,
    )
    adjusted = adjust_within(np.where(np.isnan(TRUTH[:, None]), np.nan, p))
    level = level_of_selected(np.nanmin(adjusted, axis=(-2, -1)), ALPHA)
    holds, against, negligible = np.moveaxis(adjusted <= level[..., None, None, None], -2, 0)
    wrong = (holds & (TRUTH <= 0)) | (against & (TRUTH >= 0))
    wrong |= negligible & (np.abs(TRUTH) >= MARGIN)
    given = holds | against | negligible
    supported = (holds | np.isnan(TRUTH)).all(axis=-1)
    return given.any(axis=-1), wrong.any(axis=-1), supported


def topic_rule(x: Array) -> tuple[Bools, Bools, Bools]:
    """Judge with Holm's correction over topics, and claims by whether all their tests agree."""
    mean, se, df = mean_and_error(x)
    low, high = t_interval(mean, se, df)
    p = 2 * upper_tail(np.abs(mean), se, df)
    there = ~np.isnan(TRUTH)
    adjusted = np.full(p.shape, np.nan)
    for topic in np.unique(_TOPICS):
        family = (topic == _TOPICS)[:, None] & there
        adjusted[:, family] = holm(p[:, family])
    negligible = (np.abs(low) < MARGIN) & (np.abs(high) < MARGIN)
    holds = (adjusted < ALPHA) & (low > 0) & (mean >= MARGIN) & ~negligible
    against = (adjusted < ALPHA) & (high < 0) & ~negligible
    supported = (holds | ~there).all(axis=-1)
    contradicted = against.any(axis=-1) & ~holds.any(axis=-1)
    no_effect = (negligible | ~there).all(axis=-1)
    wrong = supported & (np.nanmin(TRUTH, axis=-1) <= 0)
    wrong |= contradicted & (np.nanmin(TRUTH, axis=-1) >= 0)
    wrong |= no_effect & (np.nanmax(np.abs(TRUTH), axis=-1) >= MARGIN)
    return np.asarray(supported | contradicted | no_effect), wrong, np.asarray(supported)


RULES: dict[str, Rule] = {
    "claims selected, then answers within": selected_rule,
    "Holm over a topic, all tests agree": topic_rule,
}
"""Rules by their names in the table of `calibrate`."""


def share_wrong(rule: Rule, noise: Callable[..., Array], n: int, times: int) -> Array:
    """Return the share of wrong verdicts among the decided ones, 0 if none is, (times,)."""
    decided, wrong, _ = rule(differences(noise, n, times))
    return np.asarray(wrong.sum(axis=-1) / np.maximum(decided.sum(axis=-1), 1), np.float64)


def share_supported(rule: Rule, noise: Callable[..., Array], n: int, times: int) -> Array:
    """Return the share of the claims that hold in all conditions which is supported, (times,)."""
    _, _, supported = rule(differences(noise, n, times))
    return np.asarray(supported[:, HOLDS].mean(axis=-1), np.float64)
