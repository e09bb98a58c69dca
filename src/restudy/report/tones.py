"""How statuses and verdicts are coloured: the words stand beside the colour, which adds nothing."""

from __future__ import annotations

from restudy.evidence.statuses import Status, Tone

GOOD, BAD, MIXED, OPEN, PLAIN = (tone.value for tone in Tone)


def tone(status: str) -> str:
    """Return the tone of a status."""
    return Status(status).tone.value
