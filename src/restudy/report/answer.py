"""The answer, first on the page: how much came out again, and what this scale leaves out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from restudy.evidence.statuses import Status
from restudy.reductions import of_plain
from restudy.report.parts import Count, Tally
from restudy.report.tones import BAD, GOOD, MIXED, OPEN, PLAIN
from restudy.stats.verdict import Verdict

_NAMED = 4
"""As many studies that are left out are named."""


def numbers(published: pd.DataFrame, address: str = "", title: str = "Printed numbers") -> Tally:
    """Count what became of published numbers.

    Args:
        published: :func:`restudy.evidence.published.published_table`, or rows of it.
        address: where on the page they are.
        title: what they are.
    """
    status = published["status"]
    inside = int(status.isin([Status.CONSISTENT, Status.BOUND_SATISFIED]).sum())
    equal, bug = (
        int((status == Status.EXACT).sum()),
        int((status == Status.SOURCE_ERROR_ONLY).sum()),
    )
    outside = int(status.isin([Status.INCONSISTENT, Status.MISMATCH]).sum())
    cannot = int((status == Status.NOT_TESTABLE).sum())
    settings = int(status.isin([Status.SETTING, Status.CONSTANT]).sum())
    still_open = len(status) - inside - equal - bug - outside - cannot - settings
    judged = inside + equal + bug + outside
    sentence = (
        f"Of {len(status)} printed numbers this run judges {judged}. {equal + inside} reproduced: "
        f"{equal} to the last digit, and {inside} as one more run of ours could have given them. "
        f"{bug} came out only with the source's mistake in place, {outside} did not."
    )
    counts = [
        Count("equal to the digit", equal, GOOD),
        Count("as one more run of ours", inside, GOOD),
        Count("only with the source's mistake", bug, MIXED),
        Count("did not reproduce", outside, BAD),
        Count("open at this scale", still_open, OPEN),
        Count("cannot be judged", cannot, PLAIN),
        Count("settings, not results", settings, PLAIN),
    ]
    return _tally(title, sentence, counts, address)


def claims(verdicts: Sequence[str], address: str = "") -> Tally:
    """Count the verdicts on the claims.

    Args:
        verdicts: one for each claim.
        address: where on the page they are.
    """
    of = Counter(verdicts)
    held, against = of[Verdict.SUPPORTED], of[Verdict.CONTRADICTED]
    none, open_, cannot = (
        of[Verdict.NO_DIFFERENCE],
        of[Verdict.INCONCLUSIVE],
        of[Status.NOT_TESTABLE],
    )
    untested = len(verdicts) - held - against - none - open_ - cannot
    sentence = (
        f"Of {len(verdicts)} claims {held} held, and {against + none} did not: our runs contradict "
        f"{against}, and show no meaningful difference where {none} "
        f"{'sees' if none == 1 else 'see'} one. "
        f"{_are(open_)} inconclusive, for want of runs or since their tests disagree"
        f"{f'; {_are(untested)} not tested by this run' if untested else ''}. "
        f"{cannot} cannot be tested here."
    )
    counts = [
        Count("supported", held, GOOD),
        Count("contradicted", against, BAD),
        Count("no meaningful difference", none, MIXED),
        Count("inconclusive", open_, OPEN),
        Count("not tested by this run", untested, OPEN),
        Count("cannot be tested", cannot, PLAIN),
    ]
    return _tally("Claims", sentence, counts, address)


def errata(statuses: pd.Series[str], address: str = "", title: str = "Mistakes") -> Tally:
    """Count what became of the mistakes.

    Args:
        statuses: one for each, as in the ledger.
        address: where on the page they are.
        title: what they are.
    """
    of = Counter(statuses)
    shown, none, judged, wording = (
        of[name]
        for name in (
            Status.EFFECT_CONFIRMED,
            Status.NO_EFFECT_FOUND,
            Status.ASSESSED,
            Status.WORDING_ONLY,
        )
    )
    rest = len(statuses) - shown - none - judged - wording
    sentence = (
        f"Of {len(statuses)} mistakes found in the sources {_are(shown)} shown to change a number, "
        f"{_are(none)} not; {_are(judged)} judged by the numbers and claims that rest on them, "
        f"{_are(wording)} of wording only, {_are(rest)} open or out of reach."
    )
    counts = [
        Count("change a number", shown, BAD),
        Count("no difference found", none, GOOD),
        Count("judged by their rows", judged, MIXED),
        Count("of wording only", wording, PLAIN),
        Count("open or out of reach", rest, OPEN),
    ]
    return _tally(title, sentence, counts, address)


def _are(count: int) -> str:
    return f"{count} {'is' if count == 1 else 'are'}"


def cuts(
    descriptions: Iterable[Mapping[str, Any]],
    scale: str,
    *,
    left_out: Sequence[str] = (),
    experiments: bool,
) -> str:
    """Say in a sentence what a scale does less than the full one.

    Args:
        descriptions: ``study.json`` of each study.
        scale: of the run.
        left_out: names of studies that this run does not do.
        experiments: whether the small experiments were done.
    """
    every = [of_plain(description["reductions"]) for description in descriptions]
    cut = [reductions for reductions in every if reductions]
    missing = _left_out(left_out)
    missing += "" if experiments else " The small experiments were not done (experiments: false)."
    if not cut:
        return f"Scale {scale}: every study of this run is as it is written.{missing}"
    kinds = Counter(sort for reductions in cut for sort in {one.sort for one in reductions})
    told = ", ".join(f"{kind} in {number}" for kind, number in kinds.most_common())
    return (
        f"Scale {scale} cuts {len(cut)} of {len(every)} studies: {told}; "
        f"each study below says what.{missing}"
    )


def _left_out(names: Sequence[str]) -> str:
    if not names:
        return ""
    told = f" ({', '.join(names)})" if len(names) <= _NAMED else ""
    return f" Left out: {len(names)} stud{'y' if len(names) == 1 else 'ies'}{told}."


def _tally(title: str, sentence: str, counts: Sequence[Count], address: str) -> Tally:
    return Tally(title, sentence, [count for count in counts if count.number], address)
