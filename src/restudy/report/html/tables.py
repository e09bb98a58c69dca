"""Tables of the page that are laid out from lists of the view model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from restudy.config.strict import Strict
from restudy.evidence.statuses import Status
from restudy.report.view.model import Counts, Erratum, Table, View


def listing(items: Iterable[Strict], columns: Mapping[str, str]) -> Table:
    """Return a table with a row for each item.

    Args:
        items: parts of the view model.
        columns: heading -> name of the field.
    """
    rows = tuple(tuple(getattr(item, field) for field in columns.values()) for item in items)
    return Table.model_construct(columns=tuple(columns), rows=rows)


def claims_by_topic(view: View) -> Table:
    """Return how many claims of each topic have which verdict, the most frequent first."""
    total = Counter(claim.verdict for claim in view.claims)
    order = [status for status, _ in total.most_common()]
    rows = [_counted(topic.name, topic.claims, order) for topic in view.topics]
    rows.append(_counted("all", view.counts.claims, order))
    return Table(columns=("topic", *(status.label for status in order), "all"), rows=tuple(rows))


def errata(view: View, source: str) -> list[Erratum]:
    """Return the mistakes of a source."""
    return [one for one in view.errata if source in one.source.split(", ")]


def errata_table(errata: Sequence[Erratum]) -> Table:
    """Return mistakes, and the evidence for their statuses."""
    return Table(
        columns=("id", "severity", "what is wrong", "status", "what it does"),
        rows=tuple(
            (one.id, one.severity, f"{one.where}: {one.wrong}", one.status.value, one.reasons)
            for one in errata
        ),
    )


def effects(errata: Sequence[Erratum]) -> Table:
    """Return the numbers of ours with mistakes and without."""
    return Table(
        columns=(
            *("mistake", "what", "as published", "corrected", "difference", "95%", "n"),
            "reductions",
        ),
        rows=tuple(
            (
                *(one.id, effect.description, effect.published, effect.corrected),
                *(effect.difference, effect.interval, effect.n, effect.reductions),
            )
            for one in errata
            for effect in one.effects
        ),
    )


def _counted(name: str, counts: Counts, order: Sequence[Status]) -> tuple[str, ...]:
    found = {one.status: one.n for one in counts}
    numbers = [found.get(status, 0) for status in order]
    return (name, *map(str, numbers), str(sum(numbers)))
