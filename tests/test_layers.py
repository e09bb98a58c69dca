"""Imports run downwards only."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src/restudy"

# Who may not import whom, wherever in a module it stands. A name stands for all below it, but that
# of the trainer not for its version, which is a number.
READERS = "restudy.figures", "restudy.stats", "restudy.evidence", "restudy.report"
FORBIDDEN = {
    "restudy": ("snakemake",),
    "restudy.numpy_net": (*READERS, "torch", "pandas", "scipy", "restudy.lanes", "restudy.config"),
    "restudy.lanes": (
        *READERS,
        "restudy.numpy_net",
        "restudy.tracking",
        "restudy.plan",
        "restudy.tables",
    ),
    "restudy.training": (*READERS, "restudy.tracking", "restudy.plan", "restudy.tables"),
    "restudy.results": ("restudy.lanes", "restudy.training", "torch"),
    "restudy.datasets": ("torch", "restudy.lanes", "restudy.config", "restudy.results"),
    "restudy.config": ("torch", "pandas", "restudy.plan", "restudy.lanes", "restudy.results"),
    "restudy.plan": ("torch", "pandas", "restudy.lanes", "restudy.results", "restudy.training"),
    "restudy.watching": ("torch", "pandas", "restudy.lanes", "restudy.results", "restudy.running"),
    "restudy.tables": ("torch", "restudy.lanes", "restudy.figures", "restudy.report"),
    "restudy.stats": ("torch", "restudy.lanes", "restudy.tables", *READERS[:1], *READERS[2:]),
    "restudy.evidence": ("torch", "restudy.lanes", "restudy.figures", "restudy.report"),
    "restudy.experiments": (
        *(name for name in READERS if name != "restudy.stats"),
        *("restudy.tracking", "restudy.plan", "restudy.tables"),
    ),
    "restudy.figures": ("torch", "restudy.lanes", "restudy.report"),
    "restudy.reference": ("torch", "restudy.lanes", "restudy.figures", "restudy.tracking"),
    "restudy.gathered": ("torch", "restudy.lanes", "restudy.figures", "restudy.tracking"),
    "restudy.verify": ("torch", "restudy.lanes", "restudy.figures", "restudy.tracking"),
    "restudy.report": ("torch", "restudy.lanes"),
    "restudy.trace": ("torch", "restudy.lanes", "restudy.figures"),
    "restudy.crate": ("torch", "restudy.lanes", "restudy.figures", "restudy.tracking"),
    "restudy.tracking": READERS,
}


def name_of(path):
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path):
    """Return what a module imports: modules, and names in them, which may be modules too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def below(name, package):
    return name == package or name.startswith(f"{package}.")


VERSION = "restudy.lanes.version"
MODULES = {name_of(path): imports(path) for path in SOURCE.rglob("*.py")}


@pytest.mark.parametrize("package", FORBIDDEN)
def test_imports_run_downwards(package):
    members = {name: used for name, used in MODULES.items() if below(name, package)}
    assert members
    wrong = [
        f"{name} imports {one}"
        for name, used in members.items()
        for one in sorted(used)
        if not below(one, VERSION)
        and any(below(one, forbidden) for forbidden in FORBIDDEN[package])
    ]
    assert not wrong


def test_no_module_imports_itself_through_others():
    def reached(start):
        found, pending = set(), [start]
        while pending:
            new = (MODULES[pending.pop()] & MODULES.keys()) - found
            found |= new
            pending += new
        return found

    assert [name for name in MODULES if name in reached(name)] == []
