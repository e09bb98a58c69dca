"""The compiled step: forward, backward and update of one network for a block of batches.

The formulas are those of the stacked engine, see :mod:`restudy.training.network`,
:mod:`restudy.training.norms`, :mod:`restudy.training.losses` and
:mod:`restudy.training.optimisers`. A number that is not finite stays so: comparisons are written
such that NaN passes.
"""

# Numba infers the types of compiled functions.
# mypy: ignore-errors

from __future__ import annotations

import math

import numba

from restudy.training.compiled.layout import (
    ACTIVATED,
    BIAS,
    CHUNK_NUMBERS,
    INPUTS,
    MASK,
    MOMENTS,
    NORMED,
    OUTPUT,
    OUTPUTS,
    PADDED,
    SCALE,
    SHIFT,
    STATISTICS,
    VECTORS,
    WEIGHTS,
)
from restudy.training.compiled.products import multiply

# Places in the options, and their values.
ACTIVATION, NORM, AFTER, BIASES, LOSS, RULE, SIGNED, DROPS, WATCHED = range(9)
IDENTITY, RELU, SIGMOID, TANH = range(4)
NO_NORM, BATCH, LAYER = range(3)
NO_BIAS, PER_NEURON, SHARED = range(3)
CROSS_ENTROPY, DOUBLE_SOFTMAX, SQUARED = range(3)
MOMENTUM_RULE, NESTEROV, ADAM = range(3)
# Places in the numbers.
RATE, MOMENTUM, L1, L2, NORM_EPS, NORM_MOMENTUM, BETA1, BETA2, ADAM_EPS = range(9)

# NaN and infinity keep their meaning; sums may be taken in any order that the compiler finds.
_fast = numba.njit(cache=True, fastmath={"reassoc", "contract", "nsz"}, error_model="numpy")


@_fast
def _activate(kind, z):
    """Apply an activation to numbers in place."""
    one, zero = z.dtype.type(1), z.dtype.type(0)
    if kind == RELU:
        for q in range(len(z)):
            z[q] = zero if z[q] < zero else z[q]
    elif kind == SIGMOID:
        for q in range(len(z)):
            z[q] = one / (one + math.exp(-z[q]))
    elif kind == TANH:
        for q in range(len(z)):
            z[q] = math.tanh(z[q])


@_fast
def _activate_backward(kind, g, a):
    """Multiply a gradient by the activation's derivative, put in terms of its output a."""
    one, zero = g.dtype.type(1), g.dtype.type(0)
    if kind == RELU:
        for q in range(len(a)):
            g[q] = zero if a[q] <= zero else g[q]
    elif kind == SIGMOID:
        for q in range(len(a)):
            g[q] *= a[q] * (one - a[q])
    elif kind == TANH:
        for q in range(len(a)):
            g[q] *= one - a[q] * a[q]


@_fast
def _add(target, source):
    """Add an array to another in place."""
    for q in range(len(target)):
        target[q] += source[q]


@_fast
def _batch_norm(z, out, normed, mean, var, rstd, scale, shift, batch, width, eps):
    """Normalise each unit of z, (batch rows of width), by its mean and variance over the batch."""
    real = z.dtype.type
    units = len(scale)
    mean[:] = real(0)
    var[:] = real(0)
    for r in range(batch):
        _add(mean, z[r * width : r * width + units])
    for j in range(units):
        mean[j] /= real(batch)
    for r in range(batch):
        row = z[r * width : r * width + units]
        for j in range(units):
            d = row[j] - mean[j]
            var[j] += d * d
    for j in range(units):
        var[j] /= real(batch)
        rstd[j] = real(1) / math.sqrt(var[j] + eps)
    for r in range(batch):
        row = z[r * width : r * width + units]
        hat = normed[r * width : r * width + units]
        to = out[r * width : r * width + units]
        for j in range(units):
            h = (row[j] - mean[j]) * rstd[j]
            hat[j] = h
            to[j] = h * scale[j] + shift[j]


