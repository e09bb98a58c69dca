"""Dropout, forward and backward."""

from __future__ import annotations

import numpy as np

from restudy.mlp.arithmetic import Array
from restudy.mlp.checks import probability, same_shape


def dropout_forward(
    x: Array, p: float, random: np.random.Generator | None
) -> tuple[Array, Array | None]:
    """Return x * mask while training, x itself at inference.

    mask ~ Bernoulli(1 - p) / (1 - p): what is kept is scaled up, so that the mean of the output is
    x and inference needs no change (Srivastava et al. 2014, section 10, "inverted" dropout).

    Args:
        x: any shape.
        p: the probability of dropping a number, in [0, 1).
        random: draws the mask, one number in [0, 1) for each of ``x``; None for inference.

    Returns:
        the output, shape of x, and the cache: the mask, or None at inference.

    Raises:
        ValueError: ``p`` does not lie in [0, 1).
    """
    probability("the dropout probability", p)
    if random is None:
        return x, None
    mask = ((random.random(x.shape) >= p) / (1 - p)).astype(x.dtype)
    return x * mask, mask


def dropout_backward(dout: Array, mask: Array | None) -> Array:
    """Return dx = dout * mask; dout itself at inference.

    Raises:
        ValueError: ``dout`` has not the shape of the mask.
    """
    if mask is None:
        return dout
    same_shape(dout.shape, mask.shape)
    return dout * mask
