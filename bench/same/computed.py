"""One process's numbers: ``python -m bench.same.computed FILE``; what they depend on is around it.

What is written: ``trained/KIND/STEPS/TENSOR``, the weights of small networks after some steps;
``metrics/KIND/STEPS``, their metrics; ``streams/NAME``, random numbers; ``tables/NAME``, the bytes
of tables.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from experiments import unit_tests
from restudy.config.recipe import Recipe
from restudy.config.run_ids import RunSpec, run_id
from restudy.data.load import PreparedData
from restudy.evidence.schema import Published, load_rows
from restudy.results import study_tables
from restudy.results.table_files import to_csv
from restudy.training import network
from restudy.training.init import initial_layers
from restudy.training.matmul_backend import Choice
from restudy.training.rng import generator
from restudy.training.train_stacks import train_runs

Numbers = dict[str, NDArray[Any]]

SAMPLES, BATCH = 512, 32
EPOCHS = (1, 4, 16)
STEPS = tuple(epochs * SAMPLES // BATCH for epochs in EPOCHS)
ULP = 2.0**-23
"""Relative distance of neighbouring float32 numbers, at most."""
KINDS: Mapping[str, Mapping[str, Any]] = {
    "relu, SGD": {},
    "batch norm, momentum": {"norm": "batch", "optimiser": "momentum", "momentum": 0.9},
    "tanh, layer norm, Adam": {
        **{"activation": "tanh", "norm": "layer"},
        **{"optimiser": "adam", "learning_rate": 0.001},
    },
    "dropout": {"dropout": 0.3},
}
_PUBLISHED = Path("config/evidence/published.yaml")


def recipe(kind: str, epochs: int) -> Recipe:
    """Return what is trained: two hidden layers on a few hundred images."""
    plain = {"dataset": "mnist", "hidden": [64, 32], "learning_rate": 0.05, "batch_size": BATCH}
    part = {"train_samples": SAMPLES, "validation_samples": 128, "epochs": epochs}
    return Recipe(**{**plain, **part, **KINDS[kind]})  # type: ignore[arg-type]


def images() -> PreparedData:
    """Return made-up images of ten classes that take some epochs to tell apart."""
    random = np.random.default_rng(0)
    faces = random.integers(0, 120, (10, 784))

    def part(n: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        labels = random.integers(0, 10, n)
        return (faces[labels] + random.integers(0, 136, (n, 784))).astype(np.uint8), labels

    rows = SAMPLES + 128
    return PreparedData("mnist", 0, "made up", *part(rows), *part(256), random.permutation(rows))


def nudged(recipe: Recipe, inputs: int, outputs: int) -> list[Any]:
    """Return initial weights of which each is its neighbour among float32 numbers, or itself."""
    random = np.random.default_rng(recipe.seed)
    return [
        (weights * (1 + ULP * random.integers(-1, 2, weights.shape)), biases)
        for weights, biases in initial_layers(recipe, inputs, outputs)
    ]


def trained(kinds: Sequence[str], epochs: Sequence[int], device: str, choice: Choice) -> Numbers:
    """Train each kind for each number of epochs; two runs, as two seeds of a study are."""
    data, found = images(), {}
    for kind in kinds:
        for number in epochs:
            own = [recipe(kind, number).model_copy(update={"seed": seed}) for seed in range(2)]
            runs = [RunSpec(run_id(one), one) for one in own]
            digests = {run.id: "made up" for run in runs}
            made = train_runs(runs, data, digests=digests, device=device, choice=choice)
            place = f"{kind}/{number * SAMPLES // BATCH}"
            for place_of_run, run in enumerate(runs):
                for name, array in made.weights[run.id].items():
                    found[f"trained/{place}/{place_of_run}.{name}"] = array
            found[f"metrics/{place}"] = made.history["value"].to_numpy()
    return found


def streams() -> Numbers:
    """Return what is drawn before and beside training: weights, orders, seeds of masks, noise."""
    plain = recipe("relu, SGD", 1)
    drawn = {
        f"weights {scheme}": initial_layers(
            plain.model_copy(update={"weight_init": scheme}), 784, 10
        )[0][0]
        for scheme in ("torch", "he", "glorot", "normal")
    }
    drawn["order of batches"] = generator(3, "batches", 1).permutation(60_000)
    drawn["seeds of masks"] = generator(3, "dropout", 1).integers(2**63, size=8)
    drawn["label noise"] = generator(3, "label noise").random(1000)
    masks = torch.Generator().manual_seed(int(drawn["seeds of masks"][0]))
    drawn["masks"] = torch.ones(64, 32).bernoulli_(0.7, generator=masks).numpy()
    return {f"streams/{name}": array for name, array in drawn.items()}


def written() -> Numbers:
    """Return tables that are computed in float64, as the bytes of their files."""
    rows = load_rows(_PUBLISHED, Published)
    made = {
        "unit_tests": unit_tests.unit_tests(rows),
        "momentum_candidates": unit_tests.momentum_candidates(rows),
        "summary": study_tables.summary_table(_runs(), ["norm"]),
        "comparison": study_tables.comparison_table(
            _runs(), ["norm"], [{"factor": "norm", "baseline": "none", "metric": "test_accuracy"}]
        ),
    }
    return {
        f"tables/{name}": np.frombuffer(to_csv(table), np.uint8) for name, table in made.items()
    }


def _runs() -> pd.DataFrame:
    """Return made-up runs of a study, as ``runs.parquet`` has them."""
    random = np.random.default_rng(7)
    norms = pd.Categorical(np.repeat(["none", "batch"], 20), ["none", "batch"], ordered=True)
    scores = {
        f"{split}_{metric}": random.normal(0.9, 0.01, 40)
        for split in ("train", "validation", "test")
        for metric in ("accuracy", "data_loss")
    }
    about = {"study": "made-up", "status": "finished", "n_test": 10_000, "n_validation": 5_000}
    return pd.DataFrame({"norm": norms, "seed": [*range(20)] * 2, **scores}).assign(**about)


def main(arguments: Sequence[str] | None = None) -> None:
    """Compute everything, and write it into one file."""
    parser = argparse.ArgumentParser(prog="python -m bench.same.computed", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--choice", default="default")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS))
    parser.add_argument("--epochs", nargs="+", type=int, default=list(EPOCHS))
    parser.add_argument("--nudge", action="store_true", help="start next to the initial weights")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    if options.nudge:
        network.initial_layers = nudged  # type: ignore[attr-defined]
    found = trained(options.kinds, options.epochs, options.device, options.choice)
    found |= {} if options.nudge else streams() | written()
    capability = np.array(torch.backends.cpu.get_cpu_capability())
    np.savez(options.file, **found, capability=capability)


if __name__ == "__main__":
    main()
