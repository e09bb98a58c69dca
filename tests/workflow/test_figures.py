"""`snakemake figures` draws all figures again, from tables alone."""

import shutil

import pytest

from tests.workflow.checkout import STUDIES, Checkout

pytestmark = pytest.mark.pipeline

DRAWN = dict.fromkeys(("plot_all_studies", "plot_all_source_figures", "figures"), 1)
"""The jobs that draw the figures of the tiny studies and those of sources that need no study, and
the target itself."""


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


def test_a_figure_needs_its_own_study_alone(tmp_path):
    """Another study of the same kind is neither trained nor drawn."""
    fresh = Checkout.fresh(tmp_path)
    fresh.write_study("other", **STUDIES["tiny"] | {"factors": {"hidden": [[9]]}, "compare": []})
    own = ("fetch_dataset", "prepare_dataset", "create_store", "train", "collect_runs")
    assert fresh.planned("results/figures/tiny.svg") == dict.fromkeys((*own, "plot_study"), 1)
    assert fresh.planned("results/figures/houses.pdf") == dict.fromkeys(
        (*own, "predict_test_set", "plot_study"), 1
    )
    # All together by one job.
    planned = fresh.planned("figures")
    assert "plot_study" not in planned
    assert planned["plot_all_studies"] == 1


def test_a_figure_is_the_same_alone_and_among_others(copy):
    figure = copy.results / "figures/tiny.svg"
    before = figure.read_bytes()
    figure.unlink()
    assert copy.planned("results/figures/tiny.svg") == {"plot_study": 1}
    copy.run("results/figures/tiny.svg")
    assert figure.read_bytes() == before
