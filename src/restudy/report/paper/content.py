"""The content of the paper: everything in it that depends on a run, as plain values.

All numbers are texts here, ready to be set; the Typst source has none of its own. What a run does
not know is an empty text or list, and the source says so.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

from restudy.common.text_format import amount, joined, nonzero, percent, sentence, spelled
from restudy.data.registry import DATASETS
from restudy.evidence.statuses import Status
from restudy.report import phrases
from restudy.report.paper import claims
from restudy.report.paper.dot_plot import Axis, dot_plot
from restudy.report.view.model import Counts, SourceView, View
from restudy.stats.effects import ENOUGH
from restudy.stats.intervals import LEVEL
from restudy.stats.verdict import ALPHA

NUMBERS = 26
"""How many numbers with a mistake and without a page holds."""
_AXIS = Axis(limit=3.0, ticks=(-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0))


def content(view: View, captions: Mapping[str, str]) -> dict[str, Any]:
    """Return everything in the paper that depends on a run, as plain values.

    Args:
        view: the view model.
        captions: name of each figure to show -> its caption.
    """
    extent = _extent(view)
    amounts = {
        "printed": amount(_total(view.counts.published), "number"),
        "claimed": amount(_total(view.counts.claims), "claim"),
        "mistakes": amount(_total(view.counts.errata), "mistake"),
    }
    return {
        "scale": view.scale,
        "commit": view.commit,
        "title": view.title,
        "reports": phrases.reports(len(view.sources)),
        **amounts,
        "extent": extent,
        "datasets": [
            {"title": data.title, "reference": data.reference}
            for name, data in DATASETS.items()
            if name in view.extent.datasets
        ],
        "method": {
            "level": percent(LEVEL),
            "alpha": f"{ALPHA:g}",
            "power": percent(ENOUGH),
            "chance": f"one in {spelled(round(1 / (1 - LEVEL)))}",
            "calibration": view.coverage,
        },
        "tones": {status.label: status.tone.value for status in Status},
        "abstract": _abstract(view, extent, amounts),
        "sources": [_source(source, captions) for source in view.sources],
        "contrasts": [
            row
            for source in view.sources
            for study in view.studies
            if study.description["source"] == source.id
            for row in study.contrasts
        ],
        "numbers": _numbers(view),
        "claims": claims.content(view),
        "errata": {
            "outcome": phrases.outcome("errata", view.counts.errata),
            "signs": view.signs,
            "effects": most_severe(_effects(view)),
        },
        "searches": _searches(view),
        "variance": [
            {"study": one.study, "sentences": list(one.sentences)} for one in view.variance
        ],
        "pictures": dict(captions),
    }


def to_json(made: Mapping[str, Any]) -> bytes:
    """Return the content as JSON: the same bytes each time."""
    return (json.dumps(made, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def most_severe(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the mistakes of high severity, as many as a page holds; without any, the others."""
    high = [row for row in rows if row["severity"] == "high"] or list(rows)
    sizes = itertools.accumulate(len(row["numbers"]) for row in high)
    return [row for row, size in zip(high, sizes, strict=True) if size <= NUMBERS]


def _total(counts: Counts) -> int:
    return sum(one.n for one in counts)


def _extent(view: View) -> dict[str, str]:
    """Return how much was run: studies, networks, data sets, seeds, reductions, in words."""
    n, diverged = len(view.studies), view.extent.diverged
    reduced = sum(bool(study.description["reductions"]) for study in view.studies)
    which = f"{reduced:,} of the {n:,} studies"
    if reduced == n:
        which = f"all {n:,} studies" if n > 1 else "the study"
    return {
        "studies": amount(n, "study", "studies"),
        "networks": amount(view.extent.networks, "trained network"),
        "data": joined(
            [data.title for name, data in DATASETS.items() if name in view.extent.datasets]
        ),
        "seeds": _seeds([study.seeds for study in view.studies]),
        "reduced": sentence(
            f"this scale reduces {which}: fewer seeds, samples, epochs or levels than are written "
            "down for the full one"
        )
        if reduced
        else "",
        "diverged": sentence(
            f"{diverged:,} of the networks diverged, which is a result too, without metrics"
        )
        if diverged
        else "",
    }


