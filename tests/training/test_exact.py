"""Each run of a stack does what the same network does alone in torch.nn and torch.optim."""

import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from restudy.config.optimisers import OPTIMISERS
from restudy.config.recipe import Recipe
from restudy.training.batches import Part, TensorData
from restudy.training.compiled.engine import CompiledEngine
from restudy.training.losses import loss_gradients
from restudy.training.network import StackedNetwork
from restudy.training.optimisers import make_optimiser
from restudy.training.penalties import penalties
from tests.recipes import BASE, HOUSES
from tests.training.alone import Alone, objective, optimiser

INPUTS = 6
# How far a run may be from the network alone; or, where rounding alone changes that by more, by
# FACTOR times its own change, the largest of STARTS (see own_change).
BOUND, FACTOR, STARTS = 1e-10, 10, 8

shared_fields = st.fixed_dictionaries(
    {
        "hidden": st.sampled_from([[], [5], [4, 3], [6, 5, 4]]),
        "activation": st.sampled_from(["relu", "sigmoid", "tanh", "identity"]),
        "bias": st.sampled_from(["per_neuron", "shared", "none"]),
        "norm": st.sampled_from(["none", "batch", "layer"]),
        "norm_position": st.sampled_from(["before", "after"]),
        "weight_init": st.sampled_from(["torch", "normal", "he", "glorot"]),
        "l1_form": st.sampled_from(["with_abs", "without_abs"]),
        "l2_convention": st.sampled_from(["lambda_over_2", "lambda"]),
        "optimiser": st.sampled_from(list(OPTIMISERS)),
        "loss": st.sampled_from(["cross_entropy", "double_softmax", "mse"]),
    }
)
run_fields = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32 - 1),
        "learning_rate": st.sampled_from([1e-3, 1e-2, 0.05]),
        "learning_rate_decay": st.sampled_from([1.0, 0.9]),
        "momentum": st.sampled_from([0.0, 0.5, 0.9]),
        "adam_beta1": st.sampled_from([0.9, 0.5]),
        "adam_beta2": st.sampled_from([0.999, 0.9]),
        # Not Adam's usual 1e-8, which has a test of its own below: what a later batch norm takes
        # out again (a bias before it, say) has no gradient but rounding, and Adam with a small
        # epsilon blows rounding up to full steps.
        "adam_eps": st.sampled_from([1e-3, 1e-2]),
        "init_scale": st.sampled_from([0.5, 1.0]),
        "lambda1": st.sampled_from([0.0, 1e-3]),
        "lambda2": st.sampled_from([0.0, 1e-2]),
        "dropout": st.sampled_from([0.0, 0.4]),
        "norm_eps": st.sampled_from([1e-5, 1e-2]),
        "norm_momentum": st.sampled_from([0.1, 0.5, 1.0]),
    }
)
# Rounding changes this network alone by some 1e-7.
ILL_CONDITIONED = (
    {
        "hidden": [6, 5, 4],
        "norm": "layer",
        "norm_position": "after",
        "optimiser": "sgd",
        "loss": "mse",
    },
    [{"seed": 10, "learning_rate": 0.05}],
)


def make(shared, runs):
    task = HOUSES if shared["loss"] == "mse" else {}
    if shared["optimiser"] == "nesterov":  # torch refuses Nesterov without momentum
        runs = [{**run, "momentum": max(run["momentum"], 0.5)} for run in runs]
    return [Recipe(**{**BASE, **task, **shared, **run}) for run in runs]


def batches(recipes, steps, dtype):
    """Random batches for each run; the last of every five is a partial one."""
    random = np.random.default_rng(1)
    for step in range(steps):
        size = 5 if step % 5 == 4 else 8
        x = torch.from_numpy(random.standard_normal((len(recipes), size, INPUTS))).to(dtype)
        if recipes[0].loss == "mse":
            y = torch.from_numpy(random.standard_normal((len(recipes), size))).to(dtype)
        else:
            y = torch.from_numpy(random.integers(0, 4, (len(recipes), size)))
        keep = [
            torch.from_numpy(random.random((len(recipes), units, size)))
            for units in recipes[0].hidden
        ]
        yield x, y, keep


