"""What a training step keeps in memory, counted: no sizes of processes, which vary.

The networks are drawn, so that what is found is not that of one network: 784 inputs, 1 to 4 hidden
layers of 32 to 1,024 ReLU units, 10 classes. Bytes depend on shapes alone, so the samples are zero.
"""

from __future__ import annotations

import torch
from torch import nn

from experiments.torch_nets import network, with_norm
from restudy.experiments.declaration import SEEDS, Data, Experiment, Rows
from restudy.training.rng import generator

BATCH_SIZES = ("32", "64", "128", "256", "512", "1024")
_INPUTS, _CLASSES = 784, 10


@Experiment(
    name="batch-memory",
    title="Bytes of activations and gradients in networks drawn at random, by batch size",
    factors={"batch_size": BATCH_SIZES},
    numbers={
        "activation_bytes": "kept of the forward pass for the backward pass",
        "activation_bytes_per_sample": "the same / batch size",
        "gradient_bytes": "of all parameters",
        "bytes": "of activations and gradients",
    },
)
def batch_memory(data: Data) -> Rows:
    """Count the bytes of activations and gradients for batches of different sizes."""
    for seed in range(SEEDS):
        widths, _ = draw_shape(seed, "batch memory")
        net = network(widths, generator(seed, "batch memory: weights"))
        gradients = sum(one.nbytes for one in net.parameters())
        for size in BATCH_SIZES:
            kept = kept_bytes(net, int(size))
            yield size, seed, kept, kept / int(size), gradients, kept + gradients


@Experiment(
    name="norm-memory",
    title="What networks drawn at random keep in training, with batch norm and without it",
    factors={"norm": ("batch", "none")},
    numbers={
        "state_values": "parameters and running averages, count",
        "activation_bytes": "kept of the forward pass for the backward pass",
        "training_bytes": "of parameters, running averages, gradients and activations",
    },
)
def norm_memory(data: Data) -> Rows:
    """Count what a network has to keep, with batch norm and without it, its batch drawn too."""
    for seed in range(SEEDS):
        widths, batch = draw_shape(seed, "norm memory")
        for norm in ("none", "batch"):
            weights = generator(seed, "norm memory: weights")
            net = network(widths, weights, with_norm(norm == "batch"))
            parameters, averages = list(net.parameters()), running_averages(net)
            activations = kept_bytes(net, batch)
            states = sum(one.nbytes for one in [*parameters, *averages])
            gradients = sum(one.nbytes for one in parameters)
            values = sum(one.numel() for one in [*parameters, *averages])
            yield norm, seed, values, activations, states + gradients + activations


def draw_shape(seed: int, stream: str) -> tuple[list[int], int]:
    """Return the widths of a network that a seed draws, and a batch size, 8 to 512."""
    random = generator(seed, f"{stream}: shape")
    layers = int(random.integers(1, 5))
    hidden = (2 ** random.integers(5, 11, size=layers)).tolist()
    return [_INPUTS, *hidden, _CLASSES], int(2 ** random.integers(3, 10))


def running_averages(net: nn.Module) -> list[torch.Tensor]:
    """Return the running means and variances; the count of batches is left out."""
    return [one for one in net.buffers() if one.is_floating_point()]


def kept_bytes(net: nn.Module, batch: int) -> int:
    """Return the bytes that autograd keeps of a forward pass, with its loss, for the backward pass.

    What two layers keep is counted once. The parameters and running averages among it are left out:
    they are there anyway. The batch itself counts, as it is kept.

    Args:
        net: a classifier of vectors.
        batch: number of samples.
    """
    there = {one.untyped_storage().data_ptr() for one in (*net.parameters(), *net.buffers())}
    kept: dict[int, torch.Tensor] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        place = tensor.untyped_storage().data_ptr()
        if place not in there:
            kept[place] = tensor  # held, so that its place is not given to another
        return tensor

    x = torch.zeros(batch, _INPUTS)
    y = torch.zeros(batch, dtype=torch.int64)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        nn.functional.cross_entropy(net(x), y)
    return sum(one.untyped_storage().nbytes() for one in kept.values())
