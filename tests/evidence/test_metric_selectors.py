"""Readings: what is wrong with one is said before any work, and what is right is read off."""

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restudy.common.errors import RestudyError
from restudy.config.diagnostics import PROBES
from restudy.config.loading import load_rows, load_studies
from restudy.config.reductions import Reduction
from restudy.evidence import validation
from restudy.evidence.metric_extraction import MissingError, extract_metric, knee, second_knee
from restudy.evidence.metric_selectors import MetricSelector, metrics_of
from restudy.evidence.search_specs import ConfigurationSearch
from restudy.evidence.validation import Evidence, check, check_experiments
from restudy.planning.plan import make_plan
from restudy.training.train_stacks import train_runs
from tests.evidence.made_up import configuration_search, measure, plan, published, tables
from tests.recipes import HOUSES, houses, images, run

EVERY = list(PROBES)

# Checks


@pytest.mark.parametrize("scale", ["quick", "default", "full"])
def test_the_repository_s_own_readings_are_right(scale, pytestconfig, monkeypatch):
    monkeypatch.chdir(pytestconfig.rootpath)
    studies = load_studies(validation.STUDIES)
    assert {path.stem for path in validation.STUDIES.glob("*.yaml")} == set(studies)
    validation.load_evidence(make_plan(studies, scale).studies)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"study": "tinny"}, ["measure.study: 'tinny'", "did you mean 'tiny'"]),
        ({"filter": {"nrom": "none"}}, ["measure.filter: 'nrom'", "did you mean 'norm'"]),
        ({"filter": {"norm": "btach"}}, ["measure.filter.norm: 'btach'", "none, batch", "'batch'"]),
        ({"filter": {}}, ["measure.filter: norm is missing; allowed: none, batch"]),
        ({"metric": "acuracy"}, ["measure.metric: 'acuracy'", "did you mean 'accuracy'"]),
        ({"metric": "batch_loss", "split": "train"}, ["measure.metric: 'batch_loss'"]),
        ({"metric": "penalty"}, ["measure.metric: 'penalty'", "data_loss, accuracy"]),
        ({"at": {"epoch": 3}}, ["measure.at", "measured once, at the end"]),
        ({"at": {"epoch": 5}, "split": "train"}, ["measure.at.epoch: 5", "up to 4"]),
        ({"at": {"step": 10}, "split": "train"}, ["measure.at.step: 10", "a multiple of 9"]),
        ({"reduce": "knee"}, ["measure.at", "measured once"]),
        (
            {"reduce": "knee", "x_factor": "norm", "filter": {}},
            ["measure.x_factor: 'norm'", "levels are numbers"],
        ),
        ({"minus": measure(study="tinny")}, ["measure.minus.study: 'tinny'"]),
    ],
)
def test_a_wrong_reading_is_named(fields, words):
    evidence = Evidence([published(measure=measure(**fields))], [])
    with pytest.raises(RestudyError) as caught:
        check(evidence, {"tiny": plan()}, [])
    for word in ["published.yaml: PUB-S1-001", *words]:
        assert word in str(caught.value)


def test_corrected_readings_and_facts_are_checked_too():
    rows = [
        published(measure=measure(), corrected=measure(metric="x")),
        published(id="PUB-S1-002", fact="mnist.clases"),
    ]
    with pytest.raises(RestudyError) as caught:
        check(Evidence(rows, []), {"tiny": plan()}, [])
    first, second = str(caught.value).splitlines()
    assert "PUB-S1-001: corrected.metric: 'x'" in first
    assert "PUB-S1-002: fact: 'mnist.clases'" in second
    assert "did you mean 'mnist.classes'" in second


def test_no_validation_part_no_reading_of_it():
    made = plan(as_published=True, recipe={"validation_samples": 0, "diagnostics": ["test"]})
    for fields in ({"split": "validation"}, {"at": "best"}):
        with pytest.raises(RestudyError):
            check(Evidence([published(measure=measure(**fields))], []), {"tiny": made}, [])
    check(Evidence([published(measure=measure(at={"epoch": 2}))], []), {"tiny": made}, [])


