"""What all benchmarks share: options, measurements in turn, the machine, and tables as files."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import torch

from restudy.common.files import write_atomically
from restudy.provenance.versions import commit_in_words
from restudy.results.run_record import processor
from restudy.results.study_tables import to_markdown
from restudy.results.table_files import to_csv


def make_parser(name: str, description: str | None, quick: str) -> argparse.ArgumentParser:
    """Return a parser with the options ``--quick`` and ``--results``."""
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=description)
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--results", type=Path, default=Path("results/bench"), metavar="FOLDER")
    return parser


def measure_in_turn(work: Mapping[str, Callable[[], float]], rounds: int) -> pd.DataFrame:
    """Call each function once a round, each round starting with another one.

    Returns:
        what the functions return, a row for each round and a column for each name.
    """
    names = list(work)
    found = []
    for number in range(rounds):
        first = number % len(names)
        found.append({name: work[name]() for name in names[first:] + names[:first]})
    return pd.DataFrame(found)[names]


def pin_to_one_core() -> None:
    """Keep this thread, and the processes that it starts, on one core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def describe_machine() -> str:
    """Return machine, versions and commit as a sentence."""
    parts = [
        f"Machine: {processor()}, {os.cpu_count()} cores, {platform.system()}",
        *([f"CUDA device {torch.cuda.get_device_name()}"] if torch.cuda.is_available() else []),
        f"PyTorch {torch.__version__} ({torch.backends.cpu.get_cpu_capability()})",
        f"Lightning {version('pytorch-lightning')}",
        f"Python {platform.python_version()}",
        f"commit {commit_in_words()}",
    ]
    return "; ".join(parts) + "."


def write_table(
    path: Path,
    table: pd.DataFrame,
    title: str,
    columns: Mapping[str, tuple[str, str]],
    notes: Sequence[str] = (),
) -> str:
    """Write a table as CSV and, in few digits, as Markdown with the machine and notes below it.

    Args:
        path: of the files, without suffix.
        table: one row for each thing that was measured.
        title: of the Markdown document.
        columns: column -> its header and format in the Markdown document.
        notes: paragraphs below the table.

    Returns:
        the Markdown document.
    """
    shown = {
        head: table[name].map(lambda value, form=form: "" if value != value else form.format(value))
        for name, (head, form) in columns.items()
    }
    text = to_markdown(pd.DataFrame(shown), title, "\n\n".join([describe_machine(), *notes]))
    write_atomically(path.with_suffix(".csv"), to_csv(table))
    write_atomically(path.with_suffix(".md"), text.encode())
    return text
