"""The diagram of ``docs/architecture.md``: the graph of the workflow's rules."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from restudy.common.errors import RestudyError

PAGE = Path("docs/architecture.md")
_GOAL = "all"
# Whatever config.yaml says at the moment.
_WHOLE = ("scale=default", "only=[]", "full=[]", "experiments=true")


def rule_graph() -> str:
    """Return the graph of the rules of a whole default run, as a block that GitHub draws.

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
    names = dict(re.findall(r"^\s*(id\d+)\[([^]]+)\]", done.stdout, re.M))
    pairs = re.findall(r"^\s*(id\d+) --> (id\d+)", done.stdout, re.M)
    edges = {(names[start], names[end]) for start, end in pairs}
    kept = {edge for edge in edges if edge[0] != edge[1] and _GOAL not in edge}
    arrows = [f"    {start} --> {end}" for start, end in sorted(transitive_reduction(kept))]
    return "\n".join(["```mermaid", "flowchart TD", *arrows, "```"])


def transitive_reduction(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the edges of a graph without cycles that do not follow from the others.

    The result is unique (Aho, Garey and Ullman, 1972).
    """

    @cache
    def reachable(node: str) -> frozenset[str]:
        after = [end for start, end in edges if start == node]
        return frozenset(after).union(*map(reachable, after))

    return {
        (start, end)
        for start, end in edges
        if not any(end in reachable(middle) for first, middle in edges if first == start)
    }
