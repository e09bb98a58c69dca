"""Made-up studies: their plans, and tables whose numbers the test decides."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from restudy.config.loading import validate
from restudy.config.study import Study
from restudy.evidence.metric_extraction import StudyTables
from restudy.evidence.metric_selectors import metrics_of
from restudy.evidence.schema import Published
from restudy.evidence.search_specs import ConfigurationSearch
from restudy.planning.plan import PlannedRun, StudyPlan, plan_study

RECIPE = {"dataset": "mnist", "hidden": [8], "learning_rate": 0.1, "batch_size": 6000}
RECIPE |= {"epochs": 4}
"""Nine steps an epoch."""

Value = Callable[[PlannedRun, int, str, str], float]


def plan(name: str = "tiny", scale: Any = "full", **keys: Any) -> StudyPlan:
    """Plan a study with some keys changed, those of its recipe one by one."""
    fields = {"name": name, "title": "T", "question": "Q?", "seeds": 5}
    fields |= {"factors": {"norm": ["none", "batch"]}} | keys
    fields["recipe"] = RECIPE | keys.get("recipe", {})
    return plan_study(validate(Study, fields, f"{name}.yaml"), scale)


def draws(seed: int = 0, mean: float = 0.9, sd: float = 0.01) -> Value:
    """Return values drawn at random, whatever they are of."""
    rng = np.random.default_rng(seed)
    return lambda *_: float(rng.normal(mean, sd))


def tables(made: StudyPlan, value: Value | None = None) -> StudyTables:
    """Return the tables that training a study would leave, with made-up values."""
    value = value or draws()
    rows = []
    for run in made.runs:
        recipe = run.recipe
        for epoch in range(1, recipe.total_epochs + 1):
            is_last = epoch == recipe.total_epochs
            if epoch % recipe.evaluate_every and not is_last:
                continue
            splits = ["train"] + ["validation"] * (recipe.n_validation > 0)
            splits += ["test"] * (is_last or "test" in recipe.diagnostics)
            step = min(epoch * recipe.steps_per_epoch, recipe.total_steps)
            rows += [
                (run.group, run.id, *run.levels.values(), epoch, step, split, metric, number)
                for split in splits
                for metric in metrics_of(recipe, split)
                if is_last or metric != "training_mode_accuracy"
                for number in [value(run, epoch, split, metric)]
            ]
    columns = ["group", "run", *made.factors, "epoch", "step", "split", "metric", "value"]
    history = pd.DataFrame(rows, columns=columns)
    for name, labels in made.factors.items():
        history[name] = pd.Categorical(history[name], categories=labels, ordered=True)
    return StudyTables(made.description(), history)


def published(**fields: Any) -> Published:
    """Return a row with some keys changed."""
    row = {"id": "PUB-S1-001", "source": "S1", "experiment": "EXP-S1-A", "metric": "accuracy"}
    return Published.model_validate(row | {"value": "0.90", "unit": "fraction"} | fields)


def measure(**fields: Any) -> dict[str, Any]:
    """Return a reading of the made-up study, with some keys changed; None takes a key out."""
    found = {"study": "tiny", "filter": {"norm": "none"}, "split": "test", "metric": "accuracy"}
    return {key: value for key, value in (found | fields).items() if value is not None}


def configuration_search(**fields: Any) -> ConfigurationSearch:
    """Return a search about the made-up study, with some keys changed."""
    found = {
        **{"id": "PUZ-S1-01", "source": "S1", "title": "T", "question": "Q?", "study": "tiny"},
        **{"search_factors": ["norm"], "if_none": "so it was another"},
        "constraints": [{"published": "PUB-S1-001", "split": "test", "metric": "accuracy"}],
    }
    return ConfigurationSearch.model_validate(found | fields)
