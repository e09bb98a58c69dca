"""A copy of the checkout in a temporary folder, and the pipeline run in it."""

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]

# What the tests vary is small: seconds for a whole run, most of them spent on imports.
STUDIES = {
    "tiny": {
        "title": "Two networks on a few images",
        "question": "Does the pipeline work?",
        "recipe": {
            "dataset": "mnist",
            "train_samples": 200,
            "validation_samples": 100,
            "hidden": [8],
            "learning_rate": 0.1,
            "batch_size": 20,
            "epochs": 1,
        },
        "factors": {"norm": ["none", "batch"]},
        "seeds": 2,
        "compare": [{"factor": "norm", "baseline": "none"}],
    },
    "houses": {
        "title": "A small network on houses",
        "question": "And with regression?",
        "recipe": {
            "dataset": "california_housing",
            "scaling": "standard",
            "target_scaling": "standard",
            "loss": "mse",
            "optimiser": "adam",
            "learning_rate": 0.001,
            "train_samples": 2000,
            "validation_samples": 500,
            "batch_size": 64,
            "epochs": 30,
        },
        "factors": {"hidden": [[], [8]]},
        "seeds": 2,
        "compare": [{"factor": "hidden", "baseline": [], "metric": "test_r2"}],
        "figure": "housing",
    },
}


class Checkout:
    def __init__(self, folder, config="tiny.yaml"):
        self.folder = folder
        self.config = config

    @classmethod
    def fresh(cls, folder, config="tiny.yaml"):
        """Copy the files of this checkout that git knows or would take, and add tiny studies."""
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        made = cls(folder, config)
        for name, study in STUDIES.items():
            made.write_study(name, **study)
        made.configure()
        return made

    def copy(self, folder):
        shutil.copytree(self.folder, folder, symlinks=True)
        return Checkout(folder, self.config)

    def with_four_groups_to_train(self, folder):
        """Copy a finished checkout, with a study that is yet to train: four groups in one job."""
        made = self.copy(folder)
        shutil.rmtree(made.results / "groups")
        recipe = STUDIES["tiny"]["recipe"] | {"epochs": 40}
        factors = {"hidden": [[8], [9], [10], [11]]}
        study = STUDIES["tiny"] | {"recipe": recipe, "factors": factors, "compare": []}
        made.write_study("four", **study)
        made.configure(only=["four"])
        return made

    def configure(self, **settings):
        """Set what ``tiny.yaml`` says beside the folder of the tiny studies."""
        content = {"studies": "studies", "experiments": False, "training": {"device": "cpu"}}
        content |= settings
        (self.folder / "tiny.yaml").write_text(yaml.safe_dump(content))

    def write_study(self, name, **keys):
        path = self.folder / "studies" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump({"name": name, **keys}))

    @property
    def results(self):
        return self.folder / "results"

    def start(self, *arguments, output=subprocess.PIPE):
        """Start Snakemake in a process group of its own; it prints to ``output``."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
        options = ["--cores", "2", "--configfile", self.config]
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *arguments, *options],
            cwd=self.folder,
            env=environment | {"PYTHONPATH": str(self.folder / "src")},
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments, timeout=300, fails=False):
        """Run Snakemake to its end; return what it printed."""
        process = self.start(*arguments)
        try:
            output, _ = process.communicate(timeout=timeout)
        except BaseException:
            kill(process)
            raise
        assert (process.returncode != 0) == fails, output
        assert "Traceback" not in output, output
        return output

    def planned(self, *targets):
        """Return how many jobs of each rule would run: rule -> number."""
        output = self.run(*targets, "--dry-run", "--quiet", "rules")
        return {
            rule: int(number)
            for rule, number in re.findall(r"^(\w+) +(\d+)$", output, re.MULTILINE)
            if rule not in ("total", "all")
        }

    def appended(self, file, text="\nsorted([1])\n"):
        """Have a file for a while that does something more when it is imported."""
        return self._written(file, (self.folder / file).read_text() + text)

    def replaced(self, file, old, new):
        """Have a file with one passage replaced for a while."""
        content = (self.folder / file).read_text()
        assert content.count(old) == 1
        return self._written(file, content.replace(old, new))

    @contextmanager
    def _written(self, file, content):
        path = self.folder / file
        before = path.read_text()
        path.write_text(content)
        try:
            yield
        finally:
            path.write_text(before)


def kill(process):
    """Kill a process and all that it started, as a power cut would."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
