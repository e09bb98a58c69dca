"""S3's notebook loop as it is printed there: images transformed one by one, DataLoader, SGD.

The transforms are torchvision's ``ToTensor`` and ``Normalize((0.5,), (0.5,))``, and the data set is
its ``MNIST``, written down here with the same operations in the same order but without their checks
of arguments, since torchvision is needed for nothing else: the values are the same, and it takes a
little less time. The loop is S3's, its evaluation after each epoch left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from bench.peers.network import network
from bench.samples import Samples
from restudy.config.recipe import Recipe


def to_tensor(image: Image.Image) -> Tensor:
    """Turn a grey image, height 28 and width 28, into float32 (1, 28, 28) from 0 to 1."""
    pixels = torch.from_numpy(np.array(image, np.uint8, copy=True))
    planes = pixels.view(image.size[1], image.size[0], 1).permute(2, 0, 1).contiguous()
    return planes.to(dtype=torch.get_default_dtype()).div(255)


def normalize(image: Tensor) -> Tensor:
    """Subtract 0.5 and divide by 0.5, plane by plane."""
    image = image.clone()
    mean = torch.as_tensor((0.5,), dtype=image.dtype, device=image.device)
    std = torch.as_tensor((0.5,), dtype=image.dtype, device=image.device)
    if (std == 0).any():
        raise ValueError("a standard deviation of zero")
    return image.sub_(mean.view(-1, 1, 1)).div_(std.view(-1, 1, 1))


def transform(image: Image.Image) -> Tensor:
    """Apply both, one after the other."""
    return normalize(to_tensor(image))


class Images(Dataset[tuple[Tensor, int]]):
    """Byte images (n, 28, 28) and their labels (n,), transformed when they are asked for."""

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        """Keep images and labels as they are."""
        self.images, self.labels = images, labels

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """Return one transformed image and its label."""
        image, label = self.images[index], int(self.labels[index])
        return transform(Image.fromarray(image.numpy())), label


def train_epoch(
    model: nn.Module,
    train_loader: Iterable[list[Tensor]],
    optimizer: torch.optim.Optimizer,
) -> float:
    """Train one epoch, as S3 has it; return the loss of the last batch, which is what it prints."""
    criterion = nn.CrossEntropyLoss()
    model.train()
    for data in train_loader:
        inputs, labels = data
        inputs = inputs.view(-1, 28 * 28)
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
    return float(loss.item())


def measure(recipe: Recipe, samples: Samples) -> float:
    """Train one epoch from new weights; return the seconds of the epoch."""
    model = network(recipe)
    data = Images(samples.images, samples.y)
    loader = DataLoader(data, batch_size=recipe.n_batch, shuffle=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=recipe.learning_rate, momentum=0.9)
    started = time.perf_counter()
    train_epoch(model, loader, optimizer)
    return time.perf_counter() - started
