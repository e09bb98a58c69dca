"""What MLflow is told of a group: names, tags, parameters and metrics. Pure functions.

A study is a mapping here: its description (``name, title, question, scale, factors,
reductions``, see :mod:`restudy.results.collect`), ``datasets``, and ``runs``, a list of
``group``, ``run`` and ``levels`` (factor -> label). The workflow adds ``claims``, ids of those
that are tested on the study, and ``results``, the folder that everything is written to. Every tag
of ours starts with ``restudy.``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from restudy.common.digests import digest
from restudy.config.recipe import PER_RUN_FIELDS, Recipe
from restudy.config.run_ids import label
from restudy.results.group_files import GroupResults
from restudy.results.group_record import training_of
from restudy.tracking import descriptions

Study = descriptions.Study
Levels = Mapping[str, str]

GROUP, RUN, DIGEST, FACTOR = "restudy.group", "restudy.run", "restudy.digest", "restudy.factor."
KIND, SEED, STATUS = "restudy.kind", "restudy.seed", "restudy.status"
SOURCE, HONESTY, CLAIMS = "restudy.source", "restudy.honesty", "restudy.claims"
PARENT = "mlflow.parentRunId"
# Facts of a run that are no recipe fields and help to read them.
_FACTS = ("n_train", "n_validation", "n_test", "parameters")


class Point(NamedTuple):
    """A value of a metric: at an epoch, known at a time (milliseconds)."""

    name: str
    value: float
    epoch: int
    time: int


@dataclass(frozen=True)
class RunContent:
    """Everything but files of one MLflow run.

    Attributes:
        name: short and readable.
        tags, params: as MLflow shows them.
        points: finite values only.
        started, ended: in milliseconds.
    """

    name: str
    tags: dict[str, str]
    params: dict[str, str]
    points: list[Point]
    started: int
    ended: int


def runs_of(study: Study, group: str) -> dict[str, Levels]:
    """Return the runs of a group that a study asks for, and their levels."""
    return {run["run"]: run["levels"] for run in study["runs"] if run["group"] == group}


def run_name(study: Study, levels: Levels, seed: int) -> str:
    """Return a name such as ``batch 64 seed=3``.

    The UI shows about twenty letters of it, so the factors' names are left to the tags and to the
    experiment's description.
    """
    return " ".join(
        [*(levels[name] for name in descriptions.naming_factors(study)), f"seed={seed}"]
    )


def factor_tags(levels: Levels) -> dict[str, str]:
    """Return a tag for each factor, by which the UI can group runs."""
    return {FACTOR + name: str(level) for name, level in levels.items()}


def identity_tags(group: str, run: str, digest: str, levels: Levels) -> dict[str, str]:
    """Return the tags by which a run in MLflow is known to be the right one."""
    return {GROUP: group, RUN: run, DIGEST: digest, **factor_tags(levels)}


def identity(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the identity tags among a run's tags."""
    return {
        key: value
        for key, value in tags.items()
        if key in (GROUP, RUN, DIGEST) or key.startswith(FACTOR)
    }


