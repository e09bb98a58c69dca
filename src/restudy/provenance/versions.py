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
from typing import Any

from restudy.provenance.training_version import TRAINING_VERSION

_PACKAGE = "restudy"
_SOURCE = Path(__file__).parents[1]
# Packages of the project -> their folders.
_FOLDERS = dict[str, Path]()
# What code_digest does not look into.
_ENGINE = ("restudy.training",)
# Fields of a syntax tree that change no result.
_NO_RESULT = {"annotation", "returns", "type_comment", "type_params", "ctx", "kind"}
# The libraries whose arithmetic is in every trained number.
_NUMERICAL = ("torch", "numpy")


@cache
def code_digest(*modules: str) -> str:
    """Return a digest of what modules do, with everything of this package that they import.

    Snakemake does not see what a script imports; rules are handed this instead. It is a digest of
    a graph: each module, by the digest of its syntax tree without words (:func:`_read`), and who
    imports what from whom. Names of modules are not in it, so a module can be moved or renamed.
    For the modules of the training engine stands ``TRAINING_VERSION``.

    Args:
        modules: names such as ``restudy.results.study_tables``.

    Raises:
        ModuleNotFoundError: there is no such module in this package.
    """
    pending, done, lines = list(modules), set[str](), {_read(module)[0] for module in modules}
    while pending:
        module = pending.pop()
        if module not in done:
            done.add(module)
            tree, imports = _read(module)
            lines |= {f"{tree} {name} {_read(source)[0]}" for name, source in imports}
            pending += [source for _, source in imports]
    return _sha("\n".join(sorted(lines)))


def include(package: str, folder: Path) -> None:
    """Count the modules of a folder as ours from now on, as a package of the name given."""
    if _FOLDERS.get(package) != folder:
        _FOLDERS[package] = folder
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


@cache
def _read(module: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the digest of a module's syntax tree, and what it imports of this package.

    Returns:
        the digest; pairs of what is imported, ``name as local``, and the module that has it.
    """
    if any(module == engine or module.startswith(f"{engine}.") for engine in _ENGINE):
        return f"training {TRAINING_VERSION}", ()
    tree = ast.parse(_file(module).read_text(encoding="utf-8"))
    names = _Names()
    for node in ast.walk(tree):
        names.note(node)
    text = _sha("".join(_text(tree, names)))
    imports = {
        (f"{name} as {names.numbers.get(local, '')}", source)
        for local, found in names.ours.items()
        for name, source in found
    }
    return text, tuple(sorted(imports))


class _Names:
    """Names in a module that may change while it does the same.

    Attributes:
        private: private names that the module binds; numbered by their first appearance.
        ours: what it calls things of this package -> names and modules of them; numbered too.
        others: what it calls things of other libraries -> their full names.
        numbers: name -> number, filled as the names appear.
    """

    def __init__(self) -> None:
        self.private = set[str]()
        self.ours = dict[str, set[tuple[str, str]]]()
        self.others = dict[str, str]()
        self.numbers = dict[str, str]()

    def note(self, node: ast.AST) -> None:
        """Note what a node imports or binds."""
        match node:
            case ast.Import(names=aliases):
                for alias in aliases:
                    self._note_import(alias, "", alias.name)
            case ast.ImportFrom(module=str(module), names=aliases):
                for alias in aliases:
                    self._note_import(alias, module, f"{module}.{alias.name}")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self._note_private(name)
            case ast.ClassDef(name=name) | ast.arg(arg=name):
                self._note_private(name)
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                self._note_private(name)

    def _note_private(self, name: str) -> None:
        if name.startswith("_") and not name.startswith("__"):
            self.private.add(name)

    def _note_import(self, alias: ast.alias, module: str, whole: str) -> None:
        local = alias.asname or alias.name.partition(".")[0]
        if _is_ours(whole):  # a module, as `from package import module` has it, too
            self.ours.setdefault(local, set()).add(("", whole))
        elif _is_ours(module):
            self.ours.setdefault(local, set()).add((alias.name, module))
        else:
            self.others[local] = whole if module or alias.asname else local

    def used(self, name: str) -> str:
        """Return what stands for a name that is looked up by itself, not as an attribute."""
        return self._number(name) if name in self.ours else self.others.get(name, self.any(name))

    def any(self, name: str) -> str:
        """Return what stands for a name wherever it is."""
        return self._number(name) if name in self.private else name

    def _number(self, name: str) -> str:
        return self.numbers.setdefault(name, f"_{len(self.numbers)}")


def _text(node: Any, names: _Names, *, in_class: bool = False) -> Iterator[str]:
    """Yield a syntax tree as text, without what changes no result.

    That is docstrings, annotations, imports, and what ``raise``, ``assert`` and ``warnings.warn``
    say. Other texts count, such as columns of tables and labels of figures.
    """
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant(value=str())):
            return
        case ast.Constant():
            yield f"{node.value!r},"
            return
        case ast.Name():
            yield f"{names.used(node.id)},"
            return
        case ast.Raise(exc=ast.Call(func=error)):
            node = ast.Raise(exc=error, cause=node.cause)
        case ast.Assert():
            node = ast.Assert(test=node.test, msg=None)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="warnings"), attr="warn")):
            node = node.func
        case ast.AnnAssign() if not in_class:  # in a class it declares a field
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
        if field not in _NO_RESULT:
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
