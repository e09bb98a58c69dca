"""The compiled engine: one network at a time, a block of steps in one call of machine code.

Numba compiles for the processor at hand, and keeps the code: in a folder named by a digest of these
sources, since Numba itself would not see that a module has changed which another one uses.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from numba.core import config

from restudy.common.digests import digest


def _folders(name: str) -> Iterator[Path]:
    """Yield where compiled code may be kept, the best place first."""
    yield Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "restudy" / name
    yield Path(sys.prefix) / "var" / "cache" / "restudy" / name
    own = tempfile.mkdtemp(prefix="restudy-")
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    yield Path(own)


def _cache_folder() -> Path:
    """Return a folder that compiled code can be written to: for this process alone, if need be."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    name = digest([path.read_text(encoding="utf-8") for path in sources])
    for folder in _folders(name):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (OSError, RuntimeError):
            continue
        if os.access(folder, os.W_OK):
            break
    return folder


if not os.environ.get("NUMBA_CACHE_DIR"):
    # numba.config is filled from the environment when it is imported.
    vars(config)["CACHE_DIR"] = str(_cache_folder())
