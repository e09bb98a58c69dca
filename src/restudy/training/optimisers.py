"""Optimisers for a stack whose runs each have hyperparameters of their own.

An optimiser is what the network's backward pass hands its gradients to. A large batch may be handed
over in blocks: ``begin`` says which block comes, the gradients add up, and the last block's change
the parameters. An operation that takes one number is called once for each stretch of neighbouring
runs
that share it: once in all, mostly. A run's arithmetic is then the same whichever runs are beside
it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim.adam import adam

from restudy.config.recipe import Recipe
from restudy.training.network import StackedNetwork
from restudy.training.penalties import l2_gradient_factor
from restudy.training.run_length import equal_stretches

_VECTOR = -1  # no layer: the vector of all other parameters


def make_optimiser(network: StackedNetwork, recipes: Sequence[Recipe]) -> Momentum | Adam:
    """Return the optimiser of a network whose run l trains by ``recipes[l]``."""
    return _CLASSES[recipes[0].optimiser](network, recipes)


class Momentum:
    """SGD, momentum, averaging momentum and Nesterov.

    With g the gradient (penalties included), v the velocity (zero at first), m the momentum:
    sgd w -= lr g; momentum v = m v + g, w -= lr v (Sutskever et al. 2013, as PyTorch has it);
    averaging v = m v + (1 - m) g, w -= lr v; Nesterov v = m v + g,
    w -= lr (g + m v).

    What is kept is u = lr v. Its rule is u = m u + lr g, w -= u: with the learning rate taken into
    the gradient of the outputs (see ``scale``) the product that makes a weight's gradient adds it
    to the velocity as it goes, so the gradient itself is not stored. Nesterov's step needs it once
    more and stores it, a layer's at a time.

    Attributes:
        scale: what the gradient of the outputs must be multiplied by, (L, 1, 1).
    """

    def __init__(self, network: StackedNetwork, recipes: Sequence[Recipe]) -> None:
        """Take over the parameters of ``network``."""
        self.network, self.recipes = network, list(recipes)
        self.rule = recipes[0].optimiser
        momentum = [0.0 if self.rule == "sgd" else recipe.momentum for recipe in recipes]
        self.momentum = equal_stretches(momentum)
        self.vector_momentum = self._spread(network.vector.new_tensor(momentum).view(-1, 1, 1))
        self.u = [torch.zeros_like(weights) for weights in network.weights]
        self.vector_u = torch.zeros_like(network.vector)
        self.scale = network.vector.new_empty(len(recipes), 1, 1)
        self.first = self.last = True
        self.sums: dict[int, Tensor] = {}
        self._set_rates(0)

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rates, ``learning_rate * learning_rate_decay ** epoch``."""
        if all(recipe.learning_rate_decay == 1 for recipe in self.recipes):
            return
        before = self.scale.clone()
        self._set_rates(epoch)
        change = self.scale / before
        for u in self.u:
            u.mul_(change)
        self.vector_u.mul_(self._spread(change))

    def begin(self, *, first: bool, last: bool) -> None:
        """Say whether the coming gradients are those of a batch's first block, and of its last."""
        self.first, self.last = first, last

    def product(self, layer: int, g: Tensor, h: Tensor) -> None:
        """Update a layer's weights, whose gradient is g @ h^T, (L, out, batch) @ (L, batch, in)."""
        w, u, inputs = self.network.weights[layer], self.u[layer], h.mT
        if self.rule == "nesterov":
            step = self._sum(layer, torch.bmm(g, inputs))
            if self.last:
                self._penalise(step, w)
                for runs, m in self.momentum:
                    u[runs].mul_(m).add_(step[runs])
                    w[runs].sub_(step[runs]).sub_(u[runs], alpha=m)
            return
        for runs, m in self.momentum:
            beta = m if self.first else 1
            torch.baddbmm(u[runs], g[runs], inputs[runs], beta=beta, out=u[runs])
        if self.last:
            self._penalise(u, w)
            w.sub_(u)

    def small(self, gradient: Tensor) -> None:
        """Update the vector of the other parameters, given its gradient."""
        gradient = self._sum(_VECTOR, gradient)
        if not self.last:
            return
        vector, u, m = self.network.vector, self.vector_u, self.vector_momentum
        u.mul_(m).add_(gradient)
        if self.rule == "nesterov":
            vector.sub_(gradient).sub_(u * m)
        else:
            vector.sub_(u)

    def _sum(self, key: int, gradient: Tensor) -> Tensor:
        """Return a gradient's sum over the blocks of the batch so far."""
        if self.first and self.last:
            return gradient
        self.sums[key] = gradient.clone() if self.first else self.sums[key].add_(gradient)
        return self.sums[key]

    def state(self) -> dict[str, Tensor]:
        """Return the tensors that training goes on from, by name."""
        velocities = {f"u.{i}": u for i, u in enumerate(self.u)}
        return {"scale": self.scale, "vector_u": self.vector_u, **velocities}

    def _set_rates(self, epoch: int) -> None:
        """Set the learning rates of an epoch, and what depends on them."""
        rates = [r.learning_rate * r.learning_rate_decay**epoch for r in self.recipes]
        if self.rule == "dampened_momentum":
            rates = [rate * (1 - r.momentum) for rate, r in zip(rates, self.recipes, strict=True)]
        self.scale.copy_(self.scale.new_tensor(rates).view(-1, 1, 1))
        pairs = list(zip(rates, self.recipes, strict=True))
        self.l1 = equal_stretches([rate * recipe.lambda1 for rate, recipe in pairs])
        self.l2 = equal_stretches([rate * l2_gradient_factor(recipe) for rate, recipe in pairs])

    def _penalise(self, gradient: Tensor, w: Tensor) -> None:
        """Add the penalties' part, times the learning rate."""
        for runs, l2 in self.l2:
            if l2:
                gradient[runs].add_(w[runs], alpha=l2)
        for runs, l1 in self.l1:
            if l1 and self.recipes[0].l1_form == "without_abs":
                gradient[runs].add_(l1)
            elif l1:
                gradient[runs].add_(w[runs].sign(), alpha=l1)

    def _spread(self, value: Tensor) -> Tensor:
        """Return each run's number, (L, 1, 1), at each of its places in the vector."""
        spread = torch.empty_like(self.network.vector)
        for view in self.network.split(spread).all():
            view.copy_(value.expand_as(view))
        return spread