@_fast
def _layer_norm(z, out, normed, rstd, scale, shift, batch, width, eps):
    """Normalise each row of z, (batch rows of width), by its mean and variance over the units."""
    real = z.dtype.type
    units = len(scale)
    for r in range(batch):
        row = z[r * width : r * width + units]
        hat = normed[r * width : r * width + units]
        to = out[r * width : r * width + units]
        mean = real(0)
        for j in range(units):
            mean += row[j]
        mean /= real(units)
        var = real(0)
        for j in range(units):
            d = row[j] - mean
            var += d * d
        rstd[r] = real(1) / math.sqrt(var / real(units) + eps)
        for j in range(units):
            h = (row[j] - mean) * rstd[r]
            hat[j] = h
            to[j] = h * scale[j] + shift[j]


@_fast
def _norm_backward(kind, g, normed, rstd, scale, to_scale, to_shift, batch, width):
    """Turn the gradient of a norm's output into that of its input; add up scale's and shift's."""
    real = g.dtype.type
    units = len(scale)
    for r in range(batch):
        own = g[r * width : r * width + units]
        hat = normed[r * width : r * width + units]
        for j in range(units):
            to_scale[j] += own[j] * hat[j]
            to_shift[j] += own[j]
    share = real(1) / real(batch if kind == BATCH else units)
    for r in range(batch):
        own = g[r * width : r * width + units]
        hat = normed[r * width : r * width + units]
        if kind == BATCH:
            for j in range(units):
                centred = own[j] - share * (to_shift[j] + hat[j] * to_scale[j])
                own[j] = scale[j] * rstd[j] * centred
            continue
        total = real(0)
        along = real(0)
        for j in range(units):
            inner = own[j] * scale[j]
            total += inner
            along += inner * hat[j]
        for j in range(units):
            own[j] = rstd[r] * (own[j] * scale[j] - share * (total + hat[j] * along))


@_fast
def _softmax(z):
    """Overwrite numbers by their softmax; return the log of the sum of their exponentials."""
    largest = z[0]
    for q in range(len(z)):
        largest = max(largest, z[q])
    total = z.dtype.type(0)
    for q in range(len(z)):
        z[q] = math.exp(z[q] - largest)
        total += z[q]
    for q in range(len(z)):
        z[q] /= total
    return math.log(total) + largest


@_fast
def _class_gradient(kind, z, y, factor):
    """Overwrite one sample's outputs by the gradient of its loss times a factor; return the loss.

    With p = softmax(z) and e the unit vector of class y: cross-entropy p - e; after a second
    softmax d = softmax(p) - e, p * (d - sum(p * d)).
    """
    real = z.dtype.type
    right = z[y]
    log_total = _softmax(z)
    if kind == CROSS_ENTROPY:
        for c in range(len(z)):
            z[c] *= factor
        z[y] -= factor
        return log_total - right
    total = real(0)
    for c in range(len(z)):
        total += math.exp(z[c])
    loss = math.log(total) - z[y]
    mean = -z[y]
    for c in range(len(z)):
        mean += z[c] * (math.exp(z[c]) / total)
    for c in range(len(z)):
        d = math.exp(z[c]) / total - (real(1) if c == y else real(0))
        z[c] *= (d - mean) * factor
    return loss


