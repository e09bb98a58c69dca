"""Showing a group in MLflow while it trains."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl

from restudy.config.recipe import Recipe
from restudy.config.run_ids import to_flat_dict
from restudy.results.group_files import GroupResults
from restudy.tracking import run_records
from restudy.tracking.log import Started, create, log_group, send
from restudy.tracking.run_records import (
    GROUP,
    RUN,
    Point,
    RunContent,
    Study,
    common_tags,
    factor_tags,
)
from restudy.tracking.store import describe, ensure_experiment, open_client, public
from restudy.tracking.system_metrics import Machine
from restudy.training.metrics_callback import Recorder

if TYPE_CHECKING:
    from mlflow import MlflowClient

# Sending never takes more than a thirtieth of the time.
_REST = 30


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


@dataclass
class _Stack:
    """Runs that train at once.

    Attributes:
        recorder: keeps their records.
        recipes: one per run.
        began: when their training began, in seconds.
        times: when each record was made.
        sent: how many records the store has.
    """

    recorder: Recorder
    recipes: list[Recipe] = field(default_factory=list)
    began: float = field(default_factory=time.time)
    times: list[float] = field(default_factory=list)
    sent: int = 0

    def points(self, place: int) -> list[Point]:
        """Return the metrics of a run that were not sent yet."""
        records = self.recorder.records
        found = []
        for i in range(self.sent, len(records)):
            record, when = records[i], round(1000 * self.times[i])
            epochs = record.epoch - (records[i - 1].epoch if i else 0)
            values = {
                run_records.metric_name(split, metric): values[place]
                for (split, metric), values in record.metrics.items()
            }
            values["seconds_per_epoch"] = record.train_seconds / epochs / len(self.recorder.runs)
            found += [
                Point(name, value, record.epoch, when)
                for name, value in values.items()
                if math.isfinite(value)
            ]
        return found


class LiveGroup:
    """The view of one group that is training.

    Nothing is sent, and MLflow is not even imported, before the first ``seconds`` are over: a
    group that is done by then is left to :func:`restudy.tracking.sync.sync`, because opening the
    store would cost more than such a group. Trouble with the store is told once and ends the
    view, never the training.
    """

    def __init__(
        self,
        uri: str,
        artifacts: Path | None,
        studies: Callable[[], Iterable[Study]],
        group: str,
        seconds: float = 10.0,
        warn: Callable[[str], None] = _to_stderr,
        *,
        system_metrics: bool = False,
    ) -> None:
        """Set up the view; opens nothing.

        Args:
            uri: the store.
            artifacts: folder for the files of new experiments; None: the server decides.
            studies: returns all studies, with ``runs``; asked when there is something to send.
                Those without a run in this group are passed over.
            group: the group's id.
            seconds: the longest time that metrics wait before they are sent.
            warn: told, in one line, when the store cannot be used.
            system_metrics: measure the machine too, in the group's run. Then even the shortest
                group is shown from its first epoch on.
        """
        self.uri = uri
        self.artifacts = artifacts
        self.group = group
        self._all_studies = studies
        self.seconds = seconds
        self.warn = warn
        self.system_metrics = system_metrics
        self.problem: str | None = None
        self._client: MlflowClient | None = None
        self._started: dict[str, tuple[str, Started]] = {}
        self._machines: list[Machine] = []
        self._stacks: list[_Stack] = []
        self._next: float | None = None

    @cached_property
    def studies(self) -> list[Study]:
        """The studies that have a run in this group."""
        return [study for study in self._all_studies() if run_records.runs_of(study, self.group)]

    def watch(self, recorder: Recorder) -> pl.Callback:
        """Return the callback for a stack; what ``train_runs`` takes as ``watch``."""
        stack = _Stack(recorder)
        self._stacks.append(stack)
        return _Watcher(self, stack)

    def finish(self, results: GroupResults) -> bool:
        """Complete the group's runs if they were begun.

        Args:
            results: of the whole group, runs that were kept from before included.

        Returns:
            whether the store has the group now; otherwise ``sync`` brings it there.
        """
        return bool(self._started) and self._guard(lambda: self._finish(results))

    def tick(self) -> None:
        """Send what there is if it is time to."""
        now = time.monotonic()
        if self.problem or self._next is None or now < self._next:
            return
        self._guard(self._flush)
        after = time.monotonic()
        self._next = after + max(self.seconds, _REST * (after - now))

    def start(self) -> None:
        """Start the clock, once."""
        if self._next is None:
            self._next = time.monotonic() + (0 if self.system_metrics else self.seconds)

    def abandon(self) -> None:
        """Mark the runs as failed: training was stopped by an error."""
        if self._started:
            self._guard(self._abandon)

    def _guard(self, action: Callable[[], None]) -> bool:
        """Do something with the store; on trouble of any kind, say so and give up for good."""
        if self.problem:
            return False
        try:
            action()
        except Exception as error:  # a view must not stop what it shows
            self.problem = describe(error)
            for machine in self._machines:
                with suppress(Exception):
                    machine.stop()
            self.warn(
                f"MLflow: {public(self.uri)}: {self.problem}; training goes on, and the runs of "
                f"{self.group} are put in when the pipeline ends"
            )
            return False
        return True

    def _flush(self) -> None:
        self._client = self._client or open_client(self.uri)
        for study in self.studies:
            self._flush_study(self._client, study)
        for stack in self._stacks:
            stack.sent = len(stack.recorder.records)

    def _flush_study(self, client: MlflowClient, study: Study) -> None:
        if study["name"] not in self._started:
            experiment = ensure_experiment(client, self.artifacts, study, describe=False)
            began = min(stack.began for stack in self._stacks)
            content = self._content(study, "group", self.group, {}, began)
            parent = create(client, experiment, content)
            self._started[study["name"]] = (experiment, Started(parent))
            if self.system_metrics:
                self._machines.append(Machine(self.uri, parent))
        experiment, started = self._started[study["name"]]
        levels = run_records.runs_of(study, self.group)
        for stack in self._stacks:
            new = stack.recorder.records[stack.sent :]
            if not new:
                continue
            for place, run in enumerate(stack.recorder.runs):
                if run not in levels:
                    continue
                params = None
                if run not in started.runs:
                    recipe = stack.recipes[place]
                    params = run_records.params(to_flat_dict(recipe))
                    name = run_records.run_name(study, levels[run], recipe.seed)
                    tags = {
                        **run_records.run_tags(study, levels[run], str(recipe.seed)),
                        **factor_tags(levels[run]),
                        RUN: run,
                    }
                    content = self._content(study, "run", name, tags, stack.began)
                    started.runs[run] = create(client, experiment, content, started.parent)
                send(client, started.runs[run], stack.points(place), params)
                started.sent[run] = new[-1].epoch

    def _content(
        self, study: Study, kind: str, name: str, tags: dict[str, str], began: float
    ) -> RunContent:
        common = {**common_tags(study, kind), GROUP: self.group, run_records.STATUS: "training"}
        begun = round(1000 * began)
        return RunContent(name, common | tags, {}, [], begun, begun)

    def _finish(self, results: GroupResults) -> None:
        client = self._client
        assert client  # noqa: S101 (told to mypy: runs were begun)
        for machine in self._machines:
            machine.stop()
        for study in self.studies:
            experiment, started = self._started[study["name"]]
            log_group(client, experiment, study, self.group, results, started=started)

    def _abandon(self) -> None:
        client = self._client
        assert client  # noqa: S101 (told to mypy: runs were begun)
        for machine in self._machines:
            machine.stop()
        for _, started in self._started.values():
            for run_id in [*started.runs.values(), started.parent]:
                client.set_terminated(run_id, "FAILED")


class _Watcher(pl.Callback):
    """Tells a view of the epochs of one stack."""

    def __init__(self, view: LiveGroup, stack: _Stack) -> None:
        self.view = view
        self.stack = stack

    def on_fit_start(self, trainer: pl.Trainer, pl_module: Any) -> None:
        """Start the clock."""
        self.stack.recipes = pl_module.stack.recipes
        self.stack.began = time.time()
        self.view.start()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        """Note the time of a new record; the recorder was told first."""
        new = len(self.stack.recorder.records) - len(self.stack.times)
        if new:
            # More than one after a checkpoint: when the earlier ones were made is not known.
            self.stack.times += [time.time()] * new
            self.view.tick()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Tell the view that nothing more will come."""
        self.view.abandon()
