"""The one error that a user is meant to read, and its wording."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from restudy.common.renamed import RENAMED_KEYS, RENAMED_VALUES


class RestudyError(Exception):
    """Something the user can mend: the message says where, what, and what would be right.

    Command-line entry points print the message without a traceback and exit with a status
    other than zero. Everything else that is raised is a bug of ours.
    """


def closest_match(name: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed name that is meant by ``name``, or None if none is similar.

    That is the new name of a renamed key or value, else the name with the most similar spelling.
    """
    names = list(allowed)
    for table in (RENAMED_KEYS, *RENAMED_VALUES.values()):
        new = table.get(name, "")
        for spelling in (new, new.replace("_", " ")):
            if spelling in names:
                return spelling
    return next(iter(difflib.get_close_matches(name, names, n=1, cutoff=0.6)), None)


def did_you_mean(suggestion: str | None) -> str:
    """Return the end of an error message that suggests a name; an empty text for None."""
    return f" (did you mean {suggestion!r}?)" if suggestion else ""


def bad_value(
    where: str,
    key: str,
    value: object,
    allowed: str | Iterable[str],
    suggestion: str | None = None,
) -> str:
    """Return the error message about one value.

    Args:
        where: the file (or command-line option) that holds the value.
        key: dotted path of the key inside it, such as ``recipe.learning_rate``.
        value: what was found there.
        allowed: what may stand there: a description, or the allowed names.
        suggestion: the name that was meant; found by itself among allowed names.
    """
    if not isinstance(allowed, str):
        names = list(allowed)
        allowed, suggestion = ", ".join(names), closest_match(str(value), names)
    return f"{where}: {key}: {value!r} is not allowed; allowed: {allowed}{did_you_mean(suggestion)}"
