"""What is held out for validation: how much, which rows, and what it costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw, draw_from_training, scaled
from restudy.experiments.training import train_one
from restudy.training.rng import generator

SIZES = ("1000", "5000", "10000")
ROWS = ("in random order", "sorted by class")
SPLITS = ("last fifth", "drawn")
HELD_OUT = {"nothing": 0, "a tenth": 10}
"""Level -> one part in how many; 0 for none."""


@Experiment(
    name="validation-sizes",
    title="The accuracy of one network on validation sets that have no image in common",
    factors={"images": SIZES},
    numbers={
        "sd": "standard deviation of the accuracy over the sets",
        "range": "largest minus smallest",
    },
    datasets=("mnist",),
)
def validation_sizes(data: Data) -> Rows:
    """Measure one network on many validation sets that have no image in common.

    The seed draws 1,000 images to train on; the sets are drawn out of 50,000 others. So many
    different accuracies a source could have printed of this one network.
    """
    for seed in range(SEEDS):
        few = draw_from_training(data["mnist"], generator(seed, "validation sizes"), 1000, 50_000)
        run, test = train_one(_recipe(seed, hidden=[32]), few), scaled(few).test
        is_right = run.outputs(test.x).argmax(axis=1) == test.y
        for size in SIZES:
            each = min(int(size), len(test) // 3)
            sets = is_right[: len(test) // each * each].reshape(-1, each)
            accuracies = sets.mean(axis=1)
            yield size, seed, np.std(accuracies, ddof=1), np.ptp(accuracies)


@Experiment(
    name="last-rows",
    title="The last fifth of the rows for validation, or a fifth drawn at random",
    factors={"rows": ROWS, "split": SPLITS},
    numbers={
        "validation_accuracy": "share of the rows held out",
        "test_accuracy": "share of 2,000 test samples",
        "validation_less_test": "the first minus the second",
    },
    datasets=("mnist",),
)
def last_rows(data: Data) -> Rows:
    """Hold out the last fifth of 1,000 rows, or as many drawn at random; train on the rest."""
    for seed in range(SEEDS):
        drawn = draw(data["mnist"], generator(seed, "last rows"), 1000, 2000)
        n = len(drawn.y_train)
        shuffled = generator(seed, "last rows: split").permutation(n)
        for place in ROWS:
            by_class = np.argsort(drawn.y_train, kind="stable")
            kept = by_class if place == "sorted by class" else np.arange(n)
            for split in SPLITS:
                order = shuffled if split == "drawn" else np.arange(n)
                asked = replace(
                    drawn, x_train=drawn.x_train[kept], y_train=drawn.y_train[kept], order=order
                )
                run = train_one(_recipe(seed, validation_samples=n // 5), asked)
                found, test = (run.last(part, "accuracy") for part in ("validation", "test"))
                yield place, split, seed, found, test, found - test


@Experiment(
    name="unused-split",
    title="S3's small network trained on all images, or with a tenth held out to choose the epoch",
    factors={"held_out": HELD_OUT},
    numbers={"test_accuracy": "share of 2,500 test samples"},
    datasets=("mnist",),
)
def unused_split(data: Data) -> Rows:
    """Train S3's small network on all of 2,000 images, or on nine tenths of them.

    With a tenth held out the epoch is chosen by it, the first of equals; without, it is the last of
    ten. The loss is taken of the logits.
    """
    for seed in range(SEEDS):
        drawn = draw(data["mnist"], generator(seed, "unused split"), 2000, 2500)
        for held_out, parts in HELD_OUT.items():
            fields = {
                "validation_samples": len(drawn.y_train) // parts if parts else 0,
                "hidden": [128],
                "scaling": "minus_one_one",
                "optimiser": "adam",
                "learning_rate": 0.001,
                "batch_size": 64,
                "epochs": 10,
                "evaluate_every": 1,
                "diagnostics": ["test"],
            }
            run = train_one(_recipe(seed, **fields), drawn)
            epoch = int(run.curve("validation", "accuracy").argmax()) if parts else -1
            yield held_out, seed, run.curve("test", "accuracy")[epoch]


def _recipe(seed: int, **fields: object) -> dict[str, object]:
    plain = {"hidden": [64], "learning_rate": 0.03, "batch_size": 50, "epochs": 10}
    return {**plain, "evaluate_every": 10, "seed": seed, **fields}
