"""`snakemake figures` draws all figures again, from tables alone."""

import shutil

import pytest

pytestmark = pytest.mark.pipeline

DRAWN = {"learning_curves": 1, "housing": 1, "figures": 3}
"""The jobs that draw the figures of the tiny studies; those of two sources that need no study, and
the target itself, whose rules Snakemake counts by the word that their names begin with."""


def test_nothing_to_draw(finished):
    assert "Nothing to be done" in finished.run("figures")


def test_all_figures_are_drawn_again_without_training(copy):
    folder = copy.results / "figures"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    shutil.rmtree(folder)
    assert copy.planned("figures") == DRAWN
    copy.run("figures")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_new_style_draws_all_figures_again(copy):
    with copy.appended("src/restudy/figures/style.py"):
        assert copy.planned("figures") == DRAWN
