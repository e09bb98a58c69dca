"""The fully connected network, for classification and regression."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from restudy.mlp.activations import ACTIVATIONS
from restudy.mlp.arithmetic import NUMPY, Arithmetic, Array
from restudy.mlp.batch_norm import RunningAverages, batch_norm_backward, batch_norm_forward
from restudy.mlp.checks import choice, not_negative, probability, require
from restudy.mlp.dropout import dropout_backward, dropout_forward
from restudy.mlp.layers import affine_backward, affine_forward
from restudy.mlp.losses import LOSSES
from restudy.mlp.penalties import PENALTIES

Parameters: TypeAlias = dict[str, Array]
Random: TypeAlias = np.random.Generator | np.random.RandomState
"""RandomState is NumPy's old generator; the course's tests need its numbers."""


_Step: TypeAlias = tuple[tuple[str, ...], Callable[[Array, Any], Any], Any]
"""Names of a layer's parameters, its backward function, and the cache of its forward function."""


class FullyConnectedNet:
    """{affine - [batch norm] - activation - [dropout]} x (L - 1) - affine - loss.

    Attributes:
        params: W1, b1, W2, ... of layer i with shapes (inputs, units) and (units,), and with batch
            norm gamma1, beta1, ... of shape (units,).
        averages: the running averages of batch norm, one for each hidden layer; else none.
        layers: number of affine layers, L.
        task: "classification" or "regression".
    """

    def __init__(
        self,
        inputs: int,
        hidden: Sequence[int],
        outputs: int,
        *,
        init_scale: float,
        random: Random,
        loss: str = "cross_entropy",
        activation: str = "relu",
        penalty: str = "l2",
        lambda1: float = 0.0,
        lambda2: float = 0.0,
        batch_norm: bool = False,
        dropout: float = 0.0,
        dtype: DTypeLike = np.float64,
        arithmetic: Arithmetic = NUMPY,
    ) -> None:
        """Draw the weights, layer by layer, from normal(0, init_scale); biases are zero.

        Args:
            inputs: numbers of a sample.
            hidden: widths of the hidden layers; empty for a linear model.
            outputs: number of classes, or of predicted values.
            init_scale: standard deviation of the initial weights.
            random: draws the weights.
            loss: name in ``LOSSES``.
            activation: name in ``ACTIVATIONS``.
            penalty: name in ``PENALTIES``.
            lambda1: strength of the L1 penalty, or of that part of the elastic net.
            lambda2: the same of L2.
            batch_norm: whether each hidden layer has batch norm, before its activation.
            dropout: probability of dropping a hidden unit, in [0, 1).
            dtype: float32 or float64.
            arithmetic: how products of matrices, and exp and log of the loss, are computed.

        Raises:
            ValueError: a name is unknown, a width is less than 1, or a number is out of its range.
        """
        sizes = [inputs, *hidden, outputs]
        require(min(sizes) >= 1, f"widths must be 1 or more, not {sizes}")
        not_negative(init_scale=init_scale, lambda1=lambda1, lambda2=lambda2)
        probability("dropout", dropout)
        self.dtype = np.dtype(dtype)
        require(self.dtype in (np.float32, np.float64), f"float32 or float64, not {self.dtype}")
        self.loss_function = choice("loss", loss, LOSSES)
        self.activation = choice("activation", activation, ACTIVATIONS)
        self.penalty = choice("penalty", penalty, PENALTIES)
        self.lambda1, self.lambda2 = lambda1, lambda2
        self.batch_norm, self.dropout = batch_norm, dropout
        self.arithmetic = arithmetic
        self.task = "regression" if loss == "mse" else "classification"
        self.layers = len(sizes) - 1
        self.params: Parameters = {}
        self.averages: list[RunningAverages] = []
        for i, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes), start=1):
            weights = init_scale * random.standard_normal((fan_in, fan_out))
            self.params[f"W{i}"] = weights.astype(self.dtype)
            self.params[f"b{i}"] = np.zeros(fan_out, self.dtype)
            if batch_norm and i < self.layers:
                self.params[f"gamma{i}"] = np.ones(fan_out, self.dtype)
                self.params[f"beta{i}"] = np.zeros(fan_out, self.dtype)
                self.averages.append(RunningAverages.start(fan_out, self.dtype))

    def outputs(self, x: ArrayLike) -> Array:
        """Return the scores or predictions of samples, at inference, shape (n, outputs).

        Scores are no probabilities; :func:`restudy.mlp.losses.softmax` makes them so.

        Args:
            x: shape (n, ...), cast to the network's type.

        Raises:
            ValueError: the samples do not have as many numbers as the network takes.
        """
        return self._forward(x, training=False, random=None)[0]

    def data_loss(self, x: ArrayLike, y: ArrayLike) -> float:
        """Return the loss of samples at inference, without the penalty.

        Arguments and errors are those of :meth:`loss_and_gradients`.
        """
        return self._data_loss(self.outputs(x), y)[0]

    def loss(self, x: ArrayLike, y: ArrayLike, random: np.random.Generator | None = None) -> float:
        """Return the training loss of a batch, penalties included.

        Arguments, effects and errors are those of :meth:`loss_and_gradients`.
        """
        outputs, _ = self._forward(x, training=True, random=random)
        loss, _ = self._data_loss(outputs, y)
        for value, _ in self._penalties().values():
            loss += value
        return loss

    def loss_and_gradients(
        self, x: ArrayLike, y: ArrayLike, random: np.random.Generator | None = None
    ) -> tuple[float, Parameters]:
        """Return the training loss of a batch, penalties included, and all its gradients.

        Batch norm takes the batch's statistics, and moves its running averages.

        Args:
            x: samples, shape (n, ...), cast to the network's type.
            y: classes, integers of shape (n,), or target values of shape (n, outputs); (n,) will
                do with one output.
            random: draws the masks of dropout.

        Returns:
            data loss plus penalties, and the gradient for each name in ``params``.

        Raises:
            ValueError: shapes do not fit, or a network with dropout gets no ``random``.
        """
        outputs, steps = self._forward(x, training=True, random=random)
        loss, dout = self._data_loss(outputs, y)
        gradients = self._backward(dout, steps)
        for name, (value, gradient) in self._penalties().items():
            loss += value
            gradients[name] = gradients[name] + gradient
        return loss, gradients

    def state(self) -> dict[str, NDArray[Any]]:
        """Return copies of parameters and running averages (mean1, var1, ...), by name."""
        return {name: array.copy() for name, array in self._arrays().items()}

    def load_state(self, state: dict[str, NDArray[Any]]) -> None:
        """Put a :meth:`state` back.

        Raises:
            ValueError: names or shapes are not those of this network.
        """
        arrays = self._arrays()
        found, needed = ({k: a.shape for k, a in s.items()} for s in (state, arrays))
        require(found == needed, f"a state of {needed} is needed, not of {found}")
        for name, array in arrays.items():
            array[...] = state[name]

    def _forward(
        self, x: ArrayLike, *, training: bool, random: np.random.Generator | None
    ) -> tuple[Array, list[_Step]]:
        require(
            not (training and self.dropout and random is None), "dropout needs a random generator"
        )
        steps: list[_Step] = []
        cache: Any
        h = np.asarray(x, self.dtype)
        for i in range(1, self.layers + 1):
            w, b = self.params[f"W{i}"], self.params[f"b{i}"]
            h, cache = affine_forward(h, w, b, self.arithmetic)
            steps.append(((f"W{i}", f"b{i}"), affine_backward, cache))
            if i == self.layers:
                break
            if self.batch_norm:
                gamma, beta = self.params[f"gamma{i}"], self.params[f"beta{i}"]
                averages = self.averages[i - 1]
                h, cache = batch_norm_forward(h, gamma, beta, averages, training=training)
                steps.append(((f"gamma{i}", f"beta{i}"), batch_norm_backward, cache))
            h, cache = self.activation.forward(h)
            steps.append(((), self.activation.backward, cache))
            h, cache = dropout_forward(h, self.dropout, random if self.dropout else None)
            steps.append(((), dropout_backward, cache))
        return h, steps

    def _backward(self, dout: Array, steps: Sequence[_Step]) -> Parameters:
        gradients: Parameters = {}
        for names, backward, cache in reversed(steps):
            found = backward(dout, cache)
            dout, *own = found if names else (found,)
            gradients |= dict(zip(names, own, strict=True))
        return gradients

    def _data_loss(self, outputs: Array, y: ArrayLike) -> tuple[float, Array]:
        if self.task == "classification":
            return self.loss_function(outputs, np.asarray(y), self.arithmetic)
        targets = np.asarray(y, self.dtype)
        if targets.ndim == 1 and outputs.shape[1] == 1:
            targets = targets[:, None]
        return self.loss_function(outputs, targets, self.arithmetic)

    def _penalties(self) -> dict[str, tuple[float, Array]]:
        """Return value and gradient of the penalty on each weight matrix, first layer first."""
        weights = {f"W{i}": self.params[f"W{i}"] for i in range(1, self.layers + 1)}
        return {n: self.penalty(w, self.lambda1, self.lambda2) for n, w in weights.items()}

    def _arrays(self) -> dict[str, Array]:
        arrays = dict(self.params)
        for i, averages in enumerate(self.averages, start=1):
            arrays[f"mean{i}"], arrays[f"var{i}"] = averages.mean, averages.var
        return arrays
