"""What forensics found, as tables and in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from tabulate import tabulate

from restudy.common.text_format import DASH, interval, number
from restudy.config.reductions import in_words
from restudy.evidence.configuration_search import Candidate, Held, Solution
from restudy.evidence.reasons import Finding, Reason, columns, parse, reason, reason_text
from restudy.evidence.statuses import Status

COLUMNS = (
    *("puzzle", "source", "study", "candidate", "published", "metric", "unit", "value"),
    *("n", "diverged", "mean", "sd", "low", "high", "sds", "misses", "fits"),
    *("verdict", "reason", "reason_args"),
)
CONCLUSIONS = (
    *("puzzle", "source", "title", "question", "study"),
    *("compatible", "ruled_out", "not_yet"),
    *("reason", "reason_args", "conclusion"),
)
_NAMED = 4
"""Compatible candidates that a conclusion names one by one."""


def forensics_table(solutions: Sequence[Solution]) -> pd.DataFrame:
    """Return every value of every candidate beside the printed one.

    Returns:
        one row per puzzle, candidate and value, with the columns ``COLUMNS``: ``candidate`` (its
        levels as text), ``published`` (the value's id; of a difference both), ``value`` (as
        printed), ``n`` and ``diverged`` (runs of ours with and without a value), ``mean``, ``sd``,
        ``low``, ``high``
        (interval for one more run), ``sds`` (distance to the mean in standard deviations),
        ``misses`` (distance to the interval's middle in half widths), ``fits`` (missing where the
        value judges nothing); and the candidate's ``verdict`` and its reason. No rows for a puzzle
        whose study is not in this run.
    """
    records = [
        {
            "puzzle": solution.puzzle.id,
            "source": solution.puzzle.source,
            "study": solution.puzzle.study,
            "candidate": candidate.name,
            **_columns(held),
            "verdict": candidate.verdict.value,
            **columns(candidate.reasons),
        }
        for solution in solutions
        for candidate in solution.candidates or ()
        for held in candidate.held
    ]
    table = pd.DataFrame(records, columns=list(COLUMNS))
    return table.astype({"n": "Int64", "diverged": "Int64", "fits": "boolean"})


def conclusions(solutions: Sequence[Solution]) -> pd.DataFrame:
    """Say of each puzzle what is left of its candidates.

    Returns:
        one row per puzzle, with the columns ``CONCLUSIONS``: numbers of candidates that are
        ``compatible``, ``ruled_out`` and ``not_yet`` judged, why nothing was searched, and the
        conclusion in words.
    """
    records = [
        {
            "puzzle": solution.puzzle.id,
            "source": solution.puzzle.source,
            "title": solution.puzzle.title,
            "question": solution.puzzle.question,
            "study": solution.puzzle.study,
            "compatible": len(solution.of(Status.COMPATIBLE)),
            "ruled_out": len(solution.of(Status.RULED_OUT)),
            "not_yet": len(solution.of(Status.PENDING)),
            **columns(_pending(solution)),
            "conclusion": conclude(solution),
        }
        for solution in solutions
    ]
    return pd.DataFrame(records, columns=list(CONCLUSIONS))


def statuses_of(conclusions: pd.DataFrame) -> dict[str, Finding]:
    """Return the status of each puzzle of a :func:`conclusions` table, by id."""
    counts = ("compatible", "ruled_out")
    rows = conclusions.astype(dict.fromkeys(counts, int)).fillna("").to_dict("records")
    return {
        row["puzzle"]: Finding(
            Status.SEARCHED, (reason("searched", **{name: row[name] for name in counts}),)
        )
        if any(row[name] for name in counts)
        else Finding(Status.PENDING, parse(row))
        for row in rows
    }


def conclude(solution: Solution) -> str:
    """Say in a few sentences what is left of a puzzle's candidates."""
    puzzle, every = solution.puzzle, solution.candidates
    if (pending := _pending(solution)) or every is None:
        return f"Not yet: {reason_text(pending)}."
    left, out, open_ = map(solution.of, (Status.COMPATIBLE, Status.RULED_OUT, Status.PENDING))
    sentences = []
    if left:
        sentences.append(f"Compatible: {_names(left)}.")
    elif not open_:
        sentences.append(f"No candidate is compatible: {puzzle.none}.")
    if len(left) > 1:
        sentences.append(f"Levels among them: {_levels(left, every)}.")
    sentences.append(f"Ruled out: {len(out)} of {len(every)}.")
    if out:
        sentences.append(_nearest(out))
    if open_:
        sentences.append(f"Not judged: {len(open_)} ({reason_text(open_[0].reasons)}).")
    if solution.reductions:
        sentences.append(f"This scale cuts the search: {in_words(solution.reductions)}.")
    return " ".join(sentences)


