"""Graded verdicts: p values against scipy and intervals, the table of grades, and their order."""

import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from restudy.stats.effects import Effect, effect_of, t_interval
from restudy.stats.graded_verdicts import (
    Answer,
    Grade,
    PValues,
    answer,
    grade,
    grade_claim,
    p_of_condition,
    p_values,
)
from restudy.stats.intervals import mean_interval
from restudy.stats.verdict import BOUNDS, Direction

H, A, N, O = Answer.HOLDS, Answer.AGAINST, Answer.NEGLIGIBLE, Answer.OPEN  # noqa: E741
ANSWERS, GRADES = list(Answer), list(Grade)

EFFECTS = st.builds(
    lambda mean, se, df: Effect(df + 1, mean, se, df),
    st.integers(-40, 40).map(lambda i: i / 10),
    st.sampled_from([0.05, 0.3, 1.0]),
    st.integers(2, 30),
)
DIRECTIONS = st.sampled_from(get_args(Direction))
P = st.sampled_from([0.0, 0.001, 0.01, 0.02, 0.04, 0.3, 1.0])
# The estimate lies where only one question can have an answer.
ASKED = st.builds(
    lambda place, p: PValues(*(p if i == place else 1.0 for i in range(3))), st.integers(0, 2), P
)


# Tests


def test_p_like_scipy() -> None:
    x = np.array([0.8, 1.4, 1.1, 1.9, 0.7])
    effect = effect_of(mean_interval(x))
    above = stats.ttest_1samp(x, 0, alternative="greater").pvalue
    assert p_values(effect, 1.0, "greater")[:2] == (pytest.approx(above), 1)
    assert p_values(effect, 1.0, "less")[:2] == (1, pytest.approx(above))
    assert p_values(effect, 1.0, "different").holds == pytest.approx(2 * above)
    assert math.isnan(p_values(effect, 1.0, "different").against)
    assert p_values(effect, 1.3, "greater")[:2] == (1, 1)  # too small to hold
    tost = ttost_paired(x, np.zeros(5), -1.5, 1.5)[0]
    assert p_values(effect, 1.5, "greater").negligible == pytest.approx(tost)
    assert p_values(effect, 1.5, "equal").holds == pytest.approx(tost)
    beyond = stats.ttest_1samp(x, 0.2, alternative="greater").pvalue
    assert p_values(effect, 0.2, "equal").against == pytest.approx(2 * beyond)
    assert p_values(effect, 0.2, "non_superior").against == pytest.approx(beyond)
    assert p_values(effect, 0.2, "non_superior").holds == pytest.approx(1 - beyond)
    below = stats.ttest_1samp(x, -0.2, alternative="greater").pvalue
    assert p_values(effect, 0.2, "non_inferior").holds == pytest.approx(below)


@given(EFFECTS, st.sampled_from([0.5, 1.0]), st.sampled_from([0.01, 0.025]))
def test_answers_are_those_of_the_interval(effect: Effect, margin: float, level: float) -> None:
    """With its own level for each question, the interval of level 1 - 2 level decides."""
    low, high = t_interval(effect.mean, effect.se, effect.df, 1 - 2 * level)
    assume(all(abs(end - at) > 1e-9 for end in (low, high) for at in (0, margin, -margin)))
    inside = -margin < low and high < margin
    expected = {
        "greater": H if low > 0 and effect.mean >= margin else None,
        "equal": H if inside else None,
        "non_superior": H if high < margin else A if low > margin else None,
        "non_inferior": H if low > -margin else A if high < -margin else None,
    }
    if high < 0 and effect.mean <= -margin:
        expected["greater"] = A
    if inside:
        expected["greater"] = N
    for direction, one in expected.items():
        found = answer(p_values(effect, margin, direction), level)
        assert found == (one or O) or (direction == "equal" and one is None and found == A)


@given(EFFECTS, st.sampled_from([0.5, 1.0]), DIRECTIONS)
def test_one_answer_at_most(effect: Effect, margin: float, direction: Direction) -> None:
    p = p_values(effect, margin, direction)
    assert sum(one < 0.5 for one in p if not math.isnan(one)) <= 1
    assert all(math.isnan(one) or 0 <= one <= 1 for one in p)
    assert math.isnan(p.negligible) == (direction in BOUNDS)


def test_what_cannot_be_judged() -> None:
    for direction in get_args(Direction):
        assert answer(p_values(Effect(1, 3.0), 0.5, direction), 0.4) is O
    assert math.isnan(p_values(Effect(3, 1.0, 0.1, 2), 0, "greater").negligible)
    for margin, direction in [(-1, "greater"), (0, "equal"), (math.inf, "less"), (1, "higher")]:
        with pytest.raises(ValueError, match=r"margin|no 'higher'"):
            p_values(Effect(3, 1.0, 0.1, 2), margin, direction)


# Direction -> whether the claim holds, the opposite does, and the effect is negligible.
TRUTHS = {
    "greater": lambda d: (d > 0, d < 0, abs(d) < 1),
    "less": lambda d: (d < 0, d > 0, abs(d) < 1),
    "different": lambda d: (d != 0, False, abs(d) < 1),
    "equal": lambda d: (abs(d) < 1, abs(d) > 1, False),
    "non_superior": lambda d: (d < 1, d > 1, False),
    "non_inferior": lambda d: (d > -1, d < -1, False),
}


