"""Reasons of statuses and verdicts: codes with arguments, and the words that are made of them.

Tables hold the codes in a column ``reason``, joined by semicolons, and a JSON list of the arguments
of each in ``reason_args``. Words are made where people read, and no code reads them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from restudy.common.errors import RestudyError, choice_error
from restudy.common.text_format import interval
from restudy.config.reductions import in_words, of_plain
from restudy.evidence.statuses import Status

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("reason", "reason_args")
T = TypeVar("T")


class Reason(NamedTuple):
    """A code of this module with its arguments, plain values."""

    code: str
    args: Mapping[str, Any]


class Finding(NamedTuple):
    """Status of a row, and the reasons for it."""

    status: Status
    reasons: tuple[Reason, ...] = ()


def reason(code: str, **args: Any) -> Reason:
    """Return a reason.

    Raises:
        RestudyError: there is no such code.
    """
    if code not in _WORDS:
        raise RestudyError(choice_error("evidence", "reason", code, _WORDS))
    return Reason(code, {name: _plain(value) for name, value in args.items()})


def stated(*texts: str | None) -> tuple[Reason, ...]:
    """Return the reasons that are written by hand, those that there are."""
    return tuple(reason("stated", text=text) for text in texts if text)


def columns(reasons: Iterable[Reason]) -> dict[str, str]:
    """Return the columns of a table that hold some reasons; empty if there are none."""
    found = list(reasons)
    args = json.dumps([dict(one.args) for one in found], ensure_ascii=False) if found else ""
    return {"reason": ";".join(one.code for one in found), "reason_args": args}


def parse(row: Mapping[Any, Any]) -> tuple[Reason, ...]:
    """Read the reasons of a row of a table."""
    codes = str(row["reason"]).split(";") if row["reason"] else []
    args = json.loads(row["reason_args"]) if codes else []
    return tuple(reason(code, **own) for code, own in zip(codes, args, strict=True))


def unique(values: Iterable[T]) -> tuple[T, ...]:
    """Return each value once; they need not be hashable."""
    found: list[T] = []
    for one in values:
        if one not in found:
            found.append(one)
    return tuple(found)


def reason_text(reasons: Iterable[Reason]) -> str:
    """Return the words for reasons, as one text."""
    return "; ".join(reason_parts(reasons))


def reason_parts(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """Return the words for reasons, a text for each."""
    return tuple(_words(one) for one in reasons)


def texts(table: pd.DataFrame) -> pd.Series[str]:
    """Return the words for the reasons of each row of a table."""
    import pandas as pd

    rows = table[list(COLUMNS)].to_dict("records")
    return pd.Series([reason_text(parse(row)) for row in rows], index=table.index, dtype=object)


def rounded(value: float, digits: int) -> float:
    """Return a number with a few digits, as the words for a reason need it."""
    return float(f"{value:.{digits}g}")


def by_design(args: Mapping[Any, Any]) -> str:
    """Return the words for how a test was designed, after its verdict; mostly none.

    Args:
        args: ``redesigned`` and ``exploratory``: whether it is; and, if they are to be given,
            ``redesigned_text`` and ``exploratory_text``: why.
    """
    for name, words in (
        ("exploratory", "exploratory, does not count"),
        ("redesigned", "redesigned"),
    ):
        if args.get(name):
            text = args.get(f"{name}_text")
            return f" ({words}: {text})" if text else f" ({words})"
    return ""


def _words(one: Reason) -> str:
    words = _WORDS[one.code]
    return words.format_map(one.args) if isinstance(words, str) else words(one.args)


def _nested(args: Mapping[str, Any]) -> str:
    return reason_text(map(from_plain, args["reasons"]))


def from_plain(value: Mapping[str, Any]) -> Reason:
    """Return a reason from plain values, see :func:`nested`."""
    return reason(value["code"], **value["args"])


def nested(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Return reasons as an argument of another."""
    return [one._asdict() for one in reasons]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool) or value is None:
        return value
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):  # JSON has neither
        return None if math.isnan(value) else str(value)
    return value


def _missing(args: Mapping[str, Any]) -> str:
    [(kind, name)] = args.items()
    return f"{kind} {name} is not in this run"


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _level(args: Mapping[str, Any]) -> str:
    return f"{_spaced(args['factor'])} {args['level']} is not at this scale"


def _candidates(args: Mapping[str, Any]) -> str:
    more = f"; and {args['more']} more" if args["more"] else ""
    return f"Compatible: {'; '.join(args['names'])}{more}"


def _levels(args: Mapping[str, Any]) -> str:
    levels = args["levels"].items()
    words = (
        f"{_spaced(factor)} {'any' if own is None else ', '.join(own)}" for factor, own in levels
    )
    return f"Levels among them: {'; '.join(words)}"


def _steps(args: Mapping[str, Any]) -> str:
    steps = ", ".join(f"{step:,}" for step in args["steps"])
    return f"{args['study']} is not measured after {steps} steps at this scale"


def _reduced(args: Mapping[str, Any]) -> str:
    return f"this scale reduces: {in_words(of_plain(args['reductions']))}"


def _few_runs(args: Mapping[str, Any]) -> str:
    lost = f" ({_diverged(args)})" if args["n"] else ""
    return f"fewer than two finished runs{lost}"


def _diverged(args: Mapping[str, Any]) -> str:
    return "{n} of {total} runs diverged".format_map(args)


def _digits(value: float) -> str:
    """Return a distance with two digits that count."""
    return f"{value:.1e}" if value < 1e-4 else f"{float(f'{value:.2g}'):g}"


def _timed(args: Mapping[str, Any]) -> str:
    words = "its verdict is in timed_claims.csv, as seconds are not the same twice"
    return words + ("; without times it is as follows" if args["in_part"] else "")


