"""Exponentials that the compiler can take for a whole vector of numbers at once."""

# Numba infers the types of compiled functions.
# mypy: ignore-errors

from __future__ import annotations

import math

import numba
from llvmlite import ir
from numba.extending import intrinsic

# Coefficients of (exp(r) - 1) / r, its Taylor series: |r| <= log(2) / 2 leaves less than 1e-17.
_SERIES = tuple(1 / math.factorial(n) for n in range(13, 0, -1))

# No flag "reassoc": the order of these operations is what makes them exact.
_exact = numba.njit(cache=True, fastmath={"contract"}, error_model="numpy")


@intrinsic
def _power_of_two(context, shifted):
    """Return 2^n for a number n that was rounded by adding 1.5 * 2^(bits of the fraction)."""

    def generate(context, builder, signature, args):
        bits = signature.args[0].bitwidth
        fraction, bias = (23, 127) if bits == 32 else (52, 1023)
        kind = ir.IntType(bits)
        number = builder.bitcast(args[0], kind)
        exponent = builder.shl(builder.add(number, kind(bias)), kind(fraction))
        return builder.bitcast(exponent, args[0].type)

    return shifted(shifted), generate


@_exact
def exponential_parts(x, like):
    """Return s and q with exp(x) = s + s q, where s is a power of two and |q| < 0.42.

    x is taken as the nearest number whose exponential is neither infinite nor below the smallest
    normal one. ``like`` is an array of x's type. The method is that of Tang (1989), with
    x = n log(2) + r, s = 2^n and q = exp(r) - 1.
    """
    real = like.dtype.type
    if like.itemsize == 4:
        most, least, shift = real(88.0), real(-87.0), real(1.5 * 2**23)
        high, low = real(0.693145751953125), real(1.4286068203094172e-06)
    else:
        most, least, shift = real(709.0), real(-708.0), real(1.5 * 2**52)
        high, low = real(0.6931471803691238), real(1.9082149292705877e-10)
    x = most if x > most else x
    x = least if x < least else x
    shifted = x * real(1.4426950408889634) + shift
    n = shifted - shift
    r = (x - n * high) - n * low
    series = real(0)
    for coefficient in numba.literal_unroll(_SERIES):
        series = series * r + real(coefficient)
    return _power_of_two(shifted), series * r


@_exact
def exponential(x, like):
    """Return exp(x), see :func:`exponential_parts`."""
    s, q = exponential_parts(x, like)
    return s + s * q


@_exact
def sigmoid(x, like):
    """Return 1 / (1 + exp(-x))."""
    return like.dtype.type(1) / (like.dtype.type(1) + exponential(-x, like))


@_exact
def hyperbolic_tangent(x, like):
    """Return tanh(x) = m / (m + 2) with m = exp(2 x) - 1, which is exact for small x, too."""
    real = like.dtype.type
    s, q = exponential_parts(x + x, like)
    m = (s - real(1)) + s * q
    return m / (m + real(2))
