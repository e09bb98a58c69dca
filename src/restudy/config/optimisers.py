"""The optimisers that a recipe may name, with their rules.

With g the gradient, w the weights, v the velocity, m the momentum and lr the learning rate. The
arithmetic is in ``restudy.training.optimisers``.
"""

from __future__ import annotations

OPTIMISERS: dict[str, str] = {
    "sgd": "w -= lr*g",
    "momentum": "v = m*v + g, w -= lr*v",
    "dampened_momentum": "v = m*v + (1-m)*g, w -= lr*v",
    "nesterov": "v = m*v + g, w -= lr*(g + m*v)",
    "adam": "Kingma and Ba 2015",
}
"""Name -> rule."""
