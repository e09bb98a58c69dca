"""A made-up run, a few rows of each kind with easy numbers; and a checker of pages."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import pandas as pd

from restudy.config.sources import Source
from restudy.evidence.reasons import columns, stated
from restudy.experiments.tables import declared
from restudy.report.html.figures import PageFigure
from restudy.report.html.render import render
from restudy.report.view.build import TABLES, RunInfo, StudyResults, build_view
from restudy.report.view.model import OwnTable, Table, View
from restudy.results.table_files import typed

NASTY = "<script>alert('&')</script> \"quoted\""
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><path d="M 0 0 L 9.123456 3"/>'
    b"</svg>"
)
VOID = {"meta", "img", "br", "hr"}
SOURCES = {
    "S1": Source(id="S1", title="A report", what="Prints numbers."),
    "S7": Source(id="S7", title="Another one", what="Makes claims."),
}
OWN = OwnTable(
    name="own",
    source="S1",
    title="Its own table",
    notes="",
    rows=Table(columns=("id",), rows=(("PUB-S1-001",),)),
)
RECORD = {
    "seeds": {"s0": 0, "s1": 1, "s2": 2},
    "git_commit": "a" * 40,
    "git_dirty": False,
    "training_version": 3,
    "data": {"dataset": "mnist", "sha256": "d" * 64, "split_seed": 0},
    "versions": {"torch": "2.0", "numpy": "2.2"},
    "machine": "Linux x86_64",
    "device": "cpu",
    "matmul_backend": "default",
    "threads": 1,
    "seconds": 12.5,
}


def table(name: str, *rows: Mapping[str, Any]) -> pd.DataFrame:
    """Return a declared table; each row says what is its own."""
    own = [column.name for column in declared(name).columns]
    made = [dict.fromkeys(own, "") | row for row in rows]
    return typed(name, pd.DataFrame(made, columns=own if not rows else None))


def published(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table of published numbers."""
    made = [
        {"id": f"PUB-S1-{place:03d}", "source": "S1", "experiment": "EXP-S1-A", "metric": "m"}
        | {"value": "1.0", "unit": "share"}
        | row
        for place, row in enumerate(rows, start=1)
    ]
    return table("published", *made)


def held(value: str, status: str, **more: Any) -> dict[str, Any]:
    """Return a published number that is tested against the interval from 0.8 to 1.2."""
    return {"value": value, "status": status, "pi_low": 0.8, "pi_high": 1.2, "n": 3, **more}


def claims(*rows: tuple[str, str, str], **more: Any) -> pd.DataFrame:
    """Return the table of claims: id, topic and status of each."""
    names = ("id", "topic", "status")
    made = [
        {"source": "S1, S7", "statement": f"{row[0]} holds."} | dict(zip(names, row, strict=True))
        for row in rows
    ]
    return table("claims", *(row | more for row in made))