class Adam:
    """Adam as in Kingma and Ba 2015, by PyTorch's own fused kernel.

    The kernel takes one set of numbers; neighbouring runs that share theirs are one call.

    Attributes:
        scale: what the gradient of the outputs must be multiplied by, (L, 1, 1): one.
    """

    def __init__(self, network: StackedNetwork, recipes: Sequence[Recipe]) -> None:
        """Take over the parameters of ``network``."""
        self.network = network
        self.scale = network.vector.new_ones(len(recipes), 1, 1)
        self.first = self.last = True
        self.gradients = [torch.zeros_like(weights) for weights in network.weights]
        self.vector_sum = torch.zeros_like(network.gradient)
        equal = equal_stretches([_numbers(recipe) for recipe in recipes])
        stretches = [(runs, recipes[runs.start]) for runs, _ in equal]
        small = list(zip(network.small.all(), network.small_gradients.all(), strict=True))
        self.of_weights = [
            [
                _AdamStretch(recipe, _by_run(w, g, runs), penalised=True)
                for runs, recipe in stretches
            ]
            for w, g in zip(network.weights, self.gradients, strict=True)
        ]
        self.of_vector = [
            _AdamStretch(
                recipe, [pair for p, g in small for pair in _by_run(p, g, runs)], penalised=False
            )
            for runs, recipe in stretches
        ]

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rates, ``learning_rate * learning_rate_decay ** epoch``."""
        for stretch in self._stretches():
            stretch.rate = stretch.recipe.learning_rate * stretch.recipe.learning_rate_decay**epoch

    def begin(self, *, first: bool, last: bool) -> None:
        """Say whether the coming gradients are those of a batch's first block, and of its last."""
        self.first, self.last = first, last

    def product(self, layer: int, g: Tensor, h: Tensor) -> None:
        """Update a layer's weights, whose gradient is g @ h^T, (L, out, batch) @ (L, batch, in)."""
        total = self.gradients[layer]
        if self.first:
            torch.bmm(g, h.mT, out=total)
        else:
            torch.baddbmm(total, g, h.mT, out=total)
        for stretch in self.of_weights[layer] if self.last else []:
            stretch.update()

    def small(self, gradient: Tensor) -> None:
        """Update the other parameters; the gradient is that of the network's vector."""
        if not (self.first and self.last):
            total = self.vector_sum
            total.copy_(gradient) if self.first else total.add_(gradient)
            # What is updated is updated by views of the network's gradient.
            gradient.copy_(total)
        for stretch in self.of_vector if self.last and len(gradient) else []:
            stretch.update()

    def state(self) -> dict[str, Tensor]:
        """Return the tensors that training goes on from, by name."""
        return {
            f"{name}.{i}.{k}": tensor
            for i, stretch in enumerate(self._stretches())
            for name, tensors in (
                ("first", stretch.first),
                ("second", stretch.second),
                ("steps", stretch.steps),
            )
            for k, tensor in enumerate(tensors)
        }

    def _stretches(self) -> list[_AdamStretch]:
        return [
            stretch for stretches in (*self.of_weights, self.of_vector) for stretch in stretches
        ]


