"""``make bench-scale``: a little of what it measures, and that its files are there."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.pipeline
def test_a_little_of_each_is_measured(tmp_path):
    command = [sys.executable, "-m", "bench.load", "--quick", "--results", str(tmp_path)]
    subprocess.run(
        [*command, "--only", "browsing", "planning"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    table = pd.read_csv(tmp_path / "load.csv")
    assert {"plan of 40 groups that share jobs", "REST: the best 100 runs, of 150 runs"} <= set(
        table["what"]
    )
    assert (table["value"] > 0).all()
    assert (tmp_path / "load.md").read_text().startswith("# What large runs cost")
