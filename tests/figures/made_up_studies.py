"""Made-up tables of the repository's own studies, at any scale, as curves of training look."""

from functools import cache

import numpy as np
import pandas as pd

from restudy.config.loading import load_rows, load_studies
from restudy.config.recipe import Recipe
from restudy.config.run_ids import to_flat_dict
from restudy.data.registry import DATASETS
from restudy.evidence.figure_availability import SourceFigure, figures_to_draw
from restudy.evidence.figure_availability import source_figures as read_figures
from restudy.evidence.schema import Figure, Published
from restudy.figures.source_runs import Tables
from restudy.planning.plan import Plan, StudyPlan, make_plan
from tests.workflow.checkout import ROOT

SCALES = ("quick", "default", "full")
EVIDENCE = ROOT / "config/evidence"


@cache
def plan(scale: str) -> Plan:
    return make_plan(load_studies(ROOT / "config/studies"), scale)


@cache
def source_figures() -> dict[str, SourceFigure]:
    published = load_rows(EVIDENCE / "published.yaml", Published)
    return read_figures(load_rows(EVIDENCE / "figures.yaml", Figure), published)


@cache
def to_draw(scale: str) -> dict[str, SourceFigure]:
    return figures_to_draw(source_figures(), plan(scale).studies, plan("full").studies)


@cache
def tables(study: str, scale: str) -> Tables:
    return tables_of(plan(scale).studies[study])


def tables_of(study: StudyPlan) -> Tables:
    """Return tables with the columns that the pipeline's have."""
    rng = np.random.default_rng(0)
    runs, histories = [], []
    for run in study.runs:
        recipe = run.recipe
        history = _history(recipe, rng)
        own = {"group": run.group, "run": run.id, **run.levels}
        histories.append(history.assign(**own))
        last = history[history["epoch"] == history["epoch"].max()]
        metrics = {
            f"{row.split}_{row.metric}" if row.metric != "penalty" else "penalty": row.value
            for row in last.itertuples()
        }
        runs.append(
            {
                "study": study.study.name,
                **to_flat_dict(recipe),
                "n_train": recipe.n_train,
                "n_validation": recipe.n_validation,
                "n_test": 10_000,
                "status": "finished",
                **metrics,
                **own,
            }
        )
    both = pd.DataFrame(runs), pd.concat(histories, ignore_index=True)
    for table in both:
        for name, labels in study.factors.items():
            table[name] = pd.Categorical(table[name], categories=labels, ordered=True)
        for name in ("train_samples", "validation_samples", "epochs", "steps"):
            if name in table and name not in study.factors:
                table[name] = table[name].astype("Int64")
    return Tables(*both, study.description())


def diverge(made: Tables, *runs: str) -> Tables:
    """Return tables in which some runs have diverged half-way."""
    history = made.history
    late = history["epoch"] > history["epoch"].max() / 2
    lost = history["run"].isin(runs) & late
    status = made.runs["status"].mask(made.runs["run"].isin(runs), "diverged")
    return Tables(
        made.runs.assign(status=status),
        history.assign(value=history["value"].mask(lost)),
        made.description,
    )


def _history(recipe: Recipe, rng: np.random.Generator) -> pd.DataFrame:
    """Return a run's history: it learns fast, then slowly; larger networks overfit."""
    last = recipe.total_epochs
    epochs = sorted({*range(recipe.evaluate_every, last + 1, recipe.evaluate_every), last})
    depth = len(recipe.hidden) + (recipe.norm == "batch")
    steps = [min(epoch * recipe.steps_per_epoch, recipe.total_steps) for epoch in epochs]
    floor = {0: 0.42, 1: 0.22}.get(depth, 0.16) + 0.15 * (recipe.lambda2 >= 1)
    start = floor + 2.0 * np.exp(-0.25 * np.sqrt(np.array(steps, float)))
    wobble = 1 + 0.03 * rng.standard_normal() + 0.01 * rng.standard_normal(len(epochs))
    train = start * wobble
    gap = 0.02 + 0.05 * depth * np.linspace(0, 1, len(epochs)) * (1 - recipe.dropout)
    validation = train + gap * (1 + 0.1 * rng.standard_normal())
    if recipe.lambda1 or recipe.lambda2:
        sign = -0.05 if recipe.l1_form == "without_abs" else 1.0
        strength = (recipe.lambda1 * 1e4 + recipe.lambda2 * 600) * (1 + 0.02 * rng.random())
        penalty = sign * strength * (0.3 + 0.7 * np.exp(-np.linspace(0, 3, len(epochs))))
    else:
        penalty = np.zeros(len(epochs))
    score = "rmse" if recipe.loss == "mse" else "accuracy"
    columns = {
        ("train", "data_loss"): train,
        ("train", score): 1 - 0.35 * train**0.7,
        ("train", "penalty"): penalty,
        ("validation", "data_loss"): validation,
        ("validation", score): 1 - 0.35 * validation**0.7,
    }
    if "batch_loss" in recipe.diagnostics:
        noise = np.exp(0.4 * rng.standard_normal(len(epochs)))
        columns["train", "batch_loss"] = train * noise
    rows = [
        (epoch, step, split, metric, float(value))
        for (split, metric), values in columns.items()
        if split != "validation" or recipe.n_validation
        for epoch, step, value in zip(epochs, steps, values, strict=True)
    ]
    tested = validation[-1] * 1.03
    rows += [(epochs[-1], steps[-1], "test", "data_loss", float(tested))]
    rows += [(epochs[-1], steps[-1], "test", score, float(1 - 0.35 * tested**0.7))]
    assert DATASETS[recipe.dataset].classes or score == "rmse"
    return pd.DataFrame(rows, columns=["epoch", "step", "split", "metric", "value"])