def group_identity_tags(runs: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the same for the group's own run: a digest of its runs' identity tags."""
    return {DIGEST: digest(runs)}


def study_tags(study: Study) -> dict[str, str]:
    """Return the tags by which studies, and all that belongs to one, can be told apart."""
    return {
        "restudy.study": study["name"],
        "restudy.scale": study["scale"],
        SOURCE: study.get("source") or "none",
        HONESTY: "as_published" if study.get("as_published") else "honest",
    }


def claims_tag(study: Study) -> dict[str, str]:
    """Return the tag that names the claims that are tested on a study.

    Runs do not have it: they are written while they train, when claims are not known, and to write
    thousands of runs once more takes minutes.
    """
    return {CLAIMS: ", ".join(study.get("claims", [])) or "none"}


def common_tags(study: Study, kind: str) -> dict[str, str]:
    """Return the tags that every run has: ``kind`` is ``summary``, ``group`` or ``run``."""
    return {KIND: kind, **study_tags(study)}


def run_tags(study: Study, levels: Levels, seed: str) -> dict[str, str]:
    """Return the tags of a run in MLflow that follow from the study, whatever came out."""
    note = descriptions.run_note(study, levels, seed)
    return {**common_tags(study, "run"), SEED: seed, descriptions.NOTE: note}


def group_tags(study: Study, group: str) -> dict[str, str]:
    """Return the same for the run of a group."""
    note = descriptions.group_note(study, group, len(runs_of(study, group)))
    return {**common_tags(study, "group"), descriptions.NOTE: note}


def params(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return a recipe's fields as parameters, without those that are None.

    Args:
        fields: a row of the summary, or a recipe as told.
    """
    names = [*Recipe.model_fields, *_FACTS]
    return {name: label(fields[name]) for name in names if _is_told(fields.get(name))}


def metric_name(split: str, metric: str) -> str:
    """Return ``test_accuracy`` and the like; the penalty belongs to no split."""
    return metric if metric == "penalty" else f"{split}_{metric}"


def run_contents(
    study: Study, group: str, results: GroupResults, ended: float | None = None
) -> dict[str, RunContent]:
    """Return the MLflow runs of a group's runs that a study asks for and the results hold.

    Args:
        study: with ``runs``, as the module says.
        group: the group's id.
        results: its results, of any runs.
        ended: when training ended, in seconds; None: now.
    """
    end = round(1000 * (time.time() if ended is None else ended))
    levels = runs_of(study, group)
    points = _points(results.only(levels), end)
    contents = {}
    for fields in results.summary.to_dict("records"):
        row = {str(name): value for name, value in fields.items()}
        run = row["run"]
        if run not in levels:
            continue
        tags = {
            **run_tags(study, levels[run], str(row["seed"])),
            **identity_tags(group, run, row["digest"], levels[run]),
            STATUS: row["status"],
            **_origin(results.record, run),
        }
        if _is_told(row["diverged_epoch"]):
            tags["restudy.diverged_epoch"] = label(row["diverged_epoch"])
        contents[run] = RunContent(
            name=run_name(study, levels[run], row["seed"]),
            tags=tags,
            params=params(row),
            points=points[run],
            started=end - _milliseconds(results.timing, run),
            ended=end,
        )
    return contents


def group_content(
    study: Study, group: str, results: GroupResults, runs: Mapping[str, RunContent]
) -> RunContent:
    """Return the run of the group itself: what its runs share, and their means.

    Args:
        study: as for :func:`run_contents`.
        group: the same.
        results: the same.
        runs: what :func:`run_contents` returned, not empty.
    """
    summary = results.summary[results.summary["run"].isin(runs)]
    finished = summary[summary["status"] == "finished"]
    ended = max(content.ended for content in runs.values())
    epoch = int(summary["epochs_done"].max())
    last = {point.name for content in runs.values() for point in content.points}
    values = {name: float(finished[name].mean()) for name in sorted(last) if name in finished}
    values |= {"runs": len(summary), "runs_diverged": len(summary) - len(finished)}
    first = next(iter(runs.values()))
    shared = {
        key: value
        for key, value in first.tags.items()
        if key.startswith(FACTOR) and all(c.tags[key] == value for c in runs.values())
    }
    identities = {run: identity(content.tags) for run, content in runs.items()}
    return RunContent(
        name=group,
        tags={
            **group_tags(study, group),
            GROUP: group,
            **group_identity_tags(identities),
            **shared,
            STATUS: "finished" if len(finished) == len(summary) else "diverged runs",
            **_origin(results.record, None),
        },
        params={name: value for name, value in first.params.items() if name not in PER_RUN_FIELDS},
        points=[
            Point(name, value, epoch, ended)
            for name, value in values.items()
            if math.isfinite(value)
        ],
        started=min(content.started for content in runs.values()),
        ended=ended,
    )


def varying_levels(levels: Mapping[str, Levels]) -> dict[str, str]:
    """Return for each run the levels that tell it from the others, such as ``norm=batch``."""
    factors: Iterable[str] = next(iter(levels.values()), {})
    varying = [name for name in factors if len({own[name] for own in levels.values()}) > 1]
    return {run: " ".join(f"{name}={own[name]}" for name in varying) for run, own in levels.items()}


def _points(results: GroupResults, end: int) -> dict[str, list[Point]]:
    """Return the metrics of every run, at the times when the last training knew them."""
    timing = results.timing.sort_values(["run", "epoch"])
    run = timing["run"]
    seconds = (timing["train_seconds"] + timing["evaluation_seconds"]).groupby(run)
    remaining = seconds.transform("sum") - seconds.cumsum()
    # An epoch that was not evaluated has no row: its seconds are in the next one.
    epochs = timing["epoch"].groupby(run).diff().fillna(timing["epoch"])
    share = timing["train_seconds"] / epochs / timing["runs_in_stack"]
    times = dict(zip(zip(run, timing["epoch"], strict=True), end - (1000 * remaining), strict=True))
    found: dict[str, list[Point]] = {name: [] for name in results.summary["run"]}
    for name, epoch, value in zip(run, timing["epoch"], share, strict=True):
        found[name].append(Point("seconds_per_epoch", value, epoch, round(times[name, epoch])))
    columns = ["run", "epoch", "split", "metric", "value"]
    for row in results.history[columns].itertuples(index=False, name=None):
        name, epoch, split, metric, value = row
        if math.isfinite(value):
            when = round(times.get((name, epoch), end))
            found[name].append(Point(metric_name(split, metric), value, epoch, when))
    return found


def _milliseconds(timing: pd.DataFrame, run: str) -> int:
    own = timing.loc[timing["run"] == run, ["train_seconds", "evaluation_seconds"]]
    return round(1000 * float(own.to_numpy().sum()))


def _origin(record: Mapping[str, Any], run: str | None) -> dict[str, str]:
    """Return the tags that say what code and data a run (None: the group) comes from."""
    tags = {}
    data = record.get("data", {}).get("sha256")
    if data:
        tags["restudy.data_digest"] = data
    # A run that was kept when others were trained has its commit in an earlier record.
    own = record if run is None else training_of(record, run)
    commit = own.get("git_commit")
    if commit:
        tags["restudy.git_commit"] = commit + ("-dirty" if own.get("git_dirty") else "")
        tags["mlflow.source.git.commit"] = commit
    return tags


def _is_told(value: Any) -> bool:
    return isinstance(value, list) or not (value is None or pd.isna(value))
