"""Every command of the documentation is run: here, in a checkout where the tutorial was done.

A command that is new in a page is run as it stands. Those that take long, need a network, never end
or would delete what the others look at stand in ``INSTEAD`` (what is run in their place) or
``ELSEWHERE`` (the test that runs them), with the reason. A command that is in neither, and does not
work, fails.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from typing import NamedTuple

import pytest

from tests.docs import pages
from tests.docs.pages import PAGES, ROOT
from tests.workflow.checkout import Checkout

pytestmark = pytest.mark.pipeline

TUTORIAL = ROOT / "docs/tutorial.md"
STUDY = "my-study"
COMMANDS = list(dict.fromkeys(one.text for page in PAGES for one in pages.commands(page)))
PIPELINE = ".venv/bin/snakemake --cores all"
HERE = "tests/docs/test_commands.py"
# Folder in which a command is run, if that is not the checkout; a new reader has none.
NOWHERE = ('git clone "', "cd restudy")


class Instead(NamedTuple):
    """What is run in the place of a command, and why."""

    command: str
    because: str


class Elsewhere(NamedTuple):
    """The test that does what a command does, why, and what ``make`` would run for it."""

    test: str
    because: str
    recipe: str = ""


QUICK = "tests/workflow/test_quick.py::test_quick"
PAPER = "tests/workflow/test_reproduce_a_paper.py::test_the_pipeline_takes_it"
ALONE = ".venv/bin/snakemake --cores 2 --config only='[\"my-study\"]' experiments=false"
"""The tutorial's: the one run of the pipeline that all other commands look at."""
ALONE_QUICK = ALONE.replace("--config", "--configfile config/quick.yaml --config")
ALONE_FULL = ".venv/bin/snakemake --cores 2 --config full='[\"my-study\"]'"
DRY = "--dry-run --quiet rules"
SLURM = f".venv/bin/snakemake --profile workflow/profiles/slurm {DRY}"
UNCHANGED = "git diff --exit-code --stat"

