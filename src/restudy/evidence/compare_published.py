"""Comparison of runs of ours with one printed number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

import numpy as np

from restudy.config.reductions import Reduction
from restudy.evidence.metric_extraction import StudyTables, extract_metric, joint_reductions
from restudy.evidence.metric_selectors import MetricSelector
from restudy.evidence.reasons import Reason, reason
from restudy.evidence.schema import PERCENT
from restudy.stats.intervals import LEVEL, Estimate, prediction_interval


class ReplicateEstimate(NamedTuple):
    """Runs of ours next to a printed number, in its unit.

    Attributes:
        printed: the number.
        estimate: mean, and interval for one more run.
        slack: how far beyond an end of the interval the number may lie by rounding alone: half a
            unit of its last digit, and half a step of the curve that ours were read off.
        diverged: number of runs without a value.
        reductions: what the scale reduces of the recipe: if anything, the number is not judged.
    """

    printed: float
    estimate: Estimate
    slack: float
    diverged: int
    reductions: tuple[Reduction, ...] = ()

    @property
    def open(self) -> Reason | None:
        """Why the number is not judged; None if it is."""
        if self.reductions:
            return reason("reduced", reductions=[one._asdict() for one in self.reductions])
        if self.estimate.n < 2:
            return reason("few_runs", n=self.diverged, total=self.estimate.n + self.diverged)
        return None

    @property
    def loss(self) -> Reason | None:
        """The runs that diverged; None if none did."""
        total = self.estimate.n + self.diverged
        return reason("diverged", n=self.diverged, total=total) if self.diverged else None

    @property
    def beyond(self) -> float:
        """How far the number lies beyond the nearer end of the interval; negative inside it."""
        return max(self.estimate.low - self.printed, self.printed - self.estimate.high)

    @property
    def fits(self) -> bool:
        """Whether one more run could give the number, as it is printed."""
        return self.beyond <= self.slack


class Printed(NamedTuple):
    """A printed number and the number of ours that it is compared with.

    Attributes:
        value: as it is printed.
        unit: percent and percentage points are a hundred times our shares.
        selector: which number of ours.
    """

    value: str
    unit: str
    selector: MetricSelector


def compare(
    printed: Printed,
    studies: Mapping[str, StudyTables],
    level: float = LEVEL,
    minus: Printed | None = None,
) -> ReplicateEstimate:
    """Compare a printed number with ours, or a difference of two with ours in pairs of seeds.

    Args:
        printed: the number.
        studies: the tables of the studies of this run.
        level: of the prediction interval.
        minus: what is subtracted; of the same unit.

    Raises:
        MissingError: there is no such number in this run.
    """
    both = [printed, *([minus] if minus else [])]
    ours = [extract_metric(one.selector, studies) for one in both]
    values, value = ours[0].by_seed, Decimal(printed.value)
    if minus is not None:
        mine, theirs = values.align(ours[1].by_seed, join="inner")
        values, value = mine - theirs, value - Decimal(minus.value)
    values = values * (100 if printed.unit in PERCENT else 1)
    estimate = prediction_interval(values, level)
    bound = printed.selector.lower_bound
    if bound is not None:
        logs = prediction_interval(np.log((values - bound).where(values > bound)), level)
        low, high = (bound + math.exp(end) for end in (logs.low, logs.high))
        estimate = estimate._replace(low=low, high=high)
    return ReplicateEstimate(
        printed=float(value),
        estimate=estimate,
        slack=sum(half_unit(one.value) for one in both) + sum(one.resolution for one in ours) / 2,
        diverged=int(values.isna().sum()),
        reductions=joint_reductions(ours),
    )


def half_unit(printed: str) -> float:
    """Return half a unit of the last digit of a printed number: 0.005 for ``79.89``."""
    return float(Decimal((0, (5,), _exponent(printed) - 1)))


def is_equal_as_printed(ours: str, printed: str) -> bool:
    """Return whether our value, rounded as the source prints it, is the same text."""
    if ours == printed:
        return True
    try:
        unit = Decimal((0, (1,), _exponent(printed)))
        # From the float itself, as a source's own print statement rounds.
        return Decimal(float(ours)).quantize(unit) == Decimal(printed)
    except (InvalidOperation, ValueError):  # words, a shape, or a number of quite another size
        return False


def _exponent(printed: str) -> int:
    exponent = Decimal(printed).as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"{printed!r} is no number")
    return exponent
