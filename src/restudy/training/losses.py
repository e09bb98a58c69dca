"""Data losses of each sample, and their gradients."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def sample_losses(outputs: Tensor, targets: Tensor, kind: str) -> Tensor:
    """Return the loss of each sample of each run.

    Args:
        outputs: (L, outputs, batch): logits, or predictions with one output.
        targets: (L, batch): class numbers (int64), or values.
        kind: ``cross_entropy``: -log softmax(z)_y, fused and overflow-safe;
            ``double_softmax``: the same with softmax(z) taken for
            logits; ``mse``: (z - y)^2.

    Returns:
        shape (L, batch).
    """
    if kind == "mse":
        return (outputs[:, 0] - targets).square()
    if kind == "double_softmax":
        outputs = outputs.softmax(1)
    return functional.cross_entropy(outputs, targets, reduction="none")


def loss_gradients(outputs: Tensor, targets: Tensor, kind: str) -> Tensor:
    """Return the gradient of each sample's loss with respect to its own outputs.

    With p = softmax(z) and e the unit vector of the right class: cross-entropy p - e; after
    softmax p * (d - sum(p * d)) with d = softmax(p) - e; squared error 2 (z - y).

    Args:
        outputs: (L, outputs, batch).
        targets: (L, batch).
        kind: as in :func:`sample_losses`.

    Returns:
        shape (L, outputs, batch), a new tensor.
    """
    if kind == "mse":
        return (outputs - targets.unsqueeze(1)).mul_(2)
    p = outputs.softmax(1)
    right = targets.unsqueeze(1)
    minus_one = p.new_full((), -1).expand(right.shape)
    if kind == "cross_entropy":
        return p.scatter_add_(1, right, minus_one)
    d = p.softmax(1).scatter_add_(1, right, minus_one)
    return (d - (p * d).sum(1, keepdim=True)).mul_(p)
