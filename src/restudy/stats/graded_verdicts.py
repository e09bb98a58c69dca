"""Graded verdicts: a test, a condition, a part of a claim, a claim.

A claim has parts, each with one estimand. A part has conditions, such as data sets, in which it is
tested. In a condition there are one or more tests, which must hold together.

**Test.** `p_values` gives the p of three questions about the true effect d, with a margin m > 0:

============= ==================== =================== ================= =====================
the claim      it holds             it is against       it is negligible  also asked of the
                                                                          estimate e
============= ==================== =================== ================= =====================
greater        d > 0                d < 0               -m < d < m        e >= m to hold,
                                                                          e <= -m to be against
less           d < 0                d > 0               -m < d < m        the same, turned
different      d is not 0           never asked         -m < d < m        |e| >= m to hold
equal          -m < d < m           |d| > m           never asked       nothing
non_superior   d < m                d > m               never asked       nothing
non_inferior   d > -m               d < -m              never asked       nothing
============= ==================== =================== ================= =====================

An answer is given where its p is at most the level of a question, 0.025 for a 95% interval. At most
one answer can be given, since each needs the estimate elsewhere. Otherwise the test is open.

**Condition.** It holds if all of its tests hold, and is negligible if all are: the largest p counts
(intersection-union: Berger, Technometrics 24, 1982). It is against if some test is: Simes' p.

**Part and claim.** Both are graded by the answers in all their conditions:

===================== ===== ======= ========== ====
grade                 holds against negligible open
===================== ===== ======= ========== ====
supported             all   none    none       none
supported in part     some  none    some or none, not both none
open                  none  none    not all    some
negligible effect     none  none    all        none
mixed                 some  some    any        any
contradicted in part  none  some    some or none, not both none
contradicted          none  all     none       none
===================== ===== ======= ========== ====

The grade of a claim follows from the grades of its parts alone, in the same way, whatever their
order.

**Order.** contradicted < contradicted in part < mixed < negligible effect < open < supported in
part < supported, and of answers against < negligible < open < holds. Then, at one level:

1. A better answer in one condition never lowers a grade. So a smaller p of "holds" never moves it
   away from supported, nor does one more condition that holds, and a smaller p of "against" or one
   more condition against never moves it away from contradicted.
2. A weaker correction (a larger level) changes no answer but open ones. So supported, contradicted,
   negligible effect and mixed stay what they are. "In part" can become the whole or mixed, never
   open or the other side.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from restudy.stats.effects import Effect, upper_tail
from restudy.stats.multiplicity import simes
from restudy.stats.verdict import BOUNDS, Direction


class Answer(StrEnum):
    """What a test, or the tests of one condition, say; from the lowest to the highest."""

    AGAINST = "against"
    NEGLIGIBLE = "negligible"
    OPEN = "open"
    HOLDS = "holds"


class Grade(StrEnum):
    """Verdict on a part or a claim; from the lowest to the highest."""

    CONTRADICTED = "contradicted"
    CONTRADICTED_IN_PART = "contradicted in part"
    MIXED = "mixed"
    NEGLIGIBLE = "negligible effect"
    OPEN = "open"
    SUPPORTED_IN_PART = "supported in part"
    SUPPORTED = "supported"


class PValues(NamedTuple):
    """One-sided p values of the questions of a test; NaN for one that is not asked.

    Attributes:
        holds: of the null hypothesis that the claim does not hold.
        against: of the null hypothesis that the opposite does not hold.
        negligible: of the null hypothesis that the effect is as large as the margin.
    """

    holds: float
    against: float
    negligible: float = math.nan


class Conditions(NamedTuple):
    """Grade with the names of the conditions behind it.

    Attributes:
        grade: the grade.
        holds, against, negligible, open: names of the conditions with this answer, in their order.
    """

    grade: Grade
    holds: tuple[str, ...]
    against: tuple[str, ...]
    negligible: tuple[str, ...]
    open: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of conditions."""
        return sum(map(len, self[1:]))

    @property
    def k(self) -> int:
        """Number of conditions in which the part holds."""
        return len(self.holds)


class GradedClaim(NamedTuple):
    """Grade of a claim with its parts.

    Attributes:
        grade: the grade of the claim.
        parts: grade and conditions of each part, by its name.
    """

    grade: Grade
    parts: Mapping[str, Conditions]


