"""Sentences that page, paper and README have in common, made from the view model."""

from __future__ import annotations

from typing import NamedTuple

from restudy.common.text_format import amount, brief, estimate, joined, percent, spelled
from restudy.config.reductions import Sort, of_plain
from restudy.evidence.statuses import Status
from restudy.report.view.model import Counts, Finding, FindingKind, Outcome, View

RULE = (
    "Chosen from the tables by a fixed rule, not by hand: the clearest contradicted claim, the "
    "clearest supported claim, the most severe mistake that changes a number, the clearest absence "
    "of a claimed difference, and the factor that explains most of the variance. Where one is "
    "missing, the next of the others takes its place. Networks trained on the data come before "
    "small experiments. Clearness is the distance from no effect, in margins that were fixed "
    "before the runs. Tests of time are left out."
)
_ROWS = {
    "published": ("published number", "tested"),
    "claims": ("claim", "tested"),
    "errata": ("mistake", "examined"),
}
_KINDS: dict[FindingKind, tuple[str, Status | None]] = {
    FindingKind.CONTRADICTED: ("A claim that our runs contradict", Status.CONTRADICTED),
    FindingKind.SUPPORTED: ("A claim that our runs support", Status.SUPPORTED),
    FindingKind.ERRATUM: ("A mistake that changes a number", Status.EFFECT_CONFIRMED),
    FindingKind.NO_DIFFERENCE: ("A difference that is none", Status.NO_DIFFERENCE),
    FindingKind.VARIANCE: ("The choice that matters most", None),
}
_NAMED = 4
"""As many studies that are left out are named."""


class FindingText(NamedTuple):
    """A finding in words, with its status and its address on the page."""

    kind: str
    status: Status | None
    statement: str
    measured: str
    effect: str
    address: str


def reports(n: int) -> str:
    """Return ``four reports``."""
    return f"{spelled(n)} {'report' if n == 1 else 'reports'}"


def outcome(kind: str, counts: Counts, whose: str = "") -> str:
    """Return how many rows have which status, in sentences.

    Args:
        kind: ``published``, ``claims`` or ``errata``.
        counts: of the view model.
        whose: such as ``of`` and the id of a source.
    """
    noun, done = _ROWS[kind]
    whose = whose and f" {whose}"
    total = sum(one.n for one in counts)
    if not total:
        return f"There are no {noun}s{whose}."
    tested, others = (
        [f"{one.n:,} {one.status.phrase}" for one in counts if one.status.is_tested == wanted]
        for wanted in (True, False)
    )
    n = sum(one.n for one in counts if one.status.is_tested)
    every = f"{amount(total, noun)}{whose}"
    if not tested:
        return f"None of {every} was {done}: {joined(others)}."
    first = f"{n:,} of {every} {'was' if n == 1 else 'were'} {done}: {joined(tested)}."
    return f"{first} The others: {joined(others)}." if others else first


def bullets(counts: Outcome) -> str:
    """Return the outcomes of published numbers, claims and mistakes, as a list in Markdown."""
    return "\n".join(f"* {outcome(kind, getattr(counts, kind))}" for kind in _ROWS)


def finding(one: Finding) -> FindingText:
    """Return a finding in words."""
    kind, status = _KINDS[one.kind]
    where = f"{one.dataset}: " if one.dataset else ""
    if one.kind is FindingKind.VARIANCE:
        effect, low, high = map(percent, (one.effect, one.low, one.high))
        interval = f"{low} to {high}"
        factor = one.statement.replace("_", " ").capitalize()
        statement, address = f"{factor}: {' rather than '.join(one.levels)}", f"variance-{one.id}"
        measured = f"{where}share of the variance of {one.measured[0]}, {one.id}"
    else:
        effect, interval = estimate(one.effect, one.low, one.high, signed=one.measure != "ratio")
        effect = f"{one.measure} {effect}"
        statement, address = f"{one.source}: {one.statement}", one.id
        measured = where + ", ".join(one.measured)
    if one.values:
        published, corrected = map(brief, one.values)
        measured += f": {published} as published, {corrected} corrected"
    effect = f"{effect} (95% interval {interval}; {one.seeds} seeds)"
    return FindingText(kind, status, statement, measured, effect, address)


def reductions(view: View) -> str:
    """Return in sentences what a run does less than the full scale."""
    every = [of_plain(study.description["reductions"]) for study in view.studies]
    found = {sort: sum(any(one.sort is sort for one in each) for each in every) for sort in Sort}
    if any(found.values()):
        ranked = sorted(found.items(), key=lambda item: -item[1])
        kinds = joined([f"{sort} in {n}" for sort, n in ranked if n])
        text = (
            f"Scale {view.scale} reduces {sum(map(bool, every))} of {len(every)} studies: {kinds}. "
            "Each study below has its own reductions."
        )
    else:
        text = f"Scale {view.scale}: every study of this run is as it is written."
    if left_out := view.studies_left_out:
        named = f" ({', '.join(left_out)})" if len(left_out) <= _NAMED else ""
        text += f" Left out: {amount(len(left_out), 'study', 'studies')}{named}."
    if not view.experiments_done:
        text += " The small experiments were not done (experiments: false)."
    return text
