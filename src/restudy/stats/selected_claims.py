"""Multiplicity over claims: select claims, then answer within the selected ones.

1. **Within a claim.** Each condition has up to three questions (`graded_verdicts`). Each question
   is a family over all conditions of the claim, adjusted by Hochberg, so that "holds in all" is the
   intersection-union test, and "holds in k of m" the partial conjunction of Benjamini and Heller
   (2008). A p is then doubled, as for a two-sided test: at level a, the interval of level 1 - a
   answers. For positively dependent tests, the probability of even one wrong answer in a claim is
   at most a, if it has one condition or two questions. It can come up to 1.5 a if effects as large
   as the margin stand beside smaller ones; `calibrate` has such claims.
2. **A claim's p** is the smallest of these adjusted p: the smallest level at which any answer is
   given. Note that it is no p of "all effects are 0": in that case "negligible" would be right.
3. **Over claims.** Benjamini and Hochberg at level q select R of m claims. The answers in each
   selected claim are those at level q R / m (Benjamini and Bogomolov, "Selective inference on
   multiple families of hypotheses", JRSS B 76, 2014).

By step 2 exactly the selected claims have an answer. So the expected share of claims with even one
wrong answer, among those with any answer, is at most q (with the probability of step 1). This is
proven for claims that are independent of each other and for p values that are right; `calibrate`
simulates it with seeds that claims share, and with noise that is not normal (`rule_simulation`).

A smaller p anywhere, or one more claim with an answer, only raises the level of all others. The
answers given are then given again, with perhaps more beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restudy.stats.graded_verdicts import (
    Answer,
    GradedClaim,
    PValues,
    answer,
    grade_claim,
    p_of_condition,
)
from restudy.stats.multiplicity import benjamini_hochberg, hochberg
from restudy.stats.verdict import ALPHA

Array = NDArray[np.float64]


SIDES = 2
"""Factor of a one-sided p, as each question has half of the level."""


class ConditionTest(NamedTuple):
    """A test that judges.

    Attributes:
        part: name of the part of the claim.
        condition: name of the condition.
        p: p values of its questions.
    """

    part: str
    condition: str
    p: PValues


class JudgedClaim(NamedTuple):
    """A claim with its grade.

    Attributes:
        p: smallest level at which the claim has an answer by itself.
        p_adjusted: the same among all claims: it has an answer if this is at most q.
        level: q R / m, the level of the answers in each claim.
        adjusted: p values by part and condition, adjusted within the claim; an answer is given if
            its p is at most ``level``.
        graded: grade of the claim and of its parts.
    """

    p: float
    p_adjusted: float
    level: float
    adjusted: Mapping[tuple[str, str], PValues]
    graded: GradedClaim


def judge_claims(
    claims: Mapping[str, Sequence[ConditionTest]], q: float = ALPHA
) -> dict[str, JudgedClaim]:
    """Return the grades of claims that are judged together.

    Args:
        claims: the tests of each claim; those that are pending or exploratory are left out.
        q: largest expected share of claims with a wrong answer among those with an answer.

    Raises:
        ValueError: a claim has no test, or ``q`` does not lie between 0 and 1.
    """
    if not 0 < q < 1:
        raise ValueError(f"a level lies between 0 and 1, not at {q}")
    if not claims:
        return {}
    adjusted = {name: _adjusted(tests) for name, tests in claims.items()}
    own = np.array([np.nanmin(list(p.values())) for p in adjusted.values()])
    among_claims = benjamini_hochberg(own)
    level = level_of_selected(own, q)
    return {
        name: JudgedClaim(float(p), float(among), float(level), cells, _graded(cells, float(level)))
        for (name, cells), p, among in zip(adjusted.items(), own, among_claims, strict=True)
    }


def adjust_within(p: Array) -> Array:
    """Return p values adjusted for the conditions and questions of a claim.

    Args:
        p: shape (..., questions, conditions); NaN for a question that is not asked.
    """
    return np.asarray(np.minimum(SIDES * hochberg(p), 1), np.float64)


def level_of_selected(p: Array, q: float) -> Array:
    """Return q R / m, where R of m claims are selected; q / m if none is.

    Args:
        p: p values of claims, shape (..., m).
        q: level of the selection.
    """
    selected = (benjamini_hochberg(p) <= q).sum(axis=-1)
    return np.asarray(q * np.maximum(selected, 1) / p.shape[-1], np.float64)


def _adjusted(tests: Sequence[ConditionTest]) -> dict[tuple[str, str], PValues]:
    if not tests:
        raise ValueError("a claim without a test has no p")
    cells: dict[tuple[str, str], list[PValues]] = {}
    for test in tests:
        cells.setdefault((test.part, test.condition), []).append(test.p)
    p = np.array([p_of_condition(cell) for cell in cells.values()]).T
    return {
        cell: PValues(*row) for cell, row in zip(cells, adjust_within(p).T.tolist(), strict=True)
    }


def _graded(cells: Mapping[tuple[str, str], PValues], level: float) -> GradedClaim:
    answers: dict[str, dict[str, Answer]] = {}
    for (part, condition), p in cells.items():
        answers.setdefault(part, {})[condition] = answer(p, level)
    return grade_claim(answers)
