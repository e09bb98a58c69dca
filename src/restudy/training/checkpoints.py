"""Checkpoints: a stack that trains long is written down at epoch ends, and goes on from there.

Every random stream starts anew at each epoch, so the stack's tensors (parameters, optimiser state,
what a diagnostic compares with) and the records so far are all there is: what goes on from a
checkpoint ends with the same bits.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from restudy.common.files import write_atomically
from restudy.training.metrics_callback import EpochRecord, Recorder
from restudy.training.stack import Stack


@dataclass
class Checkpoints(pl.Callback):
    """Writes the stack and the recorder to a file, and reads them from it.

    Attributes:
        path: the file.
        key: stands for everything that the runs' numbers depend on; a file with another key is
            not read.
        recorder: of the stack.
        seconds: least time between two writes, and from the start to the first.
    """

    path: Path
    key: str
    recorder: Recorder
    seconds: float
    _written: float = field(default_factory=time.monotonic)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        """Write, if it is time. The last epoch too: other stacks of the group may be killed."""
        if time.monotonic() - self._written < self.seconds:
            return
        stack: Stack = pl_module.stack
        about = {
            "key": self.key,
            "epochs": stack.epoch + 1,
            "steps": stack.steps_done,
            "trained": self.recorder.trained,
            "records": [_to_json(record) for record in self.recorder.records],
        }
        tensors = {name: tensor.contiguous() for name, tensor in stack.state().items()}
        write_atomically(self.path, save(tensors, {"restudy": json.dumps(about)}))
        self._written = time.monotonic()

    def restore(self, stack: Stack) -> int:
        """Bring stack and recorder to where the file has them.

        Returns:
            the epochs that are done; 0 without a file, or if it is another one's or broken.
        """
        try:
            with safe_open(self.path, "pt") as file:
                about = json.loads((file.metadata() or {})["restudy"])
                if about["key"] != self.key:
                    return 0
                saved = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (OSError, SafetensorError, ValueError, KeyError):
            return 0
        for name, tensor in stack.state().items():
            tensor.copy_(saved[name])
        stack.steps_done = about["steps"]
        self.recorder.records = [_from_json(record) for record in about["records"]]
        self.recorder.trained = about["trained"]
        return int(about["epochs"])


def _to_json(record: EpochRecord) -> dict[str, Any]:
    metrics = [[*place, values] for place, values in record.metrics.items()]
    return {**asdict(record), "metrics": metrics}


def _from_json(record: dict[str, Any]) -> EpochRecord:
    metrics = {(split, metric): values for split, metric, values in record["metrics"]}
    return EpochRecord(**{**record, "metrics": metrics})
