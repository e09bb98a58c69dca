"""The lock file, the conda definition and pyproject.toml say the same."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.version import Version

from envs import audit, oldest

ROOT = Path(__file__).parents[1]
CONTAINERFILE = (ROOT / "envs/Containerfile").read_text()


def name_of(requirement):
    return re.split(r"[=<>\[;~! ]", requirement)[0].lower().replace("_", "-")


def locked(file="requirements.lock"):
    lines = (ROOT / file).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_every_package_is_pinned_to_a_plain_version():
    others = [line for name in ("tools", "bench", "slurm") for line in locked(f"envs/{name}.lock")]
    for line in locked() + others:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line), line


def test_the_lock_holds_whatever_pyproject_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["dev"]
    assert {name_of(line) for line in asked} <= {name_of(line) for line in locked()}


def test_the_conda_definition_has_the_same_packages():
    definition = yaml.safe_load((ROOT / "envs/restudy.yaml").read_text())
    assert definition["dependencies"][-1]["pip"] == locked()


@pytest.mark.parametrize("extra", ["tools", "bench"])
def test_an_environment_apart_has_a_lock_of_its_own(extra):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = project["optional-dependencies"][extra]
    assert {name_of(line) for line in asked} <= {
        name_of(line) for line in locked(f"envs/{extra}.lock")
    }


def test_slurm_has_a_lock_of_what_it_adds():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = project["optional-dependencies"]["slurm"]
    added = {name_of(line) for line in locked("envs/slurm.lock")}
    assert {name_of(line) for line in asked} <= added
    # It is installed beside the others, so it must not pin what they pin.
    assert not added & {name_of(line) for line in locked()}


def test_conda_and_container_have_the_python_that_is_asked_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lowest = project["requires-python"].removeprefix(">=")
    definition = yaml.safe_load((ROOT / "envs/restudy.yaml").read_text())
    assert f"python={lowest}" in definition["dependencies"]
    assert f"FROM docker.io/library/python:{lowest}-slim" in CONTAINERFILE.splitlines()


def test_every_rule_has_the_one_conda_definition():
    """The Snakefile gives it to each; a path in a rule is one from the folder of its file."""
    rules = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    assert "conda:" not in rules
    (path,) = re.findall(r"\.conda_env = \"(\S+)\"", (ROOT / "Snakefile").read_text())
    definition = ROOT / "workflow/rules" / path
    assert definition.resolve() == ROOT / "envs/restudy.yaml"
    assert definition.is_file()


INSTRUCTIONS = {"FROM", "RUN", "WORKDIR", "ARG", "COPY", "ENV", "ENTRYPOINT", "CMD"}


def instructions():
    """Return the instructions of the Containerfile: what it begins with, and the rest."""
    text = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", CONTAINERFILE, flags=re.M))
    return [tuple(line.split(" ", 1)) for line in text.splitlines() if line]


def test_the_container_is_made_of_files_that_are_there():
    """No engine builds it in these tests, so its instructions are held against the checkout."""
    found = instructions()
    assert {name for name, _ in found} <= INSTRUCTIONS
    assert found[0][0] == "FROM"
    copied = [word for name, rest in found if name == "COPY" for word in rest.split()[:-1]]
    assert "requirements.lock" in copied
    assert all((ROOT / path).exists() for path in copied)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {project["readme"], "pyproject.toml", "src"} <= set(copied)
    for name, rest in found:
        if name in ("ENTRYPOINT", "CMD"):
            assert all(isinstance(word, str) for word in json.loads(rest))


def test_the_container_s_commands_are_shell():
    for name, rest in instructions():
        if name == "RUN":
            subprocess.run(["sh", "-n", "-c", rest], check=True)


def test_every_dependency_declares_a_floor_that_the_lock_keeps():
    pins = dict(line.split("==") for line in locked())
    versions = {name_of(name): Version(version) for name, version in pins.items()}
    for line in oldest.floors():
        name, floor = line.split("==")
        assert Version(floor) <= versions[name_of(name)], line


def test_a_dependency_without_a_floor_is_told(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text('[project]\ndependencies = ["numpy<3"]\n')
    with pytest.raises(ValueError, match="numpy<3: declares no lowest version"):
        oldest.floors(path)


def report(*packages):
    return json.dumps({"dependencies": packages, "fixes": []})


SOUND = {"name": "a", "version": "1", "vulns": []}
FAULTY = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
SKIPPED = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("output", "status", "said"),
    [
        (report(SOUND), 0, "1 packages audited, 0 of them"),
        (report(SOUND, FAULTY), 1, "b 2: CVE-1, mended in 3"),
        (report(SOUND, FAULTY, SKIPPED), 1, "NOT AUDITED: c."),
        (report(SOUND, SKIPPED), 2, "NOT AUDITED: c."),
        (report(SKIPPED), 2, "knows none of the 1 packages"),
        (report(), 2, "NOT AUDITED"),
        ("", 2, "gave no report"),
        ("[]", 2, "gave no report"),
        ("Traceback", 2, "gave no report"),
    ],
)
def test_an_audit_is_green_only_if_everything_was_looked_up(output, status, said):
    found, lines = audit.judge(output)
    assert found == status
    assert said in "\n".join(lines)
