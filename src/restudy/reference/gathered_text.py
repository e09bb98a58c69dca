"""What has been gathered, in words: the folder's README, and the verdicts beside the default's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from restudy.common.text_format import DASH
from restudy.evidence.reasons import texts
from restudy.evidence.statuses import Status, label
from restudy.reference.gathered_record import RECORD, Record
from restudy.report import phrases
from restudy.report.view.counts import outcome
from restudy.results.study_tables import to_markdown

_SHORT = 90
"""Letters of a statement in a table that has other columns."""

_OPEN = (
    "What a study that is missing would tell counts as open. p values are adjusted among the "
    "tests of a topic that are there, so a verdict may change when more of them come. "
)


def readme(
    record: Record,
    missing: Collection[str],
    published: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    default: pd.DataFrame | None,
    advice: Mapping[str, str],
) -> str:
    """Return what a visitor reads first.

    Args:
        record: what has been gathered.
        missing: the studies that have not been done at the full scale.
        published: the gathered table of printed numbers.
        tables: those of claims and their tests, errata, puzzles and claims about time, as text.
        default: the reference's table of claims, if there is one.
        advice: what matters most in the studies that ask for it, by study: a list in Markdown.
    """
    claims = tables["claims"]
    parts = [
        f"# The full scale, study by study\n\n{_how_far(record, missing)} Made by `make gather`; "
        "do not edit. [How](../../docs/reference-run.md#the-full-scale-study-by-study).\n",
        f"{phrases.bullets(outcome({**tables, 'published': published}))}\n",
        f"{_OPEN if missing else ''}The tables have the columns of a run's: "
        "[docs/results.md](../../docs/results.md). "
        "[All claims, beside the default scale](claims.md).\n",
    ]
    if default is not None:
        parts += [_changes(claims, tables["claim_tests"], default)]
    parts += [
        f"## What matters most: [{study}](tables/{study}/matters.csv)\n\n{found}"
        for study, found in advice.items()
    ]
    parts += [_puzzles(tables["puzzles"]), _studies(record)]
    return "\n".join(parts)


def _how_far(record: Record, missing: Collection[str]) -> str:
    done, total = len(record["studies"]), len(record["studies"]) + len(missing)
    scale = "at the full scale (published budgets, all seeds and levels), and the small experiments"
    if not missing:
        return f"All {total} studies have been done {scale}."
    return (
        f"{done} of {total} studies have been done {scale}. Not yet: {', '.join(sorted(missing))}."
    )


def claims_beside(claims: pd.DataFrame, default: pd.DataFrame | None) -> str:
    """Return every claim with its verdict at the full scale and at the default scale."""
    table = pd.DataFrame(
        {
            "claim": claims["id"],
            "topic": claims["topic"],
            "statement": claims["statement"],
            "default scale": _labels(_before(claims, default)),
            "full scale": claims["status"].map(label),
            "because": texts(claims),
        }
    )
    notes = "docs/verdicts.md says how a verdict is made."
    return to_markdown(_escaped(table), "Claims at the full scale", notes)


def _before(claims: pd.DataFrame, default: pd.DataFrame | None) -> pd.Series[str]:
    known = {} if default is None else dict(zip(default["id"], default["status"], strict=True))
    return claims["id"].map(known).fillna("")


def _labels(statuses: pd.Series[str]) -> list[str]:
    return [label(status) or DASH for status in statuses]


def _changes(claims: pd.DataFrame, tests: pd.DataFrame, default: pd.DataFrame) -> str:
    partly = set(tests.loc[tests["verdict"] == Status.PENDING, "claim"])
    before = _before(claims, default)
    other = claims.assign(before=before)[(claims["status"] != before) & (before != "")]
    other = other[other["status"] != Status.PENDING]
    table = pd.DataFrame(
        {
            "claim": other["id"],
            "statement": [_shortened(text) for text in other["statement"]],
            "default scale": _labels(other["before"]),
            "full scale": _labels(other["status"]),
            "its tests": ["some" if id_ in partly else "all" for id_ in other["id"]],
        }
    )
    notes = (
        'The reason of each is in [claims.md](claims.md). "some": other tests of the claim are not '
        "yet to be judged, mostly since a study is missing, and may speak against it."
    )
    title = f"Verdicts that are other ones than at the default scale: {len(table)}"
    return "#" + to_markdown(_escaped(table), title, notes)


def _puzzles(puzzles: pd.DataFrame) -> str:
    solved = puzzles[(puzzles["compatible"] != "0") | (puzzles["ruled_out"] != "0")]
    lines = [
        f"* **{row['question']}** ({row['puzzle']}) {row['conclusion']}"
        for row in solved.to_dict("records")
    ]
    return "## Puzzles: what the sources leave out\n\n" + "\n".join(lines or ["None yet."]) + "\n"


def _studies(record: Record) -> str:
    rows: list[dict[str, Any]] = [
        {
            "study": f"[{name}](tables/{name}/summary.csv)",
            "runs": f"{about['runs']:,}",
            "hours of training": f"{about['training_hours']:.2f}",
            "commit": about["commit"][:12],
            "on": f"{about['cores']} cores of {about['processor']}",
        }
        for name, about in record["studies"].items()
    ]
    notes = f"`{RECORD}` has digests of what each study asks for and of the code that trained it."
    return "#" + to_markdown(pd.DataFrame(rows), "Where they come from", notes)


def _shortened(text: str) -> str:
    return text if len(text) <= _SHORT else text[: _SHORT - 1].rsplit(" ", 1)[0] + " …"


def _escaped(table: pd.DataFrame) -> pd.DataFrame:
    return table.map(lambda text: str(text).replace("|", "\\|"))
