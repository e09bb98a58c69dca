"""Records of jobs that write more files than they declare to Snakemake.

The output of such a job is one record: the files it brought up to date, with their digests. A job
after it is stale when the record has changed. A record is removed when a file of it is gone, so
that Snakemake runs the job again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from restudy.common.files import write_atomically


def write_record(record: Path, files: Iterable[Path], results: Path) -> None:
    """Write the record of a job.

    Args:
        record: the record's file.
        files: files that the job brought up to date, all below ``results``.
        results: folder of the results.
    """
    digests = {
        file.relative_to(results).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
    }
    write_atomically(record, json.dumps(digests, indent=1).encode())


def remove_outdated(records: Iterable[Path], results: Path) -> None:
    """Remove the records of files that are not all there."""
    for record in records:
        try:
            files = list(json.loads(record.read_text(encoding="utf-8")))
            is_right = all((results / file).is_file() for file in files)
        except (OSError, ValueError, TypeError):
            is_right = False
        if not is_right:
            record.unlink(missing_ok=True)
