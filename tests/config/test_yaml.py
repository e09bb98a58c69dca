"""Numbers, booleans and words as YAML 1.2 has them."""

import math

import pytest

from restudy.common.errors import RestudyError
from restudy.config.yaml import read_mapping


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E5", 100_000.0),
        ("-2.5e+1", -25.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("3", 3),
        ("-.inf", -math.inf),
        ("true", True),
        ("False", False),
        ("off", "off"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("'1e-3'", "1e-3"),
        ("1e", "1e"),
        ("e3", "e3"),
        ("null", None),
        ("~", None),
        ("[1e-5, none]", [1e-5, "none"]),
    ],
)
def test_values(tmp_path, text, value):
    path = tmp_path / "values.yaml"
    path.write_text(f"value: {text}\n")
    found = read_mapping(path)["value"]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_read_as_such(tmp_path):
    path = tmp_path / "values.yaml"
    path.write_text("value: .nan\n")
    assert math.isnan(read_mapping(path)["value"])


def test_anchors(tmp_path):
    path = tmp_path / "values.yaml"
    path.write_text("a: &x {b: [1]}\nc: *x\n")
    assert read_mapping(path) == {"a": {"b": [1]}, "c": {"b": [1]}}


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 50_000, "? " * 50_000, "{a: " * 60])
def test_what_is_nested_too_deep_is_told(tmp_path, text):
    """PyYAML's parts in C overrun the stack: the whole process would die."""
    path = tmp_path / "values.yaml"
    path.write_text(text)
    with pytest.raises(RestudyError, match=r"values\.yaml, line 1, column \d+: .* more than 50"):
        read_mapping(path)


@pytest.mark.parametrize(
    "text",
    [
        *("!!float ''", "!!int x", "!!bool maybe", "!!timestamp noon", "!!binary [1]", "!!set [1]"),
        *("!!omap 1", "!!pairs [1]", "2020-13-01", f"1{'0' * 5000}", "a: 1\n---\nb: 2"),
    ],
)
def test_what_python_chokes_on_is_told(tmp_path, text):
    path = tmp_path / "values.yaml"
    path.write_text(f"value: {text}\n")
    with pytest.raises(RestudyError, match=r"values\.yaml.*: no valid YAML"):
        read_mapping(path)
