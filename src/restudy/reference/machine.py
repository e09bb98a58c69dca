"""The machine that this runs on, as a reader of results wants it named."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")


def processor(cpuinfo: Path = _CPUINFO) -> str:
    """Return the processor's model; what Python knows of it where the system has no such file."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def cores() -> int:
    """Return how many cores this process may use."""
    asked = getattr(os, "sched_getaffinity", None)  # not on every system
    return len(asked(0)) if asked else os.cpu_count() or 1
