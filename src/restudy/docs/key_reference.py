"""The tables of ``docs/configuration.md``: every key of every file that a user may write.

The page is written by hand but for its tables. A comment ``<!-- keys: MODEL -->`` stands above the
table of each pydantic model; the heading above the comment is the target of links to the model.

Allowed values come from pydantic's JSON schema. The description of a key stands beside the field
(``Field(description=...)``) or under ``Attributes:`` in the docstring of the model.
"""

from __future__ import annotations

import inspect
import json
import math
import pydoc
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from pydantic import BaseModel

from restudy.config.recipe import PER_RUN_FIELDS, Recipe
from restudy.config.study import ScaleChange, Study
from restudy.evidence import figure_specs, metric_selectors, schema

PAGE = Path("docs/configuration.md")

# Where the schema of a model says too little: model -> key -> allowed values.
_OVERRIDES: dict[type[BaseModel], dict[str, str]] = {
    Study: {"factors": "mapping of [factors](studies.md#factors)"},
    ScaleChange: {"factors": "mapping of [factors](studies.md#factors)"},
    schema.Figure: {"draw": "[drawing](#drawings), `null`"},
    metric_selectors.RunMetric: {"at": "`last`, `best`, `{epoch: k}`, `{step: k}`"},
    figure_specs.ProjectDrawing: {"kind": "the name of a drawing that the project declares"},
}
# Models without a table of their own -> the model whose table describes them.
_LIKE = {"RecipePart": "Recipe"}
_REFERENCE = "#/$defs/"
_BOUNDS = {
    "minimum": "≥",
    "exclusiveMinimum": ">",
    "maximum": "≤",
    "exclusiveMaximum": "<",
}
_PLURALS = {"integer": "integers", "number": "numbers", "text": "texts", "mapping": "mappings"}

Link = Callable[[str], str]
"""Returns the link to a model, given its name."""


class Key(NamedTuple):
    """Key of a file, with the texts of its allowed values, default and description."""

    name: str
    allowed: str
    default: str
    description: str


def page(text: str) -> str:
    """Return the page with every table made anew."""
    models = models_of(text)
    headings = re.findall(r"^### (.+)\n(?:(?!#).*\n)*?<!-- keys: \S+ -->", text, re.M)
    links = {
        model.__name__: f"[{_words(title)}](#{_anchor(title)})"
        for title, model in zip(headings, models.values(), strict=True)
    }

    def link(name: str) -> str:
        return links[_LIKE.get(name, name)]

    def table(found: re.Match[str]) -> str:
        return f"{found[1]}{_table(models[found[2]], set(models.values()), link)}"

    return re.sub(r"(<!-- keys: (\S+) -->\n).*?(?=\n+##|\n*\Z)", table, text, flags=re.DOTALL)


def models_of(text: str) -> dict[str, type[BaseModel]]:
    """Return the models that have a table on the page, by name."""
    names = re.findall(r"<!-- keys: (\S+) -->", text)
    return {name: pydoc.locate(f"restudy.{name}") for name in names}  # type: ignore[misc]


def keys(model: type[BaseModel], link: Link) -> list[Key]:
    """Return the keys of a model in its order."""
    content = model.model_json_schema()
    if "$ref" in content:  # a model that contains itself
        content = content["$defs"][content["$ref"].removeprefix(_REFERENCE)]
    described = documented(model)
    overrides: dict[str, str] = {}
    for one in reversed(model.__mro__):
        overrides |= _OVERRIDES.get(one, {})
    found = []
    for field, info in model.model_fields.items():
        name = info.alias or field
        part = content["properties"][name]
        found.append(
            Key(
                name,
                overrides.get(name) or allowed(part, link),
                "needed" if name in content.get("required", []) else _default(part),
                (info.description or described.get(field) or _first_line(info.annotation))
                + "".join(f"; for example `{_yaml({name: one})}`" for one in info.examples or []),
            )
        )
    return found


