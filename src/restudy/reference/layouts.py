"""What the columns of each table are: what a row is, what was measured, and how it is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import PurePosixPath


class Kind(StrEnum):
    """Where the numbers of a table come from."""

    EXACT = "exact"
    """Computed without training: the same on every machine, within a tolerance."""
    SAMPLED = "sampled"
    """Means over seeds of trained networks: on another machine other draws of the same kind."""
    DERIVED = "derived"
    """Words and counts made of other tables, which judge what they are made of."""


@dataclass(frozen=True)
class Tolerance:
    """Numbers a and b are equal within it if |a - b| <= absolute + relative * |a|."""

    absolute: float
    relative: float
    reason: str


AVERAGED = Tolerance(
    1e-12,
    1e-9,
    "float64 means, intervals and p values of the same runs; only the order of sums may differ",
)
CHECKED = Tolerance(
    1e-12,
    1e-6,
    "float64 with sums in a declared order: the same bits with three kernels of OpenBLAS, and with "
    "NumPy's vector instructions switched off; six digits leave room for other exp and log",
)
SIMULATED = Tolerance(
    0.002,
    1e-9,
    "shares of 2,000 simulations or more with random numbers that are the same everywhere: four "
    "of them may lie so near an end that the last digit decides",
)
COUNTED = Tolerance(0.0, 0.0, "shapes and numbers of samples")


@dataclass(frozen=True)
class Layout:
    """The columns of a table.

    Attributes:
        kind: where its numbers come from.
        keys: name a row; none is there twice.
        verdicts: words that are made of numbers; a change is told as from ... to ...
        words: sentences that quote numbers; they follow from the other columns.
        mean, sd, n: of a sampled table, the number that is judged, its standard deviation over
            seeds and their number; without ``sd`` it is taken from the 95% t interval ``ends``.
        ends: columns of that interval.
        lost: column with the number of runs that diverged, of which ``n`` have none.
        log: column that says ``ratio`` where the mean is a factor and ``sd`` that of its log.
        whole: whether verdicts follow from the numbers of their own row alone.
        choice: whether a row with another verdict is about something else.
        fixed: say what is compared; no run changes them.
        tolerance: within which numbers are equal.

    All other columns are numbers that follow from the same runs as the mean.
    """

    kind: Kind
    keys: tuple[str, ...]
    verdicts: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    mean: str = "mean"
    sd: str = "sd"
    n: str = "n"
    ends: tuple[str, str] = ("low", "high")
    lost: str = ""
    log: str = ""
    whole: bool = False
    choice: bool = False
    fixed: tuple[str, ...] = ()
    tolerance: Tolerance = AVERAGED


_REASONS = ("reason", "reason_args")
_LEDGER = Layout(Kind.DERIVED, ("id",), ("status",), _REASONS)
_LAYOUTS = {
    "facts": Layout(Kind.EXACT, ("id",), fixed=("fact", "ours"), tolerance=COUNTED),
    "unit_tests": Layout(Kind.EXACT, ("id",), ("equal",), ("note",), whole=True, tolerance=CHECKED),
    "candidate_bugs": Layout(
        Kind.EXACT,
        ("candidate", "place"),
        ("all_equal", "ruled_out_by"),
        whole=True,
        tolerance=CHECKED,
    ),
    "momentum_candidates": Layout(Kind.EXACT, ("rule",), ("equal",), whole=True, tolerance=CHECKED),
    "calibration": Layout(
        Kind.EXACT, ("measure", "what", "distribution", "n"), tolerance=SIMULATED
    ),
    "published": Layout(
        Kind.SAMPLED,
        ("id",),
        ("status",),
        _REASONS,
        whole=True,
        fixed=("source", "experiment", "metric", "unit", "value", "study", "reductions"),
    ),
    "claim_tests": Layout(
        Kind.SAMPLED,
        ("claim", "test", "study", "dataset"),
        ("verdict", "low_power"),
        _REASONS,
        mean="effect",
        log="scale_of",
        whole=True,
        fixed=(
            *("number", "sides", "predicts", "scale_of", "margin", "reductions"),
            *("redesigned", "exploratory"),
        ),
    ),
    "forensics": Layout(
        Kind.SAMPLED,
        ("puzzle", "candidate", "published"),
        ("fits", "verdict"),
        _REASONS,
        fixed=("study", "metric", "unit", "value"),
    ),
    "errata_shown": Layout(
        Kind.SAMPLED,
        ("erratum", "what"),
        (),
        _REASONS,
        mean="difference",
        sd="",
        fixed=("source", "severity", "reductions", "redesigned", "exploratory"),
    ),
    "contrasts": Layout(
        Kind.SAMPLED,
        ("erratum", "what"),
        ("sign",),
        _REASONS,
        sd="",
        whole=True,
        fixed=("source", "number", "less", "printed", "reductions"),
    ),
    "claims": _LEDGER,
    "errata": _LEDGER,
    "systems": _LEDGER,
    "figures": _LEDGER,
    "puzzles": Layout(
        Kind.DERIVED, ("puzzle",), ("compatible", "ruled_out", "not_yet"), (*_REASONS, "conclusion")
    ),
    "contradictions": Layout(
        Kind.DERIVED,
        ("claim", "other", "how"),
        ("verdict", "other_verdict"),
        ("found", "other_found", "conclusion"),
    ),
    "statuses": Layout(Kind.DERIVED, ("kind",)),
}
SUMMARY = "summary"
_STUDY_LAYOUTS = {
    SUMMARY: Layout(Kind.SAMPLED, ("metric",), lost="n_diverged"),
    "comparison": Layout(Kind.SAMPLED, ("factor", "level", "baseline", "metric")),
    "winners": Layout(
        Kind.SAMPLED, ("metric",), mean="test", sd="", ends=("test_low", "test_high"), choice=True
    ),
    "matters": Layout(Kind.DERIVED, ("dataset", "source"), ("best", "worst")),
}
_OF_TABLE = {
    *("metric", "n", "mean", "sd", "low", "high", "n_diverged", "binomial_low", "binomial_high"),
    *("factor", "level", "baseline", "n_pairs", "n_missing"),
    *("validation", "test", "test_low", "test_high"),
}


def study_of(table: str) -> str:
    """Return the study that a table such as ``grid/summary`` is of; empty for the others."""
    parent = PurePosixPath(table).parent.as_posix()
    return "" if parent == "." else parent


def layout_of(table: str, columns: Sequence[str]) -> Layout:
    """Return what the columns of a table are.

    Args:
        table: its name below ``tables/``, without the suffix.
        columns: those that it has; a study's factors have columns of their own.

    Raises:
        KeyError: there is no such table.
    """
    name = PurePosixPath(table).name
    if not study_of(table):
        return _LAYOUTS[name]
    found = _STUDY_LAYOUTS[name]
    if found.kind is Kind.DERIVED:
        return found
    factors = tuple(column for column in columns if column not in _OF_TABLE)
    if name == "winners":
        # What has won is the outcome; there is a winner for each data set.
        given = tuple(factor for factor in factors if factor == "dataset")
        won = tuple(factor for factor in factors if factor != "dataset")
        return replace(found, keys=(*given, *found.keys), verdicts=won)
    return replace(found, keys=(*factors, *found.keys))
