"""Trains tiny networks in float64 and records their numbers: what ``TRAINING_VERSION`` stands for.

``python -m tests.training.record_version`` writes the numbers beside this file, after a raise of
``TRAINING_VERSION`` or for a new recipe below. Numbers that differ under the same version are
refused.
"""

import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from restudy.config.recipe import Recipe
from restudy.config.run_ids import RunSpec
from restudy.data.load import PreparedData, scale, split
from restudy.data.registry import DATASETS
from restudy.provenance.training_version import TRAINING_VERSION
from restudy.training.batches import Part, TensorData
from restudy.training.train_stacks import train_stack

FILE = Path(__file__).with_name("version.json")
RELATIVE = 1e-9
ZERO = 1e-12  # what is nothing but rounding, such as a bias without a gradient, is smaller

IMAGES = {
    "dataset": "mnist",
    "train_samples": 42,
    "validation_samples": 12,
    "hidden": [6],
    "learning_rate": 0.05,
    "batch_size": 8,
    "epochs": 2,
}
HOUSES = {
    **{"dataset": "california_housing", "loss": "mse", "scaling": "standard"},
    **{"hidden": [5], "learning_rate": 0.02, "batch_size": 10, "epochs": 2},
}
SMALL_HOUSES = HOUSES | {"train_samples": 32, "validation_samples": 15}
PROBES = ["batch_loss", "gradients", "activations", "weights", "smoothness", "robustness"]
PROBES += ["sharpness"]
PROBES_OF_IMAGES = [*PROBES, "test", "train_sample", "training_mode"]

# Each value that a field may have is in one of them, and each rule with what it is computed with:
# optimisers with penalties and learning rates that decay, norms in both places. What rounding
# alone would decide is in none: Adam's usual epsilon, or a bias that a batch norm takes out again.
RECIPES = {
    "sgd": IMAGES | {"optimiser": "sgd", "diagnostics": PROBES_OF_IMAGES, "seed": 3},
    "batch norm": IMAGES
    | {
        "dataset": "fashion_mnist",
        "scaling": "minus_one_one",
        "activation": "tanh",
        "norm": "batch",
    }
    | {"bias": "none", "weight_init": "he", "label_noise": 0.3, "norm_eps": 1e-3}
    | {"norm_momentum": 0.3, "hidden": [6, 5], "diagnostics": PROBES_OF_IMAGES},
    "averaging momentum, layer norm": IMAGES
    | {"optimiser": "dampened_momentum", "activation": "sigmoid", "norm": "layer"}
    | {"norm_position": "after", "bias": "shared", "weight_init": "glorot", "scaling": "standard"}
    | {"norm_eps": 1e-3, "diagnostics": PROBES, "lambda1": 1e-3, "lambda2": 1e-2}
    | {"learning_rate_decay": 0.8},
    "nesterov": IMAGES
    | {"optimiser": "nesterov", "momentum": 0.5, "activation": "identity", "scaling": "raw"}
    | {"weight_init": "normal", "init_scale": 0.01, "learning_rate": 1e-5, "lambda2": 0.1}
    | {"lambda1": 1e-2, "learning_rate_decay": 0.7},
    "adam, dropout": IMAGES
    | {"optimiser": "adam", "adam_beta1": 0.8, "adam_beta2": 0.95, "adam_eps": 1e-3}
    | {"learning_rate_decay": 0.9, "dropout": 0.3, "hidden": [6, 5], "validation_samples": 0}
    | {"lambda1": 1e-3, "lambda2": 1e-2},
    "softmax twice, signed": IMAGES
    | {"loss": "double_softmax", "lambda1": 1e-3, "lambda2": 1e-2}
    | {"l1_form": "without_abs", "l2_convention": "lambda", "epochs": 3, "evaluate_every": 2},
    "sgd, penalties": IMAGES
    | {"optimiser": "sgd", "lambda1": 1e-3, "lambda2": 1e-2, "learning_rate_decay": 0.8}
    | {"activation": "sigmoid", "batch_size": "full"},
    "batch norm after, dropout": IMAGES
    | {"norm": "batch", "norm_position": "after", "dropout": 0.2, "activation": "tanh"}
    | {"bias": "shared", "epochs": None, "steps": 9},
    "layer norm, full batch": IMAGES
    | {"norm": "layer", "activation": "tanh", "batch_size": "full", "epochs": None, "steps": 3},
    "linear on all houses": HOUSES
    | {"hidden": [], "target_scaling": "standard", "batch_size": "full"}
    | {"epochs": None, "steps": 2, "optimiser": "momentum", "lambda2": 1e-2},
    "adam, batch norm, full batch": SMALL_HOUSES
    | {"optimiser": "adam", "adam_eps": 1e-2, "norm": "batch", "batch_size": "full"}
    | {"bias": "none", "activation": "tanh", "target_scaling": "standard", "diagnostics": PROBES},
    "nesterov, blocks of rows": HOUSES
    | {"optimiser": "nesterov", "batch_size": "full", "train_samples": 700, "epochs": 3}
    | {"target_scaling": "standard", "activation": "sigmoid", "lambda2": 1e-2},
    "adam, blocks of rows": HOUSES
    | {"optimiser": "adam", "batch_size": "full", "train_samples": 700, "epochs": 3}
    | {"target_scaling": "standard", "adam_eps": 1e-3, "l2_convention": "lambda", "lambda2": 1e-2},
    "houses": HOUSES
    | {"train_samples": 300, "batch_size": 50, "diagnostics": [*PROBES, "test"]}
    | {"target_scaling": "standard", "learning_rate_decay": 0.8, "momentum": 0.8},
}


