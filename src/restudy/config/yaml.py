"""Reading YAML the way a person means it.

PyYAML follows YAML 1.1, where ``1e-3`` is a string, ``off`` is false and a key given twice silently
wins the second time. Here numbers and booleans follow YAML 1.2 and a repeated key is an error.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from restudy.common.errors import RestudyError

# Its scanner and parser are written in C where PyYAML was built with them: the catalogue is long.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc]  # which of the two is not known before it runs
    """A safe loader with YAML 1.2's numbers and booleans and without repeated keys."""


_DEEPEST = 50
_REPLACED = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:float")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _REPLACED]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"^(?:[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
    list("-+0123456789."),
)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise yaml.constructor.ConstructorError(
                problem="a list or mapping cannot be a key", problem_mark=key_node.start_mark
            )
        if key in seen:
            raise yaml.constructor.ConstructorError(
                problem=f"the key {key!r} stands here twice", problem_mark=key_node.start_mark
            )
        seen.add(key)
    mapping: dict[Any, Any] = _SafeLoader.construct_mapping(loader, node, deep=True)
    return mapping


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping.

    Raises:
        RestudyError: the file cannot be read, is empty, is no YAML, or holds no mapping.
    """
    content: dict[str, Any] = _read(path, dict, "a mapping of keys to values")
    return content


def read_rows(path: Path) -> list[Any]:
    """Read a YAML file that holds a list.

    Raises:
        RestudyError: the file cannot be read, is empty, is no YAML, or holds no list.
    """
    content: list[Any] = _read(path, list, "a list of rows")
    return content


def _check_depth(text: str) -> None:
    """Refuse what PyYAML would die of: its parts in C call themselves for each level, unchecked."""
    depth = 0
    for event in yaml.parse(text, Loader=_SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            mark: Any = event.start_mark
            problem = f"more than {_DEEPEST} lists or mappings within each other"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark)


def _read(path: Path, kind: type, allowed: str) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RestudyError(f"{path}: cannot be read: {reason}") from error
    try:
        _check_depth(text)
        content = yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise RestudyError(f"{path}{place}: no valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise RestudyError(f"{path}: no valid YAML: {str(error).splitlines()[0]}") from error
    # A thirteenth month, a number of thousands of digits, or a tag that does not fit its text:
    # !!float '', !!bool maybe, !!timestamp noon.
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise RestudyError(f"{path}: no valid YAML: {reason}") from error
    if content is None:
        raise RestudyError(f"{path}: the file is empty; allowed: {allowed}")
    if not isinstance(content, kind):
        raise RestudyError(f"{path}: holds a {type(content).__name__}; allowed: {allowed}")
    return content
