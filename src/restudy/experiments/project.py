"""What the project declares in its folder of experiments, read without running the modules.

The folder is ``experiments_folder`` of ``config.yaml``. Only declarations are evaluated, so that
reading them imports nothing of what experiments compute with.
"""

from __future__ import annotations

import ast
import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from restudy.common.errors import RestudyError, choice_error
from restudy.config.loading import validate
from restudy.config.yaml import read_mapping
from restudy.experiments.declaration import KINDS, Declaration, Drawing, Experiment, Facts, Table
from restudy.provenance import versions
from restudy.results.schema import Column, Role, Type

PACKAGE = "experiments"
"""Name under which the folder's modules import one another, whatever the folder is called."""
DEFAULT = "experiments"
VARIABLE = "RESTUDY_EXPERIMENTS"
"""Environment variable with the folder of a run, for its jobs: the command line may name another
one than ``config.yaml``."""


class _ComputedError(Exception):
    """An expression takes more than reading."""


class _Computed:
    def __repr__(self) -> str:
        return "a computed value"


_COMPUTED = _Computed()
_ENUMS: Mapping[str, type[Type] | type[Role]] = {"Type": Type, "Role": Role}


@dataclass(frozen=True)
class Place:
    """Where a declaration stands.

    Attributes:
        file: the module's file.
        module: its name in the folder.
        function: the function that is declared.
    """

    file: Path
    module: str
    function: str


@dataclass(frozen=True)
class Project:
    """The declarations of a folder.

    Attributes:
        folder: the folder.
        experiments, facts, tables, drawings: by name.
        places: kind and name of a declaration -> where it stands.
    """

    folder: Path
    experiments: dict[str, Experiment] = field(default_factory=dict)
    facts: dict[str, Facts] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    drawings: dict[str, Drawing] = field(default_factory=dict)
    places: dict[tuple[str, str], Place] = field(default_factory=dict)

    def place(self, declared: Declaration) -> Place:
        """Return where a declaration stands."""
        return self.places[type(declared).__name__, declared.name]

    def function(self, declared: Declaration) -> Any:
        """Import the module of a declaration; return the function."""
        place = self.place(declared)
        module = _import(self.folder, place.module)
        return getattr(module, place.function)

    def digest(self, *declared: Declaration) -> str:
        """Return a digest of the code that computes declarations, and of what it imports."""
        versions.include(PACKAGE, self.folder.resolve())
        modules = {f"{PACKAGE}.{self.place(one).module}" for one in declared}
        return versions.code_digest(*sorted(modules))


def project() -> Project:
    """Return what the project declares whose folder the process runs in.

    Raises:
        RestudyError: a file cannot be read, or a declaration in it is wrong.
    """
    return load_project(os.environ.get(VARIABLE) or _configured(os.getcwd()))


def unknown_experiment(where: str, key: str, name: str) -> str:
    """Word the complaint about the name of an experiment that there is not."""
    known = project().experiments
    return choice_error(where, key, name, known, "" if known else "none")


def use(folder: str) -> Project:
    """Return what a folder declares; this process and those that it starts use it from now on.

    Raises:
        RestudyError: see :func:`project`.
    """
    found = load_project(folder)
    versions.include(PACKAGE, found.folder.resolve())
    os.environ[VARIABLE] = folder
    return found


def load_project(folder: str) -> Project:
    """Return what a folder declares.

    Raises:
        RestudyError: the folder is not there, a file cannot be read, or a declaration is wrong.
    """
    path = Path(folder)
    if not path.is_dir() and folder != DEFAULT:
        raise RestudyError(f"config.yaml: experiments_folder: there is no folder {folder!r}")
    return _load(path, path.resolve())


