"""Numbers and lists are written as people write them."""

import math

import pytest

from restudy.common.text_format import (
    DASH,
    MINUS,
    TIMES,
    agree,
    amount,
    brief,
    estimate,
    joined,
    percent,
    sentence,
    span,
    spelled,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.012345, "0.0123"),
        (-0.5, f"{MINUS}0.500"),
        (0.9996, "1.00"),
        (99.96, "100"),
        (12345.6, "12,346"),
        (3.4841e-8, f"3.48 {TIMES} 10⁻⁸"),
        (2.5e7, f"2.50 {TIMES} 10⁷"),
        (0.0, "0"),
        (math.inf, "∞"),
        (-math.inf, f"{MINUS}∞"),
        (math.nan, DASH),
    ],
)
def test_digits_that_count(value, text):
    assert brief(value) == text


def test_a_sign_if_asked_for():
    assert brief(0.5, signed=True) == "+0.500"
    assert brief(0.0, signed=True) == "0"


@pytest.mark.parametrize(
    ("numbers", "texts"),
    [
        # Half the width is 0.0021: two digits of it are 0.0001 wide.
        ((0.00543, 0.00328, 0.00752), ("+0.0054", "+0.0033 to +0.0075")),
        ((1234.0, 1034.0, 1434.0), ("+1,234", "+1,034 to +1,434")),
        ((-0.004, -0.1, 0.1), ("0.00", f"{MINUS}0.10 to +0.10")),
        ((-2.0, -2.0, -2.0), (f"{MINUS}2.00", f"{MINUS}2.00 to {MINUS}2.00")),
        ((2e-9, 1e-9, 3e-9), (f"+2.00 {TIMES} 10⁻⁹", f"+1.00 {TIMES} 10⁻⁹ to +3.00 {TIMES} 10⁻⁹")),
        ((0.5, math.nan, math.nan), ("+0.500", DASH)),
        ((7.0, 3.0, math.inf), ("+7.00", "+3.00 to +∞")),
    ],
)
def test_an_estimate_has_the_decimals_that_its_interval_leaves(numbers, texts):
    assert estimate(*numbers, signed=True) == texts


def test_small_words():
    assert span(0.8, 1.2) == "0.80 to 1.20"
    assert percent(0.534) == "53%"
    assert percent(-0.001) == "0%"
    assert [spelled(n) for n in (0, 4, 12, 13, 1300)] == ["no", "four", "twelve", "13", "1,300"]
    assert [amount(n, "study", "studies") for n in (0, 1, 1200)] == [
        *("no studies", "1 study", "1,200 studies"),
    ]
    assert [agree(n, "differs", "differ") for n in (1, 4)] == ["1 differs", "4 differ"]
    assert [joined(list("abc"[:n])) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert joined(["a, of b", "c"]) == "a, of b; c"
    assert sentence("what is it?") == "What is it?"
    assert sentence("it is") == "It is."