def tests(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table of tests of claims."""
    made = [
        {"topic": "t", "test": 1, "metric": "test accuracy", "contrast": "a against b"}
        | {"expected": "greater", "scale_of": "difference", "margin": 0.01, "n": 5}
        | {"effect": 0.02, "ci_low": 0.01, "ci_high": 0.03, "study": "s1-one", "p_adjusted": 0.5}
        | row
        for row in rows
    ]
    return table("claim_tests", *made)


tests.__test__ = False  # type: ignore[attr-defined]


def errata(*rows: tuple[str, str], **more: Any) -> pd.DataFrame:
    """Return the table of mistakes: id and status of each."""
    made = [
        {"id": id_, "source": "S1", "severity": "high", "what_is_wrong": "All.", "status": status}
        for id_, status in rows
    ]
    return table("errata", *(row | more for row in made))


def shown(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table of what mistakes do."""
    made = [
        {
            "erratum": "ERR-S1-01",
            "source": "S1",
            "severity": "high",
            "description": "accuracy",
            "n": 3,
        }
        | {
            "as_published": 0.97,
            "corrected": 0.95,
            "difference": 0.02,
            "ci_low": 0.01,
            "ci_high": 0.03,
        }
        | {"study": "s1-one"}
        | row
        for row in rows
    ]
    return table("erratum_effects", *made)


def contrasts(*signs: str) -> pd.DataFrame:
    """Return a table of differences of two published numbers, of which it says only the sign."""
    rows = [
        {"source": "S1", "sign": sign, "n_opposite": 0, "first": f"PUB-S1-{place:03d}", "n": 3}
        for place, sign in enumerate(signs, start=1)
    ]
    return table("printed_differences", *rows)


def opposed(*pairs: tuple[str, str], **more: Any) -> pd.DataFrame:
    """Return a table of claims that contradict each other: the ids of each pair."""
    rows = [
        {"claim": claim, "other": other, "verdict": "supported"}
        | {"other_verdict": "contradicted" if other else ""}
        for claim, other in pairs
    ]
    return table("contradictions", *(row | more for row in rows))


def searches(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table of configuration searches."""
    made = [
        {"search": "PUZ-S1-01", "source": "S1", "title": "Rate"}
        | {"compatible": 1, "ruled_out": 2}
        | row
        for row in rows
    ]
    return table("configuration_searches", *made)


MATTERS = [
    dict(
        zip(("dataset", "source", "omega_squared", "ci_low", "ci_high", "seeds"), row, strict=True)
    )
    | levels
    for row, levels in (
        (
            ("mnist", "norm", 0.6, 0.5, 0.7, 3),
            {"best": "batch", "best_mean": 0.98, "worst": "none", "worst_mean": 0.95},
        ),
        (("mnist", "residual (seeds)", 0.2, 0.1, 0.3, 3), {}),
        (
            ("mnist", "hidden", 0.01, 0.0, 0.02, 3),
            {"best": "64", "best_mean": 0.97, "worst": "32", "worst_mean": 0.96},
        ),
    )
]


def calibration() -> pd.DataFrame:
    """Return two rows on the coverage of paired differences."""
    rows = [
        {"measure": "coverage", "description": "t interval of paired differences", "n": n}
        | {"distribution": "normal", "nominal": 0.95, "estimate": estimate}
        for n, estimate in ((3, 0.949), (5, 0.951))
    ]
    return table("calibration", *rows)


REDUCTIONS = [{"field": "epochs", "full": "9", "reduced": "1"}]
COMPARED = {"factor": "norm", "level": "batch", "baseline": "none", "metric": "test_accuracy"}
COMPARED |= {"norm": "", "n": 3, "mean": 0.0123, "ci_low": 0.0023, "ci_high": 0.0223, "n_pairs": 3}
SUMMARY = [
    {"norm": norm, "metric": "test_accuracy", "n": 3, "mean": mean, "ci_low": mean, "ci_high": mean}
    | {"n_diverged": 0}
    for norm, mean in (("none", 0.95), ("batch", 0.98))
]


def study(name: str = "s1-one", runs: pd.DataFrame | None = None, **described: Any) -> StudyResults:
    """Return a study of two networks on three seeds."""
    told = {"name": name, "source": "S1", "as_published": False, "reductions": REDUCTIONS}
    told |= {"title": f"The study {name}", "question": "Why & how?", "scale": "quick"}
    told |= {"factors": {"norm": ["none", "batch"]}, "figure": "learning_curves", "compare": []}
    rows = [
        {"group": f"{name}-{norm}", "run": f"s{seed}", "seed": seed}
        | {"status": "finished", "dataset": "mnist"}
        for norm in ("none", "batch")
        for seed in range(3)
    ]
    own = pd.DataFrame(rows) if runs is None else runs
    return StudyResults(told | described, own, dict.fromkeys(own["group"], RECORD))


def tables() -> dict[str, pd.DataFrame]:
    """Return tables in which everything is there."""
    return {
        "published": published(
            {"status": "exact"},
            held("1.1", "consistent"),
            held("1.0", "source_error_only"),
            held("1.6", "inconsistent", metric="loss"),
            {"status": "pending"},
            {"status": "setting"},
        ),
        "claims": claims(
            ("CLM-A-01", "t", "supported"),
            ("CLM-A-02", "t", "contradicted"),
            ("CLM-A-03", "u", "inconclusive"),
            ("CLM-A-04", "u", "pending"),
        ),
        "claim_tests": tests(
            {"claim": "CLM-A-01", "verdict": "supported"},
            {"claim": "CLM-A-02", "verdict": "contradicted", "effect": -0.05}
            | {"ci_low": -0.06, "ci_high": -0.04},
            {"claim": "CLM-A-03", "verdict": "inconclusive", "low_power": True, "topic": "u"},
            {"claim": "CLM-A-04", "verdict": "pending", "effect": "", "topic": "u"},
        ),
        "timed_claims": table("timed_claims"),
        "timed_claim_tests": table("timed_claim_tests"),
        "contradictions": opposed(("CLM-A-01", "CLM-A-02"), ("CLM-A-03", "")),
        "timed_contradictions": table("timed_contradictions"),
        "errata": errata(("ERR-S1-01", "effect_confirmed"), ("ERR-S1-02", "pending")),
        "erratum_effects": shown({}),
        "printed_differences": contrasts("survives", "open", ""),
        "figures": table(
            "figures",
            {"id": "FIG-S1-01", "source": "S1", "title": "Curves", "status": "drawn"},
            {"id": "FIG-S1-02", "source": "S1", "title": "A photo", "status": "not_testable"}
            | columns(stated("It shows no data.")),
        ),
        "systems": table(
            "systems",
            {"id": "EXP-S1-A", "source": "S1", "name": "Network A", "status": "run"},
        ),
        "statuses": typed("statuses", pd.DataFrame({"kind": ["claims"], "supported": [1]})),
        "configuration_searches": searches({}),
        "search_candidates": table(
            "search_candidates",
            *({"search": "PUZ-S1-01", "candidate": one, "verdict": "ruled_out"} for one in "aab"),
        ),
        "calibration": calibration(),
        "s1-one/summary": typed("s1-one/summary", pd.DataFrame(SUMMARY)),
        "s1-one/comparison": typed("s1-one/comparison", pd.DataFrame([COMPARED])),
        "grid/summary": typed("grid/summary", pd.DataFrame(SUMMARY)),
        "grid/comparison": typed("grid/comparison", pd.DataFrame([COMPARED])),
        "grid/variance_components": table("grid/variance_components", *MATTERS),
    }


def full(
    studies: tuple[StudyResults, ...] = (study(), study("grid", source=None, figure="grid")),
    sources: Mapping[str, Source] = SOURCES,
    info: RunInfo | None = None,
    **given: pd.DataFrame,
) -> View:
    """Return a view model in which everything is there.

    Args:
        studies: the studies of the run.
        sources: the sources, by id.
        info: what the tables do not say.
        given: tables to take the place of others.
    """
    known = info or RunInfo(
        "A title",
        "quick",
        "0123456789ab",
        source_figures=["FIG-S1-01"],
        contradiction_figures={"CON-A-01": ["CLM-A-01", "CLM-A-02"]},
    )
    named = {str(one.description["name"]): one for one in studies}
    return build_view(known, tables() | given, named, sources, [OWN])


def records(shown: Table) -> list[dict[str, Any]]:
    """Return the rows of a table of the view model by column."""
    return [dict(zip(shown.columns, row, strict=True)) for row in shown.rows]


def empty() -> View:
    """Return a view model in which nothing is there, not even a source."""
    none = {name: table(name) for name in TABLES}
    return build_view(RunInfo("A title", "quick", "unknown"), none, {}, {})


def figures(view: View) -> dict[str, PageFigure]:
    """Return the figures of a view model's page."""
    names = [*view.source_figures, *view.contradiction_figures]
    links = {"CSV": "../figures/a.csv"}
    return {
        name: PageFigure(SVG, f"A caption {NASTY}", links, "make it")
        for name in [*names, *(study.name for study in view.studies)]
    }


def page(view: View) -> str:
    """Return the page on a view model."""
    return render(view, figures(view), paper=True)


IDS = [f"CLM-BN-{number:02d}" for number in range(1, 7)]


def nasty() -> View:
    """Return a view model with six claims and published numbers, and texts that need care."""
    rows = zip(
        IDS,
        ["batch norm", "batch norm", "loss", "loss", "loss", "dropout"],
        ["supported", "contradicted", "supported", "pending", "inconclusive", "pending"],
        ["S1", "S1, S3", "S3", "S4", "S4", "S3, S4"],
        strict=True,
    )
    known = claims(*(row[:3] for row in rows), statement=NASTY)
    known["source"] = ["S1", "S1, S3", "S3", "S4", "S4", "S3, S4"]
    values = ["0.5", "\N{MINUS SIGN}2.25", "10", "\N{EN DASH}", "+0.25", "\N{EN DASH}"]
    found = {"claim": IDS[0], "verdict": "supported", "contrast": "see CLM-BN-06"}
    info = RunInfo("A title", "quick", "abc", (), True, ["FIG-S1-01"], {"CON-A-01": IDS[:2]})
    return full(
        info=info,
        claims=known,
        claim_tests=tests(found, found | {"metric": NASTY}),
        published=published(*({"value": value, "status": "pending"} for value in values)),
        contradictions=opposed((IDS[0], IDS[1])),
        errata=errata(("ERR-S1-01", "effect_confirmed"), where=NASTY),
    )


class Checker(HTMLParser):
    """Reads a page: every tag is closed in its turn, and addresses are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.loaded: list[str] = []
        self.linked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(str(value))
            elif name in ("src", "srcset", "data", "poster", "background"):
                self.loaded.append(str(value))
            elif name == "href":
                (self.linked if tag == "a" else self.loaded).append(str(value))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def check(text: str) -> Checker:
    """See to it that a page is well-formed and that its links inside lead somewhere."""
    checker = Checker()
    checker.feed(text)
    checker.close()
    assert checker.open == []
    assert len(set(checker.ids)) == len(checker.ids)
    inside = {f"#{name}" for name in checker.ids}
    assert {link for link in checker.linked if link.startswith("#")} <= inside
    assert all(address.startswith("data:image/svg+xml,") for address in checker.loaded)
    return checker
