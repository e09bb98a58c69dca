"""Holding runs of ours beside one printed number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

import numpy as np

from restudy.config.reductions import Reduction
from restudy.evidence.metric_extraction import StudyTables, joint_reductions, take
from restudy.evidence.metric_selectors import Reading
from restudy.evidence.reasons import Reason, reason
from restudy.evidence.schema import PERCENT
from restudy.stats.intervals import LEVEL, Estimate, prediction_interval


class Ours(NamedTuple):
    """The runs of a reading beside a printed number, in its unit.

    Attributes:
        printed: the number.
        estimate: mean, and interval for one more run.
        slack: how far beyond an end of the interval the number may lie by rounding alone: half a
            unit of its last digit, and half a step of the curve that ours were read off.
        diverged: number of runs without a value.
        reductions: what the scale reduces of the recipe: if anything, the runs judge nothing.
    """

    printed: float
    estimate: Estimate
    slack: float
    diverged: int
    reductions: tuple[Reduction, ...] = ()

    @property
    def open(self) -> Reason | None:
        """Why the runs judge nothing; None if they do."""
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
    """A printed number and where ours is to be read.

    Attributes:
        value: as it is printed.
        unit: percent and percentage points are a hundred times our shares.
        reading: which number of ours.
    """

    value: str
    unit: str
    reading: Reading


def compare(
    printed: str,
    unit: str,
    reading: Reading,
    studies: Mapping[str, StudyTables],
    level: float = LEVEL,
) -> Ours:
    """Take a reading and hold it beside a printed number.

    Args:
        printed: the number, as it is printed.
        unit: its unit; percent and percentage points are a hundred times our shares.
        reading: which number of ours.
        studies: the tables of the studies of this run.
        level: of the prediction interval.

    Raises:
        MissingError: there is no such number in this run.
    """
    taken = take(reading, studies)
    values = taken.by_seed * (100 if unit in PERCENT else 1)
    estimate = prediction_interval(values, level)
    if reading.floor is not None:
        logs = prediction_interval(
            np.log((values - reading.floor).where(values > reading.floor)), level
        )
        low, high = (reading.floor + math.exp(end) for end in (logs.low, logs.high))
        estimate = estimate._replace(low=low, high=high)
    return Ours(
        printed=float(printed),
        estimate=estimate,
        slack=half_unit(printed) + taken.resolution / 2,
        diverged=int(values.isna().sum()),
        reductions=taken.reductions,
    )


def compare_difference(
    first: Printed, second: Printed, studies: Mapping[str, StudyTables], level: float = LEVEL
) -> Ours:
    """Hold a difference of two printed numbers beside that of ours, in pairs of seeds.

    Args:
        first: the number.
        second: what is subtracted from it; of the same unit.
        studies: the tables of the studies of this run.
        level: of the prediction interval.

    Raises:
        MissingError: there is no such number in this run.
    """
    taken = [take(one.reading, studies) for one in (first, second)]
    mine, theirs = taken[0].by_seed.align(taken[1].by_seed, join="inner")
    pairs = (mine - theirs) * (100 if first.unit in PERCENT else 1)
    return Ours(
        printed=float(Decimal(first.value) - Decimal(second.value)),
        estimate=prediction_interval(pairs, level),
        slack=half_unit(first.value)
        + half_unit(second.value)
        + sum(one.resolution for one in taken) / 2,
        diverged=int(pairs.isna().sum()),
        reductions=joint_reductions(taken),
    )


def half_unit(printed: str) -> float:
    """Return half a unit of the last digit of a printed number: 0.005 for ``79.89``."""
    return float(Decimal((0, (5,), _exponent(printed) - 1)))


def is_equal_as_printed(ours: str, printed: str) -> bool:
    """Tell whether our value, rounded as the source prints it, is the same text."""
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