def documented(model: type) -> dict[str, str]:
    """Return the descriptions under ``Attributes:``, by field, as Markdown in one line."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        section = inspect.cleandoc(vars(one).get("__doc__") or "").partition("Attributes:\n")[2]
        lines = r"^ {4}(\w+(?:, \w+)*): (.*(?:\n+ {8}.*)*)"
        for names, text in re.findall(lines, re.split(r"\n(?=\S)", section)[0], re.M):
            # Roles and double backticks of docstrings become Markdown's marks for code.
            plain = re.sub(r"(?::\w+:)?`{1,2}([^`]+)`{1,2}", r"`\1`", " ".join(text.split()))
            found |= dict.fromkeys(names.split(", "), plain.removesuffix(".").removesuffix("; or"))
    return found


def allowed(content: Mapping[str, Any], link: Link) -> str:
    """Describe the values that a part of a JSON schema allows."""
    match content:
        case {"$ref": reference}:
            return link(reference.removeprefix(_REFERENCE))
        case {"anyOf": parts} | {"oneOf": parts}:
            return ", ".join(dict.fromkeys(allowed(part, link) for part in parts))
        case {"const": value}:
            return f"`{json.dumps(value).strip(chr(34))}`"
        case {"enum": values}:
            return ", ".join(f"`{value}`" for value in values)
        case {"type": "boolean"}:
            return "`true`, `false`"
        case {"type": "null"}:
            return "`null`"
        case {"type": "array"}:
            return _list(content, link)
        case {"type": "object", "additionalProperties": dict(values)} if values:
            names = content.get("propertyNames", {}).get("enum")
            first = " or ".join(f"`{name}`" for name in names) if names else "name"
            return f"mapping: {first} -> {allowed(values, link)}"
        case {"type": "object"}:
            return "mapping"
        case {"type": "string", "pattern": pattern}:
            most = f", up to {content['maxLength']}" if "maxLength" in content else ""
            return f"text like `{pattern.removeprefix('^').removesuffix('$')}`{most}"
        case {"type": "string"}:
            return "text"
        case {"type": kind}:
            bounds = [
                f"{sign} {_short(content[key])}" for key, sign in _BOUNDS.items() if key in content
            ]
            return f"{kind} {' and '.join(bounds)}".strip()
    return "anything"


def _list(content: Mapping[str, Any], link: Link) -> str:
    kind, space, rest = allowed(content.get("items") or {}, link).partition(" ")
    inner = f"{_PLURALS.get(kind, kind)}{space}{rest}"
    least, most = content.get("minItems", 0), content.get("maxItems")
    if least == most:
        return f"list of {least} {inner}"
    if most:
        return f"list of {least} to {most} {inner}"
    return f"list of {inner}" + (f", at least {least}" if least else "")


def _default(content: Mapping[str, Any]) -> str:
    value = content["default"]
    if isinstance(value, dict) and all(each is None for each in value.values()):
        value = {}  # a part of a model, of which nothing is given
    if value and "$ref" in content:  # whole, with every default
        return ""
    if isinstance(value, float):
        return f"`{_short(value)}`"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _yaml(content: Mapping[str, Any]) -> str:
    """Return a mapping in one line of YAML, as a row of a file would have it."""
    text = yaml.safe_dump(content, default_flow_style=True, sort_keys=False, width=math.inf)
    return text.strip()[1:-1]


def _short(number: float) -> str:
    if number == 2**32:
        return "2^32"
    return f"{number:g}" if abs(number) < 1e-3 or number == int(number) else str(number)


def _first_line(thing: Any) -> str:
    """Return the first line of a model's docstring; empty for other types."""
    is_model = isinstance(thing, type) and issubclass(thing, BaseModel)
    return (inspect.getdoc(thing) or "").partition("\n")[0].removesuffix(".") if is_model else ""


def _table(model: type[BaseModel], others: set[type[BaseModel]], link: Link) -> str:
    """Return the table of a model; keys of a model above, if that has a table, are left out."""
    base = next((one for one in model.__mro__[1:] if one in others), None)
    known = set(keys(base, link)) if base else set()
    starred = PER_RUN_FIELDS if model is Recipe else frozenset()
    rows = (
        [f"`{key.name}`{' *' if key.name in starred else ''}", *key[1:]]
        for key in keys(model, link)
        if key not in known
    )
    return "\n".join(
        [
            *([f"The keys of a {link(base.__name__)}, and\n"] if base else []),
            "| key | allowed | default | |",
            "|---|---|---|---|",
            *("| " + " | ".join(text.replace("|", "\\|") for text in row) + " |" for row in rows),
        ]
    )


def _anchor(title: str) -> str:
    """Return the anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _words(title: str) -> str:
    words = title.partition(":")[0]
    return words if words.startswith("`") else words[0].lower() + words[1:]
