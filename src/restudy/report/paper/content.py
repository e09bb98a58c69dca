"""The content of the paper: everything in it that depends on a run, as plain values.

All numbers are texts here, ready to be set; the Typst source has none of its own. What a run does
not know is an empty text or list, and the source says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from restudy.common.text_format import amount, joined, percent, sentence, spelled
from restudy.evidence.statuses import Status
from restudy.report import phrases
from restudy.report.paper import claims, errata, numbers, studies
from restudy.report.view.model import SourceView, View
from restudy.stats.effects import ENOUGH
from restudy.stats.intervals import LEVEL
from restudy.stats.verdict import ALPHA

_NOISE = {"normal": "normal noise", "lognormal": "skewed noise", "t3": "heavy tails"}


def content(view: View, captions: Mapping[str, str]) -> dict[str, Any]:
    """Return everything in the paper that depends on a run, as plain values.

    Args:
        view: the view model.
        captions: name of each figure to show -> its caption.
    """
    extent = studies.extent(view)
    components = view.named("variance_components")
    published, verdicts, mistakes = (
        len(view.tables[kind]["id"]) for kind in ("published", "claims", "errata")
    )
    return {
        "scale": view.scale,
        "commit": view.commit,
        "title": phrases.title(len(view.sources)),
        "reports": phrases.reports(len(view.sources)),
        "printed": amount(published, "number"),
        "claimed": amount(verdicts, "claim"),
        "mistakes": amount(mistakes, "mistake"),
        "extent": extent,
        "method": _method(view.frame("calibration")),
        "tones": {status.label: status.tone.value for status in Status},
        "abstract": _abstract(view, extent, components),
        "sources": [_source(view, source, captions) for source in view.sources],
        "contrasts": [row for source in view.sources for row in studies.contrasts(view, source.id)],
        "numbers": {
            "outcome": phrases.outcome("published", view.counts.published),
            "runs": numbers.runs(view),
            "by_source": numbers.by_source(view),
            "columns": sorted(set(view.tables["published"]["source"])),
            "plot": numbers.interval_plot(view),
        },
        "claims": {
            "outcome": phrases.outcome("claims", view.counts.claims_untimed),
            "power": claims.power(view),
            "reductions": claims.reductions(view),
            "designs": claims.designs(view),
            "by_topic": claims.by_topic(view),
            "verdicts": [verdict.label for verdict in claims.VERDICTS],
            "contradicted": claims.listed(view, [Status.CONTRADICTED])[: claims.ROWS],
            "opposed": claims.opposed(view)[: claims.ROWS],
            "all": claims.listed(view),
            "plot": claims.effect_plot(view),
        },
        "errata": {
            "outcome": phrases.outcome("errata", view.counts.errata),
            "signs": errata.signs(view),
            "effects": errata.most_severe(errata.effects(view)),
        },
        "searches": {"found": errata.searches(view), "open": errata.open_searches(view)},
        "variance": [
            {"study": name, "sentences": studies.variance(name, table)}
            for name, table in components.items()
        ],
        "pictures": dict(captions),
    }


def to_json(made: Mapping[str, Any]) -> bytes:
    """Return the content as JSON: the same bytes each time."""
    return (json.dumps(made, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _abstract(
    view: View, extent: Mapping[str, str], components: Mapping[str, pd.DataFrame]
) -> list[str]:
    n = len(view.sources)
    prints, makes = ("prints", "makes") if n == 1 else ("print", "make")
    told = [
        sentence(
            f"{phrases.reports(n)} on training fully connected networks {prints} "
            f"{amount(len(view.tables['published']['id']), 'number')} and {makes} "
            f"{amount(len(view.tables['claims']['id']), 'claim')}, most of them on the strength of "
            "a single run"
        )
        if n
        else "",
        sentence(
            f"we ran what there is to run, {extent['networks']} in {extent['studies']}, on "
            f"{extent['data']}, with comparisons paired by seed and margins fixed before the runs"
        )
        if extent["data"]
        else "",
        phrases.outcome("published", view.counts.published),
        phrases.outcome("claims", view.counts.claims_untimed),
        phrases.outcome("errata", view.counts.errata),
        errata.signs(view),
        *map(studies.largest_shares, components.values()),
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
    """Return how often the intervals of paired differences hold the truth, by simulation."""
    rows = calibration[
        (calibration["measure"] == "coverage")
        & (calibration["description"] == "t interval of paired differences")
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


def _source(view: View, source: SourceView, captions: Mapping[str, str]) -> dict[str, Any]:
    id_, counts = source.id, source.counts
    published = view.frame("published", id_)
    rows = {
        "published": (counts.published, f"of {id_}"),
        "claims": (counts.claims_untimed, f"of {id_}"),
        "errata": (counts.errata, f"in {id_}"),
    }
    told = {
        kind: phrases.outcome(kind, found, whose) if found else ""
        for kind, (found, whose) in rows.items()
    }
    told["published"] = f"{told['published']} {numbers.farthest(published)}".strip()
    return {
        "id": id_,
        "title": source.title,
        "what": source.what,
        "counts": [f"{sum(one.n for one in found):,}" for found, _ in rows.values()],
        "told": [text for text in told.values() if text],
        "experiments": numbers.by_experiment(published, view.frame("systems")),
        "picture": next((name for name in captions if f"-{id_}-" in name), ""),
    }
