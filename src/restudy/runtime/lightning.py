"""Imports Lightning without the library of metrics that it loads and that nothing here uses."""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from importlib.metadata import version
from types import ModuleType

_METRICS = "torchmetrics"


def import_lightning() -> None:
    """Import Lightning, if that is not done, with a stand-in for torchmetrics.

    Torchmetrics loads scipy and matplotlib: a third of the time that a training job takes before
    its first step. Lightning asks of each logged value whether it is one of its metrics; with the
    stand-in none is. A later import of torchmetrics finds the library itself.
    """
    if _METRICS in sys.modules or "pytorch_lightning" in sys.modules:
        return
    stand_in = ModuleType(_METRICS)
    stand_in.__spec__ = ModuleSpec(_METRICS, None)
    names = {name: type(name, (), {}) for name in ("Metric", "MetricCollection")}
    vars(stand_in).update(names, __version__=version(_METRICS))
    sys.modules[_METRICS] = stand_in
    try:
        importlib.import_module("pytorch_lightning")
    finally:
        del sys.modules[_METRICS]
