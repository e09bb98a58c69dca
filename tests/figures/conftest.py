import pytest

from tests.figures.made_up import LEVELS, Tables, made_up


@pytest.fixture
def grid_tables() -> Tables:
    return made_up(LEVELS)


@pytest.fixture
def norm_tables() -> Tables:
    return made_up({name: LEVELS[name] for name in ("norm", "batch_size")})


@pytest.fixture
def housing_tables() -> Tables:
    return made_up({"hidden": ["linear", "64", "64-64"]})
