"""The digests of :func:`restudy.provenance.code_digest` for many rules at once: the same, sooner.

The rules of the workflow ask for some thirty digests, and nearly all of them are of modules that
others have read already. Here each module is read once. (``provenance`` itself is part of what
trained the networks: a change there would train all of them again.)
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache

from restudy import provenance


@cache
def code_digest(*modules: str) -> str:
    """Return what :func:`restudy.provenance.code_digest` returns.

    Raises:
        ModuleNotFoundError: there is no such module in this package.
    """
    pending, found = list(modules), {}
    while pending:
        module = pending.pop()
        if module not in found:
            found[module], needed = _read(module)
            pending += needed
    text = "\n".join(f"{name} {found[name]}" for name in sorted(found))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _read(module: str) -> tuple[str, list[str]]:
    """Return what a module does, as text, and the modules of this package that it needs."""
    tree = ast.parse(provenance._file(module).read_text(encoding="utf-8"))
    package = [module.rpartition(".")[0]] if "." in module else []
    return ast.dump(tree), provenance._imports(tree) + package
