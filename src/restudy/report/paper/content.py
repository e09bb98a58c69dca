"""The content of the paper: everything in it that depends on a run, as plain values.

All numbers are texts here, ready to be set; the Typst source has none of its own. What a run does
not know is an empty text or list, and the source says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from restudy.config.sources import Source
from restudy.evidence.judging import counted
from restudy.evidence.statuses import label
from restudy.report.paper import claims, errata, numbers, studies
from restudy.report.paper.studies import Ran
from restudy.report.paper.words import amount, joined, percent, sentence, spelled
from restudy.stats.intervals import LEVEL
from restudy.stats.power import ENOUGH
from restudy.stats.verdict import ALPHA

_NOISE = {"normal": "normal noise", "lognormal": "skewed noise", "t3": "heavy tails"}


@dataclass(frozen=True)
class Tables:
    """What the paper is made of.

    Attributes:
        scale, commit: of the run.
        sources: the sources, by id.
        published: :func:`restudy.evidence.published.published_table`.
        ledger: kind -> :func:`restudy.evidence.ledger.statuses`, texts.
        claim_tests: :func:`restudy.evidence.judging.judge`.
        errata_shown: :func:`restudy.evidence.demonstrations.demonstrate`.
        contrasts: :func:`restudy.evidence.contrasts.contrast_table`.
        contradictions: :func:`restudy.evidence.contradictions.contradictions`, texts.
        puzzles: :func:`restudy.evidence.forensics_tables.conclusions`, texts.
        calibration: :func:`restudy.stats.calibration.calibrate`.
        studies: the studies of this run.
        matters: study -> :func:`restudy.matters.matters_table`.
        captions: name of each figure to show -> its caption.
    """

    scale: str
    commit: str
    sources: Mapping[str, Source]
    published: pd.DataFrame
    ledger: Mapping[str, pd.DataFrame]
    claim_tests: pd.DataFrame
    errata_shown: pd.DataFrame
    contrasts: pd.DataFrame
    contradictions: pd.DataFrame
    puzzles: pd.DataFrame
    calibration: pd.DataFrame
    studies: Sequence[Ran] = ()
    matters: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    captions: Mapping[str, str] = field(default_factory=dict)


def content(tables: Tables) -> dict[str, Any]:
    """Return everything in the paper that depends on a run, as plain values."""
    verdicts, mistakes = tables.ledger["claims"], tables.ledger["errata"]
    extent = studies.extent(tables.studies)
    tests = counted(tables.claim_tests)
    contradicted = claims.listed(verdicts, tests, claims.CONTRADICTED)
    effects = errata.effects(mistakes, tables.errata_shown)
    return {
        "scale": tables.scale,
        "commit": tables.commit,
        "title": title(len(tables.sources)),
        "reports": reports(len(tables.sources)),
        "printed": amount(len(tables.published), "number"),
        "claimed": amount(len(verdicts), "claim"),
        "mistakes": amount(len(mistakes), "mistake"),
        "extent": extent,
        "method": _method(tables.calibration),
        "abstract": _abstract(tables, extent),
        "sources": [_source(tables, id_) for id_ in tables.sources],
        "contrasts": [
            row for id_ in tables.sources for row in studies.contrasts(tables.studies, id_)
        ],
        "numbers": {
            "outcome": numbers.outcome(numbers.tally(tables.published)),
            "unjudged": numbers.unjudged(numbers.tally(tables.published)),
            "runs": numbers.runs(tables.published),
            "by_source": numbers.by_source(tables.published),
            "columns": sorted(set(tables.published["source"])),
            "places": numbers.places(tables.published),
        },
        "claims": {
            "outcome": claims.outcome(claims.tally(verdicts)),
            "untested": claims.untested(claims.tally(verdicts)),
            "power": claims.power(verdicts, tests),
            "cuts": claims.cuts(tests),
            "designs": claims.designs(tables.claim_tests),
            "by_topic": claims.by_topic(verdicts),
            "verdicts": list(map(label, claims.VERDICTS)),
            "contradicted": claims.few(contradicted),
            "opposed": claims.few(claims.opposed(tables.contradictions)),
            "all": claims.listed(verdicts, tests),
            "places": claims.places(tests),
        },
        "errata": {
            "outcome": errata.outcome(mistakes),
            "signs": errata.signs(tables.contrasts),
            "effects": errata.gravest(effects),
        },
        "puzzles": {
            "found": errata.puzzles(tables.puzzles),
            "open": errata.open_puzzles(tables.puzzles),
        },
        "matters": [
            {"study": name, "sentences": studies.variance(name, table)}
            for name, table in tables.matters.items()
        ],
        "pictures": dict(tables.captions),
    }


def to_json(made: Mapping[str, Any]) -> bytes:
    """Return the content as JSON: the same bytes each time."""
    return (json.dumps(made, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def reports(n: int) -> str:
    """Return ``four reports``."""
    return f"{spelled(n)} report{'' if n == 1 else 's'}"


def title(n_sources: int) -> str:
    """Return the paper's title."""
    if not n_sources:
        return "Fully connected networks, run again"
    return f"{reports(n_sources).capitalize()} on fully connected networks, run again"


