"""Made-up tables for the paper: a few rows of each kind, with numbers that are easy to check."""

from __future__ import annotations

from typing import Any

import pandas as pd

from restudy.config.sources import Source
from restudy.evidence.contradictions import COLUMNS as OPPOSED
from restudy.evidence.contrasts import COLUMNS as CONTRASTS
from restudy.evidence.demonstrations import COLUMNS as SHOWN
from restudy.evidence.forensics_tables import CONCLUSIONS
from restudy.evidence.judging import COLUMNS as TESTS
from restudy.evidence.published import COLUMNS as PUBLISHED
from restudy.report.paper.content import Tables
from restudy.report.paper.studies import Ran

SOURCES = {
    "S1": Source(id="S1", title="A report", what="Prints numbers."),
    "S7": Source(id="S7", title="Another one", what="Makes claims."),
}


def published(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return a table of printed numbers; each row says what is its own."""
    made = [
        dict.fromkeys(PUBLISHED, "")
        | {"id": f"PUB-S1-{place:03d}", "source": "S1", "experiment": "EXP-S1-A", "metric": "m"}
        | dict.fromkeys(("mean", "sd", "low", "high"), float("nan"))
        | {"n": pd.NA, "value": "1.0"}
        | row
        for place, row in enumerate(rows, start=1)
    ]
    return pd.DataFrame(made, columns=list(PUBLISHED)).astype({"n": "Int64"})


def held(value: str, status: str, **more: Any) -> dict[str, Any]:
    """Return a printed number that is held against the interval from 0.8 to 1.2."""
    return {"value": value, "status": status, "low": 0.8, "high": 1.2, "n": 3, **more}


def claims(*rows: tuple[str, str, str]) -> pd.DataFrame:
    """Return the ledger's table of claims: id, topic and status of each."""
    made = [
        {"id": id_, "source": "S1, S7", "topic": topic, "statement": f"{id_} holds."}
        | {"status": status, "reason": "", "reason_args": ""}
        for id_, topic, status in rows
    ]
    columns = ["id", "source", "topic", "statement", "status", "reason", "reason_args"]
    return pd.DataFrame(made, columns=columns)


def tests(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return a table of tests of claims; each row says what is its own."""
    made = [
        dict.fromkeys(TESTS, "")
        | {"topic": "t", "test": 1, "number": "test accuracy", "sides": "a against b"}
        | {"predicts": "greater", "scale_of": "difference", "margin": 0.01, "n": 5}
        | {"effect": 0.02, "low": 0.01, "high": 0.03, "low_power": False}
        | {"redesigned": False, "exploratory": False}
        | row
        for row in rows
    ]
    return pd.DataFrame(made, columns=list(TESTS))


tests.__test__ = False  # type: ignore[attr-defined]


def errata(*rows: tuple[str, str]) -> pd.DataFrame:
    """Return the ledger's table of errata: id and status of each."""
    made = [
        {"id": id_, "source": "S1", "severity": "high", "what_is_wrong": "All.", "status": status}
        for id_, status in rows
    ]
    return pd.DataFrame(made, columns=["id", "source", "severity", "what_is_wrong", "status"])


def shown(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return a table of what mistakes do."""
    made = [dict.fromkeys(SHOWN, "") | row for row in rows]
    return pd.DataFrame(made, columns=list(SHOWN))


REDUCTIONS = [{"field": "epochs", "full": "9", "reduced": "1"}]


def study(name: str = "s1-one", **description: Any) -> Ran:
    """Return a study of two networks on three seeds, and one difference of theirs."""
    told = {"name": name, "source": "S1", "as_published": False, "reductions": REDUCTIONS}
    told |= {"factors": {"norm": ["none", "batch"]}}
    runs = [
        {"cell": f"{name}-{norm}", "lane": f"s{seed}", "seed": seed}
        | {"status": "finished", "dataset": "mnist"}
        for norm in ("none", "batch")
        for seed in range(3)
    ]
    compared = {"factor": "norm", "level": "batch", "baseline": "none", "metric": "test_accuracy"}
    compared |= {"norm": "", "n": 3, "mean": 0.0123, "low": 0.0023, "high": 0.0223}
    return Ran(told | description, pd.DataFrame(runs), pd.DataFrame([compared]))


def contrasts(*signs: str) -> pd.DataFrame:
    """Return a table of differences of two printed numbers, of which it says only the sign."""
    rows = [dict.fromkeys(CONTRASTS, "") | {"sign": sign, "other": 0} for sign in signs]
    return pd.DataFrame(rows, columns=list(CONTRASTS))


def opposed(*pairs: tuple[str, str]) -> pd.DataFrame:
    """Return a table of claims that contradict each other: the ids of each pair."""
    rows = [
        dict.fromkeys(OPPOSED, "text") | {"claim": claim, "other": other} for claim, other in pairs
    ]
    return pd.DataFrame(rows, columns=list(OPPOSED))


MATTERS = pd.DataFrame(
    [
        ("mnist", "norm", 0.6, 0.5, 0.7, "batch", 0.98, "none", 0.95, 3),
        ("mnist", "residual (seeds)", 0.2, 0.1, 0.3, None, None, None, None, 3),
        ("mnist", "hidden", 0.01, 0.0, 0.02, "64", 0.97, "32", 0.96, 3),
    ],
    columns=[
        *("dataset", "source", "share", "low", "high", "best", "best_mean", "worst", "worst_mean"),
        "seeds",
    ],
)


def calibration() -> pd.DataFrame:
    """Return two rows on the coverage of paired differences."""
    rows = [
        ("coverage", "t interval of paired differences", "normal", n, 0.95, estimate)
        for n, estimate in ((3, 0.949), (5, 0.951))
    ]
    columns = ["measure", "what", "distribution", "n", "nominal", "estimate"]
    return pd.DataFrame(rows, columns=columns)


def full() -> Tables:
    """Return tables in which everything is there."""
    found = {"erratum": "ERR-S1-01", "what": "accuracy", "n": 3, "as_published": 0.97}
    found |= {"corrected": 0.95, "difference": 0.02, "low": 0.01, "high": 0.03}
    answer = dict.fromkeys(CONCLUSIONS, "") | {"puzzle": "PUZ-S1-01", "source": "S1"}
    answer |= {"title": "Rate", "conclusion": "0.1.", "compatible": "1", "ruled_out": "2"}
    return Tables(
        scale="quick",
        commit="0123456789ab",
        sources=SOURCES,
        published=published(
            {"status": "exact"},
            held("1.1", "consistent"),
            held("1.0", "source_error_only"),
            held("1.6", "inconsistent", metric="loss"),
            {"status": "pending"},
            {"status": "setting"},
        ),
        ledger={
            "claims": claims(
                ("CLM-A-01", "t", "supported"),
                ("CLM-A-02", "t", "contradicted"),
                ("CLM-A-03", "u", "inconclusive"),
                ("CLM-A-04", "u", "pending"),
            ),
            "errata": errata(("ERR-S1-01", "effect_confirmed"), ("ERR-S1-02", "pending")),
            "systems": pd.DataFrame([{"id": "EXP-S1-A", "source": "S1", "name": "Network A"}]),
        },
        claim_tests=tests(
            {"claim": "CLM-A-01", "verdict": "supported"},
            {"claim": "CLM-A-02", "verdict": "contradicted", "effect": -0.05},
            {"claim": "CLM-A-03", "verdict": "inconclusive", "low_power": True, "topic": "u"},
            {"claim": "CLM-A-04", "verdict": "pending", "effect": float("nan"), "topic": "u"},
        ),
        errata_shown=shown(found),
        contrasts=contrasts("survives", "open", ""),
        contradictions=opposed(("CLM-A-01", "CLM-A-02"), ("CLM-A-03", "")),
        puzzles=pd.DataFrame([answer]),
        calibration=calibration(),
        studies=[study()],
        matters={"grid": MATTERS},
        captions={"FIG-S1-01": "A caption.", "grid": "Another."},
    )


def empty() -> Tables:
    """Return tables in which nothing is there, not even a source."""
    return Tables(
        scale="quick",
        commit="unknown",
        sources={},
        published=published(),
        ledger={
            "claims": claims(),
            "errata": errata(),
            "systems": pd.DataFrame(columns=["id", "source", "name"]),
        },
        claim_tests=tests(),
        errata_shown=shown(),
        contrasts=contrasts(),
        contradictions=opposed(),
        puzzles=pd.DataFrame(columns=list(CONCLUSIONS)),
        calibration=calibration().iloc[:0],
    )
