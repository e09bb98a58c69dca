from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restudy.common.errors import RestudyError
from restudy.data import load as module
from restudy.data.load import Part, PreparedData, Split, scale, split


def prepared(rows: int, seed: int = 0) -> PreparedData:
    """Images whose first pixel is the row's number, so that parts can be told apart."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 256, (rows, 4)).astype(np.uint8)
    x[:, 0] = np.arange(rows)
    y = np.arange(rows, dtype=np.int64)
    order = rng.permutation(rows)
    return PreparedData("mnist", 0, "digest", x, y, x[:3], y[:3], order)


def regression(rows: int = 500, features: int = 3) -> Split:
    rng = np.random.default_rng(3)
    parts = []
    for count in (rows, 50, 60):
        x = rng.normal([5, -1000, 0.1][:features], [1, 400, 1e-3][:features], (count, features))
        y = rng.normal(2.0, 1.1, count)
        parts.append(Part(x.astype(np.float32), y.astype(np.float32)))
    return Split("california_housing", *parts)


@settings(deadline=None)
@given(data=st.data())
def test_parts_are_disjoint_and_cover_all_rows(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 60))
    validation_samples = data.draw(st.integers(0, rows - 1))
    source = prepared(rows, data.draw(st.integers(0, 5)))
    parts = split(source, None, validation_samples)
    assert len(parts.validation) == validation_samples
    assert sorted([*parts.train.y, *parts.validation.y]) == list(range(rows))
    for part in (parts.train, parts.validation):
        np.testing.assert_array_equal(part.x[:, 0], part.y)  # a row keeps its label
    np.testing.assert_array_equal(parts.test.x, source.x_test)

    fewer = split(source, data.draw(st.integers(1, len(parts.train))), validation_samples)
    np.testing.assert_array_equal(fewer.train.y, parts.train.y[: len(fewer.train)])
    np.testing.assert_array_equal(fewer.validation.y, parts.validation.y)


def test_validation_is_the_end_of_the_order() -> None:
    source = prepared(10)
    parts = split(source, 4, 3)
    np.testing.assert_array_equal(parts.train.y, source.order[:4])
    np.testing.assert_array_equal(parts.validation.y, source.order[-3:])


@pytest.mark.parametrize(
    ("train", "validation", "reason"),
    [
        (8, 3, "train_samples: 8 .* 1 to 7 of 10 rows"),
        (0, 3, "train_samples: 0"),
        (None, 10, "validation_samples: 10 .* 0 to 9"),
        (None, -1, "validation_samples: -1"),
    ],
)
def test_parts_that_do_not_fit_are_refused(train, validation, reason) -> None:
    with pytest.raises(RestudyError, match=f"mnist: {reason}"):
        split(prepared(10), train, validation)


@pytest.mark.parametrize(
    ("scaling", "formula"),
    [
        ("raw", lambda x: x),
        ("zero_one", lambda x: x / 255),
        ("minus_one_one", lambda x: (x / 255 - 0.5) / 0.5),
    ],
)
def test_fixed_scalings_follow_their_formula(scaling, formula) -> None:
    parts = split(prepared(40), 20, 10)
    result = scale(parts, scaling, "none")
    for scaled, part in (
        (result.train, parts.train),
        (result.validation, parts.validation),
        (result.test, parts.test),
    ):
        assert scaled.x.dtype == np.float32
        np.testing.assert_allclose(scaled.x, formula(part.x.astype(np.float64)), atol=1e-7)
        np.testing.assert_array_equal(scaled.y, part.y)
        assert scaled.y.dtype == np.int64


def test_standard_scaling_gives_mean_0_and_sd_1_on_training_rows() -> None:
    parts = regression()
    result = scale(parts, "standard", "standard")
    x = parts.train.x.astype(np.float64)
    y = parts.train.y.astype(np.float64)
    np.testing.assert_allclose(result.train.x.astype(np.float64).mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(result.train.x.astype(np.float64).std(axis=0), 1, rtol=1e-6)
    # The other parts are scaled by what was found on the training rows.
    expected = (parts.test.x.astype(np.float64) - x.mean(axis=0)) / x.std(axis=0)
    np.testing.assert_allclose(result.test.x, expected, rtol=1e-5, atol=1e-6)
    assert result.target_mean == pytest.approx(y.mean(), rel=1e-12)
    assert result.target_sd == pytest.approx(y.std(), rel=1e-12)
    expected = (parts.validation.y.astype(np.float64) - y.mean()) / y.std()
    np.testing.assert_allclose(result.validation.y, expected, rtol=1e-5, atol=1e-6)


def test_predictions_turn_back_to_original_units() -> None:
    parts = regression()
    for target_scaling in ("standard", "none"):
        result = scale(parts, "raw", target_scaling)
        back = result.to_original_units(result.test.y)
        np.testing.assert_allclose(back, parts.test.y, rtol=1e-5, atol=1e-6)
    assert (result.target_mean, result.target_sd) == (0.0, 1.0)
    assert result.test.y.dtype == np.float32


def test_statistics_come_from_the_training_rows_that_are_used() -> None:
    source = prepared(40)
    result = scale(split(source, 15, 10), "standard", "none")
    used = source.x_train[source.order[:15]].astype(np.float64)
    expected = (source.x_test - used.mean(axis=0)) / used.std(axis=0)
    np.testing.assert_allclose(result.test.x, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("value", [0, 7, 0.1, 1e-30])
def test_a_feature_that_never_varies_is_divided_by_1(value: float) -> None:
    parts = regression()
    for part in (parts.train, parts.validation, parts.test):
        part.x[:, 1] = value
    parts.test.x[0, 1] = value + 2
    result = scale(parts, "standard", "none")
    np.testing.assert_allclose(result.train.x[:, 1], 0, atol=1e-12)
    assert result.test.x[0, 1] == pytest.approx(2)


def test_blocks_do_not_change_the_result(monkeypatch) -> None:
    parts = regression()
    whole = scale(parts, "standard", "standard")
    monkeypatch.setattr(module, "_BLOCK_ROWS", 7)
    blocks = scale(parts, "standard", "standard")
    np.testing.assert_allclose(blocks.train.x, whole.train.x, rtol=1e-6, atol=1e-7)
    assert blocks.target_sd == pytest.approx(whole.target_sd, rel=1e-12)


def test_an_empty_validation_part_is_scaled_too() -> None:
    result = scale(split(prepared(10), None, 0), "standard", "none")
    assert result.validation.x.shape == (0, 4)


@pytest.mark.parametrize(
    ("parts", "scaling", "target_scaling"),
    [
        (regression(), "zero_one", "none"),
        (regression(), "minus_one_one", "none"),
        (regression(), "standart", "none"),
        (regression(), "raw", "zero_one"),
        (split(prepared(10), None, 2), "zero_one", "standard"),
    ],
)
def test_scalings_that_make_no_sense_are_refused(parts, scaling, target_scaling) -> None:
    with pytest.raises(ValueError, match="scal"):
        scale(parts, scaling, target_scaling)
