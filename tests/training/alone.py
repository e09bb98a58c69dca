"""The reference: one network alone, with torch.nn and torch.optim, on given batches."""

import itertools

import torch
from torch import nn

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "identity": nn.Identity}


class SharedBias(nn.Module):
    """A linear layer whose units share one bias."""

    def __init__(self, inputs, outputs, dtype):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, dtype=dtype))
        self.bias = nn.Parameter(torch.zeros(1, dtype=dtype))

    def forward(self, x):
        return x @ self.weight.T + self.bias


class Alone(nn.Module):
    def __init__(self, recipe, inputs, outputs, state, dtype):
        super().__init__()
        self.recipe = recipe
        sizes = [inputs, *recipe.hidden, outputs]
        self.linear = nn.ModuleList(
            SharedBias(a, b, dtype)
            if recipe.bias == "shared"
            else nn.Linear(a, b, bias=recipe.bias == "per_neuron", dtype=dtype)
            for a, b in itertools.pairwise(sizes)
        )
        norms = {
            "none": lambda n: nn.Identity(),
            "batch": lambda n: nn.BatchNorm1d(
                n, recipe.norm_eps, recipe.norm_momentum, dtype=dtype
            ),
            "layer": lambda n: nn.LayerNorm(n, recipe.norm_eps, dtype=dtype),
        }
        self.norm = nn.ModuleList(norms[recipe.norm](n) for n in recipe.hidden)
        self.activation = ACTIVATIONS[recipe.activation]()
        with torch.no_grad():
            for i, linear in enumerate(self.linear):
                linear.weight.copy_(state[f"linear.{i}.weight"])
                if recipe.bias != "none":
                    linear.bias.copy_(state[f"linear.{i}.bias"][: linear.bias.numel()])

    def forward(self, x, masks=None):
        for i, linear in enumerate(self.linear[:-1]):
            x = linear(x)
            if self.recipe.norm_position == "before":
                x = self.activation(self.norm[i](x))
            else:
                x = self.norm[i](self.activation(x))
            if masks is not None:
                x = x * masks[i]
        return self.linear[-1](x)


class Averaging(torch.optim.Optimizer):
    """S1's printed rule: v = m v + (1 - m) g, w = w - lr v."""

    def __init__(self, params, lr, momentum):
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                v = self.state[p].get("v", torch.zeros_like(p))
                v = group["momentum"] * v + (1 - group["momentum"]) * p.grad
                self.state[p]["v"] = v
                p -= group["lr"] * v


def optimiser(recipe, parameters):
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(parameters, recipe.learning_rate)
    if recipe.optimiser == "momentum":
        return torch.optim.SGD(parameters, recipe.learning_rate, recipe.momentum)
    if recipe.optimiser == "nesterov":
        return torch.optim.SGD(parameters, recipe.learning_rate, recipe.momentum, nesterov=True)
    if recipe.optimiser == "dampened_momentum":
        return Averaging(parameters, recipe.learning_rate, recipe.momentum)
    return torch.optim.Adam(
        parameters,
        recipe.learning_rate,
        (recipe.adam_beta1, recipe.adam_beta2),
        recipe.adam_eps,
    )


def objective(recipe, network, outputs, y):
    """Data loss plus penalty, written down as the recipe's documentation says."""
    if recipe.loss == "mse":
        loss = ((outputs[:, 0] - y) ** 2).mean()
    else:
        logits = outputs.softmax(1) if recipe.loss == "double_softmax" else outputs
        loss = nn.functional.cross_entropy(logits, y)
    for linear in network.linear:
        w = linear.weight
        loss = loss + recipe.lambda1 * (w if recipe.l1_form == "without_abs" else w.abs()).sum()
        half = 0.5 if recipe.l2_convention == "lambda_over_2" else 1.0
        loss = loss + half * recipe.lambda2 * (w**2).sum()
    return loss
