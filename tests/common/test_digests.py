"""Digests of plain values."""

from restudy.common.digests import digest


def test_a_digest_depends_on_the_value_and_not_on_the_order_of_keys():
    assert digest({"a": 1, "b": [2.5, None]}) == digest({"b": [2.5, None], "a": 1})
    assert digest({"a": [1, 2]}) != digest({"a": [2, 1]})


def test_fewer_digits_are_the_first_of_more():
    assert len(digest("x")) == 16
    assert digest("x", 10) == digest("x")[:10]
