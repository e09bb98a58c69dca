"""Histograms of oriented gradients: features of images, made by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 9
CELL = 4
BLOCK = 2
_SMALL = 1e-6

Floats = NDArray[np.float64]


def hog(images: NDArray[Any], side: int = 28) -> Floats:
    """Return the histograms of oriented gradients of square images.

    As in Dalal and Triggs, "Histograms of oriented gradients for human detection", 2005, with cells
    that suit small images: differences of neighbours; in each cell of 4 x 4 pixels a histogram of
    their directions, 9 bins over 180 degrees, weighted by their lengths and shared between the two
    nearest bins; blocks of 2 x 2 cells, one cell apart, each divided by its length.

    Args:
        images: shape (n, side * side), in any unit.
        side: pixels, a multiple of 4.

    Returns:
        shape (n, (side/4 - 1)^2 * 36).
    """
    n, cells = len(images), side // CELL
    pixels = np.asarray(images, np.float64).reshape(n, side, side)
    dx, dy = np.zeros_like(pixels), np.zeros_like(pixels)
    dx[:, :, 1:-1] = pixels[:, :, 2:] - pixels[:, :, :-2]
    dy[:, 1:-1] = pixels[:, 2:] - pixels[:, :-2]
    length = np.hypot(dx, dy)
    place = np.mod(np.arctan2(dy, dx), np.pi) / np.pi * BINS - 0.5
    lower = np.floor(place)
    upper_share = place - lower
    # The number of each pixel's cell, counted through all images.
    of_axis = np.arange(side) // CELL
    cell = (np.arange(n)[:, None, None] * cells + of_axis[:, None]) * cells + of_axis
    counts = np.zeros(n * cells * cells * BINS)
    for shift, share in ((0, 1 - upper_share), (1, upper_share)):
        bins = cell * BINS + np.mod(lower + shift, BINS).astype(np.int64)
        weights = (share * length).ravel()
        counts += np.bincount(bins.ravel(), weights=weights, minlength=len(counts))
    histograms = counts.reshape(n, cells, cells, BINS)
    last = cells - BLOCK + 1
    blocks = np.concatenate(
        [
            histograms[:, row : row + last, column : column + last]
            for row in range(BLOCK)
            for column in range(BLOCK)
        ],
        axis=-1,
    )
    norms = np.sqrt(np.sum(blocks**2, axis=-1, keepdims=True) + _SMALL**2)
    features: Floats = (blocks / norms).reshape(n, -1)
    return features
