"""The profiles as files: every setting explained, and no name in them that the workflow has not."""

import re

import pytest
import yaml

from tests.workflow.checkout import ROOT

PROFILES = ROOT / "workflow/profiles"
NAMES = ("gpu", "slurm")
RULES = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))


def profile(name):
    return yaml.safe_load((PROFILES / name / "config.yaml").read_text())


@pytest.mark.parametrize(
    "path", sorted(PROFILES.glob("*/*.yaml")), ids=lambda path: path.parent.name
)
def test_every_setting_has_its_comment(path):
    above = ""
    for line in path.read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            assert above.lstrip().startswith("# "), f"{line!r} is not explained"
        above = line


def test_there_are_no_other_profiles():
    assert sorted(path.name for path in PROFILES.iterdir()) == sorted(NAMES)


def test_it_names_rules_that_there_are():
    own = profile("slurm")
    there = set(re.findall(r"^(?:use )?rule (?:\w+ as )?(\w+)(?: with)?:", RULES, re.M))
    assert set(own["groups"]) | set(own["set-resources"]) <= there
    assert set(own["group-components"]) <= set(own["groups"].values())


def test_one_kind_of_partition_has_gpus():
    text = (PROFILES / "slurm/partitions.yaml").read_text()
    partitions = yaml.safe_load(text)["partitions"]
    assert [name for name, limits in partitions.items() if limits.get("max_gpu")] == ["gpu"]


def test_untried_profiles_say_so():
    for name in NAMES:
        text = (PROFILES / name / "config.yaml").read_text()
        assert ("NOT TRIED" in text) == ("gpu" in name)


def test_jobs_ask_for_memory_also_where_their_rule_does_not():
    """Slurm kills what takes more, and its own default may be little."""
    assert profile("slurm")["default-resources"]["mem_mb"] == 1000
