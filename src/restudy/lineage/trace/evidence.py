"""Rows of the evidence as targets: what tables hold about each, and the runs behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from restudy.config.loading import load_rows
from restudy.config.reductions import words_of
from restudy.config.strict import EvidenceItem
from restudy.evidence.contradiction_specs import ContradictionFigure
from restudy.evidence.metric_extraction import MissingError, extract_metric, read_studies
from restudy.evidence.metric_selectors import MetricSelector
from restudy.evidence.reasons import parse, reason_text
from restudy.evidence.schema import PERCENT, Claim, Erratum, Figure, Published, SourceComponent
from restudy.evidence.search_specs import ConfigurationSearch
from restudy.evidence.search_tables import conclusion
from restudy.evidence.statuses import label
from restudy.evidence.validation import FOLDER
from restudy.experiments.project import project
from restudy.experiments.tables import declared as declared_table
from restudy.lineage.trace.targets import Target, Use, declared, read_study, table_rows
from restudy.results.schema import Column, Role, Type

_KINDS: Mapping[str, tuple[str, type[EvidenceItem], str]] = {
    "PUB": ("published", Published, "published value"),
    "CLM": ("claims", Claim, "claim"),
    "ERR": ("errata", Erratum, "erratum"),
    "FIG": ("figures", Figure, "figure of a source"),
    "SYS": ("systems", SourceComponent, "layer"),
    "EXP": ("systems", SourceComponent, "experiment of a source"),
    "PUZ": ("configuration_searches", ConfigurationSearch, "configuration search"),
    "CON": ("contradictions", ContradictionFigure, "contradiction"),
}
"""Beginning of an id -> file of the evidence, model of its rows, kind."""
TABLES = {
    "id": ("published", "claims", "timed_claims", "errata", "figures", "systems", "facts"),
    "claim": ("claim_tests", "timed_claim_tests"),
    "erratum": ("erratum_effects",),
    "search": ("configuration_searches",),
}
"""Column with the id -> tables."""
_OTHER = Column("other", Type.TEXT, "column that is not declared")
_ID = re.compile(r"\b(?:PUB|CLM|ERR|FIG|SYS|PUZ|CON)-[A-Z0-9]+-[A-Z0-9]+\b")


def find(name: str, results: Path) -> Target | None:
    """Return the row of the evidence that has an id; None if none has.

    Raises:
        RestudyError: a file of the evidence cannot be read.
    """
    prefix = name.partition("-")[0]
    if prefix not in _KINDS:
        return None
    file, model, kind = _KINDS[prefix]
    path = FOLDER / f"{file}.yaml"
    row: Any = next((row for row in load_rows(path, model) if row.id == name), None)
    if row is None:
        return None
    content = row.model_dump(mode="json", exclude_none=True)
    says: dict[str, str] = {}
    places = [declared(path, "- id", name)]
    for table, line, found in _rows(name, results):
        places.append(f"{results}/tables/{table}.csv:{line}")
        says |= _texts(table, found)
    if not says:
        says = {key: text for key, text in content.items() if key in ("title", "question")}
    drawn = (results / f"figures/{content.get('figure', name)}.{kind}" for kind in ("svg", "csv"))
    places += [str(path) for path in drawn if path.is_file()]
    named = [part.get("experiment") for _, part in _mappings(content)]
    related = _ID.findall(json.dumps(content | {"id": ""}))
    return Target(
        *(name, content.get("kind", kind), says, tuple(places)),
        uses=tuple(_uses(row, content, results)),
        experiments=tuple(one for one in dict.fromkeys(named) if one in project().experiments),
        related=tuple(dict.fromkeys(related)),
    )


def names(results: Path) -> Iterator[str]:
    """Yield the ids that tables and figures of a run have."""
    for column in ("id", "search"):
        for table in TABLES[column]:
            for _, row in table_rows(results / f"tables/{table}.csv"):
                yield row[column]
    yield from (path.stem for path in sorted(results.glob("figures/CON-*.csv")))


def _rows(name: str, results: Path) -> Iterator[tuple[str, int, dict[str, str]]]:
    """Yield table, line and content of the rows that are about an id."""
    for column, tables in TABLES.items():
        for table in (*tables, *(project().tables if column == "id" else ())):
            for line, row in table_rows(results / f"tables/{table}.csv"):
                if row.get(column) == name:
                    yield table, line, row


def _texts(table: str, row: Mapping[str, str]) -> dict[str, str]:
    """Return label -> text of a row of a table: of tests and effects one text for all columns."""
    columns = {one.name: one for one in declared_table(table).columns}
    whole = "id" in row or "search" in row
    texts = {
        name.replace("_", " "): f"{float(text):.6g}" if one.type is Type.NUMBER else text
        for name, text in row.items()
        if text
        and name not in {*TABLES, "reason", "reason_args", "reductions"}
        and (one := columns.get(name, _OTHER))
        and (whole or (one.type is not Type.BOOLEAN and one.role is not Role.KEY))
    }
    for name in ("status", "verdict"):
        if name in texts:
            texts[name] = label(texts[name])
    if "search" in row:
        texts["conclusion"] = conclusion(row)
    elif "reason" in row:
        texts["because"] = reason_text(parse(row))
    texts["this scale reduces"] = words_of(row.get("reductions", ""))
    if table in project().tables:
        texts["computed by"] = str(project().place(project().tables[table]).file)
    if "fact" in row and (fact := project().facts.get(row["fact"].partition(".")[0])):
        texts["computed by"] = str(project().place(fact).file)
    texts = {name: text for name, text in texts.items() if text}
    if whole:
        return texts
    title = row.get("description") or f"test {row['test']}" + f" on {row['dataset']}" * bool(
        row["dataset"]
    )
    return {title: ", ".join(f"{name} {text}" for name, text in texts.items())}


def _mappings(value: Any, place: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the mappings in a row of the evidence, each with its place, such as ``test 1``."""
    if isinstance(value, Mapping):
        yield place, value
        for key, part in value.items():
            yield from _mappings(part, f"{place}, {key}" if place else key)
    elif isinstance(value, list):
        for number, part in enumerate(value, 1):
            yield from _mappings(part, f"{place.removesuffix('s')} {number}")


