"""A group's result files: the contract between training and everything that reads its results.

======================  =========================================================================
``history.parquet``     one row per run, epoch, split and metric: ``run, epoch, step, split,
                        metric, value``; the split ``test`` at the last epoch only, but for a
                        recipe with the diagnostic ``test``
``summary.parquet``     one row per run: ``run, digest``, the recipe's fields, ``n_train,
                        n_validation, n_test, parameters, epochs_done, steps_done, status``
                        (``finished`` or ``diverged``), ``diverged_epoch`` and the last epoch's
                        metrics as ``split_metric``
``timing.parquet``      one row per run and epoch: ``run, epoch, runs_in_stack,
                        train_seconds, evaluation_seconds`` (the whole stack's seconds)
``weights.safetensors`` trained parameters as ``run/name``; empty if weights are not kept
``group.json``           where the results come from, and the checksums of the other four
======================  =========================================================================

History and summary hold no times: the same commit on the same machine writes the same bytes.
``group.json`` is written last, so files that do not fit it are known to be half-written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from restudy.common.errors import RestudyError
from restudy.common.files import write_atomically
from restudy.config.recipe import Recipe
from restudy.config.run_ids import to_flat_dict
from restudy.results.group_record import RECORD as RECORD

HISTORY, SUMMARY, TIMING = "history.parquet", "summary.parquet", "timing.parquet"
WEIGHTS = "weights.safetensors"
FILES = (HISTORY, SUMMARY, TIMING, WEIGHTS, RECORD)


@dataclass
class GroupResults:
    """What training a group, or some of its runs, has brought.

    Attributes:
        history, summary, timing: tables as the module says.
        weights: run -> name -> array.
        record: what ``group.json`` says beside checksums.
    """

    history: pd.DataFrame
    summary: pd.DataFrame
    timing: pd.DataFrame
    weights: dict[str, dict[str, NDArray[Any]]] = field(default_factory=dict)
    record: dict[str, Any] = field(default_factory=dict)

    def only(self, runs: Iterable[str]) -> GroupResults:
        """Return the results of some runs."""
        kept = set(runs)
        history, summary, timing = (
            table[table["run"].isin(kept)] for table in (self.history, self.summary, self.timing)
        )
        weights = {run: state for run, state in self.weights.items() if run in kept}
        return GroupResults(history, summary, timing, weights, self.record)


def summary_row(
    run: str, digest: str, recipe: Recipe, history: pd.DataFrame, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a run's row of the summary.

    Args:
        run: the run's id.
        digest: stands for recipe, code and data; a run with another digest is trained again.
        recipe: the run's recipe.
        history: the run's rows of the history.
        facts: the columns that neither recipe nor history tell.
    """
    last = history[history["epoch"] == history["epoch"].max()]
    losses = history[(history["split"] == "train") & (history["metric"] == "data_loss")]
    diverged = losses.loc[~np.isfinite(losses["value"]), "epoch"]
    metrics = {
        ("penalty" if row.metric == "penalty" else f"{row.split}_{row.metric}"): row.value
        for row in last.itertuples()
    }
    return {
        "run": run,
        "digest": digest,
        **to_flat_dict(recipe),
        **facts,
        "epochs_done": int(last["epoch"].iloc[0]),
        "steps_done": int(last["step"].iloc[0]),
        "status": "finished" if diverged.empty else "diverged",
        "diverged_epoch": None if diverged.empty else int(diverged.min()),
        **metrics,
    }


_SUMMARY_INTEGERS = ("train_samples", "validation_samples", "epochs", "steps", "diverged_epoch")


def merge(parts: Iterable[GroupResults]) -> GroupResults:
    """Put results of different runs together, in an order that does not depend on theirs."""
    parts = list(parts)
    history, summary, timing = (
        pd.concat([getattr(part, name) for part in parts], ignore_index=True)
        for name in ("history", "summary", "timing")
    )
    summary = summary.astype(dict.fromkeys(_SUMMARY_INTEGERS, "Int64"))
    history = history.astype({"epoch": "int64", "step": "int64", "value": "float64"})
    weights = {run: state for part in parts for run, state in part.weights.items()}
    return GroupResults(
        history.sort_values(["run", "epoch", "split", "metric"], ignore_index=True),
        summary.sort_values("run", ignore_index=True),
        timing.sort_values(["run", "epoch"], ignore_index=True),
        dict(sorted(weights.items())),
        parts[-1].record,
    )


def write(results: GroupResults, folder: Path) -> None:
    """Write a group's files, each under a temporary name first, ``group.json`` last."""
    arrays = {
        f"{run}/{name}": array
        for run, state in results.weights.items()
        for name, array in state.items()
    }
    contents: dict[str, bytes] = {
        HISTORY: results.history.to_parquet(index=False),
        SUMMARY: results.summary.to_parquet(index=False),
        TIMING: results.timing.to_parquet(index=False),
        WEIGHTS: save_arrays(arrays),
    }
    checksums = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    contents[RECORD] = json.dumps({**results.record, "files": checksums}, indent=1).encode()
    for name, content in contents.items():
        write_atomically(folder / name, content)


def read(folder: Path) -> GroupResults | None:
    """Read a group's files; None if they are not all there or do not fit together."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        checksums = record.pop("files")
        contents = {name: (folder / name).read_bytes() for name in checksums}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    found = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    if {*found, RECORD} != set(FILES) or found != checksums:
        return None
    weights: dict[str, dict[str, NDArray[Any]]] = {}
    for key, array in sorted(load_arrays(contents[WEIGHTS]).items()):
        run, name = key.split("/", 1)
        weights.setdefault(run, {})[name] = array
    history, summary, timing = (
        pd.read_parquet(BytesIO(contents[name])) for name in (HISTORY, SUMMARY, TIMING)
    )
    return GroupResults(history, summary, timing, weights, record)


def read_complete(folder: Path) -> GroupResults:
    """Read a group's files.

    Raises:
        RestudyError: they are not all there or do not fit together.
    """
    if (found := read(folder)) is None:
        raise RestudyError(f"{folder}: holds no results that fit together; train the group again")
    return found
