"""Intervals of the shares of variance."""

import itertools

import numpy as np
import pandas as pd
import pytest

from restudy.stats.share_intervals import share_intervals
from restudy.stats.variance import RESIDUAL, decompose

FACTORS = ["a", "b"]


def design(rng: np.random.Generator, seeds: int = 5, noise: float = 1.0) -> pd.DataFrame:
    levels = list(itertools.product("xyz", "xy", range(seeds)))
    runs = pd.DataFrame(levels, columns=[*FACTORS, "seed"])
    effect = runs["a"].map({"x": -1.0, "y": 0.0, "z": 1.0}) + (runs["b"] == "x")
    return runs.assign(value=effect + noise * rng.normal(size=len(runs)))


def test_shares_are_those_of_the_decomposition() -> None:
    runs = design(np.random.default_rng(0))
    found = share_intervals(runs, FACTORS, "value")
    theirs = decompose(runs, FACTORS, "value").table
    assert found["source"].tolist() == theirs["source"].tolist()
    assert np.allclose(found["omega_squared"][:-1], theirs["omega_sq"][:-1])
    assert found["omega_squared"].sum() == pytest.approx(1)
    assert (found["ci_low"] <= found["ci_high"]).all()
    assert (found["ci_low"] >= 0).all()
    assert (found["ci_high"] <= 1).all()


def test_deterministic_and_free_of_the_unit() -> None:
    runs = design(np.random.default_rng(1))
    found = share_intervals(runs, FACTORS, "value", resamples=200)
    shuffled = runs.assign(value=7 - 3 * runs["value"]).sample(frac=1, random_state=0)
    again = share_intervals(shuffled, FACTORS, "value", resamples=200)
    pd.testing.assert_frame_equal(found, again)
    other = share_intervals(runs, FACTORS, "value", resamples=200, seed=1)
    assert not np.allclose(found["ci_low"], other["ci_low"])


def test_without_noise_the_interval_is_a_point() -> None:
    # Effects -1, 0, 1 and -1/2, 1/2: mean squares 2/3 and 1/4.
    found = share_intervals(design(np.random.default_rng(0), noise=0.0), FACTORS, "value")
    expected = np.array([8, 3, 0, 0]) / 11
    for column in ("omega_squared", "ci_low", "ci_high"):
        assert np.allclose(found[column], expected)


def test_seeds_that_are_not_everywhere() -> None:
    runs = design(np.random.default_rng(0))
    lost = runs.copy()
    lost.loc[lost.index[3], "value"] = np.nan  # seed 3, at one combination
    rest = runs[runs["seed"] != 3]
    pd.testing.assert_frame_equal(
        share_intervals(lost, FACTORS, "value"), share_intervals(rest, FACTORS, "value")
    )
    # A combination where all diverged is not there at all.
    whole = runs[(runs["a"] != "x") | (runs["b"] != "x")]
    assert share_intervals(whole, FACTORS, "value")["ci_high"].notna().all()


def test_nothing_to_tell() -> None:
    runs = design(np.random.default_rng(0))
    one = share_intervals(runs[runs["seed"] == 0], FACTORS, "value")
    assert one["source"].iloc[-1] == RESIDUAL
    assert one[["omega_squared", "ci_low", "ci_high"]].isna().all(axis=None)
    equal = share_intervals(runs.assign(value=0.1), FACTORS, "value")
    assert equal[["omega_squared", "ci_low", "ci_high"]].isna().all(axis=None)


def test_says_no() -> None:
    runs = design(np.random.default_rng(0))
    with pytest.raises(ValueError, match="one seed"):
        share_intervals(pd.concat([runs, runs.head(1)]), FACTORS, "value")
    with pytest.raises(ValueError, match="no run"):
        share_intervals(runs.assign(value=np.nan), FACTORS, "value")
    with pytest.raises(ValueError, match="resample"):
        share_intervals(runs, FACTORS, "value", resamples=0)
    with pytest.raises(ValueError, match="factor"):
        share_intervals(runs, [], "value")


def test_covers_about_as_often_as_it_says() -> None:
    # Truth: 2/3 and 1/4 beside a noise of 1.
    truth = np.array([2 / 3, 1 / 4, 1]) / (2 / 3 + 1 / 4 + 1)
    rng, times = np.random.default_rng(2), 150
    covered = np.zeros(3)
    for _ in range(times):
        found = share_intervals(design(rng, seeds=10), FACTORS, "value", resamples=300)
        ends = found.iloc[[0, 1, 3]]
        covered += (ends["ci_low"] <= truth) & (truth <= ends["ci_high"])
    assert (covered / times > 0.85).all()
