"""Training accuracy while training, with dropout on, and at the end of the epoch, with it off."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import torch
from torch import nn

from restudy.datasets.load import PreparedData
from restudy.experiments.loops import accuracy, linear, train
from restudy.experiments.samples import SEEDS, draw, scaled
from restudy.lanes.streams import generator, integer_seed

SCORED = ("while training", "at the end")
DROPOUTS = ("0", "0.3")
_EPOCHS = 10
_UNITS, _LAYERS = 64, 3


def dropout_scores(data: Mapping[str, PreparedData]) -> pd.DataFrame:
    """Train a network of S4's model 4r's depth on 1,500 images; score its last epoch both ways.

    As Keras writes it into its history, the training accuracy is that of the epoch's batches as
    they came. The validation accuracy, here of test images, is that at the end of the epoch.
    """
    rows = []
    for seed in range(SEEDS):
        random = generator(seed, "dropout scores: samples")
        parts = scaled(draw(data["fashion_mnist"], random, 1500, 5000))
        for dropout in DROPOUTS:
            model = network(parts.train.x.shape[1], float(dropout), seed)
            optimiser = torch.optim.Adam(model.parameters(), lr=0.001)
            order = generator(seed, "dropout scores: batches")
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(integer_seed(seed, "dropout scores: masks"))
                *_, seen = train(
                    model, parts.train, optimiser, epochs=_EPOCHS, batch_size=64, random=order
                )
            held_out = accuracy(model, parts.test)
            for scored, value in zip(SCORED, (seen, accuracy(model, parts.train)), strict=True):
                rows.append(
                    {
                        "dropout": dropout,
                        "scored": scored,
                        "seed": seed,
                        "train_accuracy": value,
                        "gap": value - held_out,
                    }
                )
    return pd.DataFrame(rows)


def network(inputs: int, dropout: float, seed: int) -> nn.Sequential:
    """Return a ReLU network of three hidden layers with dropout after each."""
    random = generator(seed, "dropout scores: weights")
    layers: list[nn.Module] = []
    for fan_in in [inputs, *[_UNITS] * (_LAYERS - 1)]:
        layers += [linear(fan_in, _UNITS, random), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, linear(_UNITS, 10, random))