def masks_for(recipes, keep, dtype):
    """Dropout masks, (L, units, batch), from uniform numbers."""
    p = torch.tensor([recipe.dropout for recipe in recipes]).view(-1, 1, 1)
    return [((uniform >= p) / (1 - p)).to(dtype) for uniform in keep]


def take_step(network, learner, x, y, loss, mask=None):
    out, tape = network.step(x, mask)
    g = loss_gradients(out, y, loss) * learner.scale / x.shape[1]
    network.backward(g, tape, learner)


def stack_of(recipes, dtype):
    return StackedNetwork(recipes, INPUTS, 1 if recipes[0].loss == "mse" else 4, dtype)


def train_stack(recipes, steps, dtype):
    stacked = stack_of(recipes, dtype)
    learner = make_optimiser(stacked, recipes)
    for step, (x, y, keep) in enumerate(batches(recipes, steps, dtype)):
        masks = masks_for(recipes, keep, dtype)
        if step % 10 == 0:
            learner.start_epoch(step // 10)
        take_step(stacked, learner, x, y, recipes[0].loss, lambda _, i, masks=masks: masks[i])
    return stacked


class GivenMasks:
    """Stands for the random streams of dropout: hands out masks that were drawn before."""

    def __init__(self, masks):
        self.masks = iter(masks)

    def fill(self, mask, run):
        mask.copy_(next(self.masks))


def train_compiled(recipes, steps, dtype):
    """Train as :func:`train_stack` does, by the compiled engine; return each run's state."""
    given = [
        (x, y, masks_for(recipes, keep, dtype)) for x, y, keep in batches(recipes, steps, dtype)
    ]
    networks = []
    for i, recipe in enumerate(recipes):
        rows = Part(torch.cat([x[i] for x, _, _ in given]), torch.cat([y[i] for _, y, _ in given]))
        masks = [mask[i] for _, _, own in given for mask in own]
        network = stack_of([recipe], dtype)
        own = network.run_state(0), stack_of(recipes, dtype).run_state(i)
        assert all(torch.equal(own[0][name], own[1][name]) for name in own[0])
        data = TensorData(rows, rows, rows, 1.0)
        engine = CompiledEngine(network, [recipe], data, rows.y.view(1, -1), GivenMasks(masks))
        done = 0
        for step, (x, _, _) in enumerate(given):
            if step % 10 == 0:
                engine.write_back() if step else None
                engine.start_epoch(step // 10)
            size = x.shape[1]
            engine.train(torch.arange(done, done + size).view(1, 1, size), step, False)
            done += size
        engine.write_back()
        networks.append(network.run_state(0))
    return networks


def train_alone(recipes, steps, dtype, start=None):
    """Train each run alone, from given states or those that the stack starts from."""
    start = start or list(stack_of(recipes, dtype).run_states())
    outputs = 1 if recipes[0].loss == "mse" else 4
    networks = [
        Alone(recipe, INPUTS, outputs, state, dtype)
        for recipe, state in zip(recipes, start, strict=True)
    ]
    optimisers = [optimiser(r, net.parameters()) for r, net in zip(recipes, networks, strict=True)]
    for step, (x, y, keep) in enumerate(batches(recipes, steps, dtype)):
        masks = masks_for(recipes, keep, dtype)
        for i, (recipe, network) in enumerate(zip(recipes, networks, strict=True)):
            for group in optimisers[i].param_groups:
                group["lr"] = recipe.learning_rate * recipe.learning_rate_decay ** (step // 10)
            optimisers[i].zero_grad()
            own = [mask[i].T for mask in masks]
            objective(recipe, network, network(x[i], own), y[i]).backward()
            optimisers[i].step()
    return networks


def both(recipes, steps, dtype):
    return train_stack(recipes, steps, dtype), train_alone(recipes, steps, dtype)


def states_of(networks):
    return [network.state_dict() for network in networks]


def difference(stacked, alone):
    return largest_difference(stacked.run_states(), states_of(alone))


def largest_difference(states, references):
    """Largest difference of any parameter or statistic, relative to its tensor's largest value.

    A network that has diverged on both sides says nothing; on one side the difference is infinite.
    """
    worst = 0.0
    for state, reference in zip(states, references, strict=True):
        pairs = [
            (state[name].double(), value.double().expand(state[name].shape))
            for name, value in reference.items()
            if name in state
        ]
        finite = [
            all(tensor.isfinite().all() for tensor in side) for side in zip(*pairs, strict=True)
        ]
        if finite != [True, True]:
            worst = math.inf if any(finite) else worst
            continue
        for value, expected in pairs:
            largest = (value - expected).abs().max()
            worst = max(worst, float(largest / expected.abs().max().clamp(min=1e-3)))
    return worst


def one_ulp_away(state, random):
    """Return a state each of whose weights is the next number above or below, by chance."""
    moved = dict(state)
    for name, value in state.items():
        if name.startswith("linear") and name.endswith("weight"):
            up = torch.rand(value.shape, generator=random) < 0.5
            moved[name] = value.nextafter(torch.where(up, math.inf, -math.inf).to(value.dtype))
    return moved


def own_change(recipes, alone, steps):
    """Largest change of the networks alone if their starting weights are one ulp away.

    This is what rounding makes of these recipes, whoever computes them: 1e-15 mostly. But layer
    norm divides by the standard deviation of a sample's units, and where one unit of four is
    active, and hardly, errors grow a hundredfold in its output and thousandfold in the gradients.
    """
    random = torch.Generator().manual_seed(0)
    start = list(stack_of(recipes, torch.float64).run_states())
    changes = []
    for _ in range(STARTS):
        moved = [one_ulp_away(state, random) for state in start]
        networks = train_alone(recipes, steps, torch.float64, moved)
        changes.append(largest_difference(states_of(networks), states_of(alone)))
    return max(changes)


def test_a_difference_is_seen_also_where_one_side_has_diverged():
    recipes = make(
        {"hidden": [5], "optimiser": "sgd", "loss": "cross_entropy"}, [{"seed": 1, "momentum": 0.5}]
    )
    stacked, alone = both(recipes, 1, torch.float64)
    assert difference(stacked, alone) < BOUND
    stacked.weights[0][0, 0, 0] += 1e-3
    assert difference(stacked, alone) > 1e-4
    stacked.weights[0][0, 0, 0] = math.nan
    assert difference(stacked, alone) == math.inf


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes, tells little
)
@given(shared_fields, st.lists(run_fields, min_size=1, max_size=3))
@example(*ILL_CONDITIONED)
def test_runs_equal_networks_alone_in_float64(shared, runs):
    recipes = make(shared, runs)
    stacked, alone = both(recipes, 50, torch.float64)
    compiled = largest_difference(train_compiled(recipes, 50, torch.float64), states_of(alone))
    found = max(difference(stacked, alone), compiled)
    assert found < BOUND or found < FACTOR * own_change(recipes, alone, 50)


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
def test_rounding_hardly_changes_most_networks_alone(norm):
    recipes = make(
        {"hidden": [6, 4], "norm": norm, "optimiser": "momentum", "loss": "cross_entropy"},
        [{"seed": 1, "learning_rate": 0.01, "momentum": 0.9}],
    )
    alone = train_alone(recipes, 50, torch.float64)
    assert 0 < own_change(recipes, alone, 50) < 1e-12


def test_rounding_changes_an_ill_conditioned_network_alone():
    recipes = make(*ILL_CONDITIONED)
    alone = train_alone(recipes, 50, torch.float64)
    assert own_change(recipes, alone, 50) > BOUND


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shared_fields, st.lists(run_fields, min_size=2, max_size=3))
def test_outputs_and_penalties_in_evaluation_mode(shared, runs):
    recipes = make(shared, runs)
    stacked, alone = both(recipes, 5, torch.float64)
    random = torch.Generator().manual_seed(0)
    x = torch.randn(9, INPUTS, dtype=torch.float64, generator=random)
    outputs = stacked(x.expand(len(recipes), -1, -1))
    values = penalties(stacked.weights, recipes)
    for i, (recipe, network) in enumerate(zip(recipes, alone, strict=True)):
        network.eval()
        expected = network(x)
        if not expected.isfinite().all():  # diverged: then ours has too
            assert not outputs[i].isfinite().all()
            continue
        torch.testing.assert_close(outputs[i].T, expected, rtol=1e-9, atol=1e-9)
        y = torch.zeros(9, dtype=torch.float64 if recipe.loss == "mse" else torch.int64)
        unpenalised = recipe.model_copy(update={"lambda1": 0, "lambda2": 0})
        # At outputs of zero, whose loss is small: a large one would round the penalty off.
        with_penalty, plain = (
            objective(each, network, torch.zeros_like(expected), y)
            for each in (recipe, unpenalised)
        )
        penalty = (with_penalty - plain).item()
        assert values[i].item() == pytest.approx(penalty, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("norm", ["none", "layer"])
def test_adam_with_its_usual_epsilon_in_float64(norm):
    recipes = make(
        {"hidden": [6, 4], "norm": norm, "optimiser": "adam", "loss": "cross_entropy"},
        [{"seed": s, "learning_rate": 0.01, "momentum": 0.9} for s in range(3)],
    )
    stacked, alone = both(recipes, 50, torch.float64)
    assert difference(stacked, alone) < BOUND
    states = train_compiled(recipes, 50, torch.float64)
    assert largest_difference(states, states_of(alone)) < BOUND


@pytest.mark.parametrize("optimiser_name", ["momentum", "adam"])
@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
def test_float32_stays_close(optimiser_name, norm):
    shared = {"hidden": [12, 8], "norm": norm, "optimiser": optimiser_name}
    recipes = make(
        {**shared, "loss": "cross_entropy"},
        [{"seed": s, "learning_rate": 0.01, "momentum": 0.9, "adam_eps": 1e-3} for s in range(3)],
    )
    stacked, alone = both(recipes, 50, torch.float32)
    assert difference(stacked, alone) < 1e-4
    states = train_compiled(recipes, 50, torch.float32)
    assert largest_difference(states, states_of(alone)) < 1e-4


def test_a_run_does_not_depend_on_its_neighbours_to_the_bit():
    recipes = make(
        {"hidden": [64, 32], "norm": "batch", "optimiser": "momentum", "loss": "cross_entropy"},
        [{"seed": s, "learning_rate": 0.01 * (s + 1), "momentum": 0.9} for s in range(4)],
    )
    stacked = train_stack(recipes, 20, torch.float32)
    whole = stacked.run_state(0)
    # The batches of run 0 are the same, whoever trains beside it: they come first.
    random = np.random.default_rng(1)
    alone = StackedNetwork(recipes[:1], INPUTS, 4)
    learner = make_optimiser(alone, recipes[:1])
    for step in range(20):
        size = 5 if step % 5 == 4 else 8
        x = torch.from_numpy(random.standard_normal((4, size, INPUTS))).float()[:1]
        y = torch.from_numpy(random.integers(0, 4, (4, size)))[:1]
        _ = [random.random((4, units, size)) for units in recipes[0].hidden]
        if step % 10 == 0:
            learner.start_epoch(step // 10)
        take_step(alone, learner, x, y, "cross_entropy")
    for name, value in alone.run_state(0).items():
        assert torch.equal(value, whole[name]), name