def _by_run(parameter: Tensor, gradient: Tensor, runs: slice) -> list[tuple[Tensor, Tensor]]:
    """Return each run's slices.

    Not the slice of all runs: the kernel treats the last few numbers of a tensor in another way,
    to other last bits, so they must be the same few in any company.
    """
    return list(zip(parameter[runs].unbind(), gradient[runs].unbind(), strict=True))


class _AdamStretch:
    """Neighbouring runs of some parameters that share all of Adam's numbers, and their state."""

    def __init__(
        self, recipe: Recipe, places: Sequence[tuple[Tensor, Tensor]], *, penalised: bool
    ) -> None:
        """Take slices of parameters, each with the same slice of its gradient."""
        self.recipe, self.rate = recipe, recipe.learning_rate
        self.parameters = [parameter.detach() for parameter, _ in places]
        self.gradients = [gradient for _, gradient in places]
        self.first = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.second = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.steps = [torch.zeros((), device=parameter.device) for parameter in self.parameters]
        self.l1 = recipe.lambda1 if penalised else 0.0
        self.l2 = l2_gradient_factor(recipe) if penalised else 0.0

    def update(self) -> None:
        """Update the slices from the gradients that lie ready."""
        if self.l1:
            for gradient, parameter in zip(self.gradients, self.parameters, strict=True):
                if self.recipe.l1_form == "without_abs":
                    gradient.add_(self.l1)
                else:
                    gradient.add_(parameter.sign(), alpha=self.l1)
        adam(
            self.parameters,
            self.gradients,
            self.first,
            self.second,
            [],
            self.steps,
            fused=True,
            foreach=False,
            amsgrad=False,
            beta1=self.recipe.adam_beta1,
            beta2=self.recipe.adam_beta2,
            lr=self.rate,
            weight_decay=self.l2,
            eps=self.recipe.adam_eps,
            maximize=False,
        )


def _numbers(recipe: Recipe) -> tuple[float, ...]:
    """Return all that Adam's update of a run depends on."""
    return (
        recipe.learning_rate,
        recipe.learning_rate_decay,
        recipe.adam_beta1,
        recipe.adam_beta2,
        recipe.adam_eps,
        recipe.lambda1,
        recipe.lambda2,
    )


_CLASSES: dict[str, type[Momentum | Adam]] = {
    **dict.fromkeys(("sgd", "momentum", "dampened_momentum", "nesterov"), Momentum),
    "adam": Adam,
}
"""Optimiser of :data:`restudy.config.optimisers.OPTIMISERS` -> class."""
