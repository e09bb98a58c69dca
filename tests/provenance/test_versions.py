"""The digest of code: it changes with what modules do, and with nothing else."""

from pathlib import Path

import pytest

from restudy.provenance import versions
from restudy.provenance.versions import (
    clear_caches,
    code_digest,
    commit,
    commit_in_words,
    environment,
)

# A package of two modules, of which one imports the other.
DRAWING = """
import numpy as np
from pydantic import BaseModel, Field

from restudy import reading
from restudy.reading import mean as average
from restudy.training.train_stacks import train_runs


class _Axis:
    low = 0


class Title(BaseModel):
    size: int = Field(9, description="in points")
    _lines = 1

    def height(self) -> float:
        return self.size * self._lines


def draw(table: dict) -> str:
    if not table:
        raise ValueError(f"no rows in {table}")
    title = "accuracy"
    space = Title().height()
    space += train_runs()
    return f"{title}: {average(table) + _half(table)} {_Axis.low} {reading.largest(table)} {space}"


def _half(table: dict) -> float:
    return np.median(list(table.values())) / 2
"""
READING = """
_COLUMN = "test_accuracy"


def mean(table):
    return sum(_values(table)) / len(table)


def largest(table):
    return max(_values(table))


def _values(table):
    return [row[_COLUMN] for row in table]


UNUSED = 1


def unused(table: Sequence) -> float:
    return UNUSED
"""
ENGINE = "def train_runs():\n    return 1\n"
FILES = {
    "__init__.py": "",
    "drawing.py": DRAWING,
    "reading.py": READING,
    "training/__init__.py": "",
    "training/train_stacks.py": ENGINE,
}


@pytest.fixture
def digest(monkeypatch, tmp_path):
    """Return the digest of ``drawing`` in a package whose files are replaced in part."""

    def of(files=(), module="restudy.drawing"):
        clear_caches()
        for name, content in (FILES | dict(files)).items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(content) if content is not None else path.unlink()
        return code_digest(module)

    monkeypatch.setattr(versions, "_SOURCE", tmp_path)
    yield of
    clear_caches()


def changed(file, *pairs):
    content = FILES[file]
    for old, new in pairs:
        assert old in content
        content = content.replace(old, new)
    return {file: content}


@pytest.mark.parametrize(
    "files",
    [
        changed("drawing.py", ("def draw(table: dict) -> str:\n", "{}    # Now.\n")),
        changed("drawing.py", (": dict", ": Mapping[str, float]"), ("-> float", "-> np.floating")),
        changed("drawing.py", ("    title =", "    title: str =")),
        changed("drawing.py", ("no rows in {table}", "the table is empty")),
        changed("drawing.py", ("_half", "_share"), ("_Axis", "_Scale")),
        changed("drawing.py", ("average", "average_of")),
        changed("drawing.py", ("np", "numpy"), ("import numpy as numpy", "import numpy")),
        changed("reading.py", ("_COLUMN", "_NAME"), ("_values", "_column")),
        changed("reading.py", ("def mean", "\n\n# Remarks.\ndef mean")),
        changed("training/train_stacks.py", ("return 1", "return 2")),
        changed("drawing.py", ("in points", "in units of 1/72 inch")),
        changed("drawing.py", ("_lines", "_rows")),
        changed("drawing.py", ("def draw", "def plot")),
        changed("drawing.py", ("Title", "Heading")),
        changed(
            "drawing.py",
            ("from restudy import reading\n", ""),
            ("import numpy as np", "from restudy import reading\nimport numpy as np"),
        ),
        changed("reading.py", ("UNUSED = 1", "COPIES = 3"), ("return UNUSED", "return 2")),
        changed("reading.py", ("def unused", "def other")),
        {"reading.py": "\n\n".join(reversed(READING.split("\n\n\n")))},
        changed("reading.py", ("mean", "average_of"))
        | changed("drawing.py", ("import mean", "import average_of")),
        {"reading.py": f'"""Tables."""\n{READING}'},
        # A module is renamed, and one moved to a package of its own.
        {
            "reading.py": None,
            "tables.py": READING,
            **changed("drawing.py", ("reading", "tables")),
        },
        {
            "reading.py": None,
            "io/__init__.py": '"""Files."""',
            "io/reading.py": READING,
            **changed(
                "drawing.py",
                ("from restudy import reading", "from restudy.io import reading"),
                ("restudy.reading", "restudy.io.reading"),
            ),
        },
    ],
    ids=[
        *("docstring", "annotations", "annotated assignment", "error message", "private names"),
        *("local name", "alias of a library", "private names below", "layout", "engine"),
        *("description of a field", "private attribute", "public function", "public class"),
        *("order of imports", "definition not used", "its name", "order of definitions"),
        "name of what is imported",
        *("docstring of a module", "renamed module", "moved module"),
    ],
)
def test_words_and_names_leave_it(digest, files):
    before = digest()
    files = {
        name: content and content.replace("{}    # Now.", 'def draw(table: dict):\n    """Draw."""')
        for name, content in files.items()
    }
    assert digest(files) == before


@pytest.mark.parametrize(
    "files",
    [
        changed("drawing.py", ("/ 2", "/ 3")),
        changed("drawing.py", ("+ _half", "- _half")),
        changed("drawing.py", ('"accuracy"', '"loss"')),
        changed("drawing.py", ("ValueError", "KeyError")),
        changed("drawing.py", ("np.median", "np.mean")),
        changed("drawing.py", ("import numpy as np", "import cupy as np")),
        changed("drawing.py", ("import mean", "import largest")),
        changed("drawing.py", ("low = 0", "low = 1")),
        changed("reading.py", ('"test_accuracy"', '"train_accuracy"')),
        changed("reading.py", ("max(", "min(")),
        changed("reading.py", ("def mean", "print()\n\n\ndef mean")),
        changed("drawing.py", ("reading.largest", "reading.mean")),
        changed("drawing.py", ("size", "points")),
        changed("drawing.py", ("size: int", "size: float")),
        changed("drawing.py", ("Field(9", "Field(10")),
        changed("drawing.py", ("_lines = 1", "_lines = 2")),
    ],
)
def test_what_is_done_changes_it(digest, files):
    before = digest()
    assert digest(files) != before


def test_for_the_engine_stands_its_version(digest, monkeypatch):
    modules = ["restudy.drawing", "restudy.training.train_stacks", "restudy.reading"]
    before = [digest(module=module) for module in modules]
    monkeypatch.setitem(versions._UNREAD, "restudy.training", "training -1")
    after = [digest(module=module) for module in modules]
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, False, True]


def test_what_is_not_read_is_where_it_is_said_to_be():
    for name in versions._UNREAD:
        assert versions._is_ours(name)


def test_a_module_that_is_not_there():
    with pytest.raises(ModuleNotFoundError, match=r"restudy\.trianing"):
        code_digest("restudy.trianing")


def test_outside_a_checkout_the_commit_is_unknown(monkeypatch, tmp_path):
    monkeypatch.setattr("restudy.provenance.versions._SOURCE", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit() == {"git_commit": None, "git_dirty": None}
    assert commit_in_words() == "unknown (no git checkout)"


def test_the_environment_names_versions_and_no_person_or_place():
    found = environment()
    libraries = {"pytorch-lightning", "torch", "numpy", "numba"}
    assert set(found["versions"]) == {"restudy", "python", *libraries}
    assert str(Path.home()) not in str(found)
