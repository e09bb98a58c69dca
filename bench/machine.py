"""What the numbers of a bench belong to: machine, versions, commit."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

import torch

from restudy.provenance.versions import commit_in_words


def describe() -> str:
    """Return machine, versions and commit as a sentence for the notes of a table."""
    parts = [
        f"Machine: {processor()}, {os.cpu_count()} cores, {platform.system()}",
        f"PyTorch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()})",
        f"Lightning {version('pytorch-lightning')}",
        f"Python {platform.python_version()}",
        f"commit {commit_in_words()}",
    ]
    if torch.cuda.is_available():
        parts.insert(1, f"CUDA device {torch.cuda.get_device_name()}")
    return "; ".join(parts) + "."


def processor() -> str:
    """Return the processor's name, or its architecture where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.machine()
