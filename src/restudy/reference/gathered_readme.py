"""Pages about the gathered results: the folder's README, and the claims beside the default's."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from restudy.common.text_format import DASH
from restudy.evidence.reasons import texts
from restudy.evidence.search_tables import conclusion, is_searched
from restudy.evidence.statuses import Status, label
from restudy.reference.records import PARTS, README, REFERENCE, Parts
from restudy.report import phrases
from restudy.report.view.counts import outcome
from restudy.results.study_tables import to_markdown
from restudy.results.table_files import read_table, read_typed

CLAIMS = "claims.md"
_SHORT = 90
"""Letters of a statement in a table that has other columns."""


def write_pages(
    folder: Path, parts: Parts, missing: Collection[str], reference: Path = REFERENCE
) -> None:
    """Write the README of a folder of gathered results, and its page of claims.

    Args:
        folder: folder with the tables, as ``tables/NAME.csv``.
        parts: what has been gathered.
        missing: studies that have not been done at the full scale.
        reference: folder of the reference, whose claims are those of the default scale.
    """
    names = ("claims", "claim_tests", "errata", "configuration_searches", "timed_claims")
    tables = {name: read_table(folder / f"tables/{name}.csv") for name in names}
    published = read_typed(folder / "tables/published.csv")
    claims, path = tables["claims"], reference / "tables/claims.csv"
    default = read_table(path).set_index("id")["status"] if path.is_file() else None
    before = claims["id"].map({} if default is None else default).fillna("").astype(str)
    sections = [
        f"# The full scale, study by study\n\n{_progress(parts, missing)} Made by `make gather`; "
        "do not edit. [How](../../docs/reference-run.md#the-full-scale-study-by-study).\n",
        f"{phrases.bullets(outcome({**tables, 'published': published}))}\n",
        f"{_OPEN if missing else ''}The tables have the columns of a run's: "
        "[docs/results.md](../../docs/results.md). "
        f"[All claims, beside the default scale]({CLAIMS}).\n",
        *([] if default is None else [_changes(claims, tables["claim_tests"], before)]),
        *(
            f"## What matters most: [{one.parent.name}]"
            f"(tables/{one.parent.name}/variance_components.csv)\n\n"
            + one.read_text(encoding="utf-8")
            for one in sorted(folder.glob("tables/*/variance_components.md"))
        ),
        _searches(tables["configuration_searches"]),
        _studies(parts),
    ]
    (folder / README).write_text("\n".join(sections), encoding="utf-8")
    (folder / CLAIMS).write_text(_claims(claims, before), encoding="utf-8")


_OPEN = (
    "What a study that is missing would tell counts as open. p values are adjusted among the "
    "tests of a topic that are there, so a verdict may change when more of them come. "
)


def _progress(parts: Parts, missing: Collection[str]) -> str:
    done, total = len(parts["studies"]), len(parts["studies"]) + len(missing)
    scale = "at the full scale (published budgets, all seeds and levels), and the small experiments"
    if not missing:
        return f"All {total} studies have been done {scale}."
    return (
        f"{done} of {total} studies have been done {scale}. Not yet: {', '.join(sorted(missing))}."
    )


def _claims(claims: pd.DataFrame, before: pd.Series[str]) -> str:
    """Return every claim with its verdict at the full scale and at the default scale."""
    columns = {
        **{name: claims["id" if name == "claim" else name] for name in ("claim", "topic")},
        **{"statement": claims["statement"], "default scale": _labels(before)},
        **{"full scale": _labels(claims["status"]), "because": texts(claims)},
    }
    return _table(
        columns, "# Claims at the full scale", "docs/verdicts.md says how a verdict is made."
    )


def _changes(claims: pd.DataFrame, tests: pd.DataFrame, before: pd.Series[str]) -> str:
    """Return the claims whose verdict is another one than at the default scale."""
    partly = set(tests.loc[tests["verdict"] == Status.PENDING, "claim"])
    status = claims["status"]
    changed = (status != before) & (before != "") & (status != Status.PENDING)
    other = claims[changed]
    columns = {
        "claim": other["id"],
        "statement": other["statement"].map(_shortened),
        "default scale": _labels(before[changed]),
        "full scale": _labels(status[changed]),
        "its tests": ["some" if id_ in partly else "all" for id_ in other["id"]],
    }
    notes = (
        f'The reason of each is in [{CLAIMS}]({CLAIMS}). "some": other tests of the claim are not '
        "yet to be judged, mostly since a study is missing, and may speak against it."
    )
    title = f"## Verdicts that are other ones than at the default scale: {len(other)}"
    return _table(columns, title, notes)


def _searches(searches: pd.DataFrame) -> str:
    lines = [
        f"* **{row['question']}** ({row['search']}) {conclusion(row)}"
        for row in searches[is_searched(searches)].to_dict("records")
    ]
    return "## Puzzles: what the sources leave out\n\n" + "\n".join(lines or ["None yet."]) + "\n"


def _studies(parts: Parts) -> str:
    studies = parts["studies"]
    columns = {
        "study": [f"[{name}](tables/{name}/summary.csv)" for name in studies],
        "runs": [f"{part['runs']:,}" for part in studies.values()],
        "hours of training": [f"{part['training_hours']:.2f}" for part in studies.values()],
        "commit": [part["commit"][:12] for part in studies.values()],
        "on": [f"{part['cores']} cores of {part['processor']}" for part in studies.values()],
    }
    notes = f"`{PARTS}` has digests of what each study asks for and of the code that trained it."
    return _table(columns, "## Where they come from", notes)


def _table(columns: Mapping[str, object], title: str, notes: str) -> str:
    table = pd.DataFrame(columns).map(lambda text: str(text).replace("|", "\\|"))
    level, _, words = title.partition("# ")
    return level + to_markdown(table, words, notes)


def _labels(statuses: pd.Series[str]) -> list[str]:
    return [label(status) or DASH for status in statuses]


def _shortened(text: str) -> str:
    return text if len(text) <= _SHORT else text[: _SHORT - 1].rsplit(" ", 1)[0] + " …"