@cache
def _load(folder: Path, resolved: Path) -> Project:
    found = Project(folder)
    kinds: Mapping[type[Declaration], dict[str, Any]] = {
        Experiment: found.experiments,
        Facts: found.facts,
        Table: found.tables,
        Drawing: found.drawings,
    }
    for path in sorted(resolved.glob("*.py")):
        file = folder / path.name
        for place, declared in _declarations(path, file):
            key = type(declared).__name__, declared.name
            if key in found.places:
                other = found.places[key]
                raise RestudyError(
                    f"{file}: {place.function}: name: {declared.name!r} is the name of "
                    f"{other.function} in {other.file}; allowed: a name that no other has"
                )
            found.places[key] = place
            kinds[type(declared)][declared.name] = declared
    return found


def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        where = f"{path.parent.name}/{path.name}:{error.lineno}"
        raise RestudyError(f"{where}: is no Python: {error.msg}") from None
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise RestudyError(f"{path}: cannot be read: {error}") from None


def _declarations(path: Path, file: Path) -> Iterator[tuple[Place, Declaration]]:
    tree = _parse(path)
    constants = _constants(tree)
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for call in node.decorator_list:
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            if call.func.id in KINDS:
                where = f"{file}:{call.lineno}: {node.name}"
                place = Place(file, path.stem, node.name)
                yield (
                    place,
                    validate(KINDS[call.func.id], _arguments(call, constants, where), where),
                )


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """Return the values that a module gives to names, as they are written."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            found |= {one.id: node.value for one in node.targets if isinstance(one, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            found[node.target.id] = node.value
    return found


def _arguments(call: ast.Call, constants: Mapping[str, ast.expr], where: str) -> dict[str, Any]:
    found = {}
    if call.args:
        raise RestudyError(f"{where}: has an argument without a name; allowed: name=... and others")
    for keyword in call.keywords:
        try:
            if keyword.arg is None:
                raise _ComputedError
            found[keyword.arg] = _value(keyword.value, constants)
        except _ComputedError:
            raise RestudyError(
                f"{where}: {keyword.arg or '**'}: {ast.unparse(keyword.value)} is computed; "
                "allowed: text, numbers, lists and mappings of them, columns, and constants of the "
                "module"
            ) from None
    return found


def _value(node: ast.expr, constants: Mapping[str, ast.expr]) -> Any:
    """Return what an expression is.

    Of a mapping the keys are enough: experiments keep functions and settings beside their levels.

    Raises:
        _ComputedError: that takes more than reading.
    """
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(name) if name in constants:
            return _value(constants[name], constants)
        case ast.Attribute(ast.Name("Type" | "Role" as enum), member):
            if member in _ENUMS[enum].__members__:
                return _ENUMS[enum][member]
        case ast.Call(ast.Name("Column"), arguments, keywords):
            positional = [_value(one, constants) for one in arguments]
            named = {one.arg or "**": _value(one.value, constants) for one in keywords}
            try:
                return Column(*positional, **named)
            except TypeError:  # too few arguments, too many, or of another name
                raise _ComputedError from None
        case ast.Tuple(parts) | ast.List(parts):
            values: list[Any] = []
            for one in parts:
                value = _value(one.value if isinstance(one, ast.Starred) else one, constants)
                values += value if isinstance(one, ast.Starred) else [value]
            return tuple(values)
        case ast.Dict(keys, parts):
            found: dict[Any, Any] = {}
            for key, one in zip(keys, parts, strict=True):
                if key is None:
                    found |= _value(one, constants)
                    continue
                name = _value(key, constants)
                try:
                    found[name] = _value(one, constants)
                except _ComputedError:
                    found[name] = _COMPUTED
            return found
    raise _ComputedError


def _import(folder: Path, module: str) -> ModuleType:
    """Import a module of a project's folder, as one of the package ``experiments``."""
    path = [str(folder.resolve())]
    if list(getattr(sys.modules.get(PACKAGE), "__path__", [])) != path:
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]
        package = ModuleType(PACKAGE)
        package.__path__ = path
        sys.modules[PACKAGE] = package
    return importlib.import_module(f"{PACKAGE}.{module}")


@cache
def _configured(working_directory: str) -> str:
    path = Path(working_directory, "config.yaml")
    return str(read_mapping(path).get("experiments_folder", DEFAULT)) if path.is_file() else DEFAULT
