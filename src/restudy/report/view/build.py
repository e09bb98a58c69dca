"""Building the view model from the result tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from restudy.config.sources import Source, load_sources
from restudy.experiments.project import project
from restudy.experiments.tables import declared
from restudy.report.view.counts import final_verdicts, outcome
from restudy.report.view.key_findings import key_findings
from restudy.report.view.model import (
    Extent,
    Finding,
    Outcome,
    OwnTable,
    SourceView,
    StudyView,
    View,
    columns_of,
)
from restudy.report.view.provenance import provenance
from restudy.results.collect import RUNS, read_description
from restudy.results.group_files import RECORD
from restudy.results.schema import Kind
from restudy.results.study_tables import run_counts
from restudy.results.table_files import read_table, typed

TABLES = (
    *("published", "claims", "claim_tests", "timed_claims", "timed_claim_tests", "contradictions"),
    *(
        "timed_contradictions",
        "errata",
        "erratum_effects",
        "printed_differences",
        "figures",
        "systems",
    ),
    *("statuses", "configuration_searches", "search_candidates", "calibration"),
)
STUDY_TABLES = ("summary", "comparison", "variance_components")
SUMMARISED = ("published", "claims", "timed_claims", "errata", "claim_tests", "erratum_effects")
"""The tables that counts and key findings are made from."""


@dataclass(frozen=True)
class RunInfo:
    """What the tables do not say of a run.

    Attributes:
        scale, commit: of the run.
        studies_left_out: names of studies that it does not do.
        experiments_done: whether it does the small experiments.
        source_figures: ids of the sources' figures that it draws.
        contradiction_figures: id of a figure -> ids of its claims.
    """

    scale: str
    commit: str
    studies_left_out: Sequence[str] = ()
    experiments_done: bool = True
    source_figures: Sequence[str] = ()
    contradiction_figures: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class StudyResults:
    """A study: ``study.json``, the runs of ``runs.parquet``, and ``group.json`` by group."""

    description: Mapping[str, Any]
    runs: pd.DataFrame
    records: Mapping[str, Mapping[str, Any]]


def read_tables(folder: Path, names: Sequence[str] = TABLES) -> dict[str, pd.DataFrame]:
    """Read tables of a run, or of a reference, and those that its studies have.

    A reference has no tables of times: they are empty.
    """
    paths = [folder / f"{name}.csv" for name in names]
    paths += [path for name in STUDY_TABLES for path in sorted(folder.glob(f"*/{name}.csv"))]
    found = {path.relative_to(folder).with_suffix("").as_posix(): path for path in paths}
    return {name: typed(name, _read(name, path), declared(name)) for name, path in found.items()}


def read_run(results: Path, info: RunInfo, studies: Mapping[str, Sequence[str]]) -> View:
    """Read the results of a run, and return the view model.

    Args:
        results: the folder of the results.
        info: what the tables do not say.
        studies: name -> ids of the groups.
    """
    tables = read_tables(results / "tables")
    own = [table for table in project().tables.values() if table.shown]
    tables |= {table.name: read_table(results / f"tables/{table.name}.csv") for table in own}
    return build_view(
        info,
        tables,
        {name: _read_study(results, name, groups) for name, groups in studies.items()},
        load_sources(),
        [
            OwnTable(name=one.name, source=one.source, title=one.title, notes=one.notes)
            for one in own
        ],
    )


def build_view(
    info: RunInfo,
    tables: Mapping[str, pd.DataFrame],
    studies: Mapping[str, StudyResults],
    sources: Mapping[str, Source],
    own_tables: Sequence[OwnTable] = (),
) -> View:
    """Compute the view model from tables with their declared types."""
    counts, findings = summarise(tables)
    return View(
        scale=info.scale,
        commit=info.commit,
        studies_left_out=tuple(info.studies_left_out),
        experiments_done=info.experiments_done,
        counts=counts,
        findings=findings,
        sources=tuple(
            SourceView(**dict(source), counts=outcome(tables, source.id))
            for source in sources.values()
        ),
        verdicts=final_verdicts(tables),
        studies=tuple(map(_study, studies.values())),
        extent=_extent([study.runs for study in studies.values()]),
        source_figures=tuple(info.source_figures),
        contradiction_figures={
            name: tuple(claims) for name, claims in info.contradiction_figures.items()
        },
        own_tables=tuple(own_tables),
        tables={
            name: columns_of(table)
            for name, table in tables.items()
            if "/" not in name or name.split("/")[0] in studies
        },
    )


def summarise(tables: Mapping[str, pd.DataFrame]) -> tuple[Outcome, tuple[Finding, ...]]:
    """Return counts and key findings: what a reader sees first."""
    return outcome(tables), tuple(key_findings(tables))


def _read(name: str, path: Path) -> pd.DataFrame:
    if declared(name).kind is Kind.TIMED and not path.exists():
        return pd.DataFrame(columns=[column.name for column in declared(name).columns])
    return read_table(path)


def _read_study(results: Path, name: str, groups: Sequence[str]) -> StudyResults:
    folder = results / "studies" / name
    columns = ["group", "run", "seed", "status", "dataset"]
    return StudyResults(
        read_description(folder),
        pd.read_parquet(folder / RUNS, columns=columns),
        {group: json.loads((results / "groups" / group / RECORD).read_bytes()) for group in groups},
    )


def _study(study: StudyResults) -> StudyView:
    return StudyView(
        description=dict(study.description),
        **run_counts(study.runs),
        provenance=tuple(provenance(study.records, study.runs)),
    )


def _extent(studies: Sequence[pd.DataFrame]) -> Extent:
    if not studies:
        return Extent(networks=0, diverged=0, datasets=())
    every = pd.concat([runs.astype({"dataset": str}) for runs in studies])
    runs = every.drop_duplicates(["group", "run"])  # studies share runs
    return Extent(
        networks=len(runs),
        diverged=run_counts(runs)["diverged"],
        datasets=tuple(sorted(set(runs["dataset"]))),
    )
