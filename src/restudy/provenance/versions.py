"""Where results come from: code, commit and versions."""

from __future__ import annotations

import ast
import hashlib
import platform
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from restudy.provenance.training_version import TRAINING_VERSION

_PACKAGE = "restudy"
_SOURCE = Path(__file__).parents[1]
# Packages of the project -> their folders.
_FOLDERS = dict[str, Path]()
# Modules that code_digest does not read -> what stands for them. No result depends on how jobs log,
# or on the wording of errors.
_UNREAD = {
    "restudy.training": f"training {TRAINING_VERSION}",
    "restudy.runtime": "runtime",
    "restudy.common.errors": "errors",
    "restudy.common.renamed": "renamed",
}
# Fields of a syntax tree that change no result.
_NO_RESULT = {"annotation", "returns", "type_comment", "type_params", "ctx", "kind"}
# The libraries whose arithmetic is in every trained number.
_NUMERICAL = ("torch", "numpy", "numba")


@cache
def code_digest(*modules: str) -> str:
    """Return a digest of what modules do, with the definitions of this package that they use.

    Snakemake does not see what a script imports; rules are handed this instead. It is a digest of
    a graph. Its nodes are definitions: the functions, classes and constants at the top of a
    module, each by its syntax tree (:func:`_text`). Its edges say which definition uses which one,
    and where. So these leave the digest as it is: comments, layout, docstrings, annotations of
    functions, messages of errors and warnings, descriptions of pydantic fields; names and places
    of modules; order and names of definitions, and aliases of imports; private names inside of
    a definition; definitions that the modules do not use.

    These change it: constants, texts that are no messages, names of attributes, arguments, fields
    and public local variables, annotations in the body of a class (they declare its fields).

    Of a module whose definition is used, what it runs when it is imported counts too. For the
    training engine stands ``TRAINING_VERSION``; the wording of errors and how jobs log do not
    count.

    Args:
        modules: names such as ``restudy.results.study_tables``; all that they define counts.

    Raises:
        ModuleNotFoundError: there is no such module in this package.
    """
    pending, done, lines = [(module, "*") for module in modules], set[tuple[str, str]](), set[str]()
    while pending:
        place = pending.pop()
        if place in done:
            continue
        done.add(place)
        for definition in _find(*place):
            lines.add(definition.text)
            for number, used in definition.uses:
                lines |= {f"{definition.text} {number} {one.text}" for one in _find(*used)}
                pending.append(used)
    return _sha("\n".join(sorted(lines)))


def include(package: str, folder: Path) -> None:
    """Count the modules of a folder as ours from now on, as a package of the name given."""
    if _FOLDERS.get(package) != folder:
        _FOLDERS[package] = folder
        clear_caches()


def clear_caches() -> None:
    """Read the modules anew when a digest is wanted next."""
    for function in (code_digest, _read, _is_ours):
        function.cache_clear()


def numerical_versions() -> dict[str, str]:
    """Return the versions of the libraries that trained numbers depend on."""
    return {name: version(name) for name in _NUMERICAL}


def environment() -> dict[str, Any]:
    """Return versions, machine and commit, for the records."""
    return {
        "versions": {
            "restudy": version(_PACKAGE),
            "python": platform.python_version(),
            "pytorch-lightning": version("pytorch-lightning"),
            **numerical_versions(),
        },
        "machine": f"{platform.system()} {platform.machine()}",
        **commit(),
    }


def commit() -> dict[str, Any]:
    """Return the git commit of the checkout and whether it has changes; None where unknown."""
    found = _git("rev-parse", "HEAD")
    if found is None:
        return {"git_commit": None, "git_dirty": None}
    return {"git_commit": found, "git_dirty": bool(_git("status", "--porcelain", "-uno"))}


def commit_in_words() -> str:
    """Return the commit as it is shown to people."""
    found = commit()
    if found["git_commit"] is None:
        return "unknown (no git checkout)"
    remark = " with uncommitted changes" if found["git_dirty"] else ""
    return f"{found['git_commit'][:12]}{remark}"


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(_SOURCE), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _file(module: str) -> Path:
    package, *parts = module.split(".")
    path = (_SOURCE if package == _PACKAGE else _FOLDERS[package]).joinpath(*parts)
    for candidate in (path / "__init__.py", path.with_suffix(".py")):
        if candidate.is_file():
            return candidate
    raise ModuleNotFoundError(f"no module {module} in {_PACKAGE}")


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class _Definition(NamedTuple):
    """A statement at the top of a module.

    Attributes:
        text: digest of its syntax tree, in which numbers stand for the definitions that it uses.
        uses: these numbers, with module and name of each definition; the name is ``*`` for all.
    """

    text: str
    uses: tuple[tuple[int, tuple[str, str]], ...]


class _Module(NamedTuple):
    """What a module consists of.

    Attributes:
        definitions: name -> the statements that bind it.
        always: what runs whenever the module is imported and is no definition.
        ours: local name -> modules and names in this package; ``*`` for the module itself.
    """

    definitions: dict[str, list[_Definition]]
    always: list[_Definition]
    ours: dict[str, set[tuple[str, str]]]


def _find(module: str, name: str) -> list[_Definition]:
    """Return what a name of a module stands for, and what the module does in any case."""
    for unread, text in _UNREAD.items():
        if module == unread or module.startswith(f"{unread}."):
            return [_Definition(text, ())]
    read = _read(module)
    if name in read.definitions:
        return read.definitions[name] + read.always
    if name in read.ours:
        return [found for place in read.ours[name] for found in _find(*place)] + read.always
    if name != "*" and _is_ours(f"{module}.{name}"):
        return _find(f"{module}.{name}", "*")
    return [one for some in read.definitions.values() for one in some] + read.always


