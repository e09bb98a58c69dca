"""The best network of each study, in MLflow's model registry.

Best by its score on the validation samples, never on the test set. It is kept as a program that
``torch.export`` has written down (MLflow's format ``pt2``): whoever loads it unpickles no class and
needs nothing of this package.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from restudy.common.digests import digest
from restudy.data.load import PreparedData, load, split
from restudy.provenance.versions import code_digest
from restudy.results import group_files
from restudy.tracking import descriptions, run_records
from restudy.tracking.descriptions import Study
from restudy.tracking.export_module import rebuild
from restudy.tracking.saved_views import main_metrics
from restudy.tracking.store import StoreError

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

ALIAS = "best"
"""``models:/<study>@best`` is the network that the last run of the pipeline found best."""


@dataclass(frozen=True)
class Best:
    """The best network of a study.

    Attributes:
        group: id of its group.
        row: its row of the group's summary.
        levels: factor -> label.
        metric: the validation score that it is best by.
    """

    group: str
    row: Mapping[str, Any]
    levels: Mapping[str, str]
    metric: str

    @property
    def tested(self) -> str:
        """Name of the same score on the test set."""
        return self.metric.replace("validation", "test")


def best_of(study: Study, groups: Path) -> Best | None:
    """Return the run of a study with the best validation score.

    Of equal ones the one with the smaller validation loss, then the smaller id.

    Args:
        study: with ``runs, datasets, keep_weights``.
        groups: the folder with the groups' folders.

    Returns:
        None if the study keeps no weights, or validates none of its finished runs.
    """
    metric = main_metrics(study)[1]
    rows = [
        (group, row)
        for group in sorted({run["group"] for run in study["runs"]})
        for row in _summary(groups / group / group_files.SUMMARY)
        if row["run"] in run_records.runs_of(study, group)
        and row["status"] == "finished"
        and not pd.isna(row.get(metric))
    ]
    if not rows or not study["keep_weights"]:
        return None
    group, row = min(
        rows, key=lambda one: (-one[1][metric], one[1]["validation_data_loss"], one[1]["run"])
    )
    return Best(group, row, run_records.runs_of(study, group)[row["run"]], metric)


def register(client: MlflowClient, experiment: str, study: Study, best: Best, folder: Path) -> bool:
    """See to it that a study's best network is in the registry, under the study's name.

    Args:
        client: of an open store.
        experiment: id of the study's experiment.
        study: its description.
        best: of :func:`best_of`.
        folder: the folder that everything is written to, with ``groups`` and ``data``.

    Returns:
        whether a version was added.

    Raises:
        StoreError: the store has no run of this network.
        RestudyError: the group's files or the data cannot be read.
    """
    run_id = _run_of(client, experiment, best)
    tags = _tags(study, best, run_id)
    _ensure_model(client, study)
    right = [
        found
        for found in client.search_model_versions(f"name = '{study['name']}'")
        if found.tags.get(run_records.DIGEST) == tags[run_records.DIGEST] and found.run_id == run_id
    ]
    if right:
        found = max(right, key=lambda one: int(one.version))
    else:
        found = _add(client, experiment, study, best, run_id, tags, folder)
    _describe(client, study, found, tags, _note(study, best, experiment, run_id))
    aliases = client.get_registered_model(study["name"]).aliases
    if str(aliases.get(ALIAS)) != str(found.version):
        client.set_registered_model_alias(study["name"], ALIAS, found.version)
    return not right


def _tags(study: Study, best: Best, run_id: str) -> dict[str, str]:
    run = best.row["run"]
    program = digest([best.group, run, best.row["digest"], code_digest(rebuild.__module__)])
    return {
        **run_records.study_tags(study),
        **run_records.claims_tag(study),
        **run_records.factor_tags(best.levels),
        run_records.GROUP: best.group,
        run_records.RUN: run,
        run_records.SEED: str(best.row["seed"]),
        run_records.DIGEST: program,
        "restudy.run_id": run_id,
        "restudy.chosen_by": best.metric,
        f"restudy.{best.metric}": f"{best.row[best.metric]:.6f}",
        f"restudy.{best.tested}": f"{best.row[best.tested]:.6f}",
    }


def _note(study: Study, best: Best, experiment: str, run_id: str) -> str:
    levels = {**best.levels, "seed": best.row["seed"]}
    lines = [
        f"Run: [{run_id}](#/experiments/{experiment}/runs/{run_id}); "
        + ", ".join(f"{name} = {level}" for name, level in levels.items())
        + ".",
        f"Chosen by its {_said(best, best.metric)}; {_said(best, best.tested)}.",
        *descriptions.places(study),
    ]
    return descriptions.bullets(lines)


def _said(best: Best, metric: str) -> str:
    return f"{metric.replace('_', ' ')} {best.row[metric]:.4f}"


def _model_note(study: Study) -> str:
    lines = [f"Scale: {study['scale']}.", *descriptions.places(study)]
    return (
        f"**{study['title']}**: the network with the best score on the validation samples.\n\n"
        f"{study['question']}\n\n"
        + descriptions.bullets(lines)
        + f'\n\n`mlflow.pytorch.load_model("models:/{study["name"]}@{ALIAS}")` takes inputs as '
        "the data set has them, float32 of shape (n, features): it scales them itself."
    )


def _ensure_model(client: MlflowClient, study: Study) -> None:
    from mlflow.exceptions import MlflowException

    name, note, tags = study["name"], _model_note(study), run_records.study_tags(study)
    try:
        found = client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        found = client.create_registered_model(name, tags, note)
    if found.description != note:
        client.update_registered_model(name, note)
    for key, value in tags.items():
        if found.tags.get(key) != value:
            client.set_registered_model_tag(name, key, value)


def _describe(
    client: MlflowClient, study: Study, found: ModelVersion, tags: Mapping[str, str], note: str
) -> None:
    """Bring what a version says of itself up to date."""
    if found.description != note:
        client.update_model_version(study["name"], found.version, note)
    for key, value in tags.items():
        if found.tags.get(key) != value:
            client.set_model_version_tag(study["name"], found.version, key, value)


def _run_of(client: MlflowClient, experiment: str, best: Best) -> str:
    """Return the id of the run that is this network's."""
    group, run = (f"tags.`{tag}`" for tag in (run_records.GROUP, run_records.RUN))
    where = f"{group} = '{best.group}' and {run} = '{best.row['run']}'"
    for mlflow_run in client.search_runs([experiment], where):
        right = mlflow_run.data.tags.get(run_records.DIGEST) == best.row["digest"]
        if right and mlflow_run.info.status == "FINISHED":
            return str(mlflow_run.info.run_id)
    raise StoreError(f"the store has no MLflow run of {best.row['run']} of {best.group}")


