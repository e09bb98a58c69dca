"""From the results to the page: reads the files, and asks a module a section for its part."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from restudy import tables
from restudy.config.sources import load_sources
from restudy.evidence.contrasts import read_contrasts
from restudy.evidence.demonstrations import read_demonstrations
from restudy.evidence.judging import read_claim_tests
from restudy.evidence.ledger import KINDS, summary
from restudy.evidence.published import read_published_table
from restudy.experiments.project import project
from restudy.matters import advice
from restudy.report import answer, sources
from restudy.report.calibration import calibration
from restudy.report.claims import claims, verdicts
from restudy.report.commands import Command
from restudy.report.contradictions import contradictions
from restudy.report.findings import RULE, findings
from restudy.report.ledger import ledger
from restudy.report.matters import matters
from restudy.report.paper.studies import read_matters
from restudy.report.parts import Answer, Page, Picture, Section
from restudy.report.puzzles import puzzles
from restudy.report.studies import studies, study
from restudy.results.collect import RUNS, read_description
from restudy.results.group_files import RECORD
from restudy.results.table_files import read_table

PAPER = "paper.pdf"
SNAKEMAKE = "snakemake.html"
_KINDS = {
    "learning_curves": "learning curves",
    "batch_size": "over the batch size",
    "grid": "who wins where, and what explains it",
    "housing": "predicted prices, and learning curves",
}
"""Kind of a study's figure -> what is said of it instead of the picture."""


@dataclass(frozen=True)
class Run:
    """A run of the pipeline: what it made, and where.

    Attributes:
        results: the folder of the results.
        scale, commit: of the run.
        studies: name -> ids of its cells.
        grids: the studies with a table of what matters.
        figures: ids of the sources' figures that were drawn.
        disputes: id of a figure of a contradiction -> ids of its two claims.
        command: how the pipeline was called.
        left_out: names of studies that were not done.
        experiments: whether the small experiments were done.
        paper: whether there is a paper beside the page.
        sources: the file with the sources.
        captions: the folder with the captions of the studies' figures.
    """

    results: Path
    scale: str
    commit: str
    studies: Mapping[str, Sequence[str]]
    command: Command
    grids: Sequence[str] = ()
    figures: Sequence[str] = ()
    disputes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    left_out: Sequence[str] = ()
    experiments: bool = True
    paper: bool = False
    sources: Path = Path("config/evidence/sources.yaml")
    captions: Path = Path("workflow/report")


def build(run: Run) -> Page:
    """Read the results of a run, and return the page about them."""
    made = run.results / "tables"
    rows = {kind: _texts(made / f"{kind}.csv") for kind in KINDS}
    published = read_published_table(made / "published.csv")
    tests = read_claim_tests(made / "claim_tests.csv")
    timed, timed_tests = (
        _texts(made / "timed_claims.csv"),
        read_claim_tests(made / "timed_claim_tests.csv"),
    )
    shown = read_demonstrations(made / "errata_shown.csv")
    titles = dict(zip(rows["figures"]["id"], rows["figures"]["title"], strict=True))
    every = load_sources(run.sources)
    evidence = sources.Evidence(
        published,
        rows["figures"],
        rows["errata"],
        shown,
        read_contrasts(made / "contrasts.csv"),
        [
            (table, _texts(made / f"{table.name}.csv"))
            for table in project().tables.values()
            if table.shown
        ],
        {id_: _picture(run, id_, titles[id_]) for id_ in run.figures},
    )
    shares = {name: read_matters(made / name / "matters.csv") for name in run.grids}
    parts = {name: _study(run, name) for name in run.studies}
    descriptions = [read_description(run.results / "studies" / name) for name in run.studies]
    return Page(
        title=sources.title(every),
        scale=run.scale,
        commit=run.commit,
        answer=Answer(
            tallies=[
                answer.numbers(published, address="sources"),
                answer.claims(verdicts(rows["claims"], timed), address="claims"),
                answer.errata(rows["errata"]["status"], address="sources"),
            ],
            findings=findings(rows["claims"], tests, rows["errata"], shown, shares, run.studies),
            rule=RULE,
            cuts=answer.cuts(
                descriptions, run.scale, left_out=run.left_out, experiments=run.experiments
            ),
        ),
        sections=[
            sources.sources(every, evidence),
            claims(rows["claims"], tests, timed, timed_tests),
            contradictions(
                _texts(made / "contradictions.csv"),
                _texts(made / "timed_contradictions.csv"),
                {frozenset(ids): _dispute(run, id_, ids) for id_, ids in run.disputes.items()},
            ),
            matters({name: advice(table) for name, table in shares.items()}),
            puzzles(_texts(made / "puzzles.csv"), _texts(made / "forensics.csv")),
            studies(list(parts.values())),
            calibration(pd.read_csv(made / "calibration.csv")),
            ledger(summary(rows), rows["systems"]),
        ],
        **_beside(run),
    )


def _study(run: Run, name: str) -> Section:
    folder = run.results / "studies" / name
    description = read_description(folder)
    runs = pd.read_parquet(folder / RUNS)
    factors = list(description["factors"])
    kind = description["figure"]
    caption = (run.captions / f"{kind}.rst").read_text(encoding="utf-8")
    return study(
        description,
        runs,
        tables.summary_table(runs, factors),
        tables.comparison_table(runs, factors, description["compare"]),
        {cell: _record(run.results / "cells" / cell) for cell in run.studies[name]},
        _picture(run, name, f"{description['title']} {_KINDS[kind]}", caption, place=False),
    )


def _dispute(run: Run, id_: str, claims: Sequence[str]) -> Picture:
    return _picture(run, id_, f"What {' and '.join(claims)} disagree about, as measured")


def _picture(
    run: Run, name: str, alt: str, caption: str | None = None, *, place: bool = True
) -> Picture:
    """Return a figure with links to its files; without a caption it has one in a file."""
    drawn = run.results / "figures"
    if caption is None:
        caption = (drawn / f"{name}.txt").read_text(encoding="utf-8")
    return Picture(
        (drawn / f"{name}.svg").read_bytes(),
        caption.strip(),
        alt,
        id=name if place else "",
        links={kind.upper(): f"../figures/{name}.{kind}" for kind in ("csv", "pdf", "svg")},
        command=run.command.remake(f"figures/{name}.svg"),
    )


def _beside(run: Run) -> dict[str, Mapping[str, str]]:
    """Return the documents beside the page, and what is to be said of them."""
    paper = {"The same as a paper (PDF)": PAPER} if run.paper else {}
    workflow = "Snakemake's own report"
    remark = (
        f"how each file was made, by which rule, code and software, and how long that took; there "
        f"only after make report{'' if run.scale == 'default' else f' SCALE={run.scale}'}, "
        "without it the link leads nowhere"
    )
    return {"beside": {**paper, workflow: SNAKEMAKE}, "beside_notes": {workflow: remark}}


def _record(cell: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((cell / RECORD).read_text(encoding="utf-8"))
    return record


def _texts(path: Path) -> pd.DataFrame:
    return read_table(path)
