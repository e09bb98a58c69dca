"""Where results come from: code, commit and versions."""

from __future__ import annotations

import ast
import hashlib
import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

_PACKAGE = "restudy"
_SOURCE = Path(__file__).parent
# The libraries whose arithmetic is in every trained number.
_NUMERICAL = ("torch", "numpy")


@cache
def code_digest(*modules: str) -> str:
    """Return a digest of modules and of everything of this package that they import.

    Comments and layout do not count, so mending them makes nothing stale. Snakemake does not see
    what a script imports; rules are handed this instead.

    Args:
        modules: names such as ``restudy.training``.

    Raises:
        ModuleNotFoundError: there is no such module in this package.
    """
    pending, found = list(modules), {}
    while pending:
        module = pending.pop()
        if module in found:
            continue
        path = _file(module)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found[module] = ast.dump(tree)
        pending += _imports(tree)
        pending += [module.rpartition(".")[0]] if "." in module else []
    text = "\n".join(f"{name} {found[name]}" for name in sorted(found))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


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
    path = _SOURCE.joinpath(*module.split(".")[1:])
    for candidate in (path / "__init__.py", path.with_suffix(".py")):
        if candidate.is_file():
            return candidate
    raise ModuleNotFoundError(f"no module {module} in {_PACKAGE}")


def _imports(tree: ast.AST) -> list[str]:
    """Return the modules of this package that a module imports, wherever it does."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            # `from package import name`: the name may be a module itself.
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return [name for name in names if _is_ours(name)]


def _is_ours(name: str) -> bool:
    if name.split(".")[0] != _PACKAGE:
        return False
    try:
        _file(name)
    except ModuleNotFoundError:
        return False
    return True