@cache
def _read(module: str) -> _Module:
    tree = ast.parse(_file(module).read_text(encoding="utf-8"))
    ours, others = dict[str, set[tuple[str, str]]](), dict[str, str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            source = getattr(node, "module", None)
            for alias in node.names:
                local = alias.asname or alias.name.partition(".")[0]
                whole = f"{source}.{alias.name}" if source else alias.name
                if _is_ours(whole):  # a module, as `from package import module` has it, too
                    ours.setdefault(local, set()).add((whole, "*"))
                elif source and _is_ours(source):
                    ours.setdefault(local, set()).add((source, alias.name))
                else:
                    others[local] = whole if source or alias.asname else local
    bound = [(node, set(_bound(node))) for node in tree.body]
    own = {name: {(module, name)} for _, names in bound for name in names}
    read = _Module({}, [], ours)
    for node, names in bound:
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
                continue
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                continue
        reader = _Names(node, ours | own, others)
        text = _sha("".join(_text(node, reader)))
        definition = _Definition(text, tuple(sorted(reader.uses)))
        for name in names:
            read.definitions.setdefault(name, []).append(definition)
        if not names or not isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign
        ):
            read.always.append(definition)
    return read


def _bound(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement at the top of a module binds there."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name):
                yield name


class _Names:
    """Names in a definition that may change while it does the same.

    Attributes:
        definition: the statement.
        uses: what it uses of this package, each with the number that stands for it.
    """

    def __init__(
        self, node: ast.stmt, ours: dict[str, set[tuple[str, str]]], others: dict[str, str]
    ) -> None:
        self.definition, self._ours, self._others = node, ours, others
        self.uses = set[tuple[int, tuple[str, str]]]()
        self._numbers = dict[str, int]()
        self._private = set[str]()
        for part in ast.walk(node):
            match part:
                case (
                    ast.FunctionDef(name=name)
                    | ast.AsyncFunctionDef(name=name)
                    | ast.ClassDef(name=name)
                    | ast.arg(arg=name)
                    | ast.Name(id=name, ctx=ast.Store())
                    | ast.Attribute(attr=name, ctx=ast.Store())
                ) if name.startswith("_") and not name.startswith("__"):
                    self._private.add(name)

    def looked_up(self, name: str, attribute: str = "") -> str:
        """Return what stands for a name, or for an attribute of one that is a module."""
        if name not in self._ours:
            return self._others.get(name, self.any(name))
        number = self._number(f"{name}.{attribute}")
        self.uses |= {(number, (module, attribute or one)) for module, one in self._ours[name]}
        return f"_{number}"

    def any(self, name: str) -> str:
        """Return what stands for a name wherever it is."""
        return f"_{self._number(name)}" if name in self._private else name

    def is_module(self, name: str) -> bool:
        """Return whether a name stands for modules of this package alone."""
        return name in self._ours and all(one == "*" for _, one in self._ours[name])

    def is_field(self, call: ast.Call) -> bool:
        """Return whether a call makes a field of a pydantic model."""
        return isinstance(call.func, ast.Name) and self._others.get(call.func.id) == _FIELD

    def _number(self, name: str) -> int:
        return self._numbers.setdefault(name, len(self._numbers))


_FIELD = "pydantic.Field"


def _text(node: Any, names: _Names, *, in_class: bool = False) -> Iterator[str]:
    """Yield a syntax tree as text, without what changes no result.

    That is docstrings, annotations outside of a class's body, imports, the name of the definition,
    descriptions of fields, and what ``raise``, ``assert`` and ``warnings.warn`` say.
    """
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant(value=str())):
            return
        case ast.Constant():
            yield f"{node.value!r},"
            return
        case ast.Name():
            yield f"{names.looked_up(node.id)},"
            return
        case ast.Attribute(value=ast.Name(id=module)) if names.is_module(module):
            yield f"{names.looked_up(module, node.attr)},"
            return
        case ast.Raise(exc=ast.Call(func=error)):
            node = ast.Raise(exc=error, cause=node.cause)
        case ast.Assert():
            node = ast.Assert(test=node.test, msg=None)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="warnings"), attr="warn")):
            node = node.func
        case ast.Call() if names.is_field(node):
            keywords = [one for one in node.keywords if one.arg != "description"]
            node = ast.Call(func=node.func, args=node.args, keywords=keywords)
        case ast.AnnAssign() if in_class:  # declares a field
            yield from _text(node.annotation, names)
        case ast.AnnAssign():
            if node.value is None:
                return
            node = ast.Assign(targets=[node.target], value=node.value)
        case ast.AST():
            pass
        case list():
            yield "["
            for item in node:
                yield from _text(item, names, in_class=in_class)
            yield "]"
            return
        case _:
            yield f"{names.any(node) if isinstance(node, str) else node},"
            return
    yield f"{type(node).__name__}("
    for field in node._fields:
        if field in _NO_RESULT or (field == "name" and node is names.definition):
            continue
        inside = isinstance(node, ast.ClassDef) and field == "body"
        yield from _text(getattr(node, field, None), names, in_class=inside)
    yield ")"


@cache
def _is_ours(name: str) -> bool:
    if name.split(".")[0] not in (_PACKAGE, *_FOLDERS):
        return False
    try:
        _file(name)
    except ModuleNotFoundError:
        return False
    return True