@pytest.mark.parametrize("direction", TRUTHS)
@pytest.mark.parametrize("truth", [0.0, 0.3, 1.0, -1.0, 1.2])
def test_wrong_answers_of_one_test(direction: Direction, truth: float) -> None:
    """At most twice the level of a question, wherever the true effect lies."""
    level, n, times = 0.1, 5, 600
    right = dict(zip((H, A, N), TRUTHS[direction](truth), strict=True)) | {O: True}
    x = truth + np.random.default_rng(3).normal(size=(times, n)) * 1.5
    effects = (effect_of(mean_interval(one)) for one in x)
    wrong = sum(not right[answer(p_values(one, 1.0, direction), level)] for one in effects)
    assert wrong / times < 2 * level + 4 * math.sqrt(0.16 / times)


# Conditions


def test_a_condition_holds_only_as_a_whole() -> None:
    tests = [PValues(0.01, 1, 1), PValues(0.2, 0.02, 0.9)]
    assert p_of_condition(tests) == PValues(0.2, pytest.approx(0.04), 1)
    assert p_of_condition(tests[:1]) == tests[0]
    assert math.isnan(p_of_condition([*tests, PValues(0.01, 1)]).negligible)
    with pytest.raises(ValueError, match="unpack"):
        p_of_condition([])


# Grades


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([H, H], Grade.SUPPORTED),
        ([H, O], Grade.SUPPORTED_IN_PART),
        ([H, N, O], Grade.SUPPORTED_IN_PART),
        ([H, A, O], Grade.MIXED),
        ([A, O], Grade.CONTRADICTED_IN_PART),
        ([A, N], Grade.CONTRADICTED_IN_PART),
        ([A, A], Grade.CONTRADICTED),
        ([N, N], Grade.NEGLIGIBLE),
        ([N, O], Grade.OPEN),
        ([O], Grade.OPEN),
    ],
)
def test_grades(answers: list[Answer], expected: Grade) -> None:
    assert grade(answers) is expected
    assert grade(answers[::-1]) is expected


SEVERAL = st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=6)


@given(SEVERAL, st.integers(0, 5), st.sampled_from(ANSWERS))
def test_a_better_answer_never_lowers_a_grade(answers, place, other) -> None:
    place %= len(answers)
    changed = [*answers[:place], other, *answers[place + 1 :]]
    steps = ANSWERS.index(other) - ANSWERS.index(answers[place])
    rise = GRADES.index(grade(changed)) - GRADES.index(grade(answers))
    assert rise * steps >= 0


@given(SEVERAL)
def test_one_more_condition(answers) -> None:
    before = GRADES.index(grade(answers))
    assert GRADES.index(grade([*answers, H])) >= before
    assert GRADES.index(grade([*answers, A])) <= before


LATER = {
    Grade.SUPPORTED: {Grade.SUPPORTED},
    Grade.CONTRADICTED: {Grade.CONTRADICTED},
    Grade.NEGLIGIBLE: {Grade.NEGLIGIBLE},
    Grade.MIXED: {Grade.MIXED},
    Grade.SUPPORTED_IN_PART: {Grade.SUPPORTED_IN_PART, Grade.SUPPORTED, Grade.MIXED},
    Grade.CONTRADICTED_IN_PART: {Grade.CONTRADICTED_IN_PART, Grade.CONTRADICTED, Grade.MIXED},
    Grade.OPEN: set(Grade),
}


@given(st.lists(ASKED, min_size=1, max_size=5), P, P)
def test_a_weaker_correction_takes_nothing_back(conditions, level, other) -> None:
    levels = sorted([level / 2, other / 2])
    strict, weak = ([answer(p, one) for p in conditions] for one in levels)
    assert all(a is b for a, b in zip(strict, weak, strict=True) if a is not O)
    assert grade(weak) in LATER[grade(strict)]


@given(st.lists(SEVERAL, min_size=1, max_size=4))
def test_a_claim_follows_from_the_grades_of_its_parts(parts) -> None:
    claim = grade_claim({str(i): dict(enumerate(part)) for i, part in enumerate(parts)})
    typical = {
        Grade.SUPPORTED: [H],
        Grade.SUPPORTED_IN_PART: [H, O],
        Grade.MIXED: [H, A],
        Grade.CONTRADICTED_IN_PART: [A, O],
        Grade.CONTRADICTED: [A],
        Grade.NEGLIGIBLE: [N],
        Grade.OPEN: [O],
    }
    found = [part.grade for part in claim.parts.values()]
    assert found == [grade(part) for part in parts]
    assert claim.grade is grade([one for part in found for one in typical[part]])


def test_conditions_are_named() -> None:
    answers = {"mnist": H, "housing": O, "fashion": H, "noise": A}
    part = grade_claim({"loss": answers}).parts["loss"]
    assert (part.holds, part.against) == (("mnist", "fashion"), ("noise",))
    assert (part.negligible, part.open) == ((), ("housing",))
    assert (part.k, part.n) == (2, 4)
    for nothing in ({}, {"loss": {}}):
        with pytest.raises(ValueError, match="no condition"):
            grade_claim(nothing)
