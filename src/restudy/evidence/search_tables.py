"""Outcome of the configuration searches, as tables and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from tabulate import tabulate

from restudy.common.text_format import DASH, interval, number
from restudy.evidence.configuration_search import Candidate, ConstraintCheck, SearchResult
from restudy.evidence.reasons import (
    Finding,
    Reason,
    columns,
    nested,
    parse,
    reason,
    reason_parts,
    reason_text,
)
from restudy.evidence.statuses import Status
from restudy.results.table_files import make_table

_NAMED = 4
"""Compatible candidates that a conclusion names one by one."""


def candidate_table(results: Sequence[SearchResult]) -> pd.DataFrame:
    """Return the table ``search_candidates``: each number of each candidate, and the printed one.

    There are no rows for a search whose study is not in this run.
    """
    rows = [
        {
            "search": result.search.id,
            "source": result.search.source,
            "study": result.search.study,
            "candidate": candidate.name,
            **_columns(check),
            "verdict": candidate.verdict.value,
            **columns(candidate.reasons),
        }
        for result in results
        for candidate in result.candidates or ()
        for check in candidate.checks
    ]
    table = make_table("search_candidates", rows)
    return table.astype({"n": "Int64", "diverged": "Int64", "fits": "boolean"})


def conclusion_table(results: Sequence[SearchResult]) -> pd.DataFrame:
    """Return the table ``configuration_searches``: the candidates left, as reasons."""
    rows = [
        {
            **{"search": result.search.id, "source": result.search.source},
            **{"title": result.search.title, "question": result.search.question},
            "study": result.search.study,
            "compatible": len(result.of(Status.COMPATIBLE)),
            "ruled_out": len(result.of(Status.RULED_OUT)),
            "not_yet": len(result.of(Status.PENDING)),
            **columns(_conclusions(result)),
        }
        for result in results
    ]
    return make_table("configuration_searches", rows)


def conclusion(row: Mapping[Any, Any]) -> str:
    """Return the words for the conclusion of a row of ``configuration_searches``."""
    parts = reason_parts(parse(row))
    if not _is_searched(row):
        return f"Not yet: {'; '.join(parts)}."
    return " ".join(f"{part}." for part in parts)


def statuses_of(table: pd.DataFrame) -> dict[str, Finding]:
    """Return the status of each search of a :func:`conclusion_table`, by id."""
    found = {}
    for row in table.to_dict("records"):
        counts = {name: int(row[name]) for name in ("compatible", "ruled_out")}
        searched = Finding(Status.SEARCHED, (reason("searched", **counts),))
        found[row["search"]] = (
            searched if _is_searched(row) else Finding(Status.PENDING, parse(row))
        )
    return found


def to_text(results: Sequence[SearchResult], scale: str) -> str:
    """Return everything as one Markdown document, for reading."""
    parts = []
    conclusions = conclusion_table(results).to_dict("records")
    for result, row in zip(results, conclusions, strict=True):
        title = f"# {row['search']}: {row['title']}"
        parts.append(f"{title}\n\n{row['question']}\n\n{conclusion(row)}\n")
        if result.candidates:
            rows = [_readable(candidate) for candidate in result.candidates]
            parts.append(tabulate(rows, headers="keys", tablefmt="pipe", disable_numparse=True))
            parts.append("")
    parts.append(
        f"Scale {scale}. Under each printed value stand our mean and the interval for one more run "
        "of ours, of level 1 - 0.05 / number of values, so that the right candidate, if it was "
        "searched, is kept with a probability of 95% or more. docs/evidence.md says more.\n"
    )
    return "\n".join(parts)


def is_searched(table: pd.DataFrame) -> pd.Series[bool]:
    """Return which rows of ``configuration_searches`` have a candidate that was judged."""
    return table[["compatible", "ruled_out"]].astype(int).any(axis=1)


def _is_searched(row: Mapping[Any, Any]) -> bool:
    return int(row["compatible"]) + int(row["ruled_out"]) > 0


def _conclusions(result: SearchResult) -> Iterator[Reason]:
    """Yield which candidates are left; or why none is judged."""
    every = result.candidates
    if every is None:
        yield reason("not_in_this_run", study=result.search.study)
        return
    left, out, open_ = map(result.of, (Status.COMPATIBLE, Status.RULED_OUT, Status.PENDING))
    if len(open_) == len(every):
        yield from every[0].reasons
        return
    if left:
        names = [one.name for one in left]
        yield reason("candidates_compatible", names=names[:_NAMED], more=len(names[_NAMED:]))
    elif not open_:
        yield reason("no_candidate", meaning=result.search.if_none)
    if len(left) > 1:
        yield reason("levels_compatible", levels=_levels(left, every))
    yield reason("candidates_ruled_out", n=len(out), total=len(every))
    if out:
        near = min(out, key=lambda one: one.worst.misses if one.worst else 0.0)
        yield reason("nearest_candidate", name=near.name, reasons=nested(near.reasons))
    if open_:
        yield reason("candidates_open", n=len(open_), reasons=nested(open_[0].reasons))
    if result.reductions:
        yield reason("search_reduced", reductions=[one._asdict() for one in result.reductions])


def _levels(left: Sequence[Candidate], every: Sequence[Candidate]) -> dict[str, list[str] | None]:
    """Return the levels of each factor that some candidates have; None for all of them."""
    found: dict[str, list[str] | None] = {}
    for factor in left[0].levels:
        kept = list(dict.fromkeys(one.levels[factor] for one in left))
        is_any = len(kept) == len({one.levels[factor] for one in every})
        found[factor] = None if is_any else kept
    return found


def _columns(check: ConstraintCheck) -> dict[str, Any]:
    found = {
        **{"published": check.id, "metric": check.constraint.name},
        **{"unit": check.row.unit, "value": check.value},
    }
    if check.ours is None:
        return found
    return found | {
        **check.ours.estimate.columns("pi"),
        "diverged": check.ours.diverged,
        **{"sds": check.sds, "misses": check.misses, "fits": check.fits},
    }


def _readable(candidate: Candidate) -> dict[str, str]:
    row = {"candidate": candidate.name}
    for check in candidate.checks:
        row[f"{check.id}, {check.constraint.name}: {check.value}"] = _number(check)
    # What is not yet judged is so for one reason, which the conclusion gives.
    is_out = candidate.verdict is Status.RULED_OUT
    because = reason_text(candidate.reasons) if is_out else DASH
    return row | {"verdict": candidate.verdict.label, "because": because}


def _number(check: ConstraintCheck) -> str:
    if check.ours is None:
        return DASH
    estimate = check.ours.estimate
    if not estimate.low <= estimate.high:
        return number(estimate.mean)
    return f"{number(estimate.mean)} ({interval(estimate.low, estimate.high)})"
