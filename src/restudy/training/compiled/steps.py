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
from typing import NamedTuple

import numba

from restudy.training.compiled.exponential import exponential, hyperbolic_tangent, sigmoid
from restudy.training.compiled.layout import (
    ACTIVATED,
    BELOW,
    BIAS,
    CHUNK,
    GRADIENT,
    INPUTS,
    MASK,
    MOMENTS,
    NORMED,
    OUTPUT,
    OUTPUTS,
    PADDED,
    ROW,
    ROWS,
    SCALE,
    SHIFT,
    SMALL,
    STATISTICS,
    TRANSPOSED,
    VECTORS,
    WEIGHTS,
    X_ROW,
    X,
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

# How much of an inner dimension is multiplied at a time, for the factors to stay in the cache.
PANELS, SAMPLES = 4, 128


class Memory(NamedTuple):
    """The arrays of one network, all but the masks one-dimensional.

    Attributes:
        params: all trainable numbers, see :class:`restudy.training.compiled.layout.Layout`.
        first: as long: u of the momentum rules, or Adam's mean of gradients.
        second: as long for Adam: its mean of squares.
        statistics: running mean and variance of each layer with batch norm.
        work: working memory.
        masks: dropout's factors, (steps, units of all hidden layers * batch), units first.
    """

    params: object
    first: object
    second: object
    statistics: object
    work: object
    masks: object


class Shape(NamedTuple):
    """Sizes and places: (layers, columns) and the places of the layout, numbers in a vector."""

    layers: object
    places: object
    lanes: object
    weights: object


# NaN and infinity keep their meaning; sums may be taken in any order that the compiler finds.
_fast = numba.njit(cache=True, fastmath={"reassoc", "contract", "nsz"}, error_model="numpy")


@_fast
def _activate(kind, z):
    """Apply an activation to numbers in place."""
    zero = z.dtype.type(0)
    if kind == RELU:
        for q in range(len(z)):
            z[q] = zero if z[q] < zero else z[q]
    elif kind == SIGMOID:
        for q in range(len(z)):
            z[q] = sigmoid(z[q], z)
    elif kind == TANH:
        for q in range(len(z)):
            z[q] = hyperbolic_tangent(z[q], z)


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
def _softmax(z, row_length, units, batch, logs):
    """Overwrite each row by its softmax; put the logs of the sums of exponentials into ``logs``."""
    for r in range(batch):
        row = z[r * row_length : r * row_length + units]
        largest = row[0]
        for c in range(units):
            largest = max(largest, row[c])
        for c in range(units):
            row[c] -= largest
        logs[r] = largest
    for q in range(len(z)):
        z[q] = exponential(z[q], z)
    for r in range(batch):
        row = z[r * row_length : r * row_length + units]
        total = z.dtype.type(0)
        for c in range(units):
            total += row[c]
        for c in range(units):
            row[c] /= total
        logs[r] += math.log(total)


@_fast
def _class_gradients(kind, z, row_length, units, labels, samples, logs, factor):
    """Overwrite outputs by the gradient of their loss times a factor; return the sum of losses.

    With p = softmax(z) and e the unit vector of class y: cross-entropy p - e; after a second
    softmax d = softmax(p) - e, p * (d - sum(p * d)). ``z`` has a row for each of the ``samples``,
    whose classes are among the ``labels``; ``logs`` is working memory, (batch,).
    """
    real = z.dtype.type
    loss = real(0)
    batch = len(samples)
    for r in range(batch):
        loss -= z[r * row_length + labels[samples[r]]]
    _softmax(z, row_length, units, batch, logs)
    if kind == CROSS_ENTROPY:
        for r in range(batch):
            row = z[r * row_length : r * row_length + units]
            for c in range(units):
                row[c] *= factor
            row[labels[samples[r]]] -= factor
            loss += logs[r]
        return loss
    loss = real(0)
    for r in range(batch):
        row, y = z[r * row_length : r * row_length + units], labels[samples[r]]
        total = real(0)
        for c in range(units):
            total += exponential(row[c], z)
        loss += math.log(total) - row[y]
        mean = -row[y]
        for c in range(units):
            mean += row[c] * (exponential(row[c], z) / total)
        for c in range(units):
            d = exponential(row[c], z) / total - (real(1) if c == y else real(0))
            row[c] *= (d - mean) * factor
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
def _transpose(rows, target, row_length, columns, batch, panel):
    """Copy (batch rows of columns) to (panels of rows, columns, panel); missing rows are zero."""
    for start in range(0, batch, panel):
        to = target[start * columns : (start + panel) * columns]
        here = min(panel, batch - start)
        if here < panel:
            to[:] = target.dtype.type(0)
        for r in range(here):
            row = rows[(start + r) * row_length : (start + r) * row_length + columns]
            for c in range(columns):
                to[c * panel + r] = row[c]


@_fast
def _transpose_back(source, rows, row_length, columns, units, batch, panel):
    """Undo :func:`_transpose` for the first columns, the units; put zeros on the others."""
    for start in range(0, batch, panel):
        of = source[start * units : (start + panel) * units]
        for r in range(min(panel, batch - start)):
            row = rows[(start + r) * row_length : (start + r) * row_length + columns]
            for c in range(units):
                row[c] = of[c * panel + r]
            row[units:] = rows.dtype.type(0)


@_fast
def _products(layer, lanes, params, work, z_at, h, h_row, batch):
    """Multiply a layer's inputs, at ``h``, by its weights."""
    inputs, panel, rows = layer[INPUTS], layer[VECTORS] * lanes, layer[ROWS]
    zero, one = work.dtype.type(0), work.dtype.type(1)
    for start in range(0, inputs, rows):
        for p in range(0, layer[PADDED], panel):
            multiply(
                batch, layer[VECTORS], work, z_at + p, layer[ROW], work, h + start, h_row, 1, 0,
                params, layer[WEIGHTS] + p * inputs + start * panel, panel,
                min(rows, inputs - start), 1, one if start else zero,
            )  # fmt: skip


@_fast
def _input_gradients(layer, lanes, params, work, of, to, batch, vectors):
    """Compute the gradient of a layer's inputs.

    The gradient of its outputs lies at ``of``, (panels of samples, outputs, panel), that of its
    inputs goes to ``to``, (panels of samples, inputs, panel). A panel has one or two ``vectors``.
    """
    inputs, padded, panel = layer[INPUTS], layer[PADDED], layer[VECTORS] * lanes
    zero, one = work.dtype.type(0), work.dtype.type(1)
    samples, rows = vectors * lanes, layer[ROWS]
    for start in range(0, inputs, rows):
        for p in range(0, padded, PANELS * panel):
            for s in range(0, batch, samples):
                multiply(
                    min(rows, inputs - start), vectors, work, to + s * inputs + start * samples,
                    samples, params, layer[WEIGHTS] + p * inputs + start * panel, panel, 1,
                    inputs * panel, work, of + s * padded + p * samples, samples, panel,
                    min(PANELS, (padded - p) // panel), one if p else zero,
                )  # fmt: skip


@_fast
def _weight_gradients(c, c_at, some, layer, panel, work, h, h_row, g, batch, beta):
    """Compute c = beta c + the gradient of some inputs' weights in one panel."""
    for s in range(0, batch, SAMPLES):
        multiply(
            some, layer[VECTORS], c, c_at, panel, work, h + s * h_row, 1, h_row, 0,
            work, g + s * layer[ROW], layer[ROW], min(SAMPLES, batch - s), 1,
            work.dtype.type(1) if s else beta,
        )  # fmt: skip


@_fast
def _forward(memory, shape, options, numbers, s, batch):
    """Compute all layers of a batch, the s-th of a block."""
    params, work = memory.params, memory.work
    real = work.dtype.type
    norm, after, drops = options[NORM], options[AFTER], options[DROPS]
    normed_after = norm != NO_NORM and after
    eps, norm_momentum = real(numbers[NORM_EPS]), real(numbers[NORM_MOMENTUM])
    h, h_row = shape.places[X], shape.places[X_ROW]
    last = len(shape.layers) - 1
    for i in range(last + 1):
        layer = shape.layers[i]
        units, width = layer[OUTPUTS], layer[ROW]
        size = batch * width
        z_at = shape.places[GRADIENT] if i == last else layer[ACTIVATED]
        _products(layer, shape.lanes, params, work, z_at, h, h_row, batch)
        z = work[z_at : z_at + size]
        bias = params[layer[BIAS] : layer[BIAS] + units]
        # Batch norm takes out a bias in front of it: it moves the running mean alone.
        idle = i < last and norm == BATCH and not after
        if options[BIASES] != NO_BIAS and not idle:
            for r in range(batch):
                _add(z[r * width : r * width + units], bias)
        if i == last:
            break
        gamma = params[layer[SCALE] : layer[SCALE] + units]
        beta = params[layer[SHIFT] : layer[SHIFT] + units]
        normed = work[layer[NORMED] : layer[NORMED] + size]
        out_at = layer[OUTPUT] if normed_after or drops else z_at
        out = work[out_at : out_at + size]
        to = out if normed_after else z
        room, at = max(batch, layer[PADDED]), layer[MOMENTS]
        mean, var = work[at : at + units], work[at + room : at + room + units]
        rstd = work[at + 2 * room : at + 3 * room]
        if normed_after:
            for r in range(batch):
                _activate(options[ACTIVATION], z[r * width : r * width + units])
        if norm == BATCH:
            _batch_norm(z, to, normed, mean, var, rstd, gamma, beta, batch, width, eps)
            at = layer[STATISTICS]
            running = memory.statistics[at : at + units]
            running_var = memory.statistics[at + layer[PADDED] :]
            unbiased = real(batch) / real(batch - 1)
            if idle and options[BIASES] != NO_BIAS:
                _add(mean, bias)
            for j in range(units):
                running[j] += norm_momentum * (mean[j] - running[j])
                running_var[j] += norm_momentum * (var[j] * unbiased - running_var[j])
        elif norm == LAYER:
            _layer_norm(z, to, normed, rstd, gamma, beta, batch, width, eps)
        if not normed_after:
            for r in range(batch):
                _activate(options[ACTIVATION], z[r * width : r * width + units])
        if drops:
            mask = memory.masks[s, layer[MASK] * batch : (layer[MASK] + units) * batch]
            for r in range(batch):
                for j in range(units):
                    out[r * width + j] = to[r * width + j] * mask[j * batch + r]
        h, h_row = out_at, width


@_fast
def _output_gradient(memory, shape, options, labels, values, samples, scale):
    """Overwrite a batch's outputs by the gradient of the loss; return the sum of its losses."""
    layer = shape.layers[-1]
    units, width, batch = layer[OUTPUTS], layer[ROW], len(samples)
    z = memory.work[shape.places[GRADIENT] : shape.places[GRADIENT] + batch * width]
    real = z.dtype.type
    if options[LOSS] == SQUARED:
        loss = real(0)
        for r in range(batch):
            d = z[r * width] - values[samples[r]]
            z[r * width] = real(2) * scale * d
            loss += d * d
    else:
        logs = memory.work[layer[MOMENTS] : layer[MOMENTS] + batch]
        loss = _class_gradients(options[LOSS], z, width, units, labels, samples, logs, scale)
    for r in range(batch):
        z[r * width + units : (r + 1) * width] = real(0)
    return loss


@_fast
def _hidden_gradient(memory, shape, options, i, s, batch, small):
    """Turn the gradient of layer i's inputs into that of the sums of the layer below."""
    work, layer = memory.work, shape.layers[i - 1]
    g_at, below = shape.places[GRADIENT], shape.places[BELOW]
    norm, after = options[NORM], options[AFTER]
    units, width, padded = layer[OUTPUTS], layer[ROW], layer[PADDED]
    size = batch * width
    g = work[g_at : g_at + size]
    panel = _sample_vectors(shape, batch) * shape.lanes
    _transpose_back(work[below:], g, width, padded, units, batch, panel)
    if options[DROPS]:
        mask = memory.masks[s, layer[MASK] * batch : (layer[MASK] + units) * batch]
        for r in range(batch):
            for j in range(units):
                g[r * width + j] *= mask[j * batch + r]
    normed = work[layer[NORMED] : layer[NORMED] + size]
    rstd = work[layer[MOMENTS] + 2 * max(batch, padded) :]
    gamma = memory.params[layer[SCALE] : layer[SCALE] + units]
    to_scale = small[layer[SCALE] - shape.weights :]
    to_shift = small[layer[SHIFT] - shape.weights :]
    if norm != NO_NORM and after:
        _norm_backward(norm, g, normed, rstd, gamma, to_scale, to_shift, batch, width)
    activated = work[layer[ACTIVATED] : layer[ACTIVATED] + size]
    _activate_backward(options[ACTIVATION], g, activated)
    if norm != NO_NORM and not after:
        _norm_backward(norm, g, normed, rstd, gamma, to_scale, to_shift, batch, width)


@_fast
def _update_layer(memory, shape, options, numbers, i, h, h_row, batch, step):
    """Update a layer's weights piece by piece, while a piece is in the fastest cache."""
    params, work = memory.params, memory.work
    layer, g, chunk = shape.layers[i], shape.places[GRADIENT], shape.places[CHUNK]
    real = work.dtype.type
    rule, signed = options[RULE], options[SIGNED]
    momentum = real(numbers[MOMENTUM])
    # With plain momentum the product adds to u in place; without momentum nothing is kept of it.
    kept = rule == MOMENTUM_RULE and momentum != real(0)
    inputs, panel = layer[INPUTS], layer[VECTORS] * shape.lanes
    for start in range(0, inputs, layer[ROWS]):
        some = min(layer[ROWS], inputs - start)
        for p in range(0, layer[PADDED], panel):
            at = layer[WEIGHTS] + p * inputs + start * panel
            w, u = params[at : at + some * panel], memory.first[at : at + some * panel]
            v = memory.second[at : at + some * panel]
            if kept:
                _weight_gradients(
                    u, 0, some, layer, panel, work, h + start, h_row, g + p, batch, momentum
                )
                _update(rule, signed, w, u, u, v, numbers, True, step)
            else:
                _weight_gradients(
                    work, chunk, some, layer, panel, work, h + start, h_row, g + p, batch, real(0)
                )
                part = work[chunk : chunk + some * panel]
                _update(rule, signed, w, part, u, v, numbers, True, step)


@_fast
def _sample_vectors(shape, batch):
    """Return the vectors of a panel of samples."""
    return 2 if batch > shape.lanes else 1


@_fast
def _backward(memory, shape, options, numbers, s, batch, small, step):
    """Compute all gradients from that of the outputs, and update the weights.

    A layer's weights are updated when the gradient of its inputs is there. ``small`` is filled with
    the gradients of what are no weights.
    """
    work = memory.work
    places = shape.places
    g_at, transposed, below = places[GRADIENT], places[TRANSPOSED], places[BELOW]
    norm, after, biases = options[NORM], options[AFTER], options[BIASES]
    vectors = _sample_vectors(shape, batch)
    last = len(shape.layers) - 1
    small[:] = work.dtype.type(0)
    for i in range(last, -1, -1):
        layer = shape.layers[i]
        units, width = layer[OUTPUTS], layer[ROW]
        g = work[g_at : g_at + batch * width]
        idle = i < last and norm == BATCH and not after
        if biases != NO_BIAS and not idle:
            at = layer[BIAS] - shape.weights
            to_bias = small[at : at + units]
            for r in range(batch):
                _add(to_bias, g[r * width : r * width + units])
            if biases == SHARED:
                total = work.dtype.type(0)
                for j in range(units):
                    total += to_bias[j]
                to_bias[:] = total
        h, h_row = places[X], places[X_ROW]
        if i:
            previous = shape.layers[i - 1]
            stays = (norm == NO_NORM or not after) and not options[DROPS]
            h, h_row = previous[ACTIVATED] if stays else previous[OUTPUT], previous[ROW]
            panel = vectors * shape.lanes
            _transpose(g, work[transposed:below], width, layer[PADDED], batch, panel)
            _input_gradients(
                layer, shape.lanes, memory.params, work, transposed, below, batch, vectors
            )
        _update_layer(memory, shape, options, numbers, i, h, h_row, batch, step)
        if i:
            _hidden_gradient(memory, shape, options, i, s, batch, small)


@_fast
def train_steps(x, labels, values, order, memory, shape, options, numbers, step, losses):
    """Take one optimiser step of one network for each batch.

    Args:
        x: (n, features), all training samples.
        labels: (n,) int64, class numbers; unused with the squared loss.
        values: (n,), targets; unused with classes.
        order: (steps, batch) int64, sample numbers.
        memory: a :class:`Memory`.
        shape: a :class:`Shape`.
        options: int64, see the names above.
        numbers: float64, see the names above.
        step: optimiser steps that were taken before.
        losses: (steps,), filled with each batch's mean loss before its step, if watched.
    """
    work, weights = memory.work, shape.weights
    real = work.dtype.type
    steps, batch = order.shape
    rule, momentum = options[RULE], real(numbers[MOMENTUM])
    inputs_at, small_at, x_row = shape.places[X], shape.places[SMALL], shape.places[X_ROW]
    small = work[small_at : small_at + len(memory.params) - weights]
    scale = real(1) / real(batch) if rule == ADAM else real(numbers[RATE]) / real(batch)
    first, second = memory.first[weights:], memory.second[weights:]
    for s in range(steps):
        for r in range(batch):
            row = inputs_at + r * x_row
            work[row : row + x.shape[1]] = x[order[s, r]]
        _forward(memory, shape, options, numbers, s, batch)
        loss = _output_gradient(memory, shape, options, labels, values, order[s], scale)
        if options[WATCHED]:
            losses[s] = loss / real(batch)
        step += 1
        _backward(memory, shape, options, numbers, s, batch, small, step)
        small_params = memory.params[weights:]
        if rule == MOMENTUM_RULE:
            for q in range(len(small)):
                first[q] = momentum * first[q] + small[q]
            _update(rule, False, small_params, first, first, first, numbers, False, step)
        else:
            _update(rule, False, small_params, small, first, second, numbers, False, step)
