"""How often a run that differs by chance alone is called different, and how often one that does."""

import numpy as np
import pandas as pd
import pytest

from restudy.reference.classify_differences import classify_differences
from restudy.reference.compare_tables import compare_table
from restudy.results.table_files import declared

COMBINATIONS, METRICS = 50, ("test_accuracy", "test_data_loss")


def summary(rng, n, shift=0.0):
    """Return a summary of ``n`` seeds: means of 0, standard deviations of 1."""
    runs = rng.normal(shift, 1, (COMBINATIONS * len(METRICS), n))
    table = pd.DataFrame(
        {
            "rate": np.repeat(np.arange(COMBINATIONS), len(METRICS)),
            **{"metric": METRICS * COMBINATIONS, "n": n, "mean": runs.mean(1)},
            **{"sd": runs.std(1, ddof=1), "ci_low": 0.0, "ci_high": 0.0, "n_diverged": 0},
        }
    )
    return table.astype(str)


def agrees(rng, n, shift=0.0):
    left, right = summary(rng, n), summary(rng, n, shift)
    table = declared("a/summary")
    return classify_differences(compare_table("a/summary", left, right, table)).agrees


@pytest.mark.parametrize("n", [2, 3, 5])
def test_chance_alone_is_called_different_in_one_of_twenty_runs_at_most(n):
    rng = np.random.default_rng(n)
    wrong = sum(not agrees(rng, n) for _ in range(40))
    # Of 40 with 5% each, more than 7 in one of a thousand.
    assert wrong <= 7


@pytest.mark.parametrize(("n", "shift"), [(3, 3.0), (5, 2.0)])
def test_a_shift_that_no_row_shows_is_seen_in_all_of_them(n, shift):
    rng = np.random.default_rng(n)
    assert sum(not agrees(rng, n, shift) for _ in range(8)) >= 7
