"""Records of jobs that write more files than they declare to Snakemake.

The output of such a job is one record: the files it brought up to date, with their digests. A job
after it is stale when the record has changed, and the job runs again when a file is gone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from restudy.files import write_atomically


def write_record(record: Path, files: Iterable[Path], results: Path, attempt: int) -> None:
    """Write the record of a job.

    Args:
        record: the record's file.
        files: files that the job brought up to date, all below ``results``.
        results: folder of the results.
        attempt: number that :func:`next_attempt` returned before the job.
    """
    digests = {
        file.relative_to(results).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
    }
    content = json.dumps({"attempt": attempt, "files": digests}, indent=1)
    write_atomically(record, content.encode())


def next_attempt(record: Path, results: Path) -> int:
    """Return a parameter of a job that changes when a file of its record is gone.

    Snakemake runs a job again when a parameter differs from the one that it has noted.
    """
    try:
        last = json.loads(record.read_text(encoding="utf-8"))
        gone = not all((results / file).is_file() for file in last["files"])
        return int(last["attempt"]) + gone
    except (OSError, ValueError, KeyError, TypeError):
        return 0
