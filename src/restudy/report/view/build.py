"""Building the view model from the result tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from restudy.config.sources import Source, load_sources
from restudy.evidence.verdicts import readable_tests
from restudy.experiments import declaration
from restudy.experiments.project import project
from restudy.experiments.tables import declared
from restudy.report.view import claims, evidence, published
from restudy.report.view.counts import outcome
from restudy.report.view.key_findings import key_findings
from restudy.report.view.model import (
    Extent,
    Finding,
    Outcome,
    OwnTable,
    SourceView,
    StudyView,
    View,
)
from restudy.report.view.provenance import provenance
from restudy.report.view.studies import study_tables
from restudy.report.view.tables import Tables, as_texts, named, of_source
from restudy.report.view.variance import variance
from restudy.results.collect import RUNS, read_description
from restudy.results.group_files import RECORD
from restudy.results.schema import Kind
from restudy.results.study_tables import notes, run_counts
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
        title: title of page and paper.
        scale, commit: of the run.
        studies_left_out: names of studies that it does not do.
        experiments_done: whether it does the small experiments.
        source_figures: ids of the sources' figures that it draws.
        contradiction_figures: id of a figure -> ids of its claims.
    """

    title: str
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
    return build_view(
        info,
        read_tables(results / "tables"),
        {name: _read_study(results, name, groups) for name, groups in studies.items()},
        load_sources(),
        [_own_table(one, results) for one in project().tables.values() if one.shown],
    )


def build_view(
    info: RunInfo,
    tables: Tables,
    studies: Mapping[str, StudyResults],
    sources: Mapping[str, Source],
    own_tables: Sequence[OwnTable] = (),
) -> View:
    """Compute the view model from tables with their declared types."""
    counts, findings = summarise(tables)
    held = published.with_interval(tables["published"])
    figures = {name: tuple(ids) for name, ids in info.contradiction_figures.items()}
    return View(
        title=info.title,
        scale=info.scale,
        commit=info.commit,
        studies_left_out=tuple(info.studies_left_out),
        experiments_done=info.experiments_done,
        ids=tuple(_ids(info, tables)),
        counts=counts,
        findings=findings,
        sources=tuple(_source(source, info, tables) for source in sources.values()),
        own_tables=tuple(own_tables),
        runs_per_number=(int(held["n"].min()), int(held["n"].max())) if len(held) else (),
        number_dots=tuple(published.dots(held)),
        claims=tuple(claims.claims(tables)),
        topics=tuple(claims.topics(tables)),
        tests=claims.test_counts(tables),
        effect_dots=tuple(claims.effect_dots(tables)),
        timed_claims=as_texts(claims.timed_claims(tables)),
        timed_tests=as_texts(readable_tests(tables["timed_claim_tests"])),
        contradictions=tuple(claims.contradictions(tables, figures)),
        errata=tuple(evidence.errata(tables)),
        signs=published.count_of_signs(tables["printed_differences"]),
        variance=tuple(
            variance(name, rows)
            for name, rows in named(tables, "variance_components").items()
            if name in studies
        ),
        searches=tuple(evidence.searches(tables)),
        studies=tuple(_study(study, tables) for study in studies.values()),
        extent=_extent([study.runs for study in studies.values()]),
        calibration=as_texts(tables["calibration"]),
        coverage=evidence.coverage(tables["calibration"]),
        systems=as_texts(evidence.systems(tables)),
        statuses=as_texts(evidence.status_counts(tables)),
        source_figures=tuple(info.source_figures),
        contradiction_figures=figures,
    )


def read_summary(folder: Path) -> tuple[Outcome, tuple[Finding, ...]]:
    """Read the tables of a run or reference, and return counts and key findings."""
    return summarise(read_tables(folder, SUMMARISED))


def summarise(tables: Tables) -> tuple[Outcome, tuple[Finding, ...]]:
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


def _own_table(table: declaration.Table, results: Path) -> OwnTable:
    rows = read_table(results / f"tables/{table.name}.csv")
    return OwnTable(
        name=table.name,
        source=table.source,
        title=table.title,
        notes=table.notes,
        rows=as_texts(rows.drop(columns="with_bug", errors="ignore")),
    )


def _source(source: Source, info: RunInfo, tables: Tables) -> SourceView:
    own = {
        name: of_source(tables[name], source.id)
        for name in ("published", "figures", "printed_differences")
    }
    is_drawn = own["figures"]["id"].isin(info.source_figures)
    drawn, others = own["figures"][is_drawn], own["figures"][~is_drawn]
    return SourceView(
        **dict(source),
        counts=outcome(tables, source.id),
        numbers=as_texts(published.numbers(own["published"])),
        farthest=published.farthest(own["published"]),
        experiments=tuple(published.by_experiment(own["published"], tables["systems"])),
        drawn=dict(zip(drawn["id"], drawn["title"], strict=True)),
        other_figures=as_texts(evidence.other_figures(others)),
        signs=as_texts(published.signs(own["printed_differences"])),
    )


def _ids(info: RunInfo, tables: Tables) -> list[str]:
    """Return the ids of all rows and figures that are shown."""
    columns = dict.fromkeys(("published", "claims", "errata", "figures", "systems"), "id")
    columns["configuration_searches"] = "search"
    found = [*info.source_figures, *info.contradiction_figures]
    for name, column in columns.items():
        found += list(tables[name][column])
    return list(dict.fromkeys(found))


def _study(study: StudyResults, tables: Tables) -> StudyView:
    counts: dict[str, Any] = run_counts(study.runs)
    return StudyView(
        description=dict(study.description),
        **counts,
        provenance=tuple(provenance(study.records, study.runs)),
        notes=notes(study.description, **counts),
        **study_tables(study.description, tables),
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
