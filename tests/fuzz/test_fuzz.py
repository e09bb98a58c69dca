"""A few seconds of fuzzing each time; ``make fuzz MINUTES=...`` does it for longer."""

import pytest

from tests.fuzz.running import fuzz
from tests.fuzz.targets import TARGETS

EXAMPLES = 60


@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_complains_and_never_crashes(name, tmp_path):
    fuzz(TARGETS[name], tmp_path, EXAMPLES, seed=0)
