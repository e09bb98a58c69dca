"""From studies to groups and runs: crossing, scales, and ids that stay what they are."""

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restudy.config.recipe import PER_RUN_FIELDS, Recipe
from restudy.config.reductions import in_words
from restudy.config.run_ids import group_id, run_id
from restudy.config.study import Study
from restudy.planning.plan import make_plan, plan_study
from tests.config.studies import RECIPE, STUDY
from tests.recipes import HOUSES, recipe

LEVELS = {
    "norm": ["none", "batch", "layer"],
    "batch_size": [10, 20, "full"],
    "hidden": [[], [8], [8, 4]],
    "learning_rate": [0.1, 0.2],
    "dropout": [0.0, 0.5],
    "regularisation": {"none": {}, "L1": {"lambda1": 1e-3}},
}
# Another legal value than recipe()'s for every field. Some need a field more to be legal.
OTHER = {
    "dataset": "fashion_mnist",
    "train_samples": 60,
    "validation_samples": 30,
    "scaling": "minus_one_one",
    "target_scaling": ("standard", HOUSES),
    "label_noise": 0.1,
    "hidden": [9],
    "activation": "tanh",
    "bias": "shared",
    "norm": "batch",
    "norm_position": "after",
    "norm_eps": 1e-3,
    "norm_momentum": 0.2,
    "dropout": 0.2,
    "weight_init": "he",
    "init_scale": 2.0,
    "loss": "double_softmax",
    "lambda1": 0.1,
    "lambda2": 0.1,
    "l1_form": "without_abs",
    "l2_convention": "lambda",
    "optimiser": "adam",
    "learning_rate": 0.3,
    "learning_rate_decay": 0.9,
    "momentum": 0.5,
    "adam_beta1": 0.5,
    "adam_beta2": 0.5,
    "adam_eps": 1e-3,
    "batch_size": 25,
    "epochs": 3,
    "steps": (7, {"epochs": None}),
    "evaluate_every": 2,
    "diagnostics": ["batch_loss"],
    "seed": 1,
}


def study(name="tiny", **keys):
    changes = {"name": name, "recipe": RECIPE | keys.pop("recipe", {}), **keys}
    return Study.model_validate(STUDY | changes)


def plan(*studies, scale="full"):
    return make_plan({one.name: one for one in studies}, scale)


def ids(made):
    """All (group, run) of a plan or a study's plan."""
    if hasattr(made, "runs"):
        return {(one.group, one.id) for one in made.runs}
    return {(group, run.id) for group, found in made.groups.items() for run in found.runs}


@st.composite
def designs(draw):
    """Factors with some of their levels, and seeds."""
    names = draw(st.lists(st.sampled_from(sorted(LEVELS)), max_size=3, unique=True))
    factors = {}
    for name in names:
        size = draw(st.integers(1, len(LEVELS[name])))
        kept = list(LEVELS[name])[:size]
        whole = LEVELS[name]
        factors[name] = {key: whole[key] for key in kept} if isinstance(whole, dict) else kept
    return {"factors": factors, "seeds": draw(st.integers(1, 3))}


@settings(max_examples=30, deadline=None)
@given(designs())
def test_all_levels_and_seeds_are_crossed(design):
    made = plan_study(study(**design), "full")
    combinations = [tuple(run.levels.values()) for run in made.runs]
    expected = itertools.product(*made.factors.values())
    assert sorted(combinations) == sorted(list(expected) * design["seeds"])
    assert len(ids(made)) == len(made.runs)
    assert all(list(run.levels) == list(design["factors"]) for run in made.runs)


@settings(max_examples=30, deadline=None)
@given(designs(), designs(), st.randoms(use_true_random=False))
def test_ids_do_not_depend_on_other_studies_or_on_order(one, other, random):
    studies = [study("one", **one), study("other", **other), study("third", seeds=4)]
    alone = [ids(plan(each)) for each in studies]
    assert ids(plan(*studies)) == set().union(*alone)
    random.shuffle(studies)
    shuffled = plan(*studies)
    assert shuffled.groups == plan(*reversed(studies)).groups


@settings(max_examples=30, deadline=None)
@given(designs(), st.sampled_from(sorted(LEVELS)), st.data())
def test_ids_stay_when_a_study_grows(design, name, data):
    before = ids(plan(study(**design)))
    more_seeds = design | {"seeds": design["seeds"] + 1}
    assert before < ids(plan(study(**more_seeds)))
    more_levels = design | {"factors": design["factors"] | {name: LEVELS[name]}}
    if name not in design["factors"] and isinstance(LEVELS[name], list):
        # A new factor: what the recipe had so far is its first level.
        first = [RECIPE.get(name, Recipe.model_fields[name].default)]
        rest = [level for level in LEVELS[name] if level not in first]
        more_levels = design | {"factors": design["factors"] | {name: first + rest}}
    assert before <= ids(plan(study(**more_levels)))


