"""Training images drawn at random, a row for each class."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from restudy.data.load import PreparedData
from restudy.data.registry import DATASETS
from restudy.evidence.figure_specs import Samples
from restudy.figures.style import COLUMN, PAGE, Drawing, headline, styled

_SIDE = 0.2
"""Side of an image on the page, in inches."""


@styled
def samples(data: PreparedData, drawing: Samples) -> Drawing:
    """Draw images of the official training set, a row for each class.

    Args:
        data: a prepared data set of images.
        drawing: how many a row holds, and the seed.

    Returns:
        the figure, with data ``label``, ``column``, ``index`` (of the image in the training set,
        from 0).
    """
    dataset = DATASETS[data.name]
    rng = np.random.default_rng(drawing.seed)
    rows = [
        np.sort(rng.choice(np.flatnonzero(data.y_train == label), drawing.columns, replace=False))
        for label in range(dataset.classes)
    ]
    side = math.isqrt(dataset.inputs)
    tiles = data.x_train[np.stack(rows)].reshape(dataset.classes, drawing.columns, side, side)
    # A pixel of paper between the images.
    padded = np.pad(tiles, ((0, 0), (0, 0), (1, 1), (1, 1)))
    wall = padded.transpose(0, 2, 1, 3).reshape(dataset.classes * (side + 2), -1)

    width = COLUMN if drawing.columns * _SIDE < COLUMN - 0.5 else PAGE
    side_on_page = min(_SIDE, (width - 0.8) / drawing.columns)
    figure = Figure(figsize=(width, dataset.classes * side_on_page + 0.75))
    headline(figure, drawing.title)
    axis = figure.subplots()
    axis.imshow(wall, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest")
    names = dataset.class_names or tuple(map(str, range(dataset.classes)))
    axis.set_yticks((np.arange(dataset.classes) + 0.5) * (side + 2) - 0.5, names)
    axis.set_xticks([])
    axis.set_ylabel("class")
    axis.set_xlabel(
        f"{drawing.columns} images of each class, drawn from the\n{len(data.y_train):,} training "
        f"images (seed {drawing.seed})"
    )
    axis.grid(False)
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    table = [
        (label, column, int(index))
        for label, row in enumerate(rows)
        for column, index in enumerate(row)
    ]
    return Drawing(figure, pd.DataFrame(table, columns=["label", "column", "index"]))
