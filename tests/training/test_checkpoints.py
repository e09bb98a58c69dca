"""A stack that is killed goes on from its last checkpoint and ends with the same bits."""

import os
import signal
import subprocess
import sys

import pandas as pd
import pytest

from restudy.config.diagnostics import PROBES
from restudy.training.stack import Stack
from restudy.training.train_stacks import train_runs
from tests.recipes import images, run

RUNS = {
    "momentum": [
        run(seed=s, norm="batch", dropout=0.2, learning_rate_decay=0.9 + 0.1 * s, epochs=6)
        for s in range(2)
    ],
    "adam": [
        run(seed=s, optimiser="adam", learning_rate=0.01 * (1 + s), epochs=6) for s in range(2)
    ],
    # Evaluated before and after the kill: some diagnostics compare the two.
    "diagnostics": [
        run(seed=s, norm="batch", epochs=6, evaluate_every=2, diagnostics=list(PROBES))
        for s in range(2)
    ],
}

# Trains until it is killed: at the given epoch it says so and waits.
VICTIM = """
import sys, time
from pathlib import Path
import pytorch_lightning as pl
from restudy.training.train_stacks import train_runs
from tests.training.test_checkpoints import RUNS
from tests.recipes import images

class Wait(pl.Callback):
    def __init__(self, recorder):
        self.recorder = recorder
    def on_train_batch_end(self, trainer, module, *_):
        if module.stack.epoch == 3:
            print("ready", flush=True)
            time.sleep(60)

runs = RUNS[sys.argv[1]]
train_runs(runs, images(), digests={x.id: "d" for x in runs}, watch=Wait,
            checkpoints=Path(sys.argv[2]), checkpoint_interval_s=0, engine=sys.argv[3])
"""


def train(runs, digest="d", **options):
    return train_runs(runs, images(), digests={x.id: digest for x in runs}, **options)


def epochs_trained(monkeypatch):
    """Return a list that the epoch of every block that is trained from now on is added to."""
    seen, original = [], Stack.train

    def train_and_note(stack, block):
        seen.append(stack.epoch)
        original(stack, block)

    monkeypatch.setattr(Stack, "train", train_and_note)
    return seen


def assert_equal(one, other):
    pd.testing.assert_frame_equal(one.history, other.history, check_exact=True)
    pd.testing.assert_frame_equal(one.summary, other.summary, check_exact=True)
    for run_, state in one.weights.items():
        for name, value in state.items():
            assert value.tobytes() == other.weights[run_][name].tobytes(), name


@pytest.mark.parametrize("engine", ["torch", "compiled"])
@pytest.mark.parametrize("kind", RUNS)
def test_a_killed_stack_goes_on_to_the_same_bits(kind, engine, tmp_path, monkeypatch):
    victim = subprocess.Popen(
        [sys.executable, "-c", VICTIM, kind, str(tmp_path), engine], stdout=subprocess.PIPE
    )
    assert victim.stdout.readline() == b"ready\n"
    os.kill(victim.pid, signal.SIGKILL)
    assert victim.wait() == -signal.SIGKILL
    assert len(list(tmp_path.glob("*.safetensors"))) == 1
    trained = epochs_trained(monkeypatch)
    resumed = train(RUNS[kind], checkpoints=tmp_path, checkpoint_interval_s=0, engine=engine)
    assert set(trained) == {3, 4, 5}
    assert_equal(resumed, train(RUNS[kind], engine=engine))


def test_a_finished_stack_is_not_trained_again(tmp_path, monkeypatch):
    runs = RUNS["momentum"]
    first = train(runs, checkpoints=tmp_path, checkpoint_interval_s=0)
    trained = epochs_trained(monkeypatch)
    assert_equal(train(runs, checkpoints=tmp_path, checkpoint_interval_s=0), first)
    assert not trained


@pytest.mark.parametrize("damage", ["cut", "garbage", "of other digests"])
def test_a_checkpoint_that_is_not_right_is_not_used(damage, tmp_path, monkeypatch):
    runs = RUNS["momentum"]
    train(runs, checkpoints=tmp_path, checkpoint_interval_s=0)
    (file,) = tmp_path.glob("*.safetensors")
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-1000])
    elif damage == "garbage":
        file.write_bytes(b"no checkpoint")
    else:
        train(runs, digest="e", checkpoints=tmp_path / "other", checkpoint_interval_s=0)
        (other,) = (tmp_path / "other").glob("*.safetensors")
        assert other.name != file.name
        other.replace(file)
    trained = epochs_trained(monkeypatch)
    train(runs, checkpoints=tmp_path, checkpoint_interval_s=1000)
    assert set(trained) == set(range(6))


def test_training_that_is_over_soon_writes_none(tmp_path):
    train(RUNS["momentum"], checkpoints=tmp_path, checkpoint_interval_s=60)
    assert not list(tmp_path.iterdir())
