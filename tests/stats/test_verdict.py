"""The rule of the verdicts: each line of it, and what must always hold."""

import math
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from restudy.stats.verdict import Direction, Verdict, verdict

S, C, N, I = (  # noqa: E741
    "supported",
    "contradicted",
    "no_meaningful_difference",
    "inconclusive",
)
RANK = {C: -1, N: 0, I: 0, S: 1}

ENDS = st.tuples(*[st.floats(-3, 3)] * 3).map(sorted)
P = st.sampled_from([0.001, 0.2, math.nan])
MARGIN = st.sampled_from([0.5, 1.0])


@pytest.mark.parametrize(
    ("low", "estimate", "high", "p", "greater", "less", "different"),
    [
        (0.2, 1.5, 2.8, 0.01, S, C, S),
        (1.2, 1.5, 1.8, 0.01, S, C, S),
        (0.2, 1.0, 1.8, 0.01, S, C, S),  # the margin itself is enough
        (0.2, 0.9, 1.6, 0.01, I, C, I),  # a difference, but perhaps too small
        (0.1, 0.5, 0.9, 0.01, N, N, N),  # a difference, but surely too small
        (-0.9, 0.0, 0.9, 0.9, N, N, N),
        (-0.5, 1.5, 3.5, 0.2, I, I, I),
        (0.2, 1.5, 2.8, 0.08, I, I, I),  # not after Holm
        (-1.0, 0.0, 0.9, 0.9, I, I, I),  # the edge is not inside
        (-2.8, -1.5, -0.2, 0.01, C, S, S),
        (-1.6, -0.9, -0.2, 0.01, C, I, I),
        (math.nan, 1.5, math.nan, math.nan, I, I, I),
    ],
)
def test_the_rule(low, estimate, high, p, greater, less, different) -> None:
    def judge(direction: str) -> Verdict:
        return verdict(low, estimate, high, margin=1.0, direction=direction, p=p)

    assert (judge("greater"), judge("less"), judge("different")) == (greater, less, different)


@pytest.mark.parametrize(
    ("low", "high", "p", "p_equal", "expected"),
    [
        (-0.5, 0.9, 0.5, 0.01, S),
        (0.1, 0.9, 0.01, 0.01, S),  # different, but not by as much as matters
        (-0.5, 0.9, 0.5, 0.09, I),  # not after Holm
        (-0.5, 0.9, 0.5, math.nan, I),
        (1.0, 1.9, 0.01, 1.0, C),
        (-1.9, -1.2, 0.01, 1.0, C),
        (1.2, 1.9, 0.09, 1.0, I),
        (0.5, 1.9, 0.01, 0.9, I),
        (-9.0, 9.0, 0.9, 0.9, I),  # nothing found is not nothing there
    ],
)
def test_the_rule_of_equality(low, high, p, p_equal, expected) -> None:
    middle = (low + high) / 2
    found = verdict(low, middle, high, margin=1.0, direction="equal", p=p, p_equal=p_equal)
    assert found is expected


@pytest.mark.parametrize(
    ("low", "high", "p", "p_equal", "no_greater", "no_less"),
    [
        (-0.5, 0.9, 0.5, 0.01, S, S),
        (-9.0, 0.9, 0.5, 0.01, S, I),
        (-9.0, 0.9, 0.5, 0.09, I, I),  # not after Holm
        (-9.0, -1.2, 0.01, 0.01, S, C),
        (-9.0, -0.5, 0.01, 0.01, S, I),
        (1.0, 9.0, 0.01, 1.0, C, I),
        (1.2, 9.0, 0.09, 1.0, I, I),
        (0.5, 9.0, 0.01, 0.9, I, I),
        (-9.0, 9.0, 0.9, 0.9, I, I),
    ],
)
def test_the_rules_of_one_side(low, high, p, p_equal, no_greater, no_less) -> None:
    def judge(direction: str) -> Verdict:
        middle = (low + high) / 2
        return verdict(low, middle, high, margin=1.0, direction=direction, p=p, p_equal=p_equal)

    assert (judge("non_superior"), judge("non_inferior")) == (no_greater, no_less)


def every(low, estimate, high, margin, p, p_equal=0.01) -> dict[str, Verdict]:
    return {
        direction: verdict(
            low, estimate, high, margin=margin, direction=direction, p=p, p_equal=p_equal
        )
        for direction in get_args(Direction)
    }


@given(ENDS, MARGIN, P)
def test_claims_agree_with_each_other(ends, margin, p) -> None:
    found = every(*ends, margin, p)
    greater, less, different, equal, no_greater, no_less = found.values()
    turned = every(*(-end for end in reversed(ends)), margin, p)
    assert (turned["less"], turned["greater"]) == (greater, less)
    assert (turned["different"], turned["equal"]) == (different, equal)
    assert (turned["non_inferior"], turned["non_superior"]) == (no_greater, no_less)
    assert (equal is S) == (no_greater is S and no_less is S)
    assert (equal is C) == (no_greater is C or no_less is C)
    assert (different is S) == (greater is S or less is S)
    assert (equal is S) == (different is N)
    assert {greater is N, less is N, different is N} in ({True}, {False})
    if greater is S:
        assert less is C
        assert equal is not S
    if equal is C:
        assert different is S


@given(ENDS, MARGIN, P, st.floats(0, 4))
def test_a_larger_effect_never_speaks_more_against_greater(ends, margin, p, shift) -> None:
    before = every(*ends, margin, p)["greater"]
    after = every(*(end + shift for end in ends), margin, p)["greater"]
    assert RANK[after] >= RANK[before]


@given(ENDS, MARGIN, P, st.floats(0.01, 0.99))
def test_a_narrower_interval_never_undoes_support(ends, margin, p, factor) -> None:
    low, estimate, high = ends
    narrow = (estimate - factor * (estimate - low), estimate, estimate + factor * (high - estimate))
    assume(narrow[0] <= estimate <= narrow[2])
    before, after = every(*ends, margin, p), every(*narrow, margin, p)
    for direction in before:
        if before[direction] in (S, N):
            assert after[direction] is before[direction]


@given(ENDS, P)
def test_with_a_wider_margin_less_matters(ends, p) -> None:
    strict, lenient = every(*ends, 0.5, p), every(*ends, 1.0, p)
    for direction in ("greater", "less", "different"):
        assert strict[direction] is not N or lenient[direction] is N
        assert lenient[direction] is not S or strict[direction] is S


@given(ENDS, st.sampled_from(["greater", "less", "different"]))
def test_without_a_margin_every_difference_matters(ends, direction) -> None:
    assert verdict(*ends, margin=0.0, direction=direction, p=0.01) is not N


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"margin": -1.0}, "margin"),
        ({"margin": math.nan}, "margin"),
        ({"p": 2.0}, "between 0 and 1"),
        ({"p_equal": -1.0}, "between 0 and 1"),
        ({"direction": "equal", "margin": 0.0}, "margin above 0"),
        ({"direction": "non_inferior", "margin": 0.0}, "margin above 0"),
        ({"direction": "better"}, "no 'better'"),
        ({"low": 3.0}, "no interval"),
    ],
)
def test_says_no(options: dict, match: str) -> None:
    given = {"low": 0.0, "estimate": 1.0, "high": 2.0, "margin": 1.0, "direction": "greater"}
    with pytest.raises(ValueError, match=match):
        verdict(**given | {"p": 0.5} | options)