def _test(args: Mapping[str, Any]) -> str:
    """Return a test and what it found: ``mnist: test accuracy, ... : +0.0056 (...): supported``."""
    where = f"{args['dataset']}: " if args["dataset"] else ""
    sign = "" if args["is_ratio"] else "+"
    effect, low, high = (
        f"{math.nan if args[name] is None else float(args[name]):{sign}.3g}"
        for name in ("effect", "ci_low", "ci_high")
    )
    words = (
        f"{where}{args['metric']}, {args['contrast']}: {effect} ({low} to {high}; n {args['n']}): "
    )
    words += Status(args["verdict"]).label
    if args["reasons"]:
        words += f", since {_nested(args)}"
    if args["low_power"]:
        words += ", low power"
    if args["p"] is not None:
        words += (
            f", p {args['p']:.2g} by itself and {args['p_adjusted']:.2g} among all tests of its "
            "topic"
        )
    return words + by_design(args)


def _effect(args: Mapping[str, Any]) -> str:
    words = (
        "{what}: {as_published:.4g} as published, {corrected:.4g} corrected, {difference:+.3g} "
        "({ci_low:+.3g} to {ci_high:+.3g}, n {n})"
    ).format_map(args)
    reductions = in_words(of_plain(args["reductions"]))
    return words + (f" [{reductions}]" if reductions else "") + by_design(args)


def _signs(args: Mapping[str, Any]) -> str:
    words = (
        "of {n} printed differences the sign of {survives} survives over our seeds, that of "
        "{reversed} is reversed, {open} are open"
    ).format_map(args)
    for name, more in (
        ("other", "{} have the other sign with one seed or more"),
        ("reduced", "{} by smaller experiments than the source's"),
        ("missing", "{} more are not in this run"),
    ):
        if args[name]:
            words += f"; {more.format(args[name])}"
    return words


def _status(args: Mapping[str, Any]) -> str:
    words = f"{args['id']} {Status(args['status']).label}"
    if "ruled_out" in args:
        words += f": {args['compatible']} compatible, {args['ruled_out']} ruled out"
    return words


def _ruled_out(args: Mapping[str, Any]) -> str:
    ends = interval(float(args["pi_low"]), float(args["pi_high"]))
    words = f"{args['published']}, {args['metric']}: {args['value']} printed, {ends} ours"
    sds = args["sds"]
    if sds is None:
        return words
    return f"{words}, {f'{sds:.1f}' if sds < 100 else f'{sds:,.0f}'} sd from the mean"


_WORDS: Mapping[str, str | Callable[[Mapping[str, Any]], str]] = {
    "stated": "{text}",
    # Numbers that this run does not have.
    "not_in_this_run": _missing,
    "level_missing": _level,
    "metric_missing": "study {study} has no {metric}",
    "not_measured_at": "{unit} {at} is not measured at this scale",
    "few_evaluations": "there are too few evaluations at this scale",
    "few_levels": "this scale has fewer than 3 levels of {factor}",
    "no_validation_data": "study {study} has no validation data",
    "needs_full_scale": lambda args: f"compared with a number, and {_reduced(args)}",
    "data_set_missing": "the data set is not in this run",
    "reduced": _reduced,
    "few_runs": _few_runs,
    "few_pairs": "fewer than two seeds have both sides",
    "seeds_lack_a_number": "{n} of {total} seeds lack a number on a side",
    "target_never_reached": "no run reaches {target:g} at this scale",
    "target_reached_at_once": (
        "every run reaches {target:g} by the first evaluation, or never does"
    ),
    # Published numbers.
    "diverged": _diverged,
    "value": "ours is {value}",
    "corrected_consistent": "the corrected experiment gives it too",
    "only_corrected_consistent": "but the corrected experiment gives it",
    "corrected_inconsistent": lambda args: (
        f"{_digits(args['distance'])} beyond what the corrected experiment gives"
    ),
    "corrected_untested": lambda args: (
        f"the corrected experiment does not judge it: {_nested(args)}"
    ),
    # Claims.
    "test": _test,
    "tests_disagree": "its tests disagree",
    "tests_pending": "{n} of {total} tests not yet",
    "in_timed_table": _timed,
    # Errata.
    "effect": _effect,
    "signs": _signs,
    "status": _status,
    "nothing_to_run": "nothing to run",
    # Configuration searches.
    "candidate_outside": _ruled_out,
    "candidate_diverged": "{published}, {metric}: all runs diverged",
    "candidates_compatible": _candidates,
    "no_candidate": "No candidate is compatible: {meaning}",
    "levels_compatible": _levels,
    "candidates_ruled_out": "Ruled out: {n} of {total}",
    "nearest_candidate": lambda args: f"The nearest of these: {args['name']} ({_nested(args)})",
    "candidates_open": lambda args: f"Not judged: {args['n']} ({_nested(args)})",
    "search_reduced": lambda args: (
        f"This scale reduces the search: {in_words(of_plain(args['reductions']))}"
    ),
    "searched": "{compatible} compatible, {ruled_out} ruled out",
    # Systems and figures.
    "repeated_by": lambda args: f"study {', '.join(args['studies'])}",
    "figure_not_drawn": "our figure {figure!r} has not been drawn",
    "no_study_on": "no study of this run is on {dataset}",
    "study_missing": "the study {study} is not in this run",
    "study_level_missing": lambda args: (
        f"{args['study']} has no {_spaced(args['factor'])} {args['level']} at this scale"
    ),
    "runs_missing": "{study} has no run with all of these levels at this scale",
    "one_level": lambda args: (
        f"{args['study']} has only one {_spaced(args['factor'])} at this scale"
    ),
    "steps_missing": _steps,
}
"""Code -> the words for it, with the arguments in braces."""
