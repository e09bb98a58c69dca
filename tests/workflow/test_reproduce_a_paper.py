"""docs/reproduce-a-paper.md: what it tells its reader to write is right, and does what it says."""

import re
import shutil

import pytest

from restudy.commands import forecast
from restudy.common.errors import RestudyError
from restudy.config.loading import settings_of_scale
from restudy.config.study import SCALES
from restudy.evidence.figure_availability import figures_to_draw, load_source_figures
from restudy.evidence.schema import load_catalogue
from restudy.evidence.validation import FOLDER, load_evidence
from restudy.planning.plan import load_plan
from tests.workflow.checkout import ROOT, Checkout

PAGE = (ROOT / "docs/reproduce-a-paper.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n# (add to|new file) (\S+)\n(.*?)```", PAGE, re.DOTALL)
STUDY = "s5-shallow"
# Mistakes, in the order of the page's messages: a file, what it says, and what it says then.
MISTAKES = [
    ("studies/s5-shallow.yaml", "source: S5", "source: S6"),
    ("evidence/published.yaml", "study: s5-shallow", "study: s5-shalow"),
    ("evidence/published.yaml", "at: best", "at: {epoch: 61}"),
    ("evidence/published.yaml", "experiment: EXP-S5-CHAPTER-3", "experiment: EXP-S5-CHAPTER3"),
]


def write_blocks(folder):
    """Do what the page says, in a checkout."""
    for how, name, content in BLOCKS:
        path = folder / name
        assert path.is_file() == (how == "add to"), name
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\n{content}")


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A copy of this checkout's settings, studies and evidence, with those of the page."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    shutil.copytree(ROOT / "experiments", tmp_path / "experiments")
    shutil.copy(ROOT / "config.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    write_blocks(tmp_path)
    return tmp_path / "config"


def plans():
    return {scale: load_plan(settings_of_scale(scale)) for scale in SCALES}


def checked():
    """Do what `make plan` does before it prints anything."""
    for plan in plans().values():
        load_catalogue(FOLDER)
        evidence = load_evidence(plan.studies)
        figures_to_draw(load_source_figures(evidence.published), plan.studies)


def test_the_page_has_its_blocks():
    assert [name for _, name, _ in BLOCKS] == [
        "config/evidence/sources.yaml",
        "config/evidence/systems.yaml",
        "config/evidence/published.yaml",
        "config/studies/s5-shallow.yaml",
        "config/evidence/figures.yaml",
    ]
    assert PAGE.count("```yaml") == len(BLOCKS)


def test_the_rows_are_right_and_the_study_is_measured_and_drawn(config):
    catalogue = load_catalogue(FOLDER)
    own = [row for row in catalogue.published if row.source == "S5"]
    assert [row.status for row in own] == [None, "setting", "not testable"]
    for plan in plans().values():
        evidence = load_evidence(plan.studies)
        assert evidence.compared([STUDY]) == [STUDY]
        figures = figures_to_draw(load_source_figures(evidence.published), plan.studies)
        assert figures["FIG-S5-01"].study == STUDY
        # Only the scale that reduces the recipe cannot judge.
        study = plan.studies[STUDY]
        assert study.comparable == (study.scale != "quick")


def test_the_plan_that_the_page_shows_has_these_runs(config):
    shown = re.findall(rf"^ *{STUDY} +(\d+) +(\d+) +(\d+) ", PAGE, re.MULTILINE)
    found = []
    for scale, plan in plans().items():
        told = forecast.forecast(plan, scale)
        (study,) = (study for study in told.studies if study.name == STUDY)
        found.append((str(study.runs), str(len(study.groups)), str(study.jobs)))
    assert shown == found


@pytest.mark.parametrize("place", range(len(MISTAKES)))
def test_mistakes_are_told_as_the_page_says(config, place):
    section = PAGE.split("## When something is wrong")[1].split("\n## ")[0]
    messages = re.findall(r"^(config/.*)$", section, re.MULTILINE)
    assert len(messages) == len(MISTAKES)
    checked()
    name, right, wrong = MISTAKES[place]
    content = (config / name).read_text(encoding="utf-8")
    before, found, after = content.rpartition(f"{right}\n")  # the page's rows come last
    assert found
    (config / name).write_text(f"{before}{wrong}\n{after}", encoding="utf-8")
    with pytest.raises(RestudyError) as caught:
        checked()
    assert messages[place] in str(caught.value).splitlines()


@pytest.mark.pipeline
def test_the_pipeline_takes_it(tmp_path):
    checkout = Checkout.fresh(tmp_path / "checkout", config="config/quick.yaml")
    write_blocks(checkout.folder)
    output = checkout.run("--dry-run", "--config", f'only=["{STUDY}"]')
    assert re.search(r"^train +1$", output, re.MULTILINE)
    assert re.search(r"^compare_published +1$", output, re.MULTILINE)
