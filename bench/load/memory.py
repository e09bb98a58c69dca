"""Peak memory of every step that reads all results, at many runs that were never trained."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from bench.load.results import made_up
from bench.workspace import ROOT, Workspace
from restudy.config.settings import Settings
from restudy.config.yaml import read_mapping
from restudy.planning.plan import Plan, load_plan
from restudy.results import group_files

_PEAKS = Path(__file__).parent / "peaks"
_TARGETS = ("results/report/index.html", "results/report/paper.pdf")


def studies(times: float, scale: str) -> list[dict[str, Any]]:
    """Return the studies of this checkout as they are at a scale, with more seeds.

    Those whose figure needs trained weights are left out.
    """
    made = []
    for file in sorted((ROOT / "config/studies").glob("*.yaml")):
        study = read_mapping(file)
        cut = study.get("scales", {}).get(scale, {})
        if study.get("figure") == "housing" or cut.get("skip"):
            continue
        for part in (study, cut):
            if "seeds" in part:
                seeds = part["seeds"]
                number = seeds if isinstance(seeds, int) else len(seeds)
                part["seeds"] = max(1, round(times * number))
        made.append(study)
    return made


def measure(times: float, scale: str, folder: Path) -> tuple[int, pd.DataFrame]:
    """Run everything after training on made-up results.

    Args:
        times: how many times as many seeds as the studies have.
        scale: of the studies' recipes and levels.
        folder: an empty one.

    Returns:
        the number of runs, and a table with ``step`` and ``megabytes``, the largest first. Steps of
        several jobs have the largest of them.
    """
    place = Workspace.make(folder, *studies(times, scale))
    settings = Settings(studies=str(folder / "studies"), scale=scale)  # type: ignore[arg-type]
    plan = load_plan(settings)
    configuration = read_mapping(folder / "part.yaml") | {"scale": scale}
    (folder / "part.yaml").write_text(json.dumps(configuration), encoding="utf-8")
    _pretend(plan, place)
    peaks = folder / "peaks.tsv"
    path = os.pathsep.join([str(folder / "src"), str(_PEAKS)])
    place.snakemake(*_TARGETS, PYTHONPATH=path, RESTUDY_PEAKS=str(peaks))
    found = pd.read_csv(peaks, sep="\t", names=["script", "kilobytes"])
    steps = found["script"].str.extract(r"^tmp.*\.(\w+)\.py$")[0].fillna("snakemake itself")
    largest = found.groupby(steps)["kilobytes"].max().sort_values(ascending=False) * 1024 / 1e6
    table = largest.rename_axis("step").rename("megabytes").reset_index()
    return sum(len(study.runs) for study in plan.studies.values()), table


def _pretend(plan: Plan, place: Workspace) -> None:
    """Leave what training would leave, after the data that it would read."""
    datasets = sorted({name for study in plan.studies.values() for name in study.datasets})
    targets = [f"results/data/{name}.safetensors" for name in datasets]
    place.snakemake(*targets, "results/mlflow/store.json")
    for cell in plan.cells.values():
        group_files.write(made_up(cell.lanes), place.folder / "results/cells" / cell.id)
    shutil.rmtree(place.folder / ".snakemake")  # what it knows of rules it has not seen
