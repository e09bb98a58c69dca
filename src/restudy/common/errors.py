"""The one error that a user is meant to read, and how it is worded."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class RestudyError(Exception):
    """Something the user can mend: the message says where, what, and what would be right.

    Command-line entry points print the message without a traceback and exit with a status
    other than zero. Everything else that is raised is a bug of ours.
    """


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed name that is most likely meant by ``name``, or None if none is near."""
    found = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.6)
    return found[0] if found else None


def describe(
    where: str, key: str, value: object, allowed: str, suggestion: str | None = None
) -> str:
    """Word a complaint about one value.

    Args:
        where: the file (or command-line option) that holds the value.
        key: dotted path of the key inside it, such as ``recipe.learning_rate``.
        value: what was found there.
        allowed: what may stand there, in words.
        suggestion: the nearest right name, for a typo.
    """
    text = f"{where}: {key}: {value!r} is not allowed; allowed: {allowed}"
    return f"{text} (did you mean {suggestion!r}?)" if suggestion else text