def test_a_field_with_its_default_changes_no_id():
    plain = recipe()
    for name, field in Recipe.model_fields.items():
        if not field.is_required() and name not in plain.model_fields_set:
            spelt_out = recipe(**{name: field.default})
            assert group_id(spelt_out) == group_id(plain), name
            assert run_id(spelt_out) == run_id(plain), name


def test_ids_are_what_they_were():
    # Written down once: if these change, all that was ever trained is trained again.
    assert group_id(recipe(seed=3)) == "mnist-7x5-plain-b16-2e-a19d31f67f"
    assert run_id(recipe(seed=3)) == "s3-02d0e8165f"


@pytest.mark.parametrize("name", Recipe.model_fields)
def test_run_fields_alone_leave_the_group_as_it_is(name):
    value, needs = OTHER[name] if isinstance(OTHER[name], tuple) else (OTHER[name], {})
    before = recipe(**needs | ({"steps": 9} if name == "steps" else {}))
    after = recipe(**needs | {name: value})
    assert (group_id(before) == group_id(after)) == (name in PER_RUN_FIELDS)
    assert run_id(before) != run_id(after)


def test_a_run_that_two_studies_ask_for_is_one_run_of_one_group():
    grid = study("grid", factors={"norm": ["none", "batch"], "learning_rate": [0.1, 0.2]})
    single = study("single", seeds=[1, 5])
    made = plan(grid, single)
    (group,) = made.studies["single"].groups
    assert group in made.studies["grid"].groups
    runs = [run.id for run in made.groups[group].runs]
    assert len(runs) == len(set(runs)) == 5  # two rates by two seeds, and seed 5
    assert runs == sorted(runs)
    shared = ids(made.studies["grid"]) & ids(made.studies["single"])
    assert len(shared) == 1


def test_a_group_s_runs_differ_in_run_fields_only():
    made = plan(study(factors={name: LEVELS[name] for name in ("norm", "dropout", "hidden")}))
    for group in made.groups.values():
        shared = [
            {k: v for k, v in run.recipe.differences().items() if k not in PER_RUN_FIELDS}
            for run in group.runs
        ]
        assert all(fields == shared[0] for fields in shared)
        assert all(group_id(run.recipe) == group.id for run in group.runs)
        runs = [
            {"id": run_id(run.recipe), "recipe": run.recipe.differences()} for run in group.runs
        ]
        assert group.parameters() == {"id": group.id, "runs": runs, "keep_weights": True}


def test_a_search_of_long_runs_is_dealt_out_by_their_settings():
    # 784 by 512 weights and 512 by 10, 6 operations each, 5 million samples.
    long = {"hidden": [512], "train_samples": 50_000, "validation_samples": 100, "epochs": 100}
    rates = [round(0.001 * k, 3) for k in range(1, 41)]
    made = plan(study(recipe=RECIPE | long, factors={"learning_rate": rates}, seeds=3))
    assert 4 <= len(made.groups) <= 8
    sizes = [len(group.runs) for group in made.groups.values()]
    assert sum(sizes) == 40 * 3
    assert max(sizes) <= 40 * 3 / 3
    for group in made.groups.values():
        assert group.id.removesuffix("of8")[:-2] == group_id(group.shared)
        seeds_of = Counter(run.recipe.learning_rate for run in group.runs)
        assert set(seeds_of.values()) == {3}  # the seeds of one setting stay together
    fewer = plan(study(recipe=RECIPE | long, factors={"learning_rate": rates[:7]}, seeds=2))
    assert ids(fewer) <= ids(made)


def test_a_sweep_of_the_learning_rate_is_one_group():
    rates = [round(0.01 * k, 2) for k in range(1, 21)]
    made = plan(study(factors={"learning_rate": rates}, seeds=3))
    (group,) = made.groups.values()
    assert {(run.recipe.learning_rate, run.recipe.seed) for run in group.runs} == set(
        itertools.product(rates, range(3))
    )
    assert len(group.runs) == 60


def test_exclude():
    factors = {name: LEVELS[name] for name in ("norm", "hidden", "regularisation")}

    def left(*exclude):
        made = plan_study(study(factors=factors, exclude=list(exclude)), "full")
        return {tuple(run.levels.values()) for run in made.runs}

    assert len(left()) == 18
    assert left() - left({"norm": "batch", "hidden": []}) == {
        ("batch", "linear", "none"),
        ("batch", "linear", "L1"),
    }
    assert {norm for norm, _, _ in left({"norm": ["batch", "layer"]})} == {"none"}
    assert {hidden for _, hidden, _ in left({"hidden": [8, 4]})} == {"linear", "8"}
    assert {hidden for _, hidden, _ in left({"hidden": [[8], []]})} == {"8-4"}
    assert len(left({"norm": "batch"}, {"regularisation": "L1"})) == 6


