"""The figure of a study, in the way that its file says."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from restudy.config.figures import FIGURE_KINDS
from restudy.figures.style import Drawing
from restudy.results.collect import read_description


def draw_study(folder: Path) -> tuple[Drawing, str]:
    """Draw a study from the tables in its folder; return the figure and its caption."""
    description = read_description(folder)
    kind = FIGURE_KINDS[description["figure"]]
    module = import_module(f"restudy.figures.{kind.module}")
    arguments: dict[str, Any] = {
        name: list(description["factors"])
        if name == "factors"
        else pd.read_parquet(folder / f"{name}.parquet")
        for name in kind.arguments
    }
    drawing: Drawing = getattr(module, description["figure"])(**arguments)
    return drawing, module.CAPTION
