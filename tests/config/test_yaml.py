"""Numbers, booleans and words as YAML 1.2 has them."""

import math

import pytest

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
