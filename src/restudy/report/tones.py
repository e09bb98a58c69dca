"""How statuses and verdicts are coloured: the words stand beside the colour, which adds nothing."""

from __future__ import annotations

GOOD, BAD, MIXED, OPEN, PLAIN = "good", "bad", "mixed", "open", "plain"

_TONES = {
    GOOD: (
        *("supported", "equal to the digit", "inside the prediction interval", "the bound holds"),
        *("drawn", "built", "run", "compatible", "survives"),
    ),
    BAD: ("contradicted", "outside", "differs", "ruled out", "reversed"),
    MIXED: ("no meaningful difference", "only with the source's bug", "shown"),
    OPEN: ("inconclusive", "not yet", "timed", "open"),
}


def tone(status: str) -> str:
    """Return the tone of a status, by how it begins: ``outside by 0.012`` is ``bad``."""
    for name, beginnings in _TONES.items():
        if status.startswith(beginnings):
            return name
    return PLAIN