def test_a_diagnostic_s_metric_is_read_where_and_when_it_is_measured():
    made = plan(recipe={"diagnostics": ["gradients", "sharpness"]})

    def checked(**fields):
        row = published(measure=measure(split="train", **fields))
        check(Evidence([row], []), {"tiny": made}, [])

    checked(metric="gradient_norm", at={"epoch": 2})
    checked(metric="sharpness")
    with pytest.raises(RestudyError, match=r"measure.at.*measured once, at the end"):
        checked(metric="sharpness", at={"epoch": 2})
    with pytest.raises(RestudyError, match=r"measure.metric: 'noisy_accuracy'"):
        checked(metric="noisy_accuracy")


def test_a_study_that_is_not_in_this_run_is_not_looked_into():
    rows = [published(measure=measure(filter={"nrom": "x"}))]
    check(Evidence(rows, [configuration_search()]), {}, ["tiny"])


def test_a_scale_may_lack_a_level_and_end_before_an_epoch():
    scales = {"quick": {"recipe": {"epochs": 1}, "factors": {"norm": ["none"]}}}
    made = plan(scale="quick", scales=scales)
    for fields in ({"filter": {"norm": "batch"}}, {"split": "train", "at": {"epoch": 3}}):
        check(Evidence([published(measure=measure(**fields))], []), {"tiny": made}, [])


CLUE = {"published": "PUB-S1-001", "split": "test", "metric": "accuracy"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"search_factors": ["nrom"]}, "search_factors: 'nrom'.*did you mean 'norm'"),
        ({"study": "tinny"}, r"constraints\[0\]\.study: 'tinny'.*did you mean 'tiny'"),
        (
            {"constraints": [{"published": "PUB-S1-01", "split": "test", "metric": "accuracy"}]},
            r"constraints\[0\]\.published: 'PUB-S1-01'.*did you mean 'PUB-S1-001'",
        ),
        (
            {"constraints": [{"published": "PUB-S1-001", "split": "test", "metric": "x"}]},
            r"constraints\[0\]\.metric: 'x'",
        ),
        (
            {"constraints": [CLUE | {"minus": {"published": "PUB-S1-01"}}]},
            r"constraints\[0\]\.minus\.published: 'PUB-S1-01'.*did you mean 'PUB-S1-001'",
        ),
        (
            {"constraints": [CLUE | {"minus": {"published": "PUB-S1-002"}}]},
            r"constraints\[0\]: PUB-S1-001 and PUB-S1-002 have different units",
        ),
        (
            {
                "constraints": [
                    CLUE | {"minus": {"published": "PUB-S1-001", "filter": {"nrom": "batch"}}}
                ]
            },
            r"constraints\[0\]\.filter: 'nrom'",
        ),
    ],
)
def test_a_wrong_puzzle_is_named(fields, words):
    percent = published(id="PUB-S1-002", unit="percent", value="90")
    evidence = Evidence([published(), percent], [configuration_search(**fields)])
    with pytest.raises(RestudyError, match=f"configuration_searches.yaml: PUZ-S1-01: {words}"):
        check(evidence, {"tiny": plan()}, [])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("at: first", r"constraints\[0\].at: 'first' is not allowed; allowed: last, best"),
        ("at: {epoch: 0}", r"constraints\[0\].at: {'epoch': 0} is not allowed"),
        ("metrik: x", r"constraints\[0\].metrik.*did you mean 'metric'"),
        ("filter: {norm: none}", "fixes a search factor: 'norm'"),
        ("minus: {published: PUB-S1-002, filter: {norm: none}}", "fixes a search factor: 'norm'"),
    ],
)
def test_a_puzzle_s_file_is_checked(tmp_path, text, words):
    path = tmp_path / "configuration_searches.yaml"
    path.write_text(
        "- id: PUZ-S1-01\n  source: S1\n  title: T\n  question: Q\n  study: tiny\n"
        "  search_factors: [norm]\n  if_none: so\n  constraints:\n"
        f"    - published: PUB-S1-001\n      split: test\n      metric: accuracy\n      {text}\n"
    )
    with pytest.raises(RestudyError, match=words):
        load_rows(path, ConfigurationSearch)


