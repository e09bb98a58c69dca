"""The diagrams of ``docs/architecture.md``: the rules of the workflow, and who imports whom."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

from restudy.docs.graphs import Edges, mermaid, reduced
from restudy.errors import RestudyError

PAGE = Path("docs/architecture.md")
RULES, MODULES = "rules", "modules"
"""The blocks of the page."""

_SOURCE = Path(__file__).parents[1]
_PACKAGE = "restudy"
_GOAL = "all"
# Whatever config.yaml says at the moment.
_WHOLE = ("scale=default", "only=[]", "full=[]", "experiments=true")
# Small helpers that nearly everything imports, and the generator of this page: no part of the way.
_LEFT_OUT = frozenset(
    {"errors", "files", "digests", "console", "terminal", "lock", "provenance", "docs"}
    | {"clock", "troubles", "workflow_support"}
)


def rules() -> str:
    """Ask Snakemake for the graph of the rules of a whole default run, and return it drawn.

    Raises:
        RestudyError: Snakemake cannot be run here.
    """
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--quiet", "all", "--forceall"]
    done = subprocess.run(  # noqa: S603
        [*command, "--rulegraph", "mermaid-js", "--config", *_WHOLE],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RestudyError(f"snakemake --rulegraph: {done.stderr.strip()}")
    return drawn_rules(done.stdout)


def drawn_rules(text: str) -> str:
    """Draw what ``snakemake --rulegraph mermaid-js`` printed."""
    names = dict(re.findall(r"^\s*(id\d+)\[([^]]+)\]", text, re.M))
    pairs = re.findall(r"^\s*(id\d+) --> (id\d+)", text, re.M)
    edges = {(names[start], names[end]) for start, end in pairs}
    kept = frozenset(edge for edge in edges if edge[0] != edge[1] and _GOAL not in edge)
    return mermaid(reduced(kept), {})


def modules() -> str:
    """Return who imports whom, drawn, a package as a whole."""
    used = {(end, start) for start, end in imports() if not {start, end} & _LEFT_OUT}
    labels = {path.name: f"{path.name}/" for path in _SOURCE.iterdir() if path.is_dir()}
    return mermaid(reduced(frozenset(used)), labels)


def imports() -> Edges:
    """Return the pairs of parts of the library of which the first imports the second.

    A part is a module or a package at the top of the library.
    """
    found = set()
    for path in _SOURCE.rglob("*.py"):
        importer = path.relative_to(_SOURCE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            found |= {(importer, part) for name in names if (part := _part(name)) != importer}
    return frozenset((start, end) for start, end in found if end and start != "__init__")


def _part(name: str) -> str:
    """Return the part that a module is of; nothing for what is not ours."""
    package, _, rest = name.partition(".")
    part = rest.partition(".")[0]
    is_ours = (_SOURCE / part).is_dir() or (_SOURCE / f"{part}.py").is_file()
    return part if package == _PACKAGE and part and is_ours else ""
