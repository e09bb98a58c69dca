"""A folder of its own in which the pipeline runs on a part of the grid study."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from restudy.config.settings import Settings
from restudy.config.yaml import read_mapping
from restudy.planning.plan import StudyPlan, load_plan

ROOT = Path(__file__).parents[1]
NAME = "grid-part"
CORES = 2
_FILES = ("Snakefile", "config.yaml")
_FOLDERS = ("config", "envs", "experiments", "profiles", "src", "workflow")


def part_of_grid(quick: bool) -> dict[str, Any]:
    """Return 60 runs of the grid study, at the default scale: one data set, one architecture.

    The quick part has four runs, of fewer samples.
    """
    study = read_mapping(ROOT / "config/studies/grid.yaml")
    cut = study.pop("scales")["default"]
    factors, recipe = study["factors"] | cut["factors"], study["recipe"] | cut["recipe"]
    factors["dataset"] = factors["dataset"][:1]
    factors["hidden"] = factors["hidden"][-1:]
    factors["batch_size"] = factors["batch_size"][:2]
    if quick:
        factors["batch_size"] = factors["batch_size"][-1:]
        factors["regularisation"] = dict([*factors["regularisation"].items()][:2])
        recipe |= {"train_samples": 1000, "epochs": 1}
    seeds = 1 if quick else 3
    return study | {"name": NAME, "recipe": recipe, "factors": factors, "seeds": seeds}


@dataclass(frozen=True)
class Workspace:
    """A copy of the pipeline in a folder."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, *studies: dict[str, Any], **settings: str) -> Workspace:
        """Copy the pipeline into a folder, and give it these studies only and some settings."""
        (folder / "studies").mkdir(parents=True)
        for name in _FILES:
            shutil.copy2(ROOT / name, folder)
        for name in _FOLDERS:
            hidden = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=hidden)
        config = {"experiments": False, "studies": "studies", "training": {"device": "cpu"}}
        files = {f"studies/{study['name']}.yaml": study for study in studies}
        for name, content in {**files, "part.yaml": config | settings}.items():
            (folder / name).write_text(yaml.safe_dump(content), encoding="utf-8")
        return cls(folder)

    @property
    def data(self) -> Path:
        """The prepared data file of the study's one data set."""
        return self.folder / f"results/data/{self.plan().datasets[0]}.safetensors"

    def plan(self) -> StudyPlan:
        """Return the study's plan: its runs and their recipes."""
        return load_plan(Settings(studies=str(self.folder / "studies"))).studies[NAME]

    def snakemake(self, *targets: str, **variables: str) -> float:
        """Make the targets, or everything, with more of an environment; return the seconds."""
        options = ["--cores", str(CORES), "--configfile", "part.yaml"]
        command = [sys.executable, "-m", "snakemake", *targets, *options]
        return self.timed(command, self.folder, **variables)

    def timed(self, command: list[str], folder: Path = ROOT, **variables: str) -> float:
        """Run a command with this workspace's code; return the seconds it took.

        Raises:
            SystemExit: it failed; the message is the end of its output.
        """
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
        own = {"PYTHONPATH": str(self.folder / "src"), "OMP_NUM_THREADS": "1"}
        started = time.perf_counter()
        done = subprocess.run(  # noqa: S603
            command,
            cwd=folder,
            env={**kept, **own, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(command[:4])} failed:\n{done.stdout[-3000:]}")
        return time.perf_counter() - started
