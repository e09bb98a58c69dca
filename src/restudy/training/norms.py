"""Batch norm and layer norm over a stack of runs, forward and backward."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from restudy.config.recipe import Recipe
from restudy.training.run_length import equal_stretches


@dataclass
class Saved:
    """What a norm's backward pass needs: its input, and mean and 1 / sqrt(var + eps) of it."""

    h: Tensor
    mean: Tensor
    rstd: Tensor


class BatchNorm(nn.Module):
    """y = gamma (h - mean) / sqrt(var + eps) + beta, over the batch (Ioffe and Szegedy 2015).

    Every unit of every run is one group of PyTorch's group norm, which takes one pass over
    contiguous rows and is faster than its batch norm with as many channels. As in
    ``nn.BatchNorm1d`` the variance is biased in the output and unbiased in the running statistics.

    Attributes:
        scale, shift: gamma and beta, (L, units, 1); they belong to the network.
        mean, var: running statistics, (L, units).
    """

    mean: Tensor
    var: Tensor

    def __init__(self, recipes: Sequence[Recipe], scale: Tensor, shift: Tensor) -> None:
        """Take over scale and shift, (L, units, 1), of one layer; eps and momentum are runs'."""
        super().__init__()
        self.scale, self.shift = scale, shift
        self.stretches = equal_stretches([recipe.norm_eps for recipe in recipes])
        self.eps = scale.new_tensor([[recipe.norm_eps] for recipe in recipes])
        self.momentum = scale.new_tensor([[recipe.norm_momentum] for recipe in recipes])
        self.register_buffer("mean", torch.zeros_like(scale[..., 0]))
        self.register_buffer("var", torch.ones_like(scale[..., 0]))

    def forward(self, h: Tensor, bias: Tensor | None) -> Tensor:
        """Normalise h + bias, (L, units, batch), by the running statistics; h is overwritten."""
        factor = self.scale * (self.var + self.eps).rsqrt().unsqueeze(2)
        mean = self.mean.unsqueeze(2)
        offset = self.shift - (mean if bias is None else mean - bias) * factor
        return torch.addcmul(offset, h, factor, out=h)

    def step(self, h: Tensor, offset: Tensor | None) -> tuple[Tensor, Saved]:
        """Normalise (L, units, batch) by the batch's statistics and move the running ones.

        Args:
            h: contiguous.
            offset: what ``h`` lacks of the layer's true input: a bias, (L, units, 1) or (L, 1, 1),
                which the output does not depend on, but the running mean does.

        Returns:
            the output, and what :meth:`backward` needs.
        """
        batch = h.shape[2]
        out, mean, rstd = _joined(
            _rows_normed(h[runs], self.scale[runs], self.shift[runs], eps)
            for runs, eps in self.stretches
        )
        true_mean = mean if offset is None else mean + offset[..., 0]
        var = rstd.pow(-2).sub_(self.eps).clamp_(min=0).mul_(batch / (batch - 1))
        self.mean.lerp_(true_mean, self.momentum)
        self.var.lerp_(var, self.momentum)
        return out, Saved(h, mean, rstd)

    def backward(self, g: Tensor, saved: Saved) -> tuple[Tensor, Tensor, Tensor]:
        """Return the gradients of input, scale and shift, given that of the output."""
        groups, batch = saved.mean.numel(), g.shape[2]
        below, scale, shift = torch.ops.aten.native_group_norm_backward(
            g,
            saved.h,
            saved.mean.view(1, -1),
            saved.rstd.view(1, -1),
            self.scale.view(-1),
            1,
            groups,
            batch,
            groups,
            [True, True, True],
        )
        return below.view_as(g), scale.view_as(self.scale), shift.view_as(self.shift)


