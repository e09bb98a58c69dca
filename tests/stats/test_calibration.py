"""The simulations: where theory says what they must find, and against the public functions."""

import math
import zlib

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from restudy.stats import calibration
from restudy.stats.calibration import DISTRIBUTIONS, Noise, calibrate
from restudy.stats.effects import p_against_margin, paired_effect
from restudy.stats.intervals import mean_interval, prediction_interval

TIMES = 2000


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return calibrate(TIMES)


def rows(table: pd.DataFrame, what: str, distribution: str = "normal") -> pd.DataFrame:
    found = table[table["description"].str.contains(what) & (table["distribution"] == distribution)]
    assert len(found)
    return found


def error(nominal, times: int = TIMES):
    return 4 * np.sqrt(nominal * (1 - nominal) / times)


def test_one_row_each(table: pd.DataFrame) -> None:
    columns = ["measure", "description", "distribution", "n", "nominal", "repetitions", "estimate"]
    assert table.columns.tolist() == [*columns, "mc_error"]
    assert not table.duplicated(columns[:4]).any()
    assert table.notna().all(axis=None)
    procedures = len(calibration._INTERVALS) + len(calibration._TESTS)
    rules = len(calibration.RULES) * 2 * 3 * len(calibration.RULE_SIZES)
    assert len(table) == procedures * 3 * 4 + 3 * 3 + 3 * 3 * 3 + rules


@pytest.mark.parametrize("what", ["of a mean$", "paired differences", "prediction", "slope"])
def test_exact_intervals_cover_as_often_as_they_say(table: pd.DataFrame, what: str) -> None:
    found = rows(table, what)
    assert ((found["estimate"] - 0.95).abs() < error(0.95)).all()


def test_false_positives_are_as_rare_as_promised(table: pd.DataFrame) -> None:
    found = table[(table["measure"] == "false positives") & (table["distribution"] == "normal")]
    assert (found["estimate"] < 0.05 + error(0.05)).all()
    # At the edge, with spread to spare, the test of equivalence uses all it may.
    equivalence = rows(table, "equivalence").set_index("n")["estimate"]
    assert equivalence[30] == pytest.approx(0.05, abs=error(0.05))


def test_power_is_that_of_the_noncentral_t(table: pd.DataFrame) -> None:
    found = table[(table["measure"] == "power") & (table["distribution"] == "normal")]
    assert ((found["estimate"] - found["nominal"]).abs() < error(found["nominal"])).all()


def test_verdicts_are_wrong_as_seldom_as_promised(table: pd.DataFrame) -> None:
    # Under every noise, as claims and seeds are many more than one test has.
    found = table[
        (table["measure"] == "wrong verdicts") & (table["description"].str.startswith("claims"))
    ]
    assert len(found) == 9
    assert (found["estimate"] < 0.05 + 4 * found["mc_error"]).all()


def test_deterministic() -> None:
    first, again, other = (calibrate(20, seed) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(first, again)
    assert not first["estimate"].equals(other["estimate"])
    with pytest.raises(ValueError, match="repetition"):
        calibrate(0)


def hits(procedure, n: int = 4, times: int = 60):
    """Return what is counted, and a copy of the noise it saw."""
    found = procedure(Noise(np.random.default_rng(0), DISTRIBUTIONS["t3"]), n, times)
    return found.tolist(), Noise(np.random.default_rng(0), DISTRIBUTIONS["t3"])


def test_simulations_count_what_the_public_functions_say() -> None:
    found, noise = hits(calibration._mean)
    ends = [mean_interval(x) for x in noise(60, 4)]
    assert found == [one.low <= 0 <= one.high for one in ends]

    found, noise = hits(calibration._prediction)
    ends = [prediction_interval(x) for x in noise(60, 4)]
    assert found == [one.low <= x <= one.high for one, x in zip(ends, noise(60), strict=True)]

    found, noise = hits(calibration._INTERVALS["mean slope over four levels"])
    seeds, levels = noise(60, 4, 1), noise(60, 4, 4)
    blocks = seeds + range(4) + levels
    ends = [mean_interval([stats.linregress(range(4), y).slope for y in block]) for block in blocks]
    assert found == [one.low <= 1 <= one.high for one in ends]

    found, noise = hits(calibration._equivalence, 12)
    seeds, a, b = noise(60, 12), noise(60, 12), noise(60, 12)
    pairs = zip(3 + (seeds + a) / math.sqrt(2), (seeds + b) / math.sqrt(2), strict=True)
    effects = [paired_effect(*pair) for pair in pairs]
    assert found == [p_against_margin(one, 3.0, "equal") < 0.05 for one in effects]
    assert any(found)


def test_error_of_a_share_is_that_of_its_mean(table: pd.DataFrame) -> None:
    row = table[table["measure"] == "wrong verdicts"].iloc[0]
    simulation = next(calibration._rules(TIMES // calibration.PER_PROJECT))
    name = f"{simulation[:4]}".encode()
    shares = simulation.happens(np.random.default_rng([0, zlib.crc32(name)]))
    assert row["estimate"] == shares.mean()
    assert row["mc_error"] == pytest.approx(stats.sem(shares, ddof=0))
    assert row["repetitions"] == len(shares)


def test_noise_has_mean_0_and_deviation_1() -> None:
    for draw in DISTRIBUTIONS.values():
        drawn = draw(np.random.default_rng(0), (400_000,))
        assert drawn.mean() == pytest.approx(0, abs=0.01)
        assert drawn.std() == pytest.approx(1, abs=0.1)