def _add(
    client: MlflowClient,
    experiment: str,
    study: Study,
    best: Best,
    run_id: str,
    tags: Mapping[str, str],
    folder: Path,
) -> ModelVersion:
    """Write the network down, and make it a version of the study's model."""
    from mlflow.entities import LoggedModelOutput, LoggedModelStatus

    for left in client.search_logged_models(
        [experiment], filter_string=f"tags.`{run_records.DIGEST}` = '{tags[run_records.DIGEST]}'"
    ):
        # Of an attempt that ended before the version was made.
        client.delete_logged_model(left.model_id)
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "model"
        save(best, folder, path)
        model = client.create_logged_model(
            experiment,
            f"{ALIAS} of {study['name']}",
            source_run_id=run_id,
            tags=dict(tags),
            params=run_records.params(best.row),
        )
        client.log_model_artifacts(model.model_id, str(path))
    client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, int(best.row["epochs_done"]))])
    made = client.create_model_version(
        study["name"],
        # Not models:/<id>, which an SQLite store looks up in MLflow's own current store.
        model.artifact_location,
        run_id,
        tags=dict(tags),
        model_id=model.model_id,
    )
    # By which the pages of run and model know of the version.
    version_of = [{"name": study["name"], "version": made.version}]
    client.set_logged_model_tags(model.model_id, {"mlflow.modelVersions": json.dumps(version_of)})
    return made


def save(best: Best, folder: Path, path: Path) -> None:
    """Write a network as an MLflow model, with signature and two test samples as an example.

    Args:
        best: which one.
        folder: the folder that everything is written to, with ``groups`` and ``data``.
        path: the folder to make.
    """
    # They warn of what is meant to be so.
    for logger in ("mlflow.pytorch", "mlflow.models", "torch.export"):
        logging.getLogger(logger).setLevel(logging.ERROR)
    import mlflow.pytorch
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    found = group_files.read(folder / "groups" / best.group)
    if found is None or best.row["run"] not in found.weights:
        raise StoreError(f"the group {best.group} keeps no weights of run {best.row['run']}")
    data = _data(folder / "data" / f"{best.row['dataset']}.safetensors")
    parts = split(data, int(best.row["n_train"]), int(best.row["n_validation"]))
    weights = found.weights[best.row["run"]]
    outputs = max(
        (int(name.split(".")[1]), array.shape[0])
        for name, array in weights.items()
        if name.startswith("linear.") and name.endswith(".weight")
    )[1]
    single = np.dtype(np.float32)
    mlflow.pytorch.save_model(
        rebuild(weights, best.row, parts),
        path,
        serialization_format="pt2",
        signature=ModelSignature(
            Schema([TensorSpec(single, (-1, data.x_test.shape[1]))]),
            Schema([TensorSpec(single, (-1, outputs))]),
        ),
        input_example=data.x_test[:2].astype(single),
        # Otherwise it starts processes to find out.
        pip_requirements=[f"{name}=={version(name).partition('+')[0]}" for name in _NEEDED],
    )


_NEEDED = ("mlflow", "torch", "numpy")


def _summary(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a group's summary; none if it cannot be read."""
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError):
        return
    for row in table.to_dict("records"):
        yield {str(name): value for name, value in row.items()}


@lru_cache(maxsize=1)
def _data(path: Path) -> PreparedData:
    return load(path)