def test_scales_cut_what_they_say():
    made = study(
        recipe={"epochs": 10},
        factors={"norm": ["none", "batch"], "hidden": [[8], [16]]},
        exclude=[{"norm": "batch", "hidden": [16]}],
        seeds=5,
        scales={
            "default": {"recipe": {"train_samples": 500}, "seeds": [7]},
            "quick": {"recipe": {"epochs": 1}, "factors": {"hidden": [[4]]}, "exclude": []},
        },
    )
    full, default, quick = (plan_study(made, scale) for scale in ("full", "default", "quick"))
    assert (len(full.runs), len(default.runs), len(quick.runs)) == (15, 3, 10)
    assert full.reductions == ()
    assert [one.text for one in default.reductions] == [
        "train_samples 500 instead of all",
        "1 seed instead of 5",
    ]
    assert in_words(quick.reductions) == (
        "epochs 1 instead of 10; hidden 4 instead of 8, 16; other combinations left out"
    )
    assert {run.recipe.seed for run in default.runs} == {7}
    assert {run.recipe.train_samples for run in default.runs} == {500}
    assert {run.recipe.epochs for run in quick.runs} == {1}
    assert quick.description()["factors"] == {"norm": ["none", "batch"], "hidden": ["4"]}


@pytest.mark.parametrize(
    ("cut", "comparable"),
    [
        ({}, True),
        ({"seeds": 1}, True),
        ({"factors": {"net": {"A": {"hidden": [8]}}}}, True),
        ({"recipe": {"evaluate_every": 5}}, True),
        ({"recipe": {"epochs": 10}}, True),  # as it is anyway
        ({"recipe": {"epochs": 1}}, False),
        ({"recipe": {"train_samples": 500}}, False),
        ({"factors": {"net": {"A": {"hidden": [4]}}}}, False),  # another network of that name
    ],
)
def test_fewer_runs_are_comparable_and_other_runs_are_not(cut, comparable):
    made = study(
        recipe={"epochs": 10},
        factors={"net": {"A": {"hidden": [8]}, "B": {"hidden": [16]}}},
        scales={"quick": cut},
    )
    assert plan_study(made, "full").description()["comparable"]
    assert plan_study(made, "quick").description()["comparable"] is comparable


def test_a_study_may_be_left_out_at_a_scale():
    made = plan(study("a"), study("b", scales={"quick": {"disabled": True}}), scale="quick")
    assert list(made.studies) == ["a"]


def test_one_study_may_be_done_at_the_full_scale():
    cut = {"scales": {"quick": {"disabled": True}}}
    one = study("one", seeds=4, **cut)
    other = study("other", seeds=3, scales={"quick": {"seeds": 1}})
    made = make_plan({"one": one, "other": other}, "quick", full=["one"])
    assert {name: len(found.runs) for name, found in made.studies.items()} == {"one": 4, "other": 1}
    assert [found.scale for found in made.studies.values()] == ["full", "quick"]
    assert ids(made.studies["one"]) == ids(plan_study(one, "full"))


def test_weights_are_kept_if_one_study_wants_them():
    heavy, light = study("heavy"), study("light", keep_weights=False)
    assert [group.keep_weights for group in plan(heavy, light).groups.values()] == [True]
    assert [group.keep_weights for group in plan(light).groups.values()] == [False]
    again = study("again", keep_weights=False, scales={"quick": {"keep_weights": True}})
    assert [group.keep_weights for group in plan(again, scale="quick").groups.values()] == [True]


def test_places_and_description_are_plain_values():
    made = plan_study(
        study(factors={"hidden": [[], [8]]}, compare=[{"factor": "hidden", "baseline": []}]), "full"
    )
    assert [place["levels"] for place in made.places()] == [
        {"hidden": width} for width in ("linear", "linear", "8", "8")
    ]
    description = made.description()
    assert description["compare"] == [
        {"factor": "hidden", "baseline": "linear", "metric": "test_accuracy"}
    ]
    assert description["seeds"] == 2


def test_work_grows_with_runs_epochs_and_widths():
    def work(**keys):
        (group,) = plan(study(**keys)).groups.values()
        return group.work

    assert work() < work(seeds=3)
    assert work() < work(recipe={"epochs": 2})
    assert work() < work(recipe={"hidden": [400]})
    assert work(recipe={"epochs": 4, "evaluate_every": 4}) < work(recipe={"epochs": 4})
