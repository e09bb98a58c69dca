"""The decomposition of variance against a case by hand, statsmodels, and what must always hold."""

import itertools

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.anova import anova_lm

from restudy.stats.variance import HIGHER, RESIDUAL, decompose

FACTORS = ["a", "b", "c"]


def design(values: np.ndarray, seeds: int = 2) -> pd.DataFrame:
    levels = itertools.product("xyz", "xy", "xy", range(seeds))
    return pd.DataFrame(levels, columns=[*FACTORS, "seed"]).assign(value=values)


def random_design(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    runs = design(rng.normal(size=24))
    runs["value"] += runs["a"].map({"x": 0, "y": 1, "z": 3}) + 2 * (runs["b"] == runs["c"])
    return runs


def shares(runs: pd.DataFrame, **options: int) -> pd.Series:
    return decompose(runs, FACTORS, "value", **options).table.set_index("source")["eta_sq"]


def test_by_hand() -> None:
    # Group means 1, 3, 5, 11; seeds lie 1 from them. Grand mean 5.
    runs = pd.DataFrame(
        {"a": list("ppppqqqq"), "b": list("xxyyxxyy"), "value": [0, 2, 2, 4, 4, 6, 10, 12]}
    )
    table = decompose(runs, ["a", "b"], "value").table
    assert table["source"].tolist() == ["a", "b", "a x b", RESIDUAL]
    assert table["df"].tolist() == [1, 1, 1, 4]
    assert np.allclose(table["sum_sq"], [8 * 9, 8 * 4, 8 * 1, 8])
    assert np.allclose(table["eta_sq"], np.array([72, 32, 8, 8]) / 120)
    assert np.allclose(table["omega_sq"][:3], np.array([70, 30, 6]) / 122)
    assert np.isnan(table["omega_sq"].iloc[-1])


def their_table(runs: pd.DataFrame, formula: str) -> pd.DataFrame:
    table = anova_lm(smf.ols(f"value ~ {formula}", runs).fit(), typ=2)
    return table.rename(lambda name: name.replace(":", " x "))


@pytest.mark.parametrize("lost", [[], [0], [0, 7, 11]], ids=["balanced", "one lost", "three lost"])
def test_like_statsmodels(lost: list[int]) -> None:
    runs = random_design()
    runs.loc[lost, "value"] = np.nan
    found = decompose(runs, FACTORS, "value", order=3)
    assert (found.n, found.dropped, found.balanced) == (24 - len(lost), tuple(lost), not lost)
    theirs = their_table(runs.dropna(), "a * b * c")
    ours = found.table.set_index("source").rename({RESIDUAL: "Residual"})
    assert np.allclose(ours["sum_sq"], theirs["sum_sq"].reindex(ours.index))
    assert np.allclose(ours["df"], theirs["df"].reindex(ours.index))


def test_higher_interactions_are_pooled() -> None:
    runs = random_design()
    two, three = shares(runs, order=2), shares(runs, order=3)
    assert two[HIGHER] == pytest.approx(three["a x b x c"])
    assert two.drop(HIGHER).to_dict() == pytest.approx(three.drop("a x b x c").to_dict())
    assert shares(runs, order=1)[HIGHER] == pytest.approx(
        three[["a x b", "a x c", "b x c", "a x b x c"]].sum()
    )


def test_it_says_what_is_missing() -> None:
    runs = random_design()
    assert decompose(runs, FACTORS, "value").note == ""
    runs.loc[3, "value"] = np.nan
    note = decompose(runs, FACTORS, "value").note
    assert "1 of 24 runs" in note
    assert "unbalanced" in note
    # A whole combination that is lost is no full factorial either.
    whole = random_design()
    whole.loc[[0, 1], "value"] = np.nan
    found = decompose(whole, FACTORS, "value", order=3)
    assert not found.balanced
    assert found.table.set_index("source").loc["a x b x c", "df"] == 1


def test_small_designs() -> None:
    runs = random_design()
    alone = decompose(runs[runs["a"] == "x"], FACTORS, "value").table
    assert "a" not in set(alone["source"])
    single = decompose(runs.drop_duplicates(FACTORS), FACTORS, "value", order=3).table
    assert single["df"].iloc[-1] == 0
    assert single["omega_sq"].isna().all()
    one = decompose(runs.head(2), FACTORS, "value").table  # seeds alone
    assert one["source"].tolist() == [RESIDUAL]
    assert one["eta_sq"].tolist() == pytest.approx([1.0])
    constant = decompose(runs.assign(value=0.1), FACTORS, "value").table
    assert constant["eta_sq"].isna().all()
    with pytest.raises(ValueError, match="no run"):
        decompose(runs.assign(value=np.nan), FACTORS, "value")
    with pytest.raises(ValueError, match="order"):
        decompose(runs, FACTORS, "value", order=0)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(-50, 50), min_size=24, max_size=24).filter(lambda v: len(set(v)) > 1),
    st.integers(-1000, 1000),
    st.permutations(range(24)),
)
def test_always(values: list[int], shift: int, order: list[int]) -> None:
    runs = design(np.array(values, float))
    found = shares(runs)
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()
    moved = runs.assign(value=runs["value"] + shift).iloc[order]
    assert shares(moved).to_dict() == pytest.approx(found.to_dict(), abs=1e-9)
    scaled = runs.assign(value=runs["value"] * -3)
    assert shares(scaled).to_dict() == pytest.approx(found.to_dict(), abs=1e-9)
