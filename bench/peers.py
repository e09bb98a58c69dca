"""What people would use instead: one network at a time, each tool in its ordinary best settings."""

from __future__ import annotations

import itertools
import logging
import time
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from bench.cases import CLASSES, INPUTS, Samples
from restudy.config.recipe import Recipe


def network(recipe: Recipe) -> nn.Sequential:
    """Return the recipe's network in plain ``torch.nn``."""
    layers: list[nn.Module] = []
    for inputs, units in itertools.pairwise([INPUTS, *recipe.hidden]):
        layers.append(nn.Linear(inputs, units))
        if recipe.norm == "batch":
            layers.append(nn.BatchNorm1d(units))
        layers.append(nn.ReLU())
        if recipe.dropout:
            layers.append(nn.Dropout(recipe.dropout))
    return nn.Sequential(*layers, nn.Linear([INPUTS, *recipe.hidden][-1], CLASSES))


def fused_sgd(recipe: Recipe, model: nn.Module) -> torch.optim.Optimizer:
    """Return SGD with momentum by PyTorch's fused kernel, the fastest that it has."""
    return torch.optim.SGD(
        model.parameters(),
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.lambda2,
        fused=True,
    )


def train_plain(model: nn.Module, recipe: Recipe, samples: Samples, order: Tensor) -> float:
    """Train one epoch in a plain loop, the data one tensor; return the seconds.

    Args:
        model: the recipe's network.
        recipe: what is trained.
        samples: the training samples.
        order: numbers of the samples, (n,); batches are gathered by it.
    """
    x, y = samples.x, samples.y
    started = time.perf_counter()
    optimiser = fused_sgd(recipe, model)
    model.train()
    for batch in torch.split(order, recipe.n_batch):
        loss = nn.functional.cross_entropy(
            model(x.index_select(0, batch)), y.index_select(0, batch)
        )
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return time.perf_counter() - started


class Classifier(pl.LightningModule):
    """The usual LightningModule of a classifier, with automatic optimisation."""

    def __init__(self, recipe: Recipe) -> None:
        """Set up the network of a recipe."""
        super().__init__()
        self.recipe = recipe
        self.model: nn.Module = network(recipe)

    def training_step(self, batch: list[Tensor], _: int) -> Tensor:
        """Return the loss of a batch."""
        x, y = batch
        return nn.functional.cross_entropy(self.model(x), y)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the optimiser."""
        return fused_sgd(self.recipe, self.model)


def make_trainer(epochs: int | None, **options: Any) -> pl.Trainer:
    """Return a Trainer for the CPU that prints nothing and writes no checkpoints."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning")
    return pl.Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=epochs,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )


class _Timer(pl.Callback):
    """Measures the epoch, without the Trainer's start."""

    def on_train_epoch_start(self, *_: Any) -> None:
        self.started = time.perf_counter()

    def on_train_epoch_end(self, *_: Any) -> None:
        self.seconds = time.perf_counter() - self.started


def train_in_lightning(module: Classifier, samples: Samples, *, shuffle: bool = True) -> float:
    """Train one epoch with a DataLoader over a TensorDataset; return the seconds of the epoch."""
    timer = _Timer()
    data = TensorDataset(samples.x, samples.y)
    loader = DataLoader(data, batch_size=module.recipe.n_batch, shuffle=shuffle)
    make_trainer(1, callbacks=[timer], logger=False).fit(module, loader)
    return timer.seconds


class Images(Dataset[tuple[Tensor, int]]):
    """S3's data set: byte images (n, 28, 28), each transformed when it is read.

    The operations are those of torchvision's ``ToTensor`` and ``Normalize((0.5,), (0.5,))`` in the
    same order without their checks of arguments, since nothing else here needs torchvision.
    """

    def __init__(self, samples: Samples) -> None:
        """Take the images and labels of some samples."""
        self.images, self.labels = samples.images, samples.y

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Return one image, float32 (1, 28, 28) from -1 to 1, and its label."""
        image = Image.fromarray(self.images[index].numpy())
        pixels = torch.from_numpy(np.array(image, np.uint8, copy=True))
        planes = pixels.view(image.size[1], image.size[0], 1).permute(2, 0, 1).contiguous()
        scaled = planes.to(dtype=torch.get_default_dtype()).div(255).clone()
        mean, std = (torch.as_tensor((0.5,), dtype=scaled.dtype) for _ in range(2))
        return scaled.sub_(mean.view(-1, 1, 1)).div_(std.view(-1, 1, 1)), int(self.labels[index])


def train_as_notebook(model: nn.Module, loader: Iterable[list[Tensor]], recipe: Recipe) -> float:
    """Train one epoch by S3's loop as it is printed, without its evaluation; return the seconds."""
    optimizer = torch.optim.SGD(model.parameters(), lr=recipe.learning_rate, momentum=0.9)
    started = time.perf_counter()
    criterion = nn.CrossEntropyLoss()
    model.train()
    for data in loader:
        inputs, labels = data
        inputs = inputs.view(-1, 28 * 28)
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
    return time.perf_counter() - started


def plain_loop(recipe: Recipe, samples: Samples) -> float:
    """Train one epoch from new weights; return its seconds."""
    return train_plain(network(recipe), recipe, samples, torch.randperm(recipe.n_train))


def lightning(recipe: Recipe, samples: Samples) -> float:
    """Train one epoch from new weights; return its seconds."""
    return train_in_lightning(Classifier(recipe), samples)


def notebook(recipe: Recipe, samples: Samples) -> float:
    """Train one epoch from new weights; return its seconds."""
    loader = DataLoader(Images(samples), batch_size=recipe.n_batch, shuffle=True)
    return train_as_notebook(network(recipe), loader, recipe)