def _abstract(tables: Tables, extent: Mapping[str, str]) -> list[str]:
    n = len(tables.sources)
    prints, makes = ("prints", "makes") if n == 1 else ("print", "make")
    told = [
        sentence(
            f"{reports(n)} on training fully connected networks {prints} "
            f"{amount(len(tables.published), 'number')} and {makes} "
            f"{amount(len(tables.ledger['claims']), 'claim')}, most of them on the strength of a "
            "single run"
        )
        if n
        else "",
        sentence(
            f"we ran what there is to run, {extent['networks']} in {extent['studies']}, on "
            f"{extent['data']}, with comparisons paired by seed and margins fixed before the runs"
        )
        if extent["data"]
        else "",
        numbers.outcome(numbers.tally(tables.published)),
        claims.outcome(claims.tally(tables.ledger["claims"])),
        errata.outcome(tables.ledger["errata"]),
        errata.signs(tables.contrasts),
        *(studies.most(table) for table in tables.matters.values()),
    ]
    return [text for text in told if text]


def _method(calibration: pd.DataFrame) -> dict[str, str]:
    return {
        "level": percent(LEVEL),
        "alpha": f"{ALPHA:g}",
        "power": percent(ENOUGH),
        "chance": f"one in {spelled(round(1 / (1 - LEVEL)))}",
        "calibration": calibrated(calibration),
    }


def calibrated(calibration: pd.DataFrame) -> str:
    """Say how often the intervals of paired differences hold the truth, by simulation."""
    rows = calibration[
        (calibration["measure"] == "coverage")
        & (calibration["what"] == "t interval of paired differences")
    ]
    if rows.empty:
        return ""
    few = rows[rows["n"] == rows["n"].min()].to_dict("records")
    told = [f"{100 * row['estimate']:.1f}% with {_noise(row['distribution'])}" for row in few]
    return sentence(
        f"in simulations with {spelled(int(few[0]['n']))} seeds the interval of a paired "
        f"difference holds the truth in {joined(told)}"
    )


def _noise(distribution: str) -> str:
    return _NOISE.get(distribution, f"{distribution} noise")


def _source(tables: Tables, id_: str) -> dict[str, Any]:
    source = tables.sources[id_]
    printed = tables.published[tables.published["source"] == id_]
    own = {kind: _of(rows, id_) for kind, rows in tables.ledger.items()}
    told = [
        numbers.outcome(numbers.tally(printed), f"of {id_}") if len(printed) else "",
        numbers.farthest(printed),
        claims.outcome(claims.tally(own["claims"]), f"of {id_}") if len(own["claims"]) else "",
        errata.outcome(own["errata"], f"in {id_}") if len(own["errata"]) else "",
    ]
    return {
        "id": id_,
        "title": source.title,
        "what": source.what,
        "counts": [f"{len(printed):,}", *(f"{len(own[kind]):,}" for kind in ("claims", "errata"))],
        "told": [text for text in told if text],
        "experiments": numbers.by_experiment(printed, own["systems"]),
        "picture": next((name for name in tables.captions if f"-{id_}-" in name), ""),
    }


def _of(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return the rows of a source; a row may be of several."""
    return rows[[source in origin.split(", ") for origin in rows["source"]]]
