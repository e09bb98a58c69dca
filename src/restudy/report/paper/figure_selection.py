"""Which figures the paper shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from restudy.config.sources import Source
from restudy.evidence.figure_availability import SourceFigure


def chosen(
    figures: Mapping[str, SourceFigure], grids: Sequence[str], sources: Mapping[str, Source]
) -> list[str]:
    """Return the names of the figures that the paper shows, in its order.

    Of each source the one that ``sources.yaml`` names, or else the first that shows printed numbers
    beside ours, or else the first that shows runs; and all grids.

    Args:
        figures: the figures of sources that this run draws, by id.
        grids: the studies whose figure shows what explains their variance.
        sources: by id.
    """
    found = []
    for source in sorted({figure.source for figure in figures.values()}):
        own = {
            name: figure
            for name, figure in figures.items()
            if figure.source == source and figure.study is not None
        }
        named = sources[source].figure if source in sources else None
        with_printed = [name for name, figure in own.items() if figure.printed]
        found += [*([named] if named in own else []), *with_printed, *own][:1]
    return [*found, *grids]
