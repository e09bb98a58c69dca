"""Which figures the paper shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from restudy.evidence.drawable import SourceFigure

FIRST = {"S1": "FIG-S1-04", "S3": "FIG-S3-02", "S4": "FIG-S4-13"}
"""The figure of a source that says most about it."""


def chosen(figures: Mapping[str, SourceFigure], grids: Sequence[str]) -> list[str]:
    """Return the names of the figures that the paper shows, in its order.

    Of each source the one in ``FIRST``, or else the first that shows printed numbers beside ours,
    or else the first that shows runs; and all grids.

    Args:
        figures: the figures of sources that this run draws, by id.
        grids: the studies whose figure shows what explains their variance.
    """
    sources = sorted({figure.source for figure in figures.values()})
    found = [_of(source, figures) for source in sources]
    return [*(name for name in found if name is not None), *grids]


def _of(source: str, figures: Mapping[str, SourceFigure]) -> str | None:
    own = {
        name: figure
        for name, figure in figures.items()
        if figure.source == source and figure.study is not None
    }
    with_printed = [name for name, figure in own.items() if figure.printed]
    first = [FIRST[source]] if FIRST.get(source) in own else []
    return next(iter([*first, *with_printed, *own]), None)
