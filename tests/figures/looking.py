"""What can be said of a figure without seeing it: where its letters lie, and how large they are."""

from itertools import combinations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text

from restudy.figures import style
from restudy.figures.style import Drawing


def texts(figure: Figure) -> list[Text]:
    """Return all texts that are seen; the figure must have been drawn."""
    return [text for text in _seen(figure) if text.get_text().strip() and text.get_alpha() != 0]


def _seen(artist: Artist) -> list[Text]:
    if not artist.get_visible() or not getattr(artist, "axison", True):
        # An axes that is off still shows its titles and texts.
        if not artist.get_visible():
            return []
        return [part for part in artist.get_children() if isinstance(part, Text)]
    if isinstance(artist, Text):
        return [artist]
    if isinstance(artist, Axis):
        low, high = sorted(artist.get_view_interval())
        ticks = [*artist.get_major_ticks(), *artist.get_minor_ticks()]
        inside = [tick for tick in ticks if low <= tick.get_loc() <= high]
        return [
            *(artist.label, artist.offsetText),
            *(tick.label1 for tick in inside if tick.label1.get_visible()),
        ]
    return [text for part in artist.get_children() for text in _seen(part)]


def problems(drawing: Drawing) -> list[str]:
    """Return what nobody could read: letters cut off, on each other or too small; odd widths."""
    figure = drawing.figure
    with style.style.context(style._STYLE):
        figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts(figure)]
    found = [
        f"{name!r} is cut off"
        for name, box in boxes
        if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1
    ]
    # Letters need not fill the line's whole height.
    inner = [(name, box.shrunk(0.98, 0.7)) for name, box in boxes]
    found += [
        f"{one!r} lies on {other!r}"
        for (one, box), (other, second) in combinations(inner, 2)
        if box.overlaps(second)
    ]
    found += [
        f"{text.get_text()!r} has {text.get_fontsize():g} points"
        for text in texts(figure)
        if text.get_fontsize() < style.SMALL
    ]
    wide = float(figure.get_figwidth()) * 25.4
    if not np.isclose(wide, (89, 183)).any():
        found.append(f"{wide:.1f} mm wide")
    if figure.get_figheight() * 25.4 > 247:  # as high as a page of a journal
        found.append(f"{figure.get_figheight() * 25.4:.0f} mm high")
    return found
