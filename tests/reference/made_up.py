"""A finished run of a tiny study, made up: what the pipeline would leave, without training."""

import json
import shutil

import numpy as np
import pandas as pd
import yaml

from restudy.config.settings import Settings
from restudy.planning.plan import load_plan
from restudy.provenance.training_version import TRAINING_VERSION
from restudy.results import study_tables
from restudy.results.table_files import read_table, to_csv

STUDY = {
    "name": "tiny",
    "title": "Two widths",
    "question": "Is wider better?",
    "recipe": {
        "dataset": "mnist",
        "hidden": [8],
        "learning_rate": 0.1,
        "batch_size": 20,
        "epochs": 1,
    },
    "factors": {"norm": ["none", "batch"], "hidden": [[4], [8]]},
    "seeds": 3,
    "compare": [{"factor": "norm", "baseline": "none"}],
}
COMMIT = "0123456789ab"
PUBLISHED = {
    **{"source": "S1", "experiment": "EXP", "metric": "accuracy", "unit": "percent"},
    **{"split_as_labelled": "test", "split_really": "test", "reductions": "", "study": "tiny"},
    **{"corrected_mean": "", "corrected_pi_low": "", "corrected_pi_high": "", "distance": ""},
    **{"reason": "", "reason_args": ""},
}


def write(folder, name, rows):
    path = folder / f"tables/{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_csv(rows))


def configure(root, *, scale="default", **study):
    """Write the configuration of a checkout with one study; return its plan."""
    (root / "studies").mkdir(parents=True, exist_ok=True)
    (root / "studies/tiny.yaml").write_text(yaml.safe_dump({**STUDY, **study}, sort_keys=False))
    settings = {"scale": scale, "results": "results", "studies": str(root / "studies")}
    (root / "config.yaml").write_text(yaml.safe_dump(settings))
    return load_plan(Settings(**settings))


def finish(root, plan, seed=0):
    """Write the results of a run into ``root``; another seed is another machine."""
    folder = root / "results"
    _groups(folder, plan)
    runs = _study(folder, plan, seed)
    _evidence(folder, runs)
    for name in ("figures/tiny.svg", "figures/tiny.csv", "figures/tiny.pdf", "mlflow/finish.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    (folder / "report").mkdir(exist_ok=True)
    record(folder, plan)
    (folder / "report/paper.pdf").write_bytes(b"%PDF-")
    (folder / "report/index.html").write_text("<html>")
    return folder


def record(folder, plan, **changes):
    """Write how the pipeline was called."""
    run = {
        **{"results": "results", "configfiles": ["config.yaml"], "settings": []},
        **{"scale": plan.studies["tiny"].scale, "full": [], "only": [], "studies": ["tiny"]},
        **{"experiments": [], "commit": COMMIT * 3, "dirty": False},
        **{"training_version": TRAINING_VERSION, "versions": {"torch": "1", "numpy": "2"}},
        "machine": {"system": "Linux", "processor": "a processor", "cores": 2},
    }
    (folder / "run.json").write_text(json.dumps(run | changes))


def _groups(folder, plan):
    for name in plan.groups:
        group = folder / "groups" / name
        group.mkdir(parents=True, exist_ok=True)
        record = {
            "training_version": TRAINING_VERSION,
            "git_commit": COMMIT * 3,
            "versions": {"torch": "1", "numpy": "2"},
            "machine": "Linux",
            "device": "cpu",
            "data": {"dataset": "mnist", "split_seed": 0, "sha256": "ab"},
        }
        (group / "group.json").write_text(json.dumps(record))
        seconds = {"train_seconds": [3000.0] * 3, "evaluation_seconds": [600.0] * 3}
        pd.DataFrame({**seconds, "runs_in_stack": [3] * 3}).to_parquet(group / "timing.parquet")
    for name, spent in (("train/a", 1800), ("collect/tiny", 1800)):
        path = folder / f"benchmarks/{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\n{spent}\t0:30:00\n")


def _study(folder, plan, seed):
    study = plan.studies["tiny"]
    rng = np.random.default_rng(seed)
    rows = []
    for run in study.runs:
        loss = 0.3 + 0.02 * rng.normal()
        rows.append(
            {
                **{"group": run.group, "run": run.id, **run.levels, "seed": run.recipe.seed},
                **{"study": "tiny", "status": "finished", "n_test": 10_000, "n_validation": 5_000},
                **{"test_data_loss": loss, "test_accuracy": 0.95 + 0.01 * rng.normal()},
                "validation_accuracy": 0.94 + 0.01 * rng.normal(),
            }
        )
    runs = pd.DataFrame(rows)
    for name, labels in study.factors.items():
        runs[name] = pd.Categorical(runs[name], categories=labels, ordered=True)
    place = folder / "studies/tiny"
    place.mkdir(parents=True, exist_ok=True)
    runs.to_parquet(place / "runs.parquet")
    (place / "study.json").write_text(json.dumps(study.description()))
    factors = list(study.factors)
    write(folder, "tiny/summary", study_tables.summary_table(runs, factors))
    compare = study.description()["compare"]
    write(folder, "tiny/comparison", study_tables.comparison_table(runs, factors, compare))
    write(folder, "tiny/winners", study_tables.winners(runs, factors))
    write(folder, "tiny/timing", pd.DataFrame({"seconds": [rng.random()]}))
    return runs


def _evidence(folder, runs):
    values = 100 * runs["test_accuracy"]
    mean, sd, n = values.mean(), values.std(ddof=1), len(values)
    row = {**PUBLISHED, "id": "PUB-1", "value": "95.1", "mean": mean, "sd": sd, "n": n}
    row |= {"ci_low": mean - 3 * sd, "ci_high": mean + 3 * sd, "difference": 95.1 - mean}
    row["status"] = "consistent"
    write(folder, "published", pd.DataFrame([row]))
    (folder / "tables/published.md").write_text("# Numbers")
    write(folder, "timed_claims", pd.DataFrame({"id": ["CLM-T"], "verdict": ["supported"]}))
    facts = {"id": ["PUB-9"], "fact": ["mnist.classes"], "ours": ["10"]}
    write(folder, "facts", pd.DataFrame(facts))
    tests = {
        **{"id": ["PUB-7", "PUB-8"], "description": "dx error", "printed": ["1.5e-09", "2.3"]},
        **{"ours": ["1.5e-09", "2.3"], "equal": "True", "difference": "0.0", "note": ""},
    }
    write(folder, "unit_tests", pd.DataFrame(tests))
    claims = {"id": ["CLM-1", "CLM-2"], "source": "S1", "status": ["supported", "inconclusive"]}
    write(
        folder,
        "claims",
        pd.DataFrame({**claims, "reason": "stated", "reason_args": '[{"text": "0.013"}]'}),
    )


def copy(root, other):
    shutil.copytree(root, other)
    return other / "results"


def change(folder, name, row, column, to):
    """Change one group of a table: ``row`` is its number."""
    path = folder / f"tables/{name}.csv"
    table = read_table(path)
    table.loc[row, column] = to(table.loc[row, column]) if callable(to) else to
    path.write_bytes(to_csv(table))