@_fast
def _update(rule, signed, w, g, first, second, numbers, penalised, t):
    """Update parameters w from their gradient g.

    The momentum rules keep u = rate * velocity and take gradients times the rate; with plain
    momentum g is u itself, to which the product has added already.

    ``numbers`` are the run's; ``penalised`` says whether w are weights; ``t`` counts the steps
    from 1. The arrays are of one length.
    """
    real = w.dtype.type
    zero = real(0)
    if penalised:
        l1, l2 = real(numbers[L1]), real(numbers[L2])
        if l2 != zero:
            for q in range(len(w)):
                g[q] += l2 * w[q]
        if l1 != zero and signed:
            for q in range(len(w)):
                g[q] += l1
        elif l1 != zero:
            for q in range(len(w)):
                g[q] += l1 if w[q] > zero else (-l1 if w[q] < zero else zero)
    if rule == MOMENTUM_RULE:
        for q in range(len(w)):
            w[q] -= g[q]
    elif rule == NESTEROV:
        momentum = real(numbers[MOMENTUM])
        for q in range(len(w)):
            u = momentum * first[q] + g[q]
            first[q] = u
            w[q] -= g[q] + momentum * u
    else:
        rate = real(numbers[RATE] / (1 - numbers[BETA1] ** t))
        root = real(1 / math.sqrt(1 - numbers[BETA2] ** t))
        b1, b2, eps = real(numbers[BETA1]), real(numbers[BETA2]), real(numbers[ADAM_EPS])
        rest1, rest2 = real(1 - numbers[BETA1]), real(1 - numbers[BETA2])
        for q in range(len(w)):
            m = b1 * first[q] + rest1 * g[q]
            v = b2 * second[q] + rest2 * g[q] * g[q]
            first[q] = m
            second[q] = v
            w[q] -= rate * m / (math.sqrt(v) * root + eps)


@_fast
def _transpose(rows, target, width, columns, batch, panel):
    """Copy (batch rows of width) to (panels of rows, columns, panel); missing rows become zero."""
    for start in range(0, batch, panel):
        to = target[start * columns : (start + panel) * columns]
        here = min(panel, batch - start)
        if here < panel:
            to[:] = target.dtype.type(0)
        for r in range(here):
            row = rows[(start + r) * width : (start + r) * width + columns]
            for c in range(columns):
                to[c * panel + r] = row[c]


@_fast
def _transpose_back(source, rows, width, columns, batch, panel):
    """Undo :func:`_transpose`, and put zeros on the pads of the rows."""
    for start in range(0, batch, panel):
        of = source[start * columns : (start + panel) * columns]
        for r in range(min(panel, batch - start)):
            row = rows[(start + r) * width : (start + r + 1) * width]
            for c in range(columns):
                row[c] = of[c * panel + r]
            row[columns:] = rows.dtype.type(0)


