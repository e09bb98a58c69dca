"""The whole pipeline on data whose answers are known beforehand: are the verdicts the right ones?

The data are y = BIAS + w.x + noise with standard normal x and |w| = 1, and the networks are linear
models, so that ordinary and ridge regression say in closed form what training has to end at. One
factor matters by a known amount (an L2 penalty), one does not (the optimiser), and one does in one
condition alone (a bias: without it the model misses BIAS, unless the target is centred).
"""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml
from safetensors.numpy import save
from scipy import stats

from restudy.evidence.metric_extraction import read_studies
from restudy.evidence.published import published_table
from restudy.evidence.schema import Claim, Published
from restudy.evidence.verdicts import evaluate_tests
from tests.workflow.checkout import Checkout

REPETITIONS = 20
SEEDS = 4
"""Of a repetition: each has seeds of its own."""
BIAS, NOISE = 0.5, 0.5
LAMBDA = 1.0
MARGIN = 0.02

# A share of repetitions that a 95% statement is true of: fewer happen by chance once in 400 times.
ENOUGH = int(stats.binom.ppf(0.0025, REPETITIONS, 0.95))

RECIPE = {
    "dataset": "california_housing",
    "train_samples": 800,
    "validation_samples": 200,
    "scaling": "standard",
    "loss": "mse",
    "hidden": [],
    "learning_rate": 0.02,
    "batch_size": 40,
    "epochs": 15,
    "evaluate_every": 15,
}
FACTORS = {
    "penalties": {"lambda2": [0.0, LAMBDA], "optimiser": ["sgd", "momentum"]},
    "biases": {"bias": ["per_neuron", "none"], "target_scaling": ["none", "standard"]},
}
"""Of each study."""


def planted():
    """Return the prepared arrays: 1,000 rows to train on, of which 200 validate; 2,000 to test."""
    rng = np.random.default_rng(20)
    w = np.array([0.5, -0.5, 0.5, -0.5, 0, 0, 0, 0])
    arrays = {}
    for part, n in (("train", 1000), ("test", 2000)):
        x = rng.standard_normal((n, 8)).astype(np.float32)
        y = BIAS + x @ w + NOISE * rng.standard_normal(n)
        arrays |= {f"x_{part}": x, f"y_{part}": y.astype(np.float32)}
    return arrays | {"order": rng.permutation(1000).astype(np.int64)}


def closed_form(arrays, *, penalty=0.0, bias=True):
    """Return the test R2 of the minimum of mean squared error + penalty / 2 |w|^2."""
    rows = arrays["order"][:800]
    x, y = arrays["x_train"][rows].astype(float), arrays["y_train"][rows].astype(float)
    mean, sd = x.mean(0), x.std(0)
    x, x_test = (x - mean) / sd, (arrays["x_test"].astype(float) - mean) / sd
    ones = [np.ones((len(x), 1)), np.ones((len(x_test), 1))] if bias else [x[:, :0], x_test[:, :0]]
    x, x_test = np.hstack([x, ones[0]]), np.hstack([x_test, ones[1]])
    penalised = penalty / 2 * np.diag([1.0] * 8 + [0.0] * bias)
    w = np.linalg.solve(x.T @ x / len(x) + penalised, x.T @ y / len(x))
    y_test = arrays["y_test"].astype(float)
    return 1 - np.mean((x_test @ w - y_test) ** 2) / y_test.var()


ARRAYS = planted()
BEST = closed_form(ARRAYS)
EFFECTS = {
    "CLM-PLANT-01": BEST - closed_form(ARRAYS, penalty=LAMBDA),
    "CLM-PLANT-02": BEST - closed_form(ARRAYS, penalty=LAMBDA),
    "CLM-PLANT-03": 0.0,
    "CLM-PLANT-04": BEST - closed_form(ARRAYS, bias=False),
    "CLM-PLANT-05": 0.0,
}
VERDICTS = {
    "CLM-PLANT-01": "supported",
    "CLM-PLANT-02": "contradicted",
    "CLM-PLANT-03": "no_meaningful_difference",
    "CLM-PLANT-04": "supported",
    "CLM-PLANT-05": "no_meaningful_difference",
}


def claim(place, statement, study, treatment, control, where, predicts="greater"):
    return {
        "id": f"CLM-PLANT-{place:02}",
        "sources": ["S1"],
        "topic": f"planted {place}",
        "statement": statement,
        "evidence_in_source": "none",
        "scope": "in scope",
        "metric": "test R2",
        "contrast": {"treatment": str(treatment), "control": str(control)},
        "predicts": predicts,
        "tests": [
            {
                "study": study,
                "number": {"split": "test", "metric": "r2"},
                "treatment": treatment,
                "control": control,
                "filter": where,
                "predicts": predicts,
                "margin": MARGIN,
            }
        ],
    }


def number(place, value):
    where = {"lambda2": "0.0", "optimiser": "sgd"}
    return {
        "id": f"PUB-S1-{place:03}",
        "source": "S1",
        "experiment": "EXP-S1-PLANTED",
        "metric": "R2",
        "value": value,
        "unit": "R2",
        "split_as_labelled": "test",
        "measure": {"study": "penalties", "split": "test", "metric": "r2", "filter": where},
    }


