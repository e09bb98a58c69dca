"""The digest of code: it changes with what a module imports, and with nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from restudy.provenance import code_digest, commit, commit_in_words, environment

SOURCE = Path(__file__).parents[1] / "src"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    return shutil.copytree(SOURCE, tmp_path_factory.mktemp("code") / "src", ignore=ignored)


@pytest.fixture
def package(original, tmp_path):
    return shutil.copytree(original, tmp_path / "src") / "restudy"


def digest(package, module="restudy.training"):
    program = f"from restudy.provenance import code_digest; print(code_digest({module!r}))"
    done = subprocess.run(
        [sys.executable, "-B", "-c", program],
        env={"PYTHONPATH": str(package.parent)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


def modules(folder):
    """One module of a package that does something."""
    return sorted(path.name for path in (SOURCE / "restudy" / folder).glob("[a-z]*.py"))


def append(path, text):
    path.write_text(f"{path.read_text()}{text}\n")


def test_a_copy_has_the_same_digest(package):
    assert digest(package) == code_digest("restudy.training")


@pytest.mark.parametrize(
    "file",
    [
        *(f"lanes/{name}" for name in modules("lanes")),
        "training.py",
        "results.py",
        "config/recipe.py",
        "datasets/load.py",
        "__init__.py",
        "lanes/__init__.py",
    ],
)
def test_code_that_trains_changes_it(package, file):
    append(package / file, "_NEW = 1")
    assert digest(package) != code_digest("restudy.training")


def test_code_that_only_reads_results_does_not(package):
    for folder in ("figures", "evidence", "report", "tracking", "stats"):
        for path in (package / folder).rglob("*.py"):
            append(path, "_NEW = 1")
    for name in ("collect.py", "plan.py", "tables.py", "progress.py", "config/loading.py"):
        append(package / name, "_NEW = 1")
    assert digest(package) == code_digest("restudy.training")


def test_comments_and_layout_do_not(package):
    for path in package.rglob("*.py"):
        append(path, "\n\n# A comment.\n")
    assert digest(package) == code_digest("restudy.training")


def test_drawing_has_a_digest_of_its_own(package):
    append(package / "figures/style.py", "_NEW = 1")
    before = code_digest("restudy.figures.grid")
    assert digest(package, "restudy.figures.grid") != before
    assert digest(package, "restudy.tables") == code_digest("restudy.tables")


def test_a_module_that_is_not_there():
    with pytest.raises(ModuleNotFoundError, match=r"restudy\.trianing"):
        code_digest("restudy.trianing")


def test_outside_a_checkout_the_commit_is_unknown(monkeypatch, tmp_path):
    monkeypatch.setattr("restudy.provenance._SOURCE", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert commit() == {"git_commit": None, "git_dirty": None}
    assert commit_in_words() == "unknown (no git checkout)"


def test_the_environment_names_versions_and_no_person_or_place():
    found = environment()
    assert set(found["versions"]) == {"restudy", "python", "pytorch-lightning", "torch", "numpy"}
    assert str(Path.home()) not in str(found)
