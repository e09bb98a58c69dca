"""Which library multiplies float32 matrices on the CPU, and the proof that it does so in float32.

PyTorch's CPU build multiplies with MKL, and with oneDNN when a lower precision is allowed that the
processor has no instructions for: float32 is then used all the same. MKL has no kernels of its own
for processors that are not Intel's; oneDNN is twice as fast there. Where a processor does have
instructions for the lower precision (bf16 tiles), the same setting really rounds. So the path is
chosen by the processor's maker and by a check of its numbers, never by a race: the same machine
always takes the same path, and the same path makes the same bits.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from restudy.common.errors import RestudyError

Choice = Literal["auto", "default", "onednn", "onednn_bf16"]

# The value of torch.backends.mkldnn.matmul.fp32_precision that each path needs.
_SETTINGS = {"default": "none", "onednn": "tf32", "onednn_bf16": "bf16"}

# Largest error of a product, relative to the sum of the absolute products, that float32 may have:
# rounding errors of 784 terms stay below 5e-7 in any order that a library has for them; with 10
# bits (tf32) they are 2e-4, with 7 (bf16) 2e-3.
FLOAT32_ERROR = 5e-6


@dataclass(frozen=True)
class Arithmetic:
    """How float32 matrices are multiplied.

    Attributes:
        path: ``default`` (PyTorch's own choice: MKL on an x86 processor), ``onednn``, or
            ``onednn_bf16``, which rounds the factors to 8 bits.
        error: measured error of the path, see :func:`product_error`.
    """

    path: str
    error: float

    def describe(self) -> str:
        """Return a line for the records."""
        return f"{self.path}, error of a product {self.error:.1e}"


def choose(choice: Choice) -> Arithmetic:
    """Return the path that a choice stands for on this machine.

    Args:
        choice: a path, or ``auto``: oneDNN on an AMD processor if its products are float32's
            there, else PyTorch's default.

    Raises:
        RestudyError: ``onednn`` was asked for, and it would not multiply in float32 here.
    """
    candidate = choice
    if choice == "auto":
        candidate = "onednn" if processor_maker() == "AuthenticAMD" else "default"
    error = product_error(candidate)
    if candidate == "onednn" and error > FLOAT32_ERROR:
        if choice == "onednn":
            raise RestudyError(
                f"config.yaml: training.matmul_backend: 'onednn' has an error of {error:.1e} on "
                f"this processor, float32 has {FLOAT32_ERROR:.0e} at most; allowed here: auto, "
                "default, or onednn_bf16, which rounds to 8 bits"
            )
        return Arithmetic("default", product_error("default"))
    return Arithmetic(candidate, error)


@contextmanager
def use(path: str) -> Iterator[None]:
    """Multiply by a path within a ``with`` block."""
    matmul = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = matmul.fp32_precision
    matmul.fp32_precision = _SETTINGS[path]
    try:
        yield
    finally:
        matmul.fp32_precision = before


def product_error(path: str) -> float:
    """Return the largest error of float32 products by a path, found by comparing with float64.

    Tried are the three kinds of product that training has (forward, gradient of the inputs,
    gradient of the weights), each relative to the product of the absolute values.
    """
    random = torch.Generator().manual_seed(0)
    w, x, g = (
        torch.randn(shape, generator=random) for shape in ((2, 64, 784), (2, 784, 32), (2, 64, 32))
    )
    worst = 0.0
    for a, b in ((w, x), (w.mT, g), (g, x.mT)):
        with use(path):
            product = a @ b
        exact = a.double() @ b.double()
        size = a.double().abs() @ b.double().abs()
        worst = max(worst, float(((product - exact).abs() / size).max()))
    return worst


def processor_maker() -> str:
    """Return the processor's maker as Linux has it (``GenuineIntel``, ``AuthenticAMD``), or ''."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "AuthenticAMD" if "AMD" in platform.processor() else ""
    makers = (line.split(":", 1)[1].strip() for line in lines if line.startswith("vendor_id"))
    return next(makers, "")
