"""How often a run that differs by chance alone is called different, and how often one that does."""

import numpy as np
import pandas as pd
import pytest

from restudy.reference.classify_differences import classify_differences
from restudy.reference.compare_tables import compare_table
from restudy.results.table_files import declared

COMBINATIONS, METRICS = 50, ("test_accuracy", "test_data_loss")


def normal(rng, shape):
    return rng.normal(0, 1, shape)


def nearly_diverging(rng, shape):
    """Return values of which one in six is 10 to 1000 times as large as the others."""
    large = np.where(rng.uniform(size=shape) < 1 / 6, 10 ** rng.uniform(1, 3, shape), 1)
    return large * rng.normal(2, 0.2, shape)


def summary(rng, n, shift=0.0, draw=normal):
    """Return a summary of ``n`` seeds."""
    runs = shift + draw(rng, (COMBINATIONS * len(METRICS), n))
    table = pd.DataFrame(
        {
            "rate": np.repeat(np.arange(COMBINATIONS), len(METRICS)),
            **{"metric": METRICS * COMBINATIONS, "n": n, "mean": runs.mean(1)},
            **{"sd": runs.std(1, ddof=1), "ci_low": 0.0, "ci_high": 0.0, "n_diverged": 0},
        }
    )
    return table.astype(str)


def compared(left, right):
    return classify_differences(compare_table("a/summary", left, right, declared("a/summary")))


def agrees(rng, n, shift=0.0, draw=normal):
    return compared(summary(rng, n, draw=draw), summary(rng, n, shift, draw)).agrees


@pytest.mark.parametrize("n", [2, 3, 5])
def test_chance_alone_is_called_different_in_one_of_twenty_runs_at_most(n):
    rng = np.random.default_rng(n)
    wrong = sum(not agrees(rng, n) for _ in range(40))
    # Of 40 with 5% each, more than 7 in one of a thousand.
    assert wrong <= 7


@pytest.mark.parametrize("n", [3, 5])
def test_runs_that_nearly_diverge_are_called_different_no_more_often(n):
    rng = np.random.default_rng(n)
    assert sum(not agrees(rng, n, draw=nearly_diverging) for _ in range(40)) <= 7


def test_one_row_that_is_different_is_found_among_rows_that_nearly_diverge():
    rng = np.random.default_rng(0)
    left, right = (summary(rng, 5, draw=nearly_diverging) for _ in range(2))
    for table, mean in ((left, "2.0"), (right, "4.0")):
        table.loc[7, ["mean", "sd"]] = mean, "0.2"
    found = compared(left, right).rows
    assert found.index[found["outcome"] == "different"].tolist() == [7]


@pytest.mark.parametrize(("n", "shift"), [(3, 3.0), (5, 2.0)])
def test_a_shift_that_no_row_shows_is_seen_in_all_of_them(n, shift):
    rng = np.random.default_rng(n)
    assert sum(not agrees(rng, n, shift) for _ in range(8)) >= 7
