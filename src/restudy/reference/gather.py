"""Merge the results of a run of some studies at the full scale into those of earlier runs.

The full scale as a whole takes a night. It can be done in parts, a few studies at a time; the rows
of each part are kept, and all verdicts are computed from the rows that are there. Tables are text
here, as they are in their files, so that rows that are kept do not change by a letter.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from restudy.common.errors import RestudyError
from restudy.common.files import folder_replacement
from restudy.config.settings import Settings
from restudy.evidence.assign_statuses import count_statuses, findings, status_tables
from restudy.evidence.reasons import parse
from restudy.evidence.schema import Catalogue, Claim, load_catalogue
from restudy.evidence.search_tables import is_searched
from restudy.evidence.statuses import Status
from restudy.evidence.timing_claims import CLAIMS as TIMED_CLAIMS
from restudy.evidence.validation import FOLDER as EVIDENCE
from restudy.evidence.verdicts import adjust_and_classify
from restudy.planning.plan import load_plan
from restudy.reference.checks import check_finished
from restudy.reference.gathered_readme import write_pages
from restudy.reference.records import (
    KINDS,
    PARTS,
    Parts,
    describe_parts,
    read_configuration,
    read_parts,
    up_to_date,
)
from restudy.results.declarations import STUDY_TABLES, TIMED
from restudy.results.table_files import as_text, read_table, read_typed, typed, write_table

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Merge:
    """How rows of several runs are merged.

    Attributes:
        keys: columns of one question; several rows may answer it.
        question: columns that say what is asked: an earlier answer to another question is none.
        answered: which rows hold a number or a finding.
    """

    keys: tuple[str, ...]
    question: tuple[str, ...]
    answered: Callable[[pd.DataFrame], pd.Series[bool]]


def _has_n(table: pd.DataFrame) -> pd.Series[bool]:
    return table["n"] != ""


def _is_measured(table: pd.DataFrame) -> pd.Series[bool]:
    by_hand = (table["study"] == "") & (table["status"] != Status.PENDING)
    return (table["mean"] != "") | by_hand


MERGED = {
    "published": Merge(("id",), ("value", "metric", "unit", "study"), _is_measured),
    "claim_tests": Merge(
        ("claim", "test"),
        ("topic", "study", "metric", "contrast", "expected", "scale_of", "margin", "exploratory"),
        lambda table: table["verdict"] != Status.PENDING,
    ),
    "search_candidates": Merge(("search",), (), lambda table: pd.Series(True, index=table.index)),
    "configuration_searches": Merge(("search",), ("question", "study"), is_searched),
    "erratum_effects": Merge(("erratum", "description"), ("study", "exploratory"), _has_n),
    "printed_differences": Merge(
        ("erratum", "first", "second"), ("description", "printed"), _has_n
    ),
}
"""The tables whose rows are merged, and how."""

_STUDY_FILES = (
    *(f"{name}.csv" for name in STUDY_TABLES if name not in TIMED),
    "variance_components.md",
)
_COUNTED = ("published", "claims", "errata")
"""The kinds of rows that have a status here; systems and figures are not about runs."""


def gather(settings: Settings, results: Path, into: Path) -> tuple[Parts, list[str]]:
    """Merge the results of a finished run, as a whole or not at all.

    Rows of earlier runs stay where this run has no answer, if they were made with the present code,
    levels, recipes and seeds; all verdicts are computed anew.

    Args:
        settings: settings of the run, at the full scale.
        results: folder of the run.
        into: folder of the gathered results, if there is one already.

    Returns:
        what is gathered now, and the names of the missing studies.

    Raises:
        RestudyError: the run is not finished, or was called with other settings.
    """
    everything, plan = load_plan(settings.model_copy(update={"only": []})), load_plan(settings)
    check_finished(plan, results)
    new = _read_merged(results)
    left_out = _left_out(new.values())
    if unknown := sorted(left_out & plan.studies.keys()):
        raise RestudyError(
            f"{results}: the last run did not have {', '.join(unknown)}; allowed: the studies "
            "that it had, under ONLY as it was called"
        )
    experiments = [
        name for name in read_configuration(results)["experiments"] if name not in left_out
    ]
    earlier = up_to_date(read_parts(into), everything)
    added = describe_parts(plan, results, experiments)
    parts = {kind: dict(sorted((earlier[kind] | added[kind]).items())) for kind in KINDS}
    trusted = {name for kind in earlier.values() for name in kind}
    old = _read_merged(into) if (into / "tables").is_dir() else {}
    catalogue = load_catalogue(EVIDENCE)
    merged = merge(new, old, trusted, {*plan.studies, *experiments})
    merged["claim_tests"] = adjust(catalogue.claims, merged["claim_tests"])
    timed = results if experiments or not old else into
    missing = [name for name in everything.studies if name not in parts["studies"]]
    with folder_replacement(into) as folder:
        for name in parts["studies"]:
            _copy_study(name, results if name in plan.studies else into, folder)
        shutil.copyfile(timed / "tables" / TIMED_CLAIMS, folder / "tables" / TIMED_CLAIMS)
        for name, table in merged.items():
            write_table(folder / f"tables/{name}.csv", table)
        for name, table in _with_statuses(folder / "tables", catalogue, parts).items():
            write_table(folder / f"tables/{name}.csv", table)
        write_pages(folder, parts, missing)
        (folder / PARTS).write_text(json.dumps(parts, indent=1) + "\n", encoding="utf-8")
    return parts, missing


def merge(
    new: Tables, earlier: Tables, trusted: Collection[str], done: Collection[str]
) -> dict[str, pd.DataFrame]:
    """Replace the rows of earlier runs by those of a run, and keep the rows that it did not ask.

    A row is about one study or experiment. An earlier row stays if the run did not do that one, or
    if it is answered and the run's is not: some rows need a second study.

    Args:
        new: all tables of ``MERGED`` of the run, by name.
        earlier: the tables gathered before; empty at first.
        trusted: names of the studies and experiments whose earlier rows still count.
        done: names of those that the run did.

    Returns:
        the tables of ``MERGED``. p values of ``claim_tests`` are still adjusted for the tests of
        each run alone; see :func:`adjust`.
    """
    if not earlier:
        return dict(new)
    study_of = dict(zip(new["published"]["id"], new["published"]["study"], strict=True))
    merged = {}
    for name, rule in MERGED.items():
        old = earlier[name]
        study = old["study"] if "study" in old else old["first"].map(study_of)
        old = old[study.isin(trusted)]
        kept = rule.answered(old) | ~study[old.index].isin(done)
        merged[name] = _fill(new[name], old[kept], rule)
    searched = merged["configuration_searches"].loc[
        is_searched(merged["configuration_searches"]), "search"
    ]
    candidates = merged["search_candidates"]
    return merged | {"search_candidates": candidates[candidates["search"].isin(searched)]}


def adjust(claims: Sequence[Claim], table: pd.DataFrame) -> pd.DataFrame:
    """Return merged ``claim_tests`` with verdicts by all tests of each topic that are there."""
    table = table.reset_index(drop=True)
    made = as_text(adjust_and_classify(claims, typed("claim_tests", table)))
    return table.assign(**{name: made[name] for name in ("p_adjusted", "p_contradicts", "verdict")})


def _fill(new: pd.DataFrame, old: pd.DataFrame, rule: Merge) -> pd.DataFrame:
    """Put earlier rows into the places of those that the run has no answer for."""
    keys, question = list(rule.keys), list(rule.question)
    earlier = dict(iter(old.groupby(keys, sort=False)))
    answered = rule.answered(new)
    parts = []
    for key, rows in new.groupby(keys, sort=False):
        found = earlier.pop(key, None)
        kept = (
            found is not None
            and not answered[rows.index].any()
            and (found[question] == rows[question].iloc[0]).all(axis=None)
        )
        parts.append(found if kept else rows)
    if not question:
        # Rows are there only where a run did the search.
        parts += earlier.values()
    return pd.concat(parts, ignore_index=True) if parts else new


def _read_merged(folder: Path) -> dict[str, pd.DataFrame]:
    return {name: read_table(folder / f"tables/{name}.csv") for name in MERGED}


def _with_statuses(tables: Path, catalogue: Catalogue, parts: Parts) -> dict[str, pd.DataFrame]:
    """Return the status of each claim and mistake by the merged tables, and their counts."""
    names = (
        "published",
        "claim_tests",
        "erratum_effects",
        "printed_differences",
        "configuration_searches",
    )
    judged = findings(
        catalogue,
        {name: read_typed(tables / f"{name}.csv") for name in names},
        experiments={},
        done=list(parts["experiments"]),
        missing_figures={},
    )
    found = status_tables(catalogue, figures_drawn=(), judged=judged)
    counts = count_statuses({kind: found[kind] for kind in _COUNTED})
    return {"claims": found["claims"], "errata": found["errata"], "statuses": counts}


def _copy_study(study: str, source: Path, into: Path) -> None:
    folder = into / "tables" / study
    folder.mkdir(parents=True)
    for name in _STUDY_FILES:
        path = source / "tables" / study / name
        if path.is_file():
            shutil.copyfile(path, folder / name)


def _left_out(tables: Iterable[pd.DataFrame]) -> set[str]:
    """Return the studies and experiments that a run did not have, by the reasons of its rows."""
    return {
        str(name)
        for table in tables
        for row in table.to_dict("records")
        for one in parse(row)
        if one.code == "not_in_this_run"
        for name in one.args.values()
    }