def to_text(solutions: Sequence[Solution], scale: str) -> str:
    """Return everything as one Markdown document, for reading."""
    parts = []
    for solution in solutions:
        puzzle = solution.puzzle
        parts.append(
            f"# {puzzle.id}: {puzzle.title}\n\n{puzzle.question}\n\n{conclude(solution)}\n"
        )
        if solution.candidates:
            rows = [_readable(candidate) for candidate in solution.candidates]
            parts.append(tabulate(rows, headers="keys", tablefmt="pipe", disable_numparse=True))
            parts.append("")
    parts.append(
        f"Scale {scale}. Under each printed value stand our mean and the interval for one more run "
        "of ours, of level 1 - 0.05 / number of values, so that the right candidate, if it was "
        "searched, is kept with a probability of 95% or more. docs/evidence.md says more.\n"
    )
    return "\n".join(parts)


def _pending(solution: Solution) -> tuple[Reason, ...]:
    """Return why no candidate is judged; nothing if one is."""
    if solution.candidates is None:
        return (reason("not_in_this_run", study=solution.puzzle.study),)
    is_open = all(one.verdict is Status.PENDING for one in solution.candidates)
    return solution.candidates[0].reasons if is_open else ()


def _names(candidates: Sequence[Candidate]) -> str:
    more = len(candidates) - _NAMED
    named = "; ".join(one.name for one in candidates[:_NAMED])
    return named + (f"; and {more} more" if more > 0 else "")


def _levels(left: Sequence[Candidate], every: Sequence[Candidate]) -> str:
    """Return which levels of each factor some candidates have."""
    words = []
    for factor in left[0].levels:
        kept = list(dict.fromkeys(one.levels[factor] for one in left))
        searched = {one.levels[factor] for one in every}
        all_of_them = len(kept) == len(searched)
        words.append(f"{factor.replace('_', ' ')} {'any' if all_of_them else ', '.join(kept)}")
    return "; ".join(words)


def _nearest(out: Sequence[Candidate]) -> str:
    """Name the candidate that comes nearest, of those that are ruled out."""
    worst = [(one, one.worst) for one in out]
    near, held = min(
        ((one, held) for one, held in worst if held is not None), key=lambda pair: pair[1].misses
    )
    return f"The nearest of these: {near.name} ({reason_text([held.reason])})."


def _columns(held: Held) -> dict[str, Any]:
    found = {
        "published": held.id,
        "metric": held.what,
        "unit": held.row.unit,
        "value": held.value,
    }
    if held.ours is None:
        return found
    return found | {
        **held.ours.estimate._asdict(),
        "diverged": held.ours.diverged,
        "sds": held.sds,
        "misses": held.misses,
        "fits": None if held.open and not held.is_lost else not held.speaks_against,
    }


def _readable(candidate: Candidate) -> dict[str, str]:
    row = {"candidate": candidate.name}
    for held in candidate.held:
        row[f"{held.id}, {held.what}: {held.value}"] = _number(held)
    # What is not yet judged is so for one reason, which the conclusion says.
    is_out = candidate.verdict is Status.RULED_OUT
    because = reason_text(candidate.reasons) if is_out else DASH
    return row | {"verdict": candidate.verdict.label, "because": because}


def _number(held: Held) -> str:
    if held.ours is None:
        return DASH
    estimate = held.ours.estimate
    if not estimate.low <= estimate.high:
        return number(estimate.mean)
    return f"{number(estimate.mean)} ({interval(estimate.low, estimate.high)})"
