"""Data losses, one number per lane."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def sample_losses(outputs: Tensor, targets: Tensor, kind: str) -> Tensor:
    """Return the loss of each sample of each lane.

    Args:
        outputs: (L, outputs, batch): logits, or predictions with one output.
        targets: (L, batch): class numbers (int64), or values.
        kind: ``cross_entropy``: -log softmax(z)_y, fused and overflow-safe;
            ``cross_entropy_after_softmax``: the same with softmax(z) taken for logits, as S3 has
            it; ``mse``: (z - y)^2.

    Returns:
        shape (L, batch).
    """
    if kind == "mse":
        return (outputs[:, 0] - targets).square()
    if kind == "cross_entropy_after_softmax":
        outputs = outputs.softmax(1)
    return functional.cross_entropy(outputs, targets, reduction="none")
