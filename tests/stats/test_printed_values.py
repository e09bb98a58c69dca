"""Printed numbers: by brute force over all counts and all printable values."""

import math
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restudy.stats.printed_values import UNINFORMATIVE, accepted_share, can_be_printed


@given(st.integers(1, 400), st.integers(0, 2), st.integers(0, 10_000))
def test_grim_by_all_counts(samples: int, decimals: int, cents: int) -> None:
    unit = Decimal(1).scaleb(-decimals)
    printed = str((Decimal(cents) / 100).quantize(unit))
    possible = {
        str((Decimal(100 * k) / samples).quantize(unit, way))
        for k in range(samples + 1)
        for way in (ROUND_HALF_UP, ROUND_HALF_DOWN)
    }
    assert can_be_printed(printed, samples) == (printed in possible)


def test_grim_of_the_paper() -> None:
    # Brown and Heathers: a mean of 5.19 of 28 whole numbers cannot be; 5.18 and 5.21 can.
    assert not can_be_printed("5.19", 2800)
    assert can_be_printed("86.67", 30)
    assert not can_be_printed("86.68", 30)
    assert can_be_printed("100", 7)
    assert not can_be_printed("101", 7)
    for text, samples in (("nan", 5), ("words", 5), ("50", 0)):
        with pytest.raises(ValueError, match=r"no number|no percentage"):
            can_be_printed(text, samples)


def tenths(low: int, high: int) -> st.SearchStrategy[float]:
    return st.integers(low * 100, high * 100).map(lambda i: i / 100)


@given(tenths(-5, 5), tenths(0, 8), st.integers(-1, 2), st.sampled_from([0.0, 0.05, 0.5]))
def test_accepted_share_by_all_values(low, width, decimals, slack) -> None:
    high = round(low + width, 2)
    unit = Decimal(1).scaleb(-decimals)
    values = [unit * i for i in range(-1000, 1001) if 0 <= unit * i <= 3]
    ends = Decimal(str(low)) - Decimal(str(slack)), Decimal(str(high)) + Decimal(str(slack))
    expected = sum(ends[0] <= one <= ends[1] for one in values) / len(values)
    found = accepted_share(low, high, decimals=decimals, bounds=(0, 3), slack=slack)
    assert found == pytest.approx(expected)


def test_what_an_interval_says() -> None:
    share = accepted_share(-26, 101, decimals=2, bounds=(0, 100))
    assert share == 1 > UNINFORMATIVE
    assert accepted_share(97, 98, decimals=2, bounds=(0, 100)) == pytest.approx(101 / 10_001)
    assert accepted_share(-math.inf, math.inf, decimals=0, bounds=(0, 9)) == 1
    for arguments in ((math.nan, 1.0, (0, 1)), (0.0, 1.0, (0, math.inf)), (0.0, 1.0, (0.1, 0.9))):
        with pytest.raises(ValueError, match="no "):
            accepted_share(*arguments[:2], decimals=0, bounds=arguments[2])
