"""What this processor can do at most: float32 products, one thread, nothing around them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache

import torch

from bench.work import Product
from restudy.training import matmul_backend

SQUARE = 1536
LANES = 5
_SECONDS = 0.02


def square_flops_per_second() -> float:
    """Return the rate of a large square product: the peak that shares refer to."""
    product = Product(SQUARE, SQUARE, SQUARE)
    return product.flops / seconds(product, lanes=1)


def step_seconds(products: Sequence[Product]) -> float:
    """Return the seconds of the products of a step of one network, ``LANES`` of them at a time."""
    return sum(seconds(product, LANES) for product in products) / LANES


def seconds(product: Product, lanes: int) -> float:
    """Return the least seconds of a batched product into memory that is there already."""
    rows, inner, columns = product
    a, b = torch.randn(lanes, rows, inner), torch.randn(lanes, inner, columns)
    result = torch.empty(lanes, rows, columns)

    def multiply() -> None:
        torch.bmm(a, b, out=result)

    times = []
    for path in _float32_paths():
        with matmul_backend.use(path):
            times.append(_fastest(multiply))
    return min(times)


@cache
def _float32_paths() -> list[str]:
    """Return the libraries that this machine has for products in float32."""
    is_float32 = matmul_backend.product_error("onednn") <= matmul_backend.FLOAT32_ERROR
    return ["default", "onednn"] if is_float32 else ["default"]


def _fastest(work: Callable[[], None]) -> float:
    """Return the least seconds of one call, of as many as fit into a short time; two at least."""
    work()
    times: list[float] = []
    while len(times) < 2 or sum(times) < _SECONDS:
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)
