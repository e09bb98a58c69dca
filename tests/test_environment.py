"""The lock file, the conda definition and pyproject.toml say the same."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def name_of(requirement):
    return re.split(r"[=<>\[;~! ]", requirement)[0].lower().replace("_", "-")


def locked():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_every_package_is_pinned_to_a_plain_version():
    for line in locked():
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line), line


def test_the_lock_holds_whatever_pyproject_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["dev"]
    assert {name_of(line) for line in asked} <= {name_of(line) for line in locked()}


def test_the_conda_definition_has_the_same_packages():
    definition = yaml.safe_load((ROOT / "envs/restudy.yaml").read_text())
    assert definition["dependencies"][-1]["pip"] == locked()
