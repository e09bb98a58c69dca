"""The loss of a network before any training."""

from __future__ import annotations

import math

from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.experiments.samples import draw, scaled
from restudy.mlp.network import FullyConnectedNet
from restudy.training.rng import generator

WEIGHT_SCALES = ("0.001", "0.01", "0.05", "0.5")
CLASSES = 10
_HIDDEN = [100, 50]
_SAMPLES = 1000


@Experiment(
    name="initial-loss",
    title="The first loss of an untrained network on MNIST",
    factors={"init_scale": WEIGHT_SCALES},
    numbers={"loss": "cross-entropy, nats", "above_log_classes": "the same minus ln 10, nats"},
    datasets=("mnist",),
)
def initial_loss(data: Data) -> Rows:
    """Measure the loss of a 784-100-50-10 ReLU network, weights normal(0, init_scale) (S1).

    Without any knowledge all classes are equally probable, and the loss is ln 10. The seed draws
    the samples and, the same for all scales, the weights.
    """
    for seed in range(SEEDS):
        random = generator(seed, "initial loss: samples")
        train = scaled(draw(data["mnist"], random, _SAMPLES)).train
        for init_scale in WEIGHT_SCALES:
            network = FullyConnectedNet(
                train.x.shape[1],
                _HIDDEN,
                CLASSES,
                init_scale=float(init_scale),
                random=generator(seed, "initial loss: weights"),
            )
            loss = network.data_loss(train.x, train.y)
            yield init_scale, seed, loss, loss - math.log(CLASSES)
