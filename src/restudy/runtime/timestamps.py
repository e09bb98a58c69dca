"""Files from the future: what a clock leaves behind that was wrong, or is.

Snakemake holds a result for stale if something it was made from is newer, and throws away what a
job has just made if an input is newer still. After a clock has been set back this befalls every
job, and the next one again. So a run says so before it begins.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

TOLERANCE = 60.0
"""Seconds by which the clocks of a machine and of its file server may differ."""

# Folders of a run whose files Snakemake looks at, and how deep below them these lie.
_LOOKED_AT = (
    *("data/*", "training/*", "studies/*/*", "tables/*", "tables/*/*", "figures/*"),
    *("experiments/*", "mlflow/*.json"),
)
_MOST = 5
"""Folders named one by one."""
_SOURCES = ("config/**/*.yaml", "workflow/report/*")


class Late(NamedTuple):
    """A file from the future, and when it was written, in seconds of the system's clock."""

    path: Path
    written: float


def written_after(files: Iterable[Path], now: float, tolerance: float = 0.0) -> list[Late]:
    """Return those of some files that were written in the future, the latest first."""
    found = [
        Late(path, written) for path in files if (written := when_written(path)) > now + tolerance
    ]
    return sorted(found, key=lambda late: (-late.written, late.path))


def of_a_run(results: Path, checkout: Path = Path()) -> Iterator[Path]:
    """Yield the files by whose age Snakemake decides what is stale."""
    for pattern in _LOOKED_AT:
        yield from results.glob(pattern)
    for pattern in _SOURCES:
        yield from checkout.glob(pattern)


def complaint(late: list[Late]) -> str:
    """Word that files are from the future, and what to do.

    Args:
        late: them, the latest first; at least one.
    """
    first, others = late[0], len(late) - 1
    some = f"{first.path} was" if not others else f"{first.path} and {others} more were"
    folders = sorted({str(one.path.parent) for one in late})
    if len(folders) > _MOST:
        folders = [os.path.commonpath(folders) or "."]
    return (
        f"{some} written in the future, on {_date(first.written)}; now it is "
        f"{_date(time.time())}. Set the clock if it is wrong. If it is right now and was wrong "
        f"then: find {' '.join(folders)} -newermt now -exec touch {{}} +"
    )


def when_written(path: Path) -> float:
    """Return when a file was written, in seconds of the system's clock; 0 if it is not there."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _date(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
