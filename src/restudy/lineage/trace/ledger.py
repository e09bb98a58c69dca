"""Rows of the ledger, and what beside them has an id: each with the runs that it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from restudy.common.errors import RestudyError
from restudy.config.reductions import words_of
from restudy.evidence.contradiction_specs import Dispute
from restudy.evidence.metric_extraction import MissingError, read_studies, take
from restudy.evidence.metric_selectors import Reading
from restudy.evidence.reasons import parse, reason_text
from restudy.evidence.schema import (
    PERCENT,
    Claim,
    Entry,
    Erratum,
    Figure,
    Published,
    System,
    load_rows,
)
from restudy.evidence.search_specs import Puzzle
from restudy.evidence.statuses import label
from restudy.experiments.project import project
from restudy.lineage.trace.subject import EVIDENCE, Subject, Use, declared, said, table_rows

E = TypeVar("E", bound=Entry)


def subject(name: str, results: Path) -> Subject | None:
    """Return what has an id; None if nothing has.

    Raises:
        RestudyError: a file of the evidence cannot be read.
    """
    tell = _KINDS.get(name.partition("-")[0])
    return tell(name, results) if tell else None


def names(results: Path) -> Iterator[str]:
    """Yield the ids that there are tables of."""
    for table in ("published", "claims", "errata", "figures", "systems", "puzzles"):
        for _, row in table_rows(results / f"tables/{table}.csv"):
            yield row.get("id") or row.get("puzzle", "")
    yield from (path.stem for path in sorted(results.glob("figures/CON-*.csv")))


def _published(name: str, results: Path) -> Subject | None:
    row = _row("published", name, Published)
    if row is None:
        return None
    places, told = _in_table(results, "published", name)
    factor = 100.0 if row.unit in PERCENT else 1.0
    says = {"what": f"{row.metric} ({row.experiment})", "printed": f"{row.value} {row.unit}"}
    if told.get("mean"):
        runs, low, high = told["n"], told["low"], told["high"]
        interval = f", one more of them {_short(low)} to {_short(high)}" if low else ""
        says["ours"] = f"mean {_short(told['mean'])} of {runs} runs{interval}"
    says |= finding(told)
    if words := words_of(told.get("reductions", "")):
        says["this scale cuts"] = words
    if row.fact is not None:
        own = project().facts.get(row.fact.partition(".")[0])
        says["computed by"] = f"{project().place(own).file}: {row.fact}" if own else row.fact
    uses = [
        _use(key, reading, results, factor)
        for key, reading in row.readings.items()
        if _is_run(reading.study, results)
    ]
    for table in project().tables.values():
        for place, found in _matching(results, table.name, "id", name):
            places = (*places, place)
            says["computed by"] = f"{project().place(table).file}: {found.get('what', name)}"
    return Subject(
        name, "published value", says, (declared("published", name), *places), uses=(*uses,)
    )


def _claim(name: str, results: Path) -> Subject | None:
    row = _row("claims", name, Claim)
    if row is None:
        return None
    places, told = _in_table(results, "claims", name)
    says = {"statement": row.statement, "sources": ", ".join(row.sources)}
    says |= finding(told, "verdict")
    uses, experiments = [], []
    for prefix in ("", "timed_"):
        for place, found in _matching(results, f"{prefix}claims" if prefix else "", "id", name):
            says |= finding(found, "verdict")
            places = (*places, place)
        for place, found in _matching(results, f"{prefix}claim_tests", "claim", name):
            places = (*places, place)
            on = f" on {found['dataset']}" if found["dataset"] else ""
            says[f"test {found['test']}{on}"] = _of_test(found)
    for number, test in enumerate(row.tests, start=1):
        if test.experiment is not None:
            experiments.append(test.experiment)
        elif test.study is not None and _is_run(test.study, results):
            for role, side in (("treatment", test.treatment), ("control", test.control)):
                if isinstance(side, Mapping):
                    where = {**test.where, **side}
                    uses.append(Use(f"test {number}, {role}", test.study, where, _number(test)))
            if test.treatment is None:
                uses.append(Use(f"test {number}", test.study, test.where, _number(test)))
    return Subject(
        name,
        "claim",
        says,
        (declared("claims", name), *places),
        tuple(uses),
        tuple(dict.fromkeys(experiments)),
        (*row.related_errata, *(other.claim for other in row.contradicted_by if other.claim)),
    )


def _erratum(name: str, results: Path) -> Subject | None:
    row = _row("errata", name, Erratum)
    if row is None:
        return None
    places, told = _in_table(results, "errata", name)
    says = {"what is wrong": row.what_is_wrong, "where": row.where, "severity": row.severity}
    says |= finding(told)
    for place, found in _matching(results, "errata_shown", "erratum", name):
        places = (*places, place)
        if found["difference"]:
            says[found["what"]] = (
                f"as published {_short(found['as_published'])}, corrected "
                f"{_short(found['corrected'])}, difference {_short(found['difference'])}"
            )
    uses = [
        _use(key, reading, results, 1.0)
        for key, reading in row.readings.items()
        if _is_run(reading.study, results)
    ]
    numbers = [id_ for one in row.contrasts for id_ in (one.number, one.less)]
    return Subject(
        name,
        "erratum",
        says,
        (declared("errata", name), *places),
        tuple(uses),
        tuple(dict.fromkeys(one.experiment for one in row.experiment_readings.values())),
        tuple(dict.fromkeys([*row.shown_by, *numbers, *row.related_claims])),
    )


def _figure(name: str, results: Path) -> Subject | None:
    row = _row("figures", name, Figure)
    if row is None:
        return None
    places, told = _in_table(results, "figures", name)
    says = {"title": row.title, "in the source": row.status_in_source}
    says |= finding(told)
    drawn = row.figure or name
    places = (*places, *_drawn(results, drawn))
    study = (row.draw or {}).get("study") or (row.figure if row.draw is None else None)
    uses = (Use("", study),) if study and _is_run(study, results) else ()
    return Subject(name, "figure of a source", says, (declared("figures", name), *places), uses)


def _system(name: str, results: Path) -> Subject | None:
    row = _row("systems", name, System)
    if row is None:
        return None
    places, told = _in_table(results, "systems", name)
    says = said({"what": row.what, "name": row.name}, {"name": "name", "what": "what"})
    says |= finding(told, because="ours")
    return Subject(name, row.kind, says, (declared("systems", name), *places))


def _puzzle(name: str, results: Path) -> Subject | None:
    row = _row("forensics", name, Puzzle)
    if row is None:
        return None
    says: dict[str, str] = {"question": row.question}
    places: tuple[str, ...] = ()
    for place, found in _matching(results, "puzzles", "puzzle", name):
        places = (*places, place)
        says |= said(found, {"conclusion": "conclusion"})
    uses = (Use("search", row.study),) if _is_run(row.study, results) else ()
    named = [(clue.published, clue.less.published if clue.less else None) for clue in row.clues]
    clues = tuple(dict.fromkeys(id_ for ids in named for id_ in ids if id_ is not None))
    return Subject(name, "puzzle", says, (declared("forensics", name), *places), uses, (), clues)


def _dispute(name: str, results: Path) -> Subject | None:
    row = _row("contradictions", name, Dispute)
    if row is None:
        return None
    uses = [
        Use(f"{panel.title}, {side}", panel.study, where)
        for panel in row.panels
        for side, where in panel.sides.items()
        if panel.study is not None and _is_run(panel.study, results)
    ]
    places = (declared("contradictions", name), *_drawn(results, name))
    says = {"title": row.title}
    return Subject(
        name, "contradiction", says, places, tuple(uses), tuple(row.experiments), tuple(row.claims)
    )


_KINDS: Mapping[str, Callable[[str, Path], Subject | None]] = {
    "PUB": _published,
    "CLM": _claim,
    "ERR": _erratum,
    "FIG": _figure,
    "SYS": _system,
    "EXP": _system,
    "PUZ": _puzzle,
    "CON": _dispute,
}


def finding(
    row: Mapping[str, str], name: str = "status", because: str = "because"
) -> dict[str, str]:
    """Return the words for the status of a row of a table, and for its reasons."""
    if not row:
        return {}
    status = row["verdict"] if "verdict" in row else row["status"]
    found = {name: label(status), because: reason_text(parse(row))}
    return {key: words for key, words in found.items() if words}


def _row(kind: str, name: str, row_type: type[E]) -> E | None:
    return next(
        (row for row in load_rows(EVIDENCE / f"{kind}.yaml", row_type) if row.id == name), None
    )


def _matching(
    results: Path, table: str, column: str, name: str
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield place and content of the rows of a table that are about an id."""
    path = results / f"tables/{table}.csv"
    for line, row in table_rows(path):
        if row.get(column) == name:
            yield f"{path}:{line}", row


