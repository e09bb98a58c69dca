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
_NEEDED = (
    "Snakefile",
    "config.yaml",
    "config",
    "envs",
    "experiments",
    "profiles",
    "src",
    "workflow",
)
_CONFIG = "part.yaml"


def part_of_grid(quick: bool) -> dict[str, Any]:
    """Return 60 runs of the grid study, at the default scale: one data set, one architecture.

    The quick part has four runs, of fewer samples.
    """
    study = read_mapping(ROOT / "config/studies/grid.yaml")
    cut = study.pop("scales")["default"]
    factors = study["factors"] | cut["factors"]
    factors["dataset"] = factors["dataset"][:1]
    factors["hidden"] = factors["hidden"][-1:]
    factors["batch_size"] = factors["batch_size"][:2]
    recipe = study["recipe"] | cut["recipe"]
    if quick:
        factors["batch_size"] = factors["batch_size"][-1:]
        levels = factors["regularisation"]
        factors["regularisation"] = {name: levels[name] for name in list(levels)[:2]}
        recipe |= {"train_samples": 1000, "epochs": 1}
    seeds = 1 if quick else 3
    return study | {"name": NAME, "recipe": recipe, "factors": factors, "seeds": seeds}


@dataclass(frozen=True)
class Workspace:
    """A copy of the pipeline.

    Attributes:
        folder: where it is.
    """

    folder: Path

    @classmethod
    def make(cls, folder: Path, *studies: dict[str, Any]) -> Workspace:
        """Copy the pipeline into an empty folder, or a new one, and give it these studies only."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in _NEEDED:
            source = ROOT / name
            if source.is_dir():
                hidden = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, folder / name, ignore=hidden)
            else:
                shutil.copy2(source, folder / name)
        (folder / "studies").mkdir()
        for study in studies:
            file = folder / f"studies/{study['name']}.yaml"
            file.write_text(yaml.safe_dump(study), encoding="utf-8")
        config = {"experiments": False, "studies": "studies", "training": {"device": "cpu"}}
        (folder / _CONFIG).write_text(yaml.safe_dump(config), encoding="utf-8")
        return cls(folder)

    @property
    def data(self) -> Path:
        """The prepared data file of the study's one data set."""
        return self.folder / f"results/data/{self.plan().datasets[0]}.safetensors"

    def plan(self) -> StudyPlan:
        """Return the study's plan: its runs and their recipes."""
        settings = Settings(studies=str(self.folder / "studies"))
        return load_plan(settings).studies[NAME]

    def snakemake(self, *targets: str, **variables: str) -> float:
        """Make the targets, or everything, with more of an environment; return the seconds."""
        options = ["--cores", str(CORES), "--configfile", _CONFIG]
        command = [sys.executable, "-m", "snakemake", *targets, *options]
        return self.timed(command, self.folder, **variables)

    def timed(self, command: list[str], folder: Path = ROOT, **variables: str) -> float:
        """Run a command with this workspace's code; return the seconds it took.

        Raises:
            SystemExit: it failed; the message is the end of what it said.
        """
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
        environment = kept | {"PYTHONPATH": str(self.folder / "src"), "OMP_NUM_THREADS": "1"}
        environment |= variables
        started = time.perf_counter()
        done = subprocess.run(  # noqa: S603
            command,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(command[:4])} failed:\n{done.stdout[-3000:]}")
        return time.perf_counter() - started