def data(dataset: str) -> PreparedData:
    """Return a made-up data set of whole numbers, the same on every machine."""
    about = DATASETS[dataset]
    rows, features = (about.train_rows, 4) if about.task == "regression" else (60, 16)
    x_train, y_train = _rows(rows, features, about.classes, 1)
    x_test, y_test = _rows(20, features, about.classes, rows + 7)
    # 7 has no factor in common with the numbers of rows.
    order = np.arange(rows) * 7 % rows
    return PreparedData(dataset, 0, "made up", x_train, y_train, x_test, y_test, order)


def _rows(rows, features, classes, start):
    i, j = np.ogrid[start : start + rows, 1 : features + 1]
    x = (i * i * j + 13 * i + 29 * j * j) % 251
    if classes:
        return x.astype(np.uint8), (x[:, 0] // 16 + x[:, 1] // 64) % classes
    return x.astype(np.float32), ((3 * x[:, 0] + x[:, 1] * x[:, 2] // 97) % 499).astype(np.float32)


def in_float64(prepared: PreparedData, recipe: Recipe) -> TensorData:
    """Return what a recipe trains on, in float64."""
    parts = split(prepared, recipe.n_train, recipe.n_validation)
    made = TensorData.from_split(
        scale(parts, recipe.scaling, recipe.target_scaling), torch.device("cpu")
    )
    exact = {
        name: Part(part.x.double(), part.y.double() if part.y.is_floating_point() else part.y)
        for name in ("train", "validation", "test")
        for part in [getattr(made, name)]
    }
    return replace(made, **exact)


def train(fields, engine) -> dict[str, list[float]]:
    """Return the numbers of a tiny network: metrics by epoch, sums of its weights, its summary.

    Of each tensor there are the sum of the absolute values and a sum with unequal factors.
    """
    recipe = Recipe(**fields)
    prepared = in_float64(data(recipe.dataset), recipe)
    found = train_stack([RunSpec("only", recipe)], prepared, {"only": ""}, True, None, None, engine)
    numbers: dict[str, list[float]] = {}
    for row in found.history.itertuples():
        numbers.setdefault(f"{row.split} {row.metric}", []).append(row.value)
    for name, values in found.weights["only"].items():
        flat = np.asarray(values, np.float64).ravel()
        factors = 1 + np.arange(len(flat)) % 7
        numbers[f"weights {name}"] = [float(abs(flat).sum()), float(flat @ factors)]
    for name, value in found.summary.iloc[0].items():
        if isinstance(value, int | float | np.number) and name not in Recipe.model_fields:
            numbers[f"summary {name}"] = [float(value)]
    return numbers


def differences(before, now) -> list[str]:
    """Return what of the numbers of a recipe is not as it was, a line each."""
    lines = [f"{name} is new" for name in now if name not in before]
    lines += [f"{name} is no more" for name in before if name not in now]
    for name in now.keys() & before.keys():
        size = max((abs(value) for value in before[name] if math.isfinite(value)), default=0.0)
        close = np.allclose(
            now[name], before[name], rtol=0, atol=RELATIVE * size + ZERO, equal_nan=True
        )
        if not close:
            lines.append(f"{name}: {before[name]} before, {now[name]} now")
    return sorted(lines)


def read() -> dict:
    """Return what is recorded."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def main() -> None:
    """Record the numbers of all recipes."""
    now = {name: train(fields, "torch") for name, fields in RECIPES.items()}
    before = read() if FILE.is_file() else {"training_version": 0, "numbers": {}}
    changed = any(differences(old, now.get(name, old)) for name, old in before["numbers"].items())
    if changed and before["training_version"] == TRAINING_VERSION:
        sys.exit("error: the numbers have changed; raise TRAINING_VERSION first")
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(one)}" for name, one in now.items())
    FILE.write_text(
        f'{{\n "training_version": {TRAINING_VERSION},\n "numbers": {{\n{lines}\n }}\n}}\n',
        encoding="utf-8",
    )
    print(f"{FILE.name}: {len(now)} recipes, version {TRAINING_VERSION}")


if __name__ == "__main__":
    main()
