"""The keys of a model, as rows of a table: name, what is allowed, default, description.

What is allowed is read off pydantic's JSON schema. A description stands beside the field
(``Field(description=...)``) or, as the evidence has it, under ``Attributes:`` in the docstring of
the model or of one that it is made from.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

_REFERENCE = "#/$defs/"
_BOUNDS = (
    ("minimum", "≥"),
    ("exclusiveMinimum", ">"),
    ("maximum", "≤"),
    ("exclusiveMaximum", "<"),
)
_KINDS = {"integer": "integer", "number": "number", "string": "text", "null": "`null`"}
_MANY = {"integer": "integers", "number": "numbers", "text": "texts", "mapping": "mappings"}


class Key(NamedTuple):
    """One key of a file: what may stand there, what stands there if it is left out, and why."""

    name: str
    allowed: str
    default: str
    description: str


def keys(model: type[BaseModel], name_of: Callable[[str], str]) -> list[Key]:
    """Return the keys of a model in its order.

    Args:
        model: the model.
        name_of: the words, or the link, for a model by its name.
    """
    schema = model.model_json_schema()
    if "$ref" in schema:  # a model that holds itself
        schema = schema["$defs"][schema["$ref"].removeprefix(_REFERENCE)]
    told = documented(model)
    needed = schema.get("required", [])
    found = []
    for field, info in model.model_fields.items():
        name = info.alias or field
        content = schema["properties"][name]
        found.append(
            Key(
                name,
                allowed(content, name_of),
                "needed" if name in needed else _default(content),
                info.description or told.get(field) or _first_line(info.annotation),
            )
        )
    return found


def _first_line(thing: Any) -> str:
    """Return what a model says of itself."""
    is_model = isinstance(thing, type) and issubclass(thing, BaseModel)
    return (inspect.getdoc(thing) or "").partition("\n")[0].removesuffix(".") if is_model else ""


def documented(model: type[BaseModel]) -> dict[str, str]:
    """Return what docstrings say under ``Attributes:``, by field, as Markdown in one line."""
    found: dict[str, str] = {}
    for one in reversed(model.__mro__):
        found |= _attributes(inspect.cleandoc(one.__dict__.get("__doc__") or ""))
    return found


def _attributes(text: str) -> dict[str, str]:
    _, _, section = text.partition("Attributes:\n")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section.splitlines():
        if line and not line.startswith(" "):
            break
        start = re.match(r" {4}(\w+(?:, \w+)*): (.*)", line)
        if start:
            names = start[1].split(", ")
            found |= dict.fromkeys(names, start[2])
        else:
            found |= {name: f"{found[name]} {line.strip()}".strip() for name in names}
    plain = {name: _plain(words).removesuffix(".") for name, words in found.items()}
    return {name: words.removesuffix("; or") for name, words in plain.items()}


def _plain(text: str) -> str:
    """Return a text of a docstring with Markdown's marks for code."""
    return re.sub(r"(?::\w+:)?`{1,2}([^`]+)`{1,2}", r"`\1`", text)


def allowed(content: Mapping[str, Any], name_of: Callable[[str], str]) -> str:
    """Return in words what a part of a JSON schema allows."""
    if "$ref" in content:
        return name_of(content["$ref"].removeprefix(_REFERENCE))
    for choice in ("anyOf", "oneOf"):
        if choice in content:
            return _either([allowed(part, name_of) for part in content[choice]])
    if "const" in content:
        return f"`{json.dumps(content['const']).strip(chr(34))}`"
    if "enum" in content:
        return _either([f"`{value}`" for value in content["enum"]])
    kind = str(content.get("type"))
    if kind == "boolean":
        return "`true`, `false`"
    if kind == "array":
        return _array(content, name_of)
    if kind == "object":
        return _mapping(content, name_of)
    if kind == "string":
        return _text(content)
    if kind in _KINDS:
        bounds = [f"{sign} {_short(content[key])}" for key, sign in _BOUNDS if key in content]
        return f"{_KINDS[kind]} {' and '.join(bounds)}".strip()
    return "anything"


def _either(parts: list[str]) -> str:
    return ", ".join(dict.fromkeys(parts))


def _array(content: Mapping[str, Any], name_of: Callable[[str], str]) -> str:
    inner = allowed(content["items"], name_of) if content.get("items") else "anything"
    kind, space, rest = inner.partition(" ")
    inner = f"{_MANY.get(kind, kind)}{space}{rest}"
    least, most = content.get("minItems", 0), content.get("maxItems")
    if least == most:
        return f"list of {least} {inner}"
    limit = f"{least} to {most} " if most else ""
    return f"list of {limit}{inner}" + ("" if most or not least else f", at least {least}")


def _mapping(content: Mapping[str, Any], name_of: Callable[[str], str]) -> str:
    inner = content.get("additionalProperties")
    if not inner or inner is True:
        return "mapping"
    names = content.get("propertyNames", {}).get("enum")
    first = " or ".join(f"`{name}`" for name in names) if names else "name"
    return f"mapping: {first} -> {allowed(inner, name_of)}"


def _text(content: Mapping[str, Any]) -> str:
    if "pattern" in content:
        shape = f"text like `{content['pattern'].removeprefix('^').removesuffix('$')}`"
        return shape + (f", up to {content['maxLength']}" if "maxLength" in content else "")
    return "text"


def _default(content: Mapping[str, Any]) -> str:
    value = content["default"]
    # A part of a model, of which nothing is given.
    if isinstance(value, dict) and all(each is None for each in value.values()):
        value = {}
    if value and "$ref" in content:  # whole, with every default
        return ""
    return f"`{_yaml(value)}`"


def _yaml(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return _short(value)
    return json.dumps(value)


def _short(number: float) -> str:
    if number == 2**32:
        return "2^32"
    return f"{number:g}" if abs(number) < 1e-3 or number == int(number) else str(number)