@pytest.mark.parametrize(
    ("fields", "data"),
    [
        ({}, images()),
        ({"diagnostics": ["batch_loss", "train_sample", "training_mode", "test"]}, images()),
        ({"diagnostics": EVERY}, images()),
        ({"diagnostics": EVERY, "norm": "batch"}, images()),
        (
            {"diagnostics": ["robustness", "weights"], "norm": "batch", "hidden": [], **HOUSES},
            houses(),
        ),
    ],
    ids=["none", "printed", "every", "batch norm", "linear"],
)
def test_metrics_are_those_that_training_records(fields, data):
    one = run(**fields)
    history = train_runs([one], data, digests={one.id: "d"}).history
    for split in ("train", "validation", "test"):
        assert {*metrics_of(one.recipe, split)} == {
            *history.loc[history["split"] == split, "metric"]
        }


# Readings


def reading(**fields):
    return MetricSelector.model_validate(measure(**fields))


def number(run, epoch, split, metric):
    """Return a number that tells where it comes from, but for the validation accuracy."""
    if metric == "penalty":
        return 1000.0
    if (split, metric) == ("validation", "accuracy"):
        return [0.1, 0.5, 0.5, 0.4][epoch - 1]  # best at the second epoch
    return run.recipe.seed + epoch / 10 + (run.levels["norm"] == "batch") / 100


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, 0.4),
        ({"filter": {"norm": "batch"}}, 0.41),
        ({"split": "train", "at": {"epoch": 3}}, 0.3),
        ({"split": "train", "at": {"step": 27}}, 0.3),
        ({"split": "train", "at": "best"}, 0.2),
        ({"split": "train", "include_penalty": True, "at": {"epoch": 1}}, 1000.1),
        ({"minus": measure(split="train", at={"epoch": 1})}, 0.3),
        ({"filter": {"norm": "batch"}, "minus": measure()}, 0.01),
    ],
)
def test_a_reading_is_the_number_it_names(fields, expected):
    taken = extract_metric(reading(**fields), {"tiny": tables(plan(), number)})
    seeds = 0 if "minus" in fields else np.arange(5)
    assert list(taken.by_seed.index) == [0, 1, 2, 3, 4]
    assert taken.by_seed.to_numpy() == pytest.approx(expected + seeds * np.ones(5))
    assert (taken.resolution, taken.reductions) == (0.0, ())


def test_a_diverged_run_has_no_value():
    def diverges(run, epoch, split, metric):
        lost = run.recipe.seed == 3 and epoch == 3
        return math.nan if lost else number(run, epoch, split, metric)

    studies = {"tiny": tables(plan(), diverges)}
    for fields in ({}, {"split": "train", "at": {"epoch": 1}}, {"split": "train", "at": "best"}):
        by_seed = extract_metric(reading(**fields), studies).by_seed
        assert list(by_seed.index[by_seed.isna()]) == [3]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"study": "other"}, "study other is not in this run"),
        ({"filter": {"norm": "layer"}}, "norm layer is not at this scale"),
        ({"split": "train", "at": {"epoch": 7}}, "epoch 7 is not measured at this scale"),
        ({"metric": "batch_loss", "split": "train"}, "study tiny has no train batch loss"),
    ],
)
def test_what_is_missing_is_said(fields, words):
    with pytest.raises(MissingError, match=words):
        extract_metric(reading(**fields), {"tiny": tables(plan())})


def test_what_the_scale_cuts_of_the_recipe_is_said():
    scales = {"quick": {"recipe": {"epochs": 2}}, "default": {"seeds": 2}}
    cut = extract_metric(reading(), {"tiny": tables(plan(scale="quick", scales=scales))})
    assert cut.reductions == (Reduction("epochs", "4", "2"),)
    fewer = extract_metric(reading(), {"tiny": tables(plan(scale="default", scales=scales))})
    assert (fewer.reductions, len(fewer.by_seed)) == ((), 2)


