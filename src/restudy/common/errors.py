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


def did_you_mean(name: object, allowed: Iterable[str]) -> str:
    """Return the end of an error message that suggests a name; empty if none is similar."""
    return _suggestion(closest_match(str(name), allowed))


def choice_error(
    where: str, key: str, value: object, options: Iterable[str], allowed: str = ""
) -> str:
    """Return the error message about a value that is none of some options.

    Args:
        where: the file (or command-line option) that holds the value, and its row there.
        key: dotted path of the key inside it, such as ``recipe.learning_rate``.
        value: what was found there.
        options: what may stand there.
        allowed: description of the options; empty for a list of the options.
    """
    options = list(map(str, options))
    guess = closest_match(str(value), options)
    return bad_value(where, key, value, allowed or ", ".join(options), guess)


def bad_value(
    where: str, key: str, value: object, allowed: str, suggestion: str | None = None
) -> str:
    """Return the error message about one value.

    The first three arguments are those of :func:`choice_error`; ``allowed`` describes what may
    stand there, and ``suggestion`` is what was meant.
    """
    end = _suggestion(suggestion)
    return f"{where}: {key}: {value!r} is not allowed; allowed: {allowed}{end}"


def _suggestion(name: str | None) -> str:
    return f" (did you mean {name!r}?)" if name else ""
