"""Views of a study's runs, saved in its experiment: which columns, filter, order and groups.

MLflow's table of runs shows no metric before somebody chooses some. What its button *Views* saves
is a tag of the experiment: a name and the state of the page, as JSON. The UI reads it by its key
(``viewStateShareKey`` in the address), so that a first look needs no choosing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from restudy.data.registry import DATASETS
from restudy.tracking.descriptions import Study, naming_factors
from restudy.tracking.run_records import FACTOR, KIND, STATUS

RUNS, MEANS, OVERVIEW = "runs", "means", "overview"
_TAG = "mlflow.sharedViewState."
_METRICS = {
    "classification": ("test_accuracy", "validation_accuracy", "train_accuracy"),
    "regression": ("test_r2", "validation_r2", "train_r2"),
}


def view_tags(study: Study) -> dict[str, str]:
    """Return the tags of an experiment that hold its views.

    Args:
        study: with ``factors`` and ``datasets``.
    """
    metrics = main_metrics(study)
    factors = [FACTOR + name for name in naming_factors(study)]
    scores = _columns("metrics", metrics)
    means = {
        "aggregateFunction": "average",
        "groupByKeys": [{"mode": "tag", "groupByData": factor} for factor in factors],
    }
    # Key, name, comparison with the kind of run, columns, groups.
    views: list[tuple[str, str, str, list[str], Any]] = [
        (RUNS, "Runs, best first", "=", _columns("tags", [*factors, STATUS]), None),
        (MEANS, "Means over seeds", "=", [], means),
        (OVERVIEW, "Summary and groups", "!=", _columns("tags", [KIND, STATUS]), None),
    ]
    if not factors:
        del views[1]
    tags = {}
    # The times are those of no clock: they order the list.
    for place, (key, name, compared, columns, groups) in enumerate(views, 1):
        state = {
            "searchFilter": f'tags.`{KIND}` {compared} "run"',
            "orderByKey": f"metrics.`{metrics[0]}`",
            "orderByAsc": False,
            "selectedColumns": scores + columns,
            "groupBy": groups,
        }
        view = {"name": name, "createdAt": place, "updatedAt": place, "state": json.dumps(state)}
        tags[_TAG + key] = json.dumps(view)
    return tags


def main_metrics(study: Study) -> tuple[str, ...]:
    """Return the metrics that a first look asks for, the most telling one first."""
    return _METRICS[DATASETS[study["datasets"][0]].task]


def has_view(tags: Mapping[str, str], key: str) -> bool:
    """Tell whether an experiment's tags hold a view."""
    return _TAG + key in tags


def address(experiment: str, key: str) -> str:
    """Return the address, on the server, of a view of an experiment's runs."""
    query = {"workflowType": "machine_learning", "viewStateShareKey": key}
    return f"/#/experiments/{experiment}/runs?{urlencode(query)}"


def _columns(kind: str, names: Iterable[str]) -> list[str]:
    return [f"{kind}.`{name}`" for name in names]
