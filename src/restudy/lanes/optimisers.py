"""One optimiser for a stack whose lanes each have hyperparameters of their own.

Each lane's slice of every stacked parameter is handed to PyTorch's own fused SGD or Adam kernel
with that lane's numbers: the arithmetic is PyTorch's, and no lane sees another.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
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
        self.recipes = list(recipes)
        self.epoch = 0
        penalised = list(network.weights)
        others = [*network.biases, *network.scales, *network.shifts]
        self._groups = [
            _Group(group, self.recipes, decayed)
            for group, decayed in ((penalised, True), (others, False))
            if group
        ]

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update every lane from the gradients that lie ready.

        The learning rate of epoch e (counted from 0) is
        ``learning_rate * learning_rate_decay ** e``.
        """
        for group in self._groups:
            group.update(self.epoch)


class _Group:
    """Stacked parameters that are penalised alike, and their optimiser state, lane by lane."""

    def __init__(
        self, parameters: list[nn.Parameter], recipes: Sequence[Recipe], penalised: bool
    ) -> None:
        self.parameters = parameters
        self.recipes = recipes
        self.penalised = penalised
        self.lanes = _by_lane([p.detach() for p in parameters])
        self.first = _by_lane([torch.zeros_like(p) for p in parameters])
        adam_ = recipes[0].optimiser == "adam"
        self.second = _by_lane([torch.zeros_like(p) for p in parameters]) if adam_ else []
        self.steps = [
            [torch.zeros((), device=p.device) for p in parameters] for _ in recipes if adam_
        ]

    def update(self, epoch: int) -> None:
        gradients = _by_lane([p.grad for p in self.parameters if p.grad is not None])
        for lane, recipe in enumerate(self.recipes):
            rate = recipe.learning_rate * recipe.learning_rate_decay**epoch
            if self.penalised and recipe.lambda1:
                _add_l1_gradient(gradients[lane], self.lanes[lane], recipe)
            decay = l2_gradient_factor(recipe) if self.penalised else 0.0
            if recipe.optimiser == "adam":
                self._adam(lane, gradients[lane], rate, decay)
            else:
                self._sgd(lane, gradients[lane], rate, decay)

    def _sgd(self, lane: int, gradients: list[Tensor], rate: float, decay: float) -> None:
        recipe = self.recipes[lane]
        sgd(
            self.lanes[lane],
            gradients,
            list(self.first[lane]),
            fused=True,
            foreach=False,
            weight_decay=decay,
            momentum=0.0 if recipe.optimiser == "sgd" else recipe.momentum,
            lr=rate,
            dampening=recipe.momentum if recipe.optimiser == "averaging_momentum" else 0.0,
            nesterov=recipe.optimiser == "nesterov",
            maximize=False,
        )

    def _adam(self, lane: int, gradients: list[Tensor], rate: float, decay: float) -> None:
        recipe = self.recipes[lane]
        adam(
            self.lanes[lane],
            gradients,
            self.first[lane],
            self.second[lane],
            [],
            self.steps[lane],
            fused=True,
            foreach=False,
            amsgrad=False,
            beta1=recipe.adam_beta1,
            beta2=recipe.adam_beta2,
            lr=rate,
            weight_decay=decay,
            eps=recipe.adam_eps,
            maximize=False,
        )


def _by_lane(stacked: list[Tensor]) -> list[list[Tensor]]:
    """Return, for each lane, its slices of the stacked tensors."""
    return [list(slices) for slices in zip(*(tensor.unbind(0) for tensor in stacked), strict=True)]


def _add_l1_gradient(gradients: list[Tensor], weights: list[Tensor], recipe: Recipe) -> None:
    for gradient, w in zip(gradients, weights, strict=True):
        if recipe.l1_form == "signed":
            gradient.add_(recipe.lambda1)
        else:
            gradient.add_(w.sign(), alpha=recipe.lambda1)
