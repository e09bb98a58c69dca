"""Directed graphs, drawn small: edges that follow from others are left out."""

from __future__ import annotations

from collections.abc import Iterable

Edges = frozenset[tuple[str, str]]


def reachable(edges: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Return what can be reached from each node by one edge or more."""
    after: dict[str, set[str]] = {}
    for start, end in edges:
        after.setdefault(start, set()).add(end)
        after.setdefault(end, set())
    for start in after:
        pending = list(after[start])
        while pending:
            new = after[pending.pop()] - after[start]
            after[start] |= new
            pending += new
    return after


def reduced(edges: Edges) -> Edges:
    """Return the edges of a graph without cycles that do not follow from the others.

    That is its transitive reduction (Aho, Garey and Ullman, 1972), which is unique.

    Raises:
        ValueError: the graph has a cycle.
    """
    after = reachable(edges)
    if cycle := [node for node, others in after.items() if node in others]:
        raise ValueError(f"a cycle goes through {cycle[0]}")
    return frozenset(
        (start, end)
        for start, end in edges
        if not any(end in after[middle] for first, middle in edges if first == start)
    )


def mermaid(edges: Edges) -> str:
    """Return a flow chart from top to bottom as a block that GitHub draws."""
    arrows = [f"    {start} --> {end}" for start, end in sorted(edges)]
    return "\n".join(["```mermaid", "flowchart TD", *arrows, "```"])