def _uses(row: Any, content: Mapping[str, Any], results: Path) -> Iterator[Use]:
    """Yield the runs that a row is computed from, of studies that the run has."""
    readings: Mapping[str, MetricSelector] = (
        row.selectors if isinstance(row, Published | Erratum) else {}
    )
    for role, reading in readings.items():
        if read_study(reading.study, results) is not None:
            factor = 100.0 if getattr(row, "unit", "") in PERCENT else 1.0
            yield _use(role, reading, results, factor)
    figure = {"study": content.get("figure")} if "draw" not in content else {}
    for role, part in (("", figure), *(() if readings else _mappings(content))):
        study = str(part.get("study"))
        if (description := read_study(study, results)) is None:
            continue
        sides = {**part.get("curves", {}), **part.get("baseline", {})} or {
            side: part[side]
            for side in ("treatment", "control")
            if isinstance(part.get(side), dict)
        }
        number = part.get("number", {})
        text = f"{number.get('split', '')} {number.get('metric', '')}".replace("_", " ").strip()
        for side, levels in sides.items() or (("", {}),):
            where = {**part.get("filter", {}), **levels}
            known = {name: level for name, level in where.items() if name in description["factors"]}
            yield Use(", ".join(filter(None, (role, side))), study, known, text)


def _use(role: str, reading: MetricSelector, results: Path, factor: float) -> Use:
    """Return the runs of a reading, with the number of each seed."""
    number = f"{reading.split} {reading.metric.replace('_', ' ')}"
    if reading.reduce is not None:
        number = f"{reading.reduce.replace('_', ' ')} of {number}"
    studies = {part["study"] for _, part in _mappings(reading.model_dump()) if "study" in part}
    if reading.minus is not None:
        number += ", less another reading"
    folders = [results / "studies" / one for one in sorted(studies) if read_study(one, results)]
    values = {}
    try:
        taken = extract_metric(reading, read_studies(folders))
        values = {int(str(seed)): factor * float(value) for seed, value in taken.by_seed.items()}
    except MissingError as error:
        number += f" (missing: {error})"
    return Use(role, reading.study, reading.filter, number, values)