@_fast
def train_steps(
    x,
    labels,
    values,
    order,
    params,
    first,
    second,
    statistics,
    layers,
    places,
    lanes,
    weights,
    work,
    masks,
    options,
    numbers,
    step,
    losses,
):
    """Take one optimiser step of one network for each batch.

    Args:
        x: (n, features), all training samples.
        labels: (n,) int64, class numbers; unused with the squared loss.
        values: (n,), targets; unused with classes.
        order: (steps, batch) int64, sample numbers.
        params: all trainable numbers, see :class:`restudy.training.compiled.layout.Layout`.
        first: as long: u of the momentum rules, or Adam's mean of gradients.
        second: as long for Adam: its mean of squares.
        statistics: running mean and variance of each layer with batch norm.
        layers: (layers, columns), of the layout.
        places: of the layout.
        lanes: numbers in a vector.
        weights: how many of the parameters are weights.
        work: working memory.
        masks: dropout's factors, (steps, units of all hidden layers * batch), units first.
        options: int64, see the names above.
        numbers: float64, see the names above.
        step: optimiser steps that were taken before.
        losses: (steps,), filled with each batch's mean loss before its step, if watched.
    """
    real = params.dtype.type
    zero = real(0)
    steps, batch = order.shape
    features = x.shape[1]
    last = len(layers) - 1
    activation, norm, after = options[ACTIVATION], options[NORM], options[AFTER]
    biases, rule, signed, drops = options[BIASES], options[RULE], options[SIGNED], options[DROPS]
    normed_before = norm != NO_NORM and not after
    normed_after = norm != NO_NORM and after
    eps, norm_momentum = real(numbers[NORM_EPS]), real(numbers[NORM_MOMENTUM])
    momentum = real(numbers[MOMENTUM])
    inputs_at, gradient, transposed, below, small_at, chunk = places
    small = work[small_at : small_at + len(params) - weights]
    scale = real(1) / real(batch) if rule == ADAM else real(numbers[RATE]) / real(batch)
    batch_vectors = 2 if batch > lanes else 1
    batch_panel = batch_vectors * lanes
    for s in range(steps):
        for r in range(batch):
            row = inputs_at + r * features
            work[row : row + features] = x[order[s, r]]
        # Forward
        h, h_row = inputs_at, features
        for i in range(last + 1):
            layer = layers[i]
            inputs, units, width = layer[INPUTS], layer[OUTPUTS], layer[PADDED]
            panel, size = layer[VECTORS] * lanes, batch * width
            z_at = gradient if i == last else layer[ACTIVATED]
            for p in range(0, width, panel):
                multiply(
                    batch, layer[VECTORS], work, z_at + p, width, work, h, h_row, 1,
                    params, layer[WEIGHTS] + p * inputs, panel, inputs, zero,
                )  # fmt: skip
            z = work[z_at : z_at + size]
            bias = params[layer[BIAS] : layer[BIAS] + units]
            # Batch norm takes out a bias in front of it: it moves the running mean alone.
            idle = i < last and normed_before and norm == BATCH
            if biases != NO_BIAS and not idle:
                for r in range(batch):
                    _add(z[r * width : r * width + units], bias)
            if i == last:
                break
            gamma = params[layer[SCALE] : layer[SCALE] + units]
            beta = params[layer[SHIFT] : layer[SHIFT] + units]
            normed = work[layer[NORMED] : layer[NORMED] + size]
            out_at = layer[OUTPUT] if normed_after or drops else z_at
            out = work[out_at : out_at + size]
            room = max(batch, width)
            at = layer[MOMENTS]
            mean, var = work[at : at + units], work[at + room : at + room + units]
            rstd = work[at + 2 * room : at + 3 * room]
            if normed_after:
                for r in range(batch):
                    _activate(activation, z[r * width : r * width + units])
            if norm == BATCH:
                to = out if normed_after else z
                _batch_norm(z, to, normed, mean, var, rstd, gamma, beta, batch, width, eps)
                at = layer[STATISTICS]
                running, running_var = statistics[at : at + units], statistics[at + width :]
                unbiased = real(batch) / real(batch - 1)
                if idle and biases != NO_BIAS:
                    _add(mean, bias)
                for j in range(units):
                    running[j] += norm_momentum * (mean[j] - running[j])
                    running_var[j] += norm_momentum * (var[j] * unbiased - running_var[j])
            elif norm == LAYER:
                to = out if normed_after else z
                _layer_norm(z, to, normed, rstd, gamma, beta, batch, width, eps)
            if not normed_after:
                for r in range(batch):
                    _activate(activation, z[r * width : r * width + units])
            if drops:
                mask = masks[s, layer[MASK] * batch : (layer[MASK] + units) * batch]
                source = out if normed_after else z
                for r in range(batch):
                    for j in range(units):
                        out[r * width + j] = source[r * width + j] * mask[j * batch + r]
            h, h_row = out_at, width
        # Backward
        layer = layers[last]
        loss = zero
        for r in range(batch):
            at = gradient + r * layer[PADDED]
            if options[LOSS] == SQUARED:
                d = work[at] - values[order[s, r]]
                work[at] = real(2) * scale * d
                loss += d * d
            else:
                z = work[at : at + layer[OUTPUTS]]
                loss += _class_gradient(options[LOSS], z, labels[order[s, r]], scale)
        if options[WATCHED]:
            losses[s] = loss / real(batch)
        small[:] = zero
        for i in range(last, -1, -1):
            layer = layers[i]
            inputs, units, width = layer[INPUTS], layer[OUTPUTS], layer[PADDED]
            panel = layer[VECTORS] * lanes
            g = work[gradient : gradient + batch * width]
            idle = i < last and normed_before and norm == BATCH
            if biases != NO_BIAS and not idle:
                at = layer[BIAS] - weights
                to_bias = small[at : at + units]
                for r in range(batch):
                    _add(to_bias, g[r * width : r * width + units])
                if biases == SHARED:
                    total = zero
                    for j in range(units):
                        total += to_bias[j]
                    to_bias[:] = total
            h, h_row = inputs_at, features
            if i:
                previous = layers[i - 1]
                h = previous[OUTPUT] if normed_after or drops else previous[ACTIVATED]
                h_row = previous[PADDED]
                _transpose(g, work[transposed:below], width, units, batch, batch_panel)
                for start in range(0, batch, batch_panel):
                    for p in range(0, units, panel):
                        multiply(
                            inputs, batch_vectors, work, below + start * inputs, batch_panel,
                            params, layer[WEIGHTS] + p * inputs, panel, 1,
                            work, transposed + start * units + p * batch_panel, batch_panel,
                            min(panel, units - p), real(1) if p else zero,
                        )  # fmt: skip
            # The weights are updated piece by piece, while a piece is in the fastest cache.
            rows = CHUNK_NUMBERS // panel
            for p in range(0, width, panel):
                for start in range(0, inputs, rows):
                    some = min(rows, inputs - start)
                    at = layer[WEIGHTS] + p * inputs + start * panel
                    w, u = params[at : at + some * panel], first[at : at + some * panel]
                    v = second[at : at + some * panel]
                    if rule == MOMENTUM_RULE:
                        multiply(
                            some, layer[VECTORS], u, 0, panel, work, h + start, 1, h_row,
                            work, gradient + p, width, batch, momentum,
                        )  # fmt: skip
                        _update(rule, signed, w, u, u, v, numbers, True, step + s + 1)
                    else:
                        multiply(
                            some, layer[VECTORS], work, chunk, panel, work, h + start, 1, h_row,
                            work, gradient + p, width, batch, zero,
                        )  # fmt: skip
                        part = work[chunk : chunk + some * panel]
                        _update(rule, signed, w, part, u, v, numbers, True, step + s + 1)
            if i == 0:
                break
            layer = layers[i - 1]
            units, width = layer[OUTPUTS], layer[PADDED]
            size = batch * width
            g = work[gradient : gradient + size]
            _transpose_back(work[below:small_at], g, width, units, batch, batch_panel)
            if drops:
                mask = masks[s, layer[MASK] * batch : (layer[MASK] + units) * batch]
                for r in range(batch):
                    for j in range(units):
                        g[r * width + j] *= mask[j * batch + r]
            normed = work[layer[NORMED] : layer[NORMED] + size]
            rstd = work[layer[MOMENTS] + 2 * max(batch, width) :]
            gamma = params[layer[SCALE] : layer[SCALE] + units]
            to_scale, to_shift = small[layer[SCALE] - weights :], small[layer[SHIFT] - weights :]
            if normed_after:
                _norm_backward(norm, g, normed, rstd, gamma, to_scale, to_shift, batch, width)
            _activate_backward(activation, g, work[layer[ACTIVATED] : layer[ACTIVATED] + size])
            if normed_before:
                _norm_backward(norm, g, normed, rstd, gamma, to_scale, to_shift, batch, width)
        if rule == MOMENTUM_RULE:
            u = first[weights:]
            for q in range(len(small)):
                u[q] = momentum * u[q] + small[q]
            _update(rule, signed, params[weights:], u, u, u, numbers, False, step + s + 1)
        else:
            _update(
                rule, signed, params[weights:], small, first[weights:], second[weights:], numbers,
                False, step + s + 1,
            )  # fmt: skip