def p_values(effect: Effect, margin: float, direction: Direction) -> PValues:
    """Return the p values of a test's questions (the first table of this module).

    They are those of one-sided t tests; that of "negligible", and of "equal", is the larger one of
    two (TOST: Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987). Those of a
    side that the claim does not name ("different", and what is against "equal") are doubled. A p
    is 1 where the estimate is not where it must be, and where there is no interval.

    Whatever the true effect is, one test gives a wrong answer with a probability of at most twice
    the level of a question. At d = 0 there are two wrong answers, of one level each. At d >= m
    "negligible" and "against" both need an estimate below the upper bound of the test of
    equivalence, which has a probability of at most one level.

    Raises:
        ValueError: ``margin`` is below 0 or not finite, or 0 for a claim of no effect, or the
            direction is unknown.
    """
    if not 0 <= margin < math.inf or (direction in BOUNDS and margin == 0):
        raise ValueError(f"no margin of {margin} for a claim of {direction!r}")
    if direction in ("less", "non_inferior"):
        turned: Direction = "greater" if direction == "less" else "non_superior"
        return p_values(effect._replace(mean=-effect.mean), margin, turned)
    mean = effect.mean
    too_large, too_small = _tail(effect, mean - margin), _tail(effect, -mean - margin)
    inside = max(_tail(effect, margin - mean), _tail(effect, margin + mean))
    negligible = inside if margin > 0 else math.nan
    above = _tail(effect, mean) if mean >= margin else 1.0
    below = _tail(effect, -mean) if mean <= -margin else 1.0
    match direction:
        case "greater":
            return PValues(above, below, negligible)
        case "different":
            return PValues(min(1.0, 2 * min(above, below)), math.nan, negligible)
        case "equal":
            return PValues(inside, min(1.0, 2 * min(too_large, too_small)))
        case "non_superior":
            return PValues(_tail(effect, margin - mean), too_large)
        case _:
            raise ValueError(f"a claim is no {direction!r}")


def p_of_condition(tests: Iterable[PValues]) -> PValues:
    """Return the p values of a condition whose tests must hold together.

    Raises:
        ValueError: there is no test.
    """
    holds, against, negligible = zip(*tests, strict=True)
    return PValues(_largest(holds), float(simes(against)), _largest(negligible))


def answer(p: PValues, level: float) -> Answer:
    """Return the answer of a test or condition.

    Args:
        p: p values, adjusted if there are several tests.
        level: of each question.
    """
    for value, given in zip(p, (Answer.HOLDS, Answer.AGAINST, Answer.NEGLIGIBLE), strict=True):
        if value <= level:
            return given
    return Answer.OPEN


def grade(answers: Iterable[Answer]) -> Grade:
    """Return the grade of a part or claim from the answers in its conditions.

    Raises:
        ValueError: there is no answer.
    """
    found = set(answers)
    if not found:
        raise ValueError("no condition, no grade")
    if {Answer.HOLDS, Answer.AGAINST} <= found:
        return Grade.MIXED
    if Answer.HOLDS in found:
        return Grade.SUPPORTED if len(found) == 1 else Grade.SUPPORTED_IN_PART
    if Answer.AGAINST in found:
        return Grade.CONTRADICTED if len(found) == 1 else Grade.CONTRADICTED_IN_PART
    return Grade.NEGLIGIBLE if found == {Answer.NEGLIGIBLE} else Grade.OPEN


def grade_claim(answers: Mapping[str, Mapping[str, Answer]]) -> GradedClaim:
    """Return the grade of a claim and of its parts.

    Args:
        answers: part -> condition -> answer.

    Raises:
        ValueError: there is no part, or a part has no condition.
    """
    parts = {name: _of_part(part) for name, part in answers.items()}
    return GradedClaim(grade(a for part in answers.values() for a in part.values()), parts)


def _of_part(answers: Mapping[str, Answer]) -> Conditions:
    names = (
        tuple(name for name, given in answers.items() if given is one)
        for one in (Answer.HOLDS, Answer.AGAINST, Answer.NEGLIGIBLE, Answer.OPEN)
    )
    return Conditions(grade(answers.values()), *names)


def _tail(effect: Effect, distance: float) -> float:
    """Return the p of a one-sided t test, 1 without an interval."""
    p = float(upper_tail(distance, effect.se, effect.df))
    return 1.0 if math.isnan(p) else p


def _largest(p: Iterable[float]) -> float:
    """Return the largest p; NaN if a question is not asked of one of the tests."""
    values = list(p)
    return math.nan if any(map(math.isnan, values)) else max(values)
