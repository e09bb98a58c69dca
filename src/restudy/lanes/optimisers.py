"""One optimiser for a stack whose lanes each have hyperparameters of their own.

PyTorch's fused SGD and Adam kernels take a list of tensors and one set of numbers. The lanes'
slices of the stacked parameters are sorted by their numbers, and each set is one call: the
arithmetic is PyTorch's, slice by slice, so no lane sees another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.sgd import sgd

from restudy.config.recipe import Recipe
from restudy.lanes.network import StackedNetwork
from restudy.lanes.penalties import l2_gradient_factor


class LaneOptimiser(torch.optim.Optimizer):
    """SGD, momentum, averaging momentum, Nesterov or Adam for all lanes of a stack.

    With g the gradient (penalties included), v the velocity (zero at first) and m the momentum:
    momentum v = m v + g, w -= lr v (Sutskever et al. 2013, as PyTorch has it); averaging
    v = m v + (1 - m) g, w -= lr v (S1's printed rule); Nesterov v = m v + g, w -= lr (g + m v);
    Adam as in Kingma and Ba 2015.
    """

    def __init__(self, network: StackedNetwork, recipes: Sequence[Recipe]) -> None:
        """Take over the parameters of ``network``, whose lane l trains by ``recipes[l]``."""
        super().__init__(network.parameters(), {})
        self.epoch = 0
        self._parameters = list(network.parameters())
        weights = {id(parameter) for parameter in network.weights}
        places: dict[_Numbers, list[tuple[int, int]]] = {}
        for index, parameter in enumerate(self._parameters):
            for lane, recipe in enumerate(recipes):
                numbers = _numbers(recipe, penalised=id(parameter) in weights)
                places.setdefault(numbers, []).append((index, lane))
        self._sets = [_Set(numbers, found, self._parameters) for numbers, found in places.items()]

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every lane from the gradients that lie ready.

        The learning rate of epoch e (counted from 0) is
        ``learning_rate * learning_rate_decay ** e``.
        """
        gradients = [parameter.grad.unbind(0) for parameter in self._parameters]  # type: ignore[union-attr]
        for some in self._sets:
            some.update(self.epoch, gradients)


@dataclass(frozen=True)
class _Numbers:
    """What an update of one slice depends on."""

    rule: str
    learning_rate: float
    learning_rate_decay: float
    momentum: float
    beta1: float
    beta2: float
    eps: float
    l1: float
    l1_signed: bool
    l2: float


def _numbers(recipe: Recipe, penalised: bool) -> _Numbers:
    return _Numbers(
        rule=recipe.optimiser,
        learning_rate=recipe.learning_rate,
        learning_rate_decay=recipe.learning_rate_decay,
        momentum=0.0 if recipe.optimiser == "sgd" else recipe.momentum,
        beta1=recipe.adam_beta1,
        beta2=recipe.adam_beta2,
        eps=recipe.adam_eps,
        l1=recipe.lambda1 if penalised else 0.0,
        l1_signed=recipe.l1_form == "signed",
        l2=l2_gradient_factor(recipe) if penalised else 0.0,
    )


class _Set:
    """Slices that are updated by the same numbers, and their optimiser state."""

    def __init__(
        self,
        numbers: _Numbers,
        places: list[tuple[int, int]],
        parameters: Sequence[Tensor],
    ) -> None:
        """Take slices: for each the number of its parameter and its lane."""
        self.numbers = numbers
        self.places = places
        self.slices = [parameters[index].detach()[lane] for index, lane in places]
        self.first: list[Tensor | None] = [torch.zeros_like(part) for part in self.slices]
        if numbers.rule == "adam":
            self.second = [torch.zeros_like(part) for part in self.slices]
            self.steps = [torch.zeros((), device=part.device) for part in self.slices]

    def update(self, epoch: int, gradients: Sequence[Sequence[Tensor]]) -> None:
        """Update the slices, given the gradients by parameter and lane."""
        numbers = self.numbers
        own = [gradients[index][lane] for index, lane in self.places]
        if numbers.l1:
            for gradient, part in zip(own, self.slices, strict=True):
                if numbers.l1_signed:
                    gradient.add_(numbers.l1)
                else:
                    gradient.add_(part.sign(), alpha=numbers.l1)
        rate = numbers.learning_rate * numbers.learning_rate_decay**epoch
        if numbers.rule == "adam":
            self._adam(own, rate)
        else:
            self._sgd(own, rate)

    def _sgd(self, gradients: list[Tensor], rate: float) -> None:
        numbers = self.numbers
        sgd(
            self.slices,
            gradients,
            self.first,
            fused=True,
            foreach=False,
            weight_decay=numbers.l2,
            momentum=numbers.momentum,
            lr=rate,
            dampening=numbers.momentum if numbers.rule == "averaging_momentum" else 0.0,
            nesterov=numbers.rule == "nesterov",
            maximize=False,
        )

    def _adam(self, gradients: list[Tensor], rate: float) -> None:
        numbers = self.numbers
        adam(
            self.slices,
            gradients,
            self.first,  # type: ignore[arg-type]
            self.second,
            [],
            self.steps,
            fused=True,
            foreach=False,
            amsgrad=False,
            beta1=numbers.beta1,
            beta2=numbers.beta2,
            lr=rate,
            weight_decay=numbers.l2,
            eps=numbers.eps,
            maximize=False,
        )