INSTEAD = {
    ALONE_QUICK: Instead(f"{ALONE_QUICK} {DRY}", "a minute; test_quick does it for all studies"),
    ALONE_FULL: Instead(f"{ALONE_FULL} {DRY}", "a minute, to train nothing that is new"),
    ".venv/bin/pytest -m 'not pipeline'": Instead(
        ".venv/bin/pytest -m 'not pipeline' tests/common/test_digests.py", "this test is part of it"
    ),
    "make lint": Instead("make lint BIN=.venv/quick", "mypy takes a minute: asked for its version"),
    "make format": Instead(f"make format && {UNCHANGED}", "and finds nothing to do"),
    "make verify": Instead(
        "make reference && make verify && git checkout --quiet results/reference",
        "the reference is of another run: held against one of its own",
    ),
    ".venv/bin/python -m restudy.config.schema": Instead(
        f".venv/bin/python -m restudy.config.schema && {UNCHANGED}", "and changes nothing"
    ),
    "make docs": Instead(
        f"make docs && {UNCHANGED}",
        "and changes nothing: the diagram of the rules is what Snakemake says",
    ),
    "python -m tests.training.record_version": Instead(
        "python -m tests.training.record_version && git checkout --quiet tests/training",
        "the last digits are those of the machine",
    ),
    "make docs-figures": Instead(
        "make docs-figures && git checkout --quiet README.md docs", "they are those of another run"
    ),
    "make fuzz MINUTES=10": Instead(
        "make fuzz MINUTES=0.01 SEED=0", "each reader once, on inputs that are always the same"
    ),
    "python -m bench.same": Instead(
        "python -c 'import bench.same.__main__'", "minutes; tests/test_same_numbers.py does a part"
    ),
    "python -m bench.diagnostics": Instead(
        "python -m bench.diagnostics --quick", "minutes without --quick"
    ),
    "python -m bench.profile": Instead("python -c 'import bench.profile'", "minutes"),
    ".venv/bin/python -m docs.screenshots --results results": Instead(
        "python -m docs.screenshots --help", "needs Chromium; the pictures are those of another run"
    ),
    "mlflow gc": Instead("python -m mlflow gc --help", "deletes, and needs to be told what"),
}
ELSEWHERE = {
    "make quick": Elsewhere(QUICK, "minutes", f"{PIPELINE} --configfile config/quick.yaml"),
    "make run": Elsewhere(QUICK, "half an hour; the same pipeline at a smaller scale", PIPELINE),
    "make full": Elsewhere(
        QUICK, "a night; the same pipeline", f"{PIPELINE} --configfile config/full.yaml"
    ),
    'make full ONLY="depth learning-rate"': Elsewhere(
        "tests/reference/test_gather.py::test_one_study_after_the_other",
        "hours; the same, of tiny studies",
        f'{PIPELINE} --configfile config/full.yaml --config only=\'["depth","learning-rate"]\'',
    ),
    "make gather": Elsewhere(
        "tests/reference/test_gather.py::test_one_study_after_the_other",
        "needs a run at the full scale",
        ".venv/bin/python -m restudy.reference gather --only",
    ),
    'make gather ONLY="depth learning-rate"': Elsewhere(
        "tests/reference/test_gather.py::test_one_study_after_the_other",
        "needs a run at the full scale",
        ".venv/bin/python -m restudy.reference gather --only depth learning-rate",
    ),
    "make test": Elsewhere(
        f"{HERE}::test_a_command_works",
        "this test is part of it",
        ".venv/bin/pytest --numprocesses logical --dist loadfile --no-loadscope-reorder",
    ),
    "make test-faults": Elsewhere(
        "tests/faults/test_kills.py::test_killed_at_random_moments_it_ends_the_same",
        "an hour; the tests do the same at a smaller scale",
        "RESTUDY_KILLS=10 RESTUDY_KILLS_SCALE=quick .venv/bin/pytest tests/faults -rs",
    ),
    "make bench": Elsewhere(
        "tests/test_bench.py::test_quick_study_bench_writes_its_files",
        "an hour; tests run its parts with --quick",
        ".venv/bin/python -m bench.training\n.venv/bin/python -m bench.diagnostics\n"
        ".venv/bin/python -m bench.study",
    ),
    "python -m bench.training --networks 784-128-10 --batches 16 64 --rounds 5": Elsewhere(
        "tests/test_bench.py::test_quick_bench_writes_its_files",
        "minutes; a test runs it with --quick",
    ),
    "make bench-scale": Elsewhere(
        "tests/load/test_load.py::test_a_little_of_each_is_measured",
        "half an hour; a test runs it with --quick",
        ".venv/bin/python -m bench.load",
    ),
    "make crate": Elsewhere(
        "tests/workflow/test_provenance.py::test_the_crate_has_what_its_profile_asks_for",
        "needs a network, for the validator; what it makes is tested",
        ".venv/bin/python -m restudy.lineage.crate --results results",
    ),
    "make sbom": Elsewhere(
        "tests/test_environment.py::test_an_environment_apart_has_a_lock_of_its_own",
        "needs a network, for the tool that makes it",
        "mkdir -p results",
    ),
    "make audit": Elsewhere(
        "tests/test_environment.py::test_an_audit_is_green_only_if_everything_was_looked_up",
        "needs a network",
        ".venv-tools/bin/python -m envs.audit "
        "requirements.lock envs/tools.lock envs/bench.lock envs/slurm.lock",
    ),
    "make test-slurm": Elsewhere(
        "tests/cluster/test_slurm.py::test_tables_are_those_of_a_local_run_to_the_bit",
        "needs a network, Slurm and minutes",
        "RESTUDY_CLUSTER=1 .venv-cluster/bin/python -m pytest -rs "
        "tests/cluster tests/load/test_writers.py",
    ),
    ".venv/bin/pip install -r envs/slurm.lock": Elsewhere(
        "tests/test_environment.py::test_slurm_has_a_lock_of_what_it_adds", "needs a network"
    ),
    SLURM: Elsewhere(
        "tests/cluster/test_slurm.py::test_tables_are_those_of_a_local_run_to_the_bit",
        "needs the plugin",
    ),
    "make test-min-versions": Elsewhere(
        "tests/test_environment.py::test_every_dependency_declares_a_floor_that_the_lock_keeps",
        "needs a network, and minutes",
        "rm -rf .venv-oldest && python3 -m venv .venv-oldest",
    ),
    "make lock": Elsewhere(
        "tests/test_environment.py::test_the_lock_holds_whatever_pyproject_asks_for",
        "needs a network; what it makes is tested",
        "mv envs/restudy.yaml.new envs/restudy.yaml",
    ),
    ALONE: Elsewhere(f"{HERE}::checkout", "all tests here look at what it made"),
    **{
        command.replace(STUDY, "s5-shallow"): Elsewhere(PAPER, "minutes; planned only")
        for command in (ALONE, ALONE_QUICK)
    },
    "make ui": Elsewhere(f"{HERE}::test_the_ui_shows_the_runs", "never ends"),
    "make clean": Elsewhere(f"{HERE}::test_clean_leaves_what_is_in_git_alone", "deletes"),
    "make clean && make test": Elsewhere(
        f"{HERE}::test_clean_leaves_what_is_in_git_alone", "deletes, and this test is part of it"
    ),
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout in which the tutorial was done, and little else would be."""
    folder = tmp_path_factory.mktemp("docs")
    made = Checkout.fresh(folder / "restudy", config="config.yaml")
    programs(made.folder)
    settings = made.folder / "config.yaml"
    for before, after in (
        ("only: []", f"only: [{STUDY}]"),
        ("experiments: true", "experiments: false"),
    ):
        content = settings.read_text(encoding="utf-8")
        assert content.count(f"\n{before}\n") == 1
        settings.write_text(content.replace(f"\n{before}\n", f"\n{after}\n"), encoding="utf-8")
    for block in pages.blocks(TUTORIAL):
        if block.language == "yaml":
            write(made.folder, block.text)
    for command in ("init --quiet", "add --all", "commit --quiet --message tutorial"):
        run(made, f"git -c user.name=reader -c user.email=reader@example.org {command}")
    assert ALONE in [command.text for command in pages.commands(TUTORIAL)]
    made.output = run(made, ALONE)
    return made


def programs(folder):
    """Make what ``make setup`` makes, of the environment that runs this test."""
    environment = folder / ".venv"
    for place in ("bin", "quick"):
        (environment / place).mkdir(parents=True)
        for program in ("python", "snakemake", "pytest", "mypy", "ruff", "snakefmt"):
            module = "" if program == "python" else f"-m {program}"
            lines = f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n'
            if (place, program) == ("quick", "mypy"):
                lines = f'#!/bin/sh\nexec "{sys.executable}" -m mypy --version\n'
            add(environment / place / program, lines)
        linter = "from importlinter.cli import lint_imports_command as run; run()"
        add(
            environment / place / "lint-imports",
            f'#!/bin/sh\nexec "{sys.executable}" -c "{linter}" "$@"\n',
        )
    (environment / ".ready").touch()


def add(program, lines):
    program.write_text(lines, encoding="utf-8")
    program.chmod(0o755)


def write(folder, block):
    """Do with a block of YAML what its first line says."""
    how, name, content = re.fullmatch(r"# (add to|new file) (\S+)\n(.*)", block, re.S).groups()
    assert (folder / name).is_file() == (how == "add to"), name
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write(f"\n{content}")


def surroundings(made):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "MAKE"))}
    path = f"{made.folder / '.venv/bin'}{os.pathsep}{kept['PATH']}"
    return kept | {
        "PYTHONPATH": str(made.folder / "src"),
        "PATH": path,
        "ADDRESS": str(made.folder),
    }


def start(made, command):
    nowhere = command.startswith(NOWHERE)
    return subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=made.folder.parent / "nowhere" if nowhere else made.folder,
        env=surroundings(made),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def run(made, command, timeout=900):
    """Run a command to its end; return what it printed."""
    (made.folder.parent / "nowhere").mkdir(exist_ok=True)
    process = start(made, command)
    try:
        output, _ = process.communicate(timeout=timeout)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode == 0, f"{command}\n{output}"
    assert "Traceback" not in output, output
    return output


@pytest.mark.parametrize("command", [text for text in COMMANDS if text not in ELSEWHERE])
def test_a_command_works(checkout, command):
    run(checkout, INSTEAD[command].command if command in INSTEAD else command)


def test_a_wrong_command_would_fail(checkout):
    for wrong in ("make plna", "python -m restudy.dcos", "cat results/no-such-file | head"):
        with pytest.raises(AssertionError):
            run(checkout, wrong)


def test_the_tutorial_says_what_comes(checkout):
    assert "Report:   results/report/index.html" in checkout.output
    assert "15 of 15 runs trained" in checkout.output
    page = (checkout.results / "report/index.html").read_text(encoding="utf-8")
    assert "CLM-MINE-01" in page
    # The table that the tutorial shows, but for the numbers, which another machine may round.
    table = (checkout.results / f"tables/{STUDY}/comparison.md").read_text(encoding="utf-8")
    head = next(line for line in table.splitlines() if line.startswith("| "))
    assert head in TUTORIAL.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("command", [text for text in ELSEWHERE if text in COMMANDS])
def test_a_command_of_another_test_is_that(checkout, command):
    file, _, test = ELSEWHERE[command].test.partition("::")
    assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")
    if recipe := ELSEWHERE[command].recipe:
        printed = run(checkout, f"{command} --dry-run --no-print-directory")
        assert set(recipe.splitlines()) <= {line.strip() for line in printed.splitlines()}


def test_no_row_of_the_tables_is_left_over():
    assert not [text for text in (*INSTEAD, *ELSEWHERE) if text not in COMMANDS]


def test_the_ui_shows_the_runs(checkout):
    assert "make ui" in COMMANDS
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = start(checkout, f"make ui PORT={port}")
    try:
        lines = iter(process.stdout.readline, "")
        assert any(f"http://127.0.0.1:{port}" in line for line in lines)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)


def test_clean_leaves_what_is_in_git_alone(checkout, tmp_path):
    """Deletes, so it is run in a checkout of its own."""
    assert "make clean" in COMMANDS or "make clean && make test" in COMMANDS
    run(checkout, f"git clone --quiet . {tmp_path / 'own'}")
    own = Checkout(tmp_path / "own")
    for name in (
        *("results/reference/kept", "results/gathered/kept"),
        *("results/lost", ".venv/bin/python"),
    ):
        (own.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (own.folder / name).touch()
    run(own, "make clean")
    assert sorted(path.name for path in own.results.iterdir()) == ["gathered", "reference"]
    assert not (own.folder / ".venv").exists()
    shutil.rmtree(own.folder)


@pytest.mark.parametrize(
    "block",
    # A file to add is run by tests/experiments/test_project.py.
    [
        block
        for page in PAGES
        for block in pages.blocks(page)
        if block.language == "python" and not block.text.startswith("# add ")
    ],
    ids=str,
)
def test_a_python_block_runs(checkout, block):
    # What was run here is the tutorial's study, of another data set.
    code = block.text.replace("s3-small@", f"{STUDY}@").replace("mnist.s", "fashion_mnist.s")
    done = subprocess.run(
        [sys.executable, "-"],
        input=code,
        cwd=checkout.folder,
        env=surroundings(checkout),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