FREE, PENALISED = {"lambda2": "0.0"}, {"lambda2": str(LAMBDA)}
PER_UNIT, NO_BIAS = {"bias": "per_neuron"}, {"bias": "none"}
SGD, MOMENTUM = {"optimiser": "sgd"}, {"optimiser": "momentum"}
EVIDENCE = {
    "sources": [{"id": "S1", "title": "A planted report", "what": "Numbers that are known."}],
    "systems": [
        {
            "id": "EXP-S1-PLANTED",
            "source": "S1",
            "kind": "experiment",
            "name": "Planted",
            "description": "Linear models.",
        }
    ],
    "claims": [
        claim(1, "Less penalty, better fit.", "penalties", FREE, PENALISED, SGD),
        claim(2, "Less penalty, worse fit.", "penalties", FREE, PENALISED, SGD, "less"),
        claim(3, "Plain descent fits better.", "penalties", SGD, MOMENTUM, FREE),
        *(
            claim(place, "A bias helps.", "biases", PER_UNIT, NO_BIAS, {"target_scaling": scaling})
            for place, scaling in ((4, "none"), (5, "standard"))
        ),
    ],
    "published": [number(1, f"{BEST:.2f}"), number(2, f"{BEST + 0.1:.2f}")],
    "errata": [],
    "figures": [],
    "configuration_searches": [],
    "contradictions": [],
}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The results of the pipeline on the planted data."""
    checkout = Checkout.fresh(tmp_path_factory.mktemp("planted") / "checkout")
    shutil.rmtree(checkout.folder / "studies")
    # Another paper: nothing of the four reports' own.
    shutil.rmtree(checkout.folder / "experiments")
    (checkout.folder / "experiments").mkdir()
    for name, factors in FACTORS.items():
        about = {"title": "Linear models", "question": "Are planted effects found?"}
        seeds = REPETITIONS * SEEDS
        checkout.write_study(name, **about, recipe=RECIPE, factors=factors, seeds=seeds)
    for kind, rows in EVIDENCE.items():
        path = checkout.folder / "config/evidence" / f"{kind}.yaml"
        path.write_text(yaml.safe_dump(rows, sort_keys=False))
    data = checkout.results / "data"
    data.mkdir(parents=True)
    (data / "california_housing.raw.json").write_text("{}")
    about = json.dumps({"name": "california_housing", "split_seed": 0, "raw": {}})
    (data / "california_housing.safetensors").write_bytes(save(ARRAYS, {"restudy": about}))
    checkout.run(timeout=600)
    return checkout.results


def runs_of(results):
    return {name: pd.read_parquet(results / f"studies/{name}/runs.parquet") for name in FACTORS}


def statuses(results, name):
    table = pd.read_csv(results / f"tables/{name}.csv", keep_default_na=False)
    return table.set_index("id")["status"]


@pytest.mark.pipeline
def test_training_ends_at_the_closed_form(results):
    runs = runs_of(results)
    assert all((table["status"] == "finished").all() for table in runs.values())
    penalties = runs["penalties"][runs["penalties"]["optimiser"] == "sgd"]
    for lambda2, part in penalties.groupby("lambda2"):
        expected = closed_form(ARRAYS, penalty=float(lambda2))
        assert part["test_r2"].mean() == pytest.approx(expected, abs=0.015)
    biases = runs["biases"][runs["biases"]["target_scaling"] == "none"]
    for bias, part in biases.groupby("bias"):
        expected = closed_form(ARRAYS, bias=bias == "per_neuron")
        assert part["test_r2"].mean() == pytest.approx(expected, abs=0.015)


@pytest.mark.pipeline
def test_the_pipeline_says_what_was_planted(results):
    assert statuses(results, "claims").to_dict() == VERDICTS
    near, far = statuses(results, "published")
    assert near == "consistent"
    assert far == "inconsistent"


@pytest.mark.pipeline
def test_few_seeds_say_so_as_often_as_promised(results):
    rows = [Claim.model_validate(row) for row in EVIDENCE["claims"]]
    runs = runs_of(results)
    studies = read_studies(results / "studies" / name for name in FACTORS)
    effects = evaluate_tests(rows, studies, runs).set_index("claim")["effect"]
    assert (effects - pd.Series(EFFECTS)).abs().max() < 0.015
    free = runs["penalties"].set_index("seed").query("lambda2 == '0.0' and optimiser == 'sgd'")
    right, covered, inside, far = [], [], [], []
    for seeds in np.arange(REPETITIONS * SEEDS).reshape(REPETITIONS, SEEDS):
        part = {name: table[table["seed"].isin(seeds)] for name, table in runs.items()}
        part_studies = {name: of_runs(studies[name], part[name]) for name in FACTORS}
        found = evaluate_tests(rows, part_studies, part).set_index("claim")
        assert (found["n"] == SEEDS).all()
        right.append(found["verdict"] == pd.Series(VERDICTS))
        covered.append(found["ci_low"].le(effects) & found["ci_high"].ge(effects))
        # A run with another seed is one more run, and so is what a source prints.
        printed = float(free["test_r2"][(seeds[-1] + 1) % (REPETITIONS * SEEDS)])
        numbers = [number(1, repr(printed)), number(2, repr(printed + 0.1))]
        told = published_table([Published.model_validate(row) for row in numbers], part_studies, {})
        inside.append(told["status"][0] == "consistent")
        far.append(told["status"][1] == "inconsistent")
    # Effects and margins are many standard errors apart, so the verdicts hold each time.
    assert pd.DataFrame(right).all(axis=None)
    assert pd.DataFrame(covered).sum().min() >= ENOUGH
    assert sum(inside) >= ENOUGH
    assert all(far)


def of_runs(study, runs):
    """Return the tables of a study with some of its runs alone."""
    mine = pd.MultiIndex.from_frame(runs[["group", "run"]])
    rows = pd.MultiIndex.from_frame(study.history[["group", "run"]].astype(str))
    return replace(study, history=study.history[rows.isin(mine)])