def _in_table(results: Path, table: str, name: str) -> tuple[tuple[str, ...], dict[str, str]]:
    found = list(_matching(results, table, "id", name))
    return tuple(place for place, _ in found), found[0][1] if found else {}


def _drawn(results: Path, name: str) -> tuple[str, ...]:
    paths = (results / f"figures/{name}.{kind}" for kind in ("svg", "csv"))
    return tuple(str(path) for path in paths if path.is_file())


def _is_run(study: str, results: Path) -> bool:
    return (results / "studies" / study / "study.json").is_file()


def _use(key: str, reading: Reading, results: Path, factor: float) -> Use:
    """Return the runs that a reading is taken from, with the number of each."""
    number = f"{reading.split} {reading.metric.replace('_', ' ')}"
    if reading.reduce is not None:
        number = f"{reading.reduce.replace('_', ' ')} of {number}"
    if reading.minus is not None:
        number += ", less another reading"
    try:
        taken = take(reading, read_studies(_folders(reading, results)))
        values = {int(str(seed)): factor * float(value) for seed, value in taken.by_seed.items()}
    except MissingError as error:
        number, values = f"{number} (missing: {error})", {}
    role = "" if key == "measure" else key
    return Use(role, reading.study, reading.where, number, values)


def _folders(reading: Reading, results: Path) -> list[Path]:
    studies = {reading.study}
    while reading.minus is not None:
        reading = reading.minus
        studies.add(reading.study)
    return [results / "studies" / study for study in sorted(studies) if _is_run(study, results)]


def _of_test(row: Mapping[str, str]) -> str:
    """Return what a test of a claim has found, in words."""
    keys = ("effect", "low", "high", "n", "margin")
    numbers = ", ".join(f"{key} {_short(row[key])}" for key in keys if row[key])
    return f"{row['verdict']}: {row['number']}, {row['sides']} ({numbers})"


def _number(test: object) -> str:
    number = getattr(test, "number", None)
    return number.in_words() if number is not None else ""


def _short(text: str) -> str:
    """Return a number of a table as a person reads it."""
    try:
        return f"{float(text):.6g}"
    except ValueError as error:
        raise RestudyError(f"{text!r} is no number; make the tables again") from error
