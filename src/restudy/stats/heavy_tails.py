"""Losses of runs that nearly diverge: which effect of them is estimated, and by which test.

A run that nearly diverges has a loss of 10 or 1000 where others have 2, and the mean over seeds is
that of this one run. A t interval of the difference is then useless, though rarely too narrow: with
heavy tails the t test rejects a true hypothesis too seldom (Benjamini, "Is the t test really
conservative when the parent distribution is long-tailed?", JASA 78, 1983). A test of normality is
no help, as it sees next to nothing in five values (Razali and Wah, Journal of Statistical Modeling
and Analytics 2, 2011), and a test chosen by such a look has another level (Rochon, Gondan and
Kieser, BMC Medical Research Methodology 12, 2012).

So the rule is about size, and it looks at each side alone. Which side is the treatment, and whether
the sides differ, has no part in it:

1. A run lost, or worse than twice a guess, on either side: the effect is on the **share of runs
   that nearly diverge**. Its test is McNemar's exact one, of the seeds where only one side has such
   a run. With five seeds it has no p below 0.0625, and leaves a claim open.
2. Otherwise a largest loss of more than three times the median, on either side: the effect is the
   **log of the ratio** of losses, with a t test (Keene, "The log transformation is special",
   Statistics in Medicine 14, 1995). It needs a margin that is a factor.
3. Otherwise the **difference** of losses, with a t test.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from restudy.stats.effects import Effect, paired_effect

Array = NDArray[np.float64]

WORSE_THAN_GUESS = 2.0
"""A loss of more than so many guesses is one of a run that nearly diverged."""
LARGEST_TO_MEDIAN = 3.0
"""Largest ratio of the largest loss to the median for which differences are averaged."""


class Estimand(StrEnum):
    """What is estimated of the losses of two sides."""

    DIFFERENCE = "difference"
    LOG_RATIO = "log ratio"
    SHARE = "share of runs that nearly diverge"


class LossEffect(NamedTuple):
    """Effect on losses, with the numbers that led to its estimand.

    Attributes:
        estimand: what is estimated.
        effect: its effect; of a share without interval, with the p of McNemar's exact test.
        tail_ratio: larger one of the two sides' largest loss over the median; NaN with a lost run.
        nearly_diverged: numbers of runs that nearly diverged, of treatment and control.
    """

    estimand: Estimand
    effect: Effect
    tail_ratio: float
    nearly_diverged: tuple[int, int]


def effect_on_losses(treatment: ArrayLike, control: ArrayLike, guess: float) -> LossEffect:
    """Return the effect of a treatment on losses, by the rule of this module.

    Args:
        treatment: losses of the seeds, shape (n,); NaN or infinite for a run that diverged.
        control: losses of the same seeds.
        guess: loss of a guess, such as log 10 for ten classes.

    Raises:
        ValueError: there is no pair, the shapes differ, or a loss or ``guess`` is not above 0.
    """
    sides = [np.asarray(side, np.float64) for side in (treatment, control)]
    if sides[0].shape != sides[1].shape or sides[0].ndim != 1 or not len(sides[0]):
        raise ValueError(f"pairs need equal shapes (n,), not {[side.shape for side in sides]}")
    if not guess > 0 or any((side <= 0).any() for side in sides):
        raise ValueError("losses and that of a guess are above 0")
    lost = [nearly_diverged(side, guess) for side in sides]
    counts = int(lost[0].sum()), int(lost[1].sum())
    largest = max(tail_ratio(side) for side in sides)
    if any(counts):
        return LossEffect(Estimand.SHARE, _effect_on_share(*lost), largest, counts)
    if largest > LARGEST_TO_MEDIAN:
        logs = paired_effect(np.log(sides[0]), np.log(sides[1]))
        return LossEffect(Estimand.LOG_RATIO, logs, largest, counts)
    return LossEffect(Estimand.DIFFERENCE, paired_effect(sides[0], sides[1]), largest, counts)


def nearly_diverged(losses: Array, guess: float) -> NDArray[np.bool_]:
    """Return which runs have a loss of more than twice that of a guess, or none."""
    return np.asarray(~(losses <= WORSE_THAN_GUESS * guess))


def tail_ratio(losses: Array) -> float:
    """Return the largest loss over the median one; NaN if a run has none."""
    if not np.isfinite(losses).all():
        return math.nan
    return float(losses.max() / np.median(losses))


def _effect_on_share(treatment: NDArray[np.bool_], control: NDArray[np.bool_]) -> Effect:
    """Return the difference of two shares in pairs, with the p of McNemar's exact test.

    McNemar, "Note on the sampling error of the difference between correlated proportions or
    percentages", Psychometrika 12, 1947.
    """
    only, other = int((treatment & ~control).sum()), int((control & ~treatment).sum())
    p = float(stats.binomtest(only, only + other).pvalue) if only + other else 1.0
    return Effect(len(treatment), (only - other) / len(treatment), p=p)