# Reductions


def test_knee_of_straight_lines():
    x = np.arange(0, 101, 10)
    y = np.where(x <= 30, x / 30 * 0.8, 0.8 + (x - 30) / 70 * 0.2)
    assert knee(x, y) == 30
    assert knee(x, 5 - 3 * y) == 30  # a falling curve, in other units
    three = np.interp(x, [0, 20, 60, 100], [0, 0.7, 0.95, 1])
    assert (knee(x, three), second_knee(x, three)) == (20, 60)


@given(st.floats(0.02, 0.5), st.floats(-5, 5), st.floats(0.1, 10))
def test_knee_of_an_exponential(rate, shift, scale):
    # The curve 1 - exp(-rate x) is farthest ahead of its chord where its slope is the chord's.
    x = np.linspace(0, 100, 2001)
    chord = (1 - math.exp(-rate * 100)) / 100
    where = -math.log(chord / rate) / rate
    assert knee(x, shift + scale * (1 - np.exp(-rate * x))) == pytest.approx(where, abs=0.06)


@pytest.mark.parametrize("y", [[1.0, 2.0], [1.0, 2.0, 1.0], [1.0, math.nan, 2.0], []])
def test_no_knee(y):
    assert math.isnan(knee(range(len(y)), y))
    assert math.isnan(second_knee(range(len(y)), y))


def test_a_knee_is_read_off_each_run_s_curve():
    def curve(run, epoch, split, metric):
        if run.recipe.seed == 2:
            return math.nan
        return min(epoch, 2 + run.recipe.seed) / 10 + epoch / 1000

    made = plan(seeds=3, recipe={"epochs": 8})
    taken = extract_metric(
        reading(split="validation", reduce="knee"), {"tiny": tables(made, curve)}
    )
    pd.testing.assert_series_equal(
        taken.by_seed, pd.Series({0: 18.0, 1: 27.0, 2: math.nan}), check_names=False
    )
    assert taken.resolution == 9


def test_a_knee_is_read_off_along_a_factor():
    made = plan(seeds=2, factors={"hidden": [[100], [200], [300], [500]]}, recipe={"epochs": 2})
    heights = {100: 0.0, 200: 0.5, 300: 0.9, 500: 1.0}

    def value(run, epoch, split, metric):
        return heights[run.recipe.hidden[0]] * epoch * (1 + run.recipe.seed)

    fields = {"filter": {}, "reduce": "knee", "x_factor": "hidden"}
    taken = extract_metric(reading(**fields), {"tiny": tables(made, value)})
    assert taken.by_seed.to_dict() == {0: 300.0, 1: 300.0}
    assert taken.resolution == 200
    check(Evidence([published(measure=measure(**fields))], []), {"tiny": made}, [])


@pytest.mark.parametrize(
    "fields",
    [
        {"x_factor": "norm"},
        {"reduce": "knee", "at": {"epoch": 1}},
        {"reduce": "knee", "x_factor": "norm"},  # stands in where
    ],
)
def test_keys_that_exclude_each_other(fields):
    with pytest.raises(ValueError, match=re.compile("'x_factor'|exclude|stands in")):
        reading(**fields)


def test_an_experiment_that_no_source_has() -> None:
    made = {"tiny": plan(experiments=["EXP-S3-SIMPL-1", "EXP-S3-CMP-BN"])}
    known = ["EXP-S3-SIMPLE-1", "EXP-S3-CMP-BN"]
    with pytest.raises(RestudyError) as caught:
        check_experiments(made, known)
    assert str(caught.value).count("\n") == 0
    for part in ("experiments", "'EXP-S3-SIMPL-1'", "did you mean 'EXP-S3-SIMPLE-1'"):
        assert part in str(caught.value)