def _seeds(seeds: Sequence[int]) -> str:
    if not seeds:
        return ""
    low, high = min(seeds), max(seeds)
    few = spelled(low) if low == high else f"{spelled(low)} to {spelled(high)}"
    return f"{few} seed{'' if high == 1 else 's'}"


def _abstract(view: View, extent: Mapping[str, str], amounts: Mapping[str, str]) -> list[str]:
    n = len(view.sources)
    prints, makes = ("prints", "makes") if n == 1 else ("print", "make")
    sentences = [
        sentence(
            f"{phrases.reports(n)} on training fully connected networks {prints} "
            f"{amounts['printed']} and {makes} {amounts['claimed']}, most of them on the strength "
            "of a single run"
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
        view.signs,
        *(one.largest for one in view.variance),
    ]
    return [text for text in sentences if text]


def _source(source: SourceView, captions: Mapping[str, str]) -> dict[str, Any]:
    id_, counts = source.id, source.counts
    rows = {
        "published": (counts.published, f"of {id_}"),
        "claims": (counts.claims_untimed, f"of {id_}"),
        "errata": (counts.errata, f"in {id_}"),
    }
    outcomes = {
        kind: phrases.outcome(kind, found, whose) if found else ""
        for kind, (found, whose) in rows.items()
    }
    outcomes["published"] = f"{outcomes['published']} {source.farthest}".strip()
    return {
        "id": id_,
        "title": source.title,
        "what": source.what,
        "counts": [f"{_total(found):,}" for found, _ in rows.values()],
        "outcomes": [text for text in outcomes.values() if text],
        "experiments": list(map(list, source.experiments)),
        "picture": next((name for name in captions if f"-{id_}-" in name), ""),
    }


def _numbers(view: View) -> dict[str, Any]:
    sources = {one.id: one.counts.published for one in view.sources if one.counts.published}
    counts = [
        {one.status: one.n for one in own} for own in (*sources.values(), view.counts.published)
    ]
    legend = sorted({dot.status for dot in view.number_dots}, key=lambda status: status.order)
    plot = dot_plot(view.number_dots, _AXIS, 1.0)
    return {
        "outcome": phrases.outcome("published", view.counts.published),
        "runs": _runs(view.runs_per_number),
        "by_source": [
            {
                "status": one.status.label,
                "tested": one.status.is_tested,
                "counts": nonzero(found.get(one.status, 0) for found in counts),
            }
            for one in view.counts.published
        ],
        "columns": list(sources),
        "plot": plot | {"legend": [status.label for status in legend]},
    }


def _runs(numbers: Sequence[int]) -> str:
    """Return how many runs the intervals rest on; empty without any."""
    if not numbers:
        return ""
    low, high = numbers
    many = amount(low, "run") if low == high else f"{low} to {amount(high, 'run')}"
    return sentence(f"the intervals here rest on {many} each")


def _effects(view: View) -> list[dict[str, Any]]:
    """Return a row for each mistake that changes a number: what is wrong, and these numbers."""
    changed = {one: [effect for effect in one.effects if effect.changes] for one in view.errata}
    return [
        {
            **{"id": one.id, "severity": one.severity, "wrong": one.wrong},
            "numbers": [
                {"what": effect.description}
                | effect.model_dump(exclude={"description", "reductions", "changes"})
                for effect in effects
            ],
        }
        for one, effects in changed.items()
        if effects
    ]


def _searches(view: View) -> dict[str, Any]:
    """Return the searches that came to a conclusion, and which did not."""
    shown = {"search", "source", "title", "conclusion"}
    waiting = [one.search for one in view.searches if not one.done]
    verb, noun = ("is", "answer") if len(waiting) == 1 else ("are", "answers")
    text = sentence(f"not yet known {verb} the {noun} to {joined(waiting)}") if waiting else ""
    return {
        "found": [one.model_dump(include=shown) for one in view.searches if one.done],
        "open": text,
    }
