"""Lightning without its library of metrics: what a training job imports, and that it trains."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TRAIN = """
import sys
from restudy.runtime.lightning import import_lightning
import_lightning()
from restudy.tracking.live_logging import LiveGroup
from restudy.training.train_group import train_group
from restudy.training.train_stacks import train_runs
from tests.recipes import images, run
spec = run(epochs=2, diagnostics=["gradients", "weights"])
found = train_runs([spec], images(), digests={spec.id: "d"}, engine=sys.argv[1])
print(found.history["value"].round(4).tolist())
"""


def train(code, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_training_job_loads_nothing_that_it_does_not_use():
    listed = TRAIN + "print([name for name in sys.argv[2:] if name in sys.modules])"
    unused = ["torchmetrics", "matplotlib", "mlflow", "sklearn", "seaborn", "scipy.stats"]
    assert train(listed, "torch", *unused, "numba", "scipy").splitlines()[-1] == "[]"
    assert train(listed, "compiled", *unused).splitlines()[-1] == "[]"


def test_the_trainer_trains_the_same_without():
    with_metrics = TRAIN.replace("import_lightning()\n", "import torchmetrics\n")
    assert train(TRAIN, "torch") == train(with_metrics, "torch")


def test_the_library_itself_is_there_afterwards():
    code = TRAIN + "import torchmetrics; print(torchmetrics.Metric.__module__)"
    assert "torchmetrics" in train(code, "torch").splitlines()[-1]
