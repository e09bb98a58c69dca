"""Rows of the ledger, and what beside them has an id: each with the runs that it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

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


def subject(name: str, results: Path) -> Subject | None:
    """Return what has an id; None if nothing has.

    Raises:
        RestudyError: a file of the evidence cannot be read.
    """
    prefix = name.partition("-")[0]
    if prefix not in _KINDS:
        return None
    file, model, describe = _KINDS[prefix]
    for row in load_rows(EVIDENCE / f"{file}.yaml", model):
        if row.id == name:
            found = describe(row, results)
            return replace(found, places=(declared(file, name), *found.places))
    return None


def names(results: Path) -> Iterator[str]:
    """Yield the ids that there are tables of."""
    for table in ("published", "claims", "errata", "figures", "systems", "puzzles"):
        for _, row in table_rows(results / f"tables/{table}.csv"):
            yield row.get("id") or row.get("puzzle", "")
    yield from (path.stem for path in sorted(results.glob("figures/CON-*.csv")))


def _published(row: Published, results: Path) -> Subject:
    places, told = _in_table(results, "published", row.id)
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
    uses = _uses(row.readings, results, factor)
    for table in project().tables.values():
        for place, found in _matching(results, table.name, "id", row.id):
            places = (*places, place)
            says["computed by"] = f"{project().place(table).file}: {found.get('what', row.id)}"
    return Subject(row.id, "published value", says, places, uses)


def _claim(row: Claim, results: Path) -> Subject:
    places, told = _in_table(results, "claims", row.id)
    says = {"statement": row.statement, "sources": ", ".join(row.sources)}
    says |= finding(told, "verdict")
    uses, experiments = [], []
    for prefix in ("", "timed_"):
        for place, found in _matching(results, f"{prefix}claims" if prefix else "", "id", row.id):
            says |= finding(found, "verdict")
            places = (*places, place)
        for place, found in _matching(results, f"{prefix}claim_tests", "claim", row.id):
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
        row.id,
        "claim",
        says,
        places,
        tuple(uses),
        tuple(dict.fromkeys(experiments)),
        (*row.related_errata, *(other.claim for other in row.contradicted_by if other.claim)),
    )


def _erratum(row: Erratum, results: Path) -> Subject:
    places, told = _in_table(results, "errata", row.id)
    says = {"what is wrong": row.what_is_wrong, "where": row.where, "severity": row.severity}
    says |= finding(told)
    for place, found in _matching(results, "errata_shown", "erratum", row.id):
        places = (*places, place)
        if found["difference"]:
            says[found["what"]] = (
                f"as published {_short(found['as_published'])}, corrected "
                f"{_short(found['corrected'])}, difference {_short(found['difference'])}"
            )
    uses = _uses(row.readings, results)
    numbers = [id_ for one in row.contrasts for id_ in (one.number, one.less)]
    return Subject(
        row.id,
        "erratum",
        says,
        places,
        uses,
        tuple(dict.fromkeys(one.experiment for one in row.experiment_readings.values())),
        tuple(dict.fromkeys([*row.shown_by, *numbers, *row.related_claims])),
    )


def _figure(row: Figure, results: Path) -> Subject:
    places, told = _in_table(results, "figures", row.id)
    says = {"title": row.title, "in the source": row.status_in_source}
    says |= finding(told)
    places = (*places, *_drawn(results, row.figure or row.id))
    study = (row.draw or {}).get("study") or (row.figure if row.draw is None else None)
    uses = (Use("", study),) if study and _is_run(study, results) else ()
    return Subject(row.id, "figure of a source", says, places, uses)


def _system(row: System, results: Path) -> Subject:
    places, told = _in_table(results, "systems", row.id)
    says = said({"what": row.what, "name": row.name}, {"name": "name", "what": "what"})
    says |= finding(told, because="ours")
    return Subject(row.id, row.kind, says, places)


def _puzzle(row: Puzzle, results: Path) -> Subject:
    says: dict[str, str] = {"question": row.question}
    places: tuple[str, ...] = ()
    for place, found in _matching(results, "puzzles", "puzzle", row.id):
        places = (*places, place)
        says |= said(found, {"conclusion": "conclusion"})
    uses = (Use("search", row.study),) if _is_run(row.study, results) else ()
    named = [(clue.published, clue.less.published if clue.less else None) for clue in row.clues]
    clues = tuple(dict.fromkeys(id_ for ids in named for id_ in ids if id_ is not None))
    return Subject(row.id, "puzzle", says, places, uses, (), clues)


def _dispute(row: Dispute, results: Path) -> Subject:
    uses = [
        Use(f"{panel.title}, {side}", panel.study, where)
        for panel in row.panels
        for side, where in panel.sides.items()
        if panel.study is not None and _is_run(panel.study, results)
    ]
    return Subject(
        row.id,
        "contradiction",
        {"title": row.title},
        _drawn(results, row.id),
        tuple(uses),
        tuple(row.experiments),
        tuple(row.claims),
    )


_KINDS: Mapping[str, tuple[str, type[Entry], Callable[[Any, Path], Subject]]] = {
    "PUB": ("published", Published, _published),
    "CLM": ("claims", Claim, _claim),
    "ERR": ("errata", Erratum, _erratum),
    "FIG": ("figures", Figure, _figure),
    "SYS": ("systems", System, _system),
    "EXP": ("systems", System, _system),
    "PUZ": ("forensics", Puzzle, _puzzle),
    "CON": ("contradictions", Dispute, _dispute),
}
"""Beginning of an id -> file of the evidence, model of its rows, description of a row."""


def finding(
    row: Mapping[str, str], name: str = "status", because: str = "because"
) -> dict[str, str]:
    """Return the words for the status of a row of a table, and for its reasons."""
    if not row:
        return {}
    status = row["verdict"] if "verdict" in row else row["status"]
    found = {name: label(status), because: reason_text(parse(row))}
    return {key: words for key, words in found.items() if words}


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


def _uses(readings: Mapping[str, Reading], results: Path, factor: float = 1.0) -> tuple[Use, ...]:
    """Return the runs that readings are taken from, with the number of each."""
    kept = {key: one for key, one in readings.items() if _is_run(one.study, results)}
    return tuple(_use(key, reading, results, factor) for key, reading in kept.items())


def _use(key: str, reading: Reading, results: Path, factor: float) -> Use:
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
