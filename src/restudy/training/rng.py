"""Random streams: one generator for each purpose of each run.

A stream is derived from the run's seed and the stream's name, never from the run's place in a
stack, so a run's numbers do not depend on which runs train beside it; and two treatments with the
same seed share initial weights and batch order.
"""

from __future__ import annotations

import numpy as np


def generator(seed: int, stream: str, part: int = 0) -> np.random.Generator:
    """Return the generator of one named stream of a run.

    Args:
        seed: the run's seed.
        stream: what the numbers are for, such as ``"weights"`` or ``"batches"``.
        part: an epoch or layer, where a stream starts anew at each.
    """
    return np.random.default_rng(np.random.SeedSequence([seed, part, *stream.encode()]))


def integer_seed(seed: int, stream: str, part: int = 0) -> int:
    """Return a 63-bit seed of the same stream, for generators that are not NumPy's."""
    return int(generator(seed, stream, part).integers(2**63))
