"""Multiplicity over claims: by hand, by brute force, and what must always hold."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from restudy.stats.graded_verdicts import Answer, Grade, PValues, answer, grade
from restudy.stats.selected_claims import ConditionTest, adjust_within, judge_claims

SMALL = st.sampled_from([0.0, 1e-4, 1e-3, 0.004, 0.01, 0.016, 0.03, 0.2, 1.0])


def asked(place: int, p: float) -> PValues:
    """Return the p of a test whose estimate lies where only one question can have an answer."""
    return PValues(*(p if i == place else 1.0 for i in range(3)))


ASKED = st.builds(asked, st.integers(0, 2), SMALL)
CLAIM = st.lists(ASKED, min_size=1, max_size=4)


def one_part(claim: list[PValues]) -> list[ConditionTest]:
    return [ConditionTest("all", str(i), p) for i, p in enumerate(claim)]


def judge(claims: list[list[PValues]], q: float = 0.05):
    return list(judge_claims({str(i): one_part(one) for i, one in enumerate(claims)}, q).values())


def test_by_hand() -> None:
    claims = {
        "a": [ConditionTest("loss", "mnist", PValues(0.001, 1, 1))],
        "b": [
            ConditionTest("loss", "mnist", PValues(0.007, 1, 1)),
            ConditionTest("loss", "housing", PValues(0.02, 1, 1)),
            ConditionTest("speed", "mnist", PValues(1, 0.004, 1)),
        ],
        "c": [ConditionTest("loss", "mnist", PValues(0.02, 1))],
        "d": [ConditionTest("loss", "mnist", PValues(1, 0.4, 1))],
    }
    found = judge_claims(claims)
    # b: least of 2 * 3 * 0.007 and 2 * 2 * 0.02 for holds, and 2 * 3 * 0.004 for against.
    assert [one.p for one in found.values()] == pytest.approx([0.002, 0.024, 0.04, 0.8])
    # Benjamini and Hochberg: times 4, 4 / 2, 4 / 3 and 1, so that two of four are selected.
    assert [one.p_adjusted for one in found.values()] == pytest.approx(
        [0.008, 0.048, 0.16 / 3, 0.8]
    )
    assert {one.level for one in found.values()} == {0.05 * 2 / 4}
    assert [one.graded.grade for one in found.values()] == [
        Grade.SUPPORTED,
        Grade.CONTRADICTED_IN_PART,
        *[Grade.OPEN] * 2,
    ]
    assert found["b"].graded.parts["loss"].open == ("mnist", "housing")
    assert found["b"].graded.parts["speed"].against == ("mnist",)
    found = judge_claims(claims, 0.06)
    assert found["d"].level == pytest.approx(0.06 * 3 / 4)
    assert found["b"].graded.grade is Grade.MIXED
    assert found["b"].graded.parts["loss"].holds == ("mnist",)
    assert found["c"].graded.grade is Grade.SUPPORTED


def test_no_claims() -> None:
    assert judge_claims({}) == {}
    with pytest.raises(ValueError, match="without a test"):
        judge_claims({"a": []})
    with pytest.raises(ValueError, match="level"):
        judge_claims({"a": one_part([PValues(0.1, 1)])}, 0)


@given(st.lists(CLAIM, min_size=1, max_size=6))
def test_selected_are_exactly_the_claims_with_an_answer(claims) -> None:
    found = judge(claims)
    for one in found:
        part = one.graded.parts["all"]
        assert (len(part.open) < part.n) == (one.p_adjusted <= 0.05)
    selected, _, *_ = multipletests([one.p for one in found], 0.05, method="fdr_bh")
    assert found[0].level == pytest.approx(0.05 * max(1, selected.sum()) / len(claims))


@given(st.lists(CLAIM, min_size=1, max_size=5))
def test_answers_within_like_statsmodels(claims) -> None:
    for claim, one in zip(claims, judge(claims), strict=True):
        part = one.graded.parts["all"]
        for kind, names in enumerate((part.holds, part.against, part.negligible)):
            reject = multipletests([p[kind] for p in claim], one.level / 2, "simes-hochberg")[0]
            assert names == tuple(str(i) for i in np.flatnonzero(reject))


@given(st.lists(CLAIM, min_size=1, max_size=5), st.integers(0, 4), st.integers(0, 3), SMALL)
def test_smaller_p_takes_no_answer_back(claims, which, place, smaller) -> None:
    which %= len(claims)
    place %= len(claims[which])
    changed = [list(one) for one in claims]
    old = changed[which][place]
    changed[which][place] = PValues(*(min(one, smaller) if one < 1 else one for one in old))
    before, after = judge(claims), judge(changed)
    for one, other in zip(before, after, strict=True):
        for a, b in zip(one.graded.parts["all"][1:4], other.graded.parts["all"][1:4], strict=True):
            assert set(a) <= set(b)
        if one.graded.grade in (Grade.SUPPORTED, Grade.CONTRADICTED, Grade.MIXED):
            assert other.graded.grade is one.graded.grade


@given(CLAIM, st.integers(0, 3), SMALL, st.sampled_from([0.01, 0.05]))
def test_at_one_level_a_smaller_p_moves_to_its_own_side(claim, place, smaller, level) -> None:
    place %= len(claim)
    changed = [list(one) for one in claim]
    kind = next((kind for kind in range(3) if claim[place][kind] < 1), 0)
    changed[place][kind] = min(changed[place][kind], smaller)
    before, after = (
        list(Grade).index(
            grade(answer(PValues(*p), level) for p in adjust_within(np.array(one).T).T)
        )
        for one in (claim, changed)
    )
    assert (after >= before) if kind == 0 else (after <= before)


@given(st.lists(CLAIM, min_size=1, max_size=4), st.integers(0, 3))
def test_one_more_condition_that_holds(claims, which) -> None:
    """A claim that is supported stays so with one more condition that holds as clearly."""
    which %= len(claims)
    before = judge(claims)
    if before[which].graded.grade is not Grade.SUPPORTED:
        return
    for p in {one.holds for one in claims[which]}:
        more = [list(one) for one in claims]
        more[which].append(PValues(min(p, *(one.holds for one in claims[which])), 1, 1))
        assert judge(more)[which].graded.grade is Grade.SUPPORTED


def test_parts_and_conditions_are_one_family_of_a_claim() -> None:
    tests = [
        ConditionTest("one", "x", PValues(0.01, 1, 1)),
        ConditionTest("two", "x", PValues(1, 1, 1)),
    ]
    found = judge_claims({"a": tests})["a"]
    assert found.adjusted["one", "x"].holds == pytest.approx(0.01 * 2 * 2)
    together = [tests[0], tests[1]._replace(part="one")]
    only = judge_claims({"a": together})["a"]
    assert only.adjusted == {("one", "x"): PValues(1, 1, 1)}
    assert only.graded.parts["one"].open == ("x",)
    assert Answer.OPEN not in only.graded.parts
    assert not math.isnan(only.p)
