"""Training accuracy while training, with dropout on, and at the end of the epoch, with it off."""

from __future__ import annotations

import torch
from torch import nn

from experiments import torch_nets
from experiments.torch_nets import accuracy, train
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw, scaled
from restudy.training.rng import generator, integer_seed

SCORED = ("while training", "at the end")
DROPOUTS = ("0", "0.3")
_EPOCHS = 10
_HIDDEN = 3 * [64]


@Experiment(
    name="dropout-scores",
    title="Training accuracy with dropout on while the weights change, or off at the epoch's end",
    factors={"dropout": DROPOUTS, "scored": SCORED},
    numbers={
        "train_accuracy": "share of 1,500 training samples, last epoch",
        "gap": "the same minus the share of 5,000 test samples",
    },
    datasets=("fashion_mnist",),
)
def dropout_scores(data: Data) -> Rows:
    """Train a network of S4's model 4r's depth on 1,500 images; score its last epoch both ways.

    As Keras writes it into its history, the training accuracy is that of the epoch's batches as
    they came. The validation accuracy, here of test images, is that at the end of the epoch.
    """
    for seed in range(SEEDS):
        random = generator(seed, "dropout scores: samples")
        parts = scaled(draw(data["fashion_mnist"], random, 1500, 5000))
        for dropout in DROPOUTS:
            model = network(parts.train.x.shape[1], float(dropout), seed)
            optimiser = torch.optim.Adam(model.parameters(), lr=0.001)
            order = generator(seed, "dropout scores: batches")
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(integer_seed(seed, "dropout scores: masks"))
                seen = train(
                    model, parts.train, optimiser, epochs=_EPOCHS, batch_size=64, random=order
                )
            held_out = accuracy(model, parts.test)
            for scored, value in zip(SCORED, (seen, accuracy(model, parts.train)), strict=True):
                yield dropout, scored, seed, value, value - held_out


def network(inputs: int, dropout: float, seed: int) -> nn.Sequential:
    """Return a ReLU network of three hidden layers with dropout after each."""
    random = generator(seed, "dropout scores: weights")
    return torch_nets.network(
        [inputs, *_HIDDEN, 10], random, lambda units: [nn.ReLU(), nn.Dropout(dropout)]
    )
