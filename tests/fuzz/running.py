"""Trying one reader on many inputs."""

import warnings

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings

from restudy.common.errors import RestudyError


def fuzz(target, folder, examples, *, seed: int):
    """Try a reader; whatever it raises beside RestudyError comes out, with the smallest input.

    Args:
        target: of :mod:`tests.fuzz.targets`.
        folder: an empty one.
        examples: how many inputs.
        seed: the same seed tries the same inputs.
    """

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(target.inputs)
    def attempt(content):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                target.read(content, folder)
        except RestudyError:
            pass

    hypothesis.seed(seed)(attempt)()
