"""Counts of statuses, and the verdicts on claims about time."""

from __future__ import annotations

from collections.abc import Iterable

from restudy.evidence import statuses
from restudy.evidence.statuses import Status
from restudy.report.view.model import Counts, Outcome, StatusCount
from restudy.report.view.tables import Tables, of_source


def count(values: Iterable[str]) -> Counts:
    """Count statuses, in the order of the registry."""
    return tuple(StatusCount(status=status, n=n) for status, n in statuses.counts(values))


def outcome(tables: Tables, source: str | None = None) -> Outcome:
    """Count the statuses of all rows, or of those of a source."""
    rows = {name: of_source(tables[name], source) for name in ("published", "claims", "errata")}
    verdicts = final_verdicts(tables)
    return Outcome(
        published=count(rows["published"]["status"]),
        claims=count(verdicts[id_] for id_ in rows["claims"]["id"]),
        claims_untimed=count(rows["claims"]["status"]),
        errata=count(rows["errata"]["status"]),
    )


def final_verdicts(tables: Tables) -> dict[str, Status]:
    """Return the verdict on each claim, of claims about time by measured times."""
    claims, timed = tables["claims"], tables["timed_claims"]
    by_times = dict(zip(timed["id"], timed["verdict"], strict=True))
    return {
        id_: Status(by_times.get(id_, status) if status == Status.TIMED else status)
        for id_, status in zip(claims["id"], claims["status"], strict=True)
    }