class FrozenBatchNorm(BatchNorm):
    """A batch norm in evaluation mode, where a step goes by the running statistics.

    They do not depend on the batch then: the gradient of the input is that of the output times
    gamma / sqrt(var + eps).
    """

    def __init__(self, norm: BatchNorm) -> None:
        """Share everything with a batch norm."""
        nn.Module.__init__(self)
        self.scale, self.shift, self.eps = norm.scale, norm.shift, norm.eps
        self.mean, self.var = norm.mean, norm.var

    def step(self, h: Tensor, offset: Tensor | None) -> tuple[Tensor, Saved]:
        """Normalise h + offset, (L, units, batch), and move nothing."""
        mean = self.mean if offset is None else self.mean - offset[..., 0]
        return self.forward(h.clone(), offset), Saved(h, mean, (self.var + self.eps).rsqrt())

    def backward(self, g: Tensor, saved: Saved) -> tuple[Tensor, Tensor, Tensor]:
        """Return the gradients of input, scale and shift, given that of the output."""
        rstd = saved.rstd.unsqueeze(2)
        normed = (saved.h - saved.mean.unsqueeze(2)) * rstd
        scale, shift = (g * normed).sum(2, keepdim=True), g.sum(2, keepdim=True)
        return g * (self.scale * rstd), scale, shift


class LayerNorm(nn.Module):
    """y = gamma (h - mean) / sqrt(var + eps) + beta, over the units (Ba et al. 2016).

    Attributes:
        scale, shift: gamma and beta, (L, units, 1); they belong to the network.
    """

    def __init__(self, recipes: Sequence[Recipe], scale: Tensor, shift: Tensor) -> None:
        """Take over scale and shift, (L, units, 1), of one layer; eps is the runs'."""
        super().__init__()
        self.scale, self.shift = scale, shift
        self.stretches = equal_stretches([recipe.norm_eps for recipe in recipes])

    def forward(self, h: Tensor, bias: Tensor | None) -> Tensor:
        """Normalise h + bias, (L, units, batch)."""
        return self.step(h, bias)[0]

    def step(self, h: Tensor, offset: Tensor | None) -> tuple[Tensor, Saved]:
        """Normalise (L, units, batch); the offset, a bias in front, is added first.

        Returns:
            the output, and what :meth:`backward` needs.
        """
        rows = (h if offset is None else h + offset).transpose(1, 2).contiguous()
        normed, mean, rstd = _joined(
            torch.native_layer_norm(rows[runs], rows.shape[2:], None, None, eps)
            for runs, eps in self.stretches
        )
        out = torch.addcmul(self.shift, normed.transpose(1, 2), self.scale)
        return out.contiguous(), Saved(rows, mean, rstd)

    def backward(self, g: Tensor, saved: Saved) -> tuple[Tensor, Tensor, Tensor]:
        """Return the gradients of input, scale and shift, given that of the output."""
        normed = ((saved.h - saved.mean) * saved.rstd).transpose(1, 2)
        below = torch.ops.aten.native_layer_norm_backward(
            (g * self.scale).transpose(1, 2).contiguous(),
            saved.h,
            saved.h.shape[2:],
            saved.mean,
            saved.rstd,
            None,
            None,
            [True, False, False],
        )[0]
        scale, shift = (g * normed).sum(2, keepdim=True), g.sum(2, keepdim=True)
        return below.transpose(1, 2).contiguous(), scale, shift


NORMS: dict[str, type[BatchNorm] | type[LayerNorm]] = {"batch": BatchNorm, "layer": LayerNorm}


def _rows_normed(
    h: Tensor, scale: Tensor, shift: Tensor, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalise each row of h, (L, units, batch); return it, mean and rstd, (L, units)."""
    runs, units, batch = h.shape
    groups = runs * units
    out, mean, rstd = torch.native_group_norm(
        h, scale.view(-1), shift.view(-1), 1, groups, batch, groups, eps
    )
    return out.view_as(h), mean.view(runs, units), rstd.view(runs, units)


def _joined(parts: Iterable[tuple[Tensor, Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
    """Put the results of the runs together again, by run."""
    parts = list(parts)
    if len(parts) == 1:
        return parts[0]
    out, mean, rstd = zip(*parts, strict=True)
    return torch.cat(out), torch.cat(mean), torch.cat(rstd)
