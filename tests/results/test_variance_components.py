"""Shares and advice on made-up grids whose effects are known."""

import itertools

import numpy as np
import pandas as pd
import pytest

from restudy.results.variance_components import advice, variance_table
from restudy.stats.variance import RESIDUAL


def grid(noise: float = 0.001) -> pd.DataFrame:
    """Norm moves accuracy by 0.1 on mnist and by nothing on fashion; batch size by nothing."""
    rng = np.random.default_rng(0)
    rows = [
        {
            **{"dataset": dataset, "norm": norm, "batch_size": size, "seed": seed},
            "test_accuracy": 0.8
            + 0.1 * (norm == "batch" and dataset == "mnist")
            + rng.normal(0, noise),
        }
        for dataset, norm, size, seed in itertools.product(
            ["mnist", "fashion_mnist"], ["none", "batch"], ["16", "64"], range(5)
        )
    ]
    return pd.DataFrame(rows)


FACTORS = ["dataset", "norm", "batch_size"]


def test_what_explains_the_variance_comes_first_with_its_best_level():
    table = variance_table(grid(), FACTORS)
    first = table[table["dataset"] == "mnist"].iloc[0]
    assert first["source"] == "norm"
    assert first["omega_squared"] > 0.99
    assert first["ci_low"] <= first["omega_squared"] <= first["ci_high"] + 1e-9
    assert (first["best"], first["worst"]) == ("batch", "none")
    assert first["best_mean"] - first["worst_mean"] == pytest.approx(0.1, abs=0.002)
    assert set(table["source"]) == {"norm", "batch_size", "norm x batch_size", RESIDUAL}


def test_every_line_of_advice_is_a_row():
    table = variance_table(grid(), FACTORS)
    lines = advice(table)
    assert len(lines) == len(table)
    assert any(line.startswith("mnist: choose norm batch (0.8995) rather") for line in lines)
    assert any(line.startswith("mnist: batch size hardly matters") for line in lines)
    assert any(line.startswith("fashion_mnist: norm may matter") for line in lines)
    noise = next(line for line in lines if line.startswith("fashion_mnist: the seed matters"))
    assert "compare nothing on one run" in noise


def test_one_seed_says_nothing():
    one = grid()[lambda rows: rows["seed"] == 0]
    assert all("too few seeds" in line for line in advice(variance_table(one, FACTORS)))
