"""The diagram of ``docs/architecture.md``: the rules of the workflow."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from restudy.common.errors import RestudyError
from restudy.docs.graphs import mermaid, reduced

PAGE = Path("docs/architecture.md")
RULES = "rules"
"""The block of the page."""

_GOAL = "all"
# Whatever config.yaml says at the moment.
_WHOLE = ("scale=default", "only=[]", "full=[]", "experiments=true")


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
    return mermaid(reduced(kept))
