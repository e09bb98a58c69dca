"""Diagnostics of gradients, activations, weights and losses, beside torch.nn and NumPy.

In float64, each run against the same network alone.
"""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from torch.nn import functional

from restudy.training.batches import Part, TensorData
from restudy.training.diagnostics.registry import diagnostic
from restudy.training.network import StackedNetwork
from restudy.training.rng import generator
from restudy.training.stack import Stack
from tests.recipes import HOUSES, recipe
from tests.training.alone import Alone, objective, optimiser

INPUTS, CLASSES = 6, 10
NETWORKS = [
    {"hidden": []},
    {"activation": "relu"},
    {"activation": "tanh", "bias": "shared", "weight_init": "glorot"},
    {"activation": "sigmoid", "bias": "none", "loss": "double_softmax"},
    {"activation": "identity", "optimiser": "adam"},
    {"activation": "relu", "norm": "batch"},
    {"activation": "sigmoid", "norm": "batch", "norm_position": "after"},
    {"activation": "relu", "norm": "layer"},
    {"activation": "tanh", "norm": "layer", "norm_position": "after"},
    {**HOUSES, "activation": "tanh", "norm": "batch"},
    {**HOUSES, "activation": "relu"},
]
networks = pytest.mark.parametrize("fields", NETWORKS, ids=lambda f: "-".join(map(str, f.values())))


def trained(diagnostics, rows=200, epochs=2, **fields):
    """Train two runs; yield the stack after each epoch."""
    fields = {"label_noise": 0.2, **fields} if "loss" not in fields else fields
    recipes = [
        recipe(**{"train_samples": rows, "batch_size": 16, "epochs": epochs,
                  "diagnostics": diagnostics, "seed": seed, "dropout": 0.3 * seed,
                  "lambda2": 0.1, "learning_rate": 0.05, **fields})
        for seed in range(2)
    ]  # fmt: skip
    classes = 0 if recipes[0].loss == "mse" else CLASSES
    random = torch.Generator().manual_seed(0)

    def part(n):
        x = torch.randn(n, INPUTS, dtype=torch.float64, generator=random)
        y = x.sum(1) if not classes else torch.randint(CLASSES, (n,), generator=random)
        return Part(x, y)

    stack = Stack(recipes, TensorData(part(rows), part(1500), part(10), 1.0), classes)
    for epoch in range(epochs):
        stack.start_epoch(epoch)
        stack.batches.epoch = epoch
        for block in stack.batches:
            stack.train(block)
        yield stack


def after_training(diagnostics, **fields):
    *_, stack = trained(diagnostics, **fields)
    return stack, diagnostic(stack, diagnostics, last=True)


def alone(stack, run):
    """Return the network of a run, as trained, in evaluation mode."""
    one, state = stack.recipes[run], stack.network.run_state(run)
    network = Alone(one, INPUTS, stack.network.widths[-1], state, torch.float64)
    norms = {name: value for name, value in state.items() if name.startswith("norm")}
    network.load_state_dict(norms, strict=False)
    return network.eval()


def data_loss(one, network, x, y):
    """Return the loss without penalties."""
    return objective(
        one.model_copy(update={"lambda1": 0.0, "lambda2": 0.0}), network, network(x), y
    )


def gradient(one, network, x, y):
    """Return the gradient of the data loss as one vector, and the parts of the weight matrices."""
    names, parameters = zip(*network.named_parameters(), strict=True)
    parts = torch.autograd.grad(data_loss(one, network, x, y), parameters)
    matrices = [g for name, g in zip(names, parts, strict=True) if name.endswith("weight")]
    matrices = matrices[: len(network.linear)]
    return torch.cat([part.flatten() for part in parts]), matrices


def close(value, reference, rel=1e-9):
    return value.item() == pytest.approx(
        float(torch.as_tensor(reference).detach()), rel=rel, abs=1e-12, nan_ok=True
    )


@networks
def test_gradients_are_autograd_s(fields):
    stack, found = after_training(["gradients"], **fields)
    for i, one in enumerate(stack.recipes):
        network, x, y = alone(stack, i).train(), stack.data.train.x, stack.targets[i]
        whole, matrices = gradient(one, network, x, y)
        first, last = matrices[0].norm(), matrices[-1].norm()
        assert close(found["gradient_norm"][i], whole.norm())
        assert close(found["gradient_norm_first"][i], first)
        assert close(found["gradient_norm_last"][i], last)
        assert close(found["gradient_ratio"][i], first / last)
        batches = [slice(start, start + 64) for start in (0, 64, 128)]
        some = torch.stack([gradient(one, network, x[rows], y[rows])[0] for rows in batches])
        mean = some.mean(0)
        noise = (some - mean).square().sum(1).mean() / mean.square().sum()
        assert close(found["gradient_noise"][i], noise)
        cosine = functional.cosine_similarity(some[1:], some[:-1]).mean()
        assert close(found["gradient_cosine"][i], cosine)


def test_gradients_take_512_rows_and_whole_batches_only():
    stack, found = after_training(["gradients"], rows=700, epochs=1)
    x, y = stack.data.train.x[:512], stack.targets[0, :512]
    network = alone(stack, 0)
    assert close(found["gradient_norm"][0], gradient(stack.recipes[0], network, x, y)[0].norm())
    _, few = after_training(["gradients"], rows=127)
    assert few["gradient_noise"].isnan().all()
    assert few["gradient_cosine"].isnan().all()
    assert few["gradient_norm"].isfinite().all()


def test_like_batches_have_no_noise():
    stack, _ = after_training([])
    for tensor in (stack.data.train.x, stack.targets.T):
        tensor[64:128], tensor[128:192] = tensor[:64], tensor[:64]
    found = diagnostic(stack, ["gradients"], last=True)
    assert found["gradient_noise"].tolist() == pytest.approx([0, 0], abs=1e-12)
    assert found["gradient_cosine"].tolist() == pytest.approx([1, 1])


def layers(stack, run):
    """Return of each hidden layer input, output of the activation and what is next, by NumPy."""
    one = stack.recipes[run]
    state = {name: value.numpy() for name, value in stack.network.run_state(run).items()}
    functions = {
        "relu": lambda z: np.maximum(z, 0),
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "tanh": np.tanh,
        "identity": lambda z: z,
    }

    def normed(h, i):
        if one.norm == "none":
            return h
        if one.norm == "batch":
            mean, var = state[f"norm.{i}.running_mean"], state[f"norm.{i}.running_var"]
        else:
            mean, var = h.mean(1, keepdims=True), h.var(1, keepdims=True)
        h = (h - mean) / np.sqrt(var + one.norm_eps)
        return h * state[f"norm.{i}.weight"] + state[f"norm.{i}.bias"]

    h = stack.data.train.x[:512].numpy()
    for i in range(len(one.hidden)):
        h = h @ state[f"linear.{i}.weight"].T + state.get(f"linear.{i}.bias", 0.0)
        z = normed(h, i) if one.norm_position == "before" else h
        a = functions[one.activation](z)
        h = normed(a, i) if one.norm_position == "after" else a
        yield z, a, h


@networks
def test_activations_are_numpy_s(fields):
    before = None
    for stack in trained(["activations"], **fields, init_scale=4.0):
        found = diagnostic(stack, ["activations"], last=False)
        now = []
        for i, one in enumerate(stack.recipes):
            own = {metric: values[i] for metric, values in found.items()}
            if not one.hidden:
                assert all(np.isnan(value.item()) for value in own.values())
                continue
            z, a, h = (np.hstack(parts) for parts in zip(*layers(stack, i), strict=True))
            slope = {
                "relu": (a > 0).astype(float),
                "sigmoid": 4 * a * (1 - a),
                "tanh": 1 - a**2,
                "identity": np.ones_like(a),
            }[one.activation]
            assert close(own["dead_units"], (slope < 0.01).all(0).mean())
            assert close(own["saturation"], (slope < 0.05).mean())
            assert close(own["activation_max"], abs(a).max())
            assert close(own["activation_kurtosis"], stats.kurtosis(z, fisher=False).mean())
            now.append((h.mean(0), h.std(0)))
            if before is None:
                assert np.isnan(own["layer_mean_shift"].item())
                continue
            (mean, sd), alive = before[i], before[i][1] > 0
            shifts = (abs(new - old) for new, old in zip(now[i], (mean, sd), strict=True))
            for name, shift in zip(("mean", "sd"), shifts, strict=True):
                assert close(own[f"layer_{name}_shift"], (shift[alive] / sd[alive]).mean())
        before = now


def test_dead_and_constant_units_are_counted_and_left_out():
    stack, _ = after_training(["activations"], hidden=[4])
    stack.network.weights[0][0, 1:] = 0
    stack.network.small.biases[0][0, 1:] = torch.tensor([[-1.0], [0.0], [2.0]])
    found = diagnostic(stack, ["activations"], last=False)
    [(z, _, _)] = layers(stack, 0)
    assert found["dead_units"][0] >= 0.5
    assert close(found["activation_kurtosis"][0], stats.kurtosis(z[:, 0], fisher=False))
    again = diagnostic(stack, ["activations"], last=False)
    assert again["layer_mean_shift"][0] == again["layer_sd_shift"][0] == 0


def test_a_run_that_diverged_has_no_activations():
    stack, _ = after_training(["activations"])
    stack.network.weights[0][0] = torch.inf
    found = diagnostic(stack, ["activations"], last=False)
    assert all(values[0].isnan() for values in found.values())
    assert found["dead_units"][1].isfinite()


@networks
def test_weights_are_numpy_s(fields):
    *_, stack = trained(["weights"], **fields)
    stack.network.weights[0][:, 0, :2] = torch.tensor([0.0, 9e-4])
    found = diagnostic(stack, ["weights"], last=False)
    for i, one in enumerate(stack.recipes):
        state = {name: value.numpy() for name, value in stack.network.run_state(i).items()}
        matrices = [state[f"linear.{k}.weight"].ravel() for k in range(len(one.hidden) + 1)]
        w = np.concatenate(matrices)
        assert close(found["weight_norm"][i], np.linalg.norm(w))
        assert close(found["weight_norm_first"][i], np.linalg.norm(matrices[0]))
        assert close(found["small_weights"][i], (abs(w) < 1e-3).mean())
        assert close(found["zero_weights"][i], (w == 0).mean())
        assert close(found["weight_sum"][i], w.sum())
        assert close(found["weight_abs_sum"][i], abs(w).sum())
        assert ("gamma_mean" in found) == (one.norm == "batch")
        for name, key in (("gamma", "weight"), ("beta", "bias")) if one.norm == "batch" else ():
            parts = np.concatenate([state[f"norm.{k}.{key}"] for k in range(len(one.hidden))])
            assert close(found[f"{name}_mean"][i], parts.mean())
            assert close(found[f"{name}_sd"][i], parts.std())


@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("batch_size", [16, "full"])
def test_smoothness_is_that_of_the_losses_of_the_epoch(norm, batch_size):
    fields = {"norm": norm, "batch_size": batch_size, "dropout": 0.0}
    start = StackedNetwork([recipe(seed=1)], INPUTS, CLASSES, torch.float64).run_state(0)
    one = next(trained([], **fields)).recipes[1]
    network = Alone(one, INPUTS, CLASSES, start, torch.float64)
    steps = optimiser(one, network.parameters())
    for epoch, stack in enumerate(trained(["smoothness"], **fields)):
        found = diagnostic(stack, ["smoothness"], last=False)
        x, y, losses = stack.data.train.x, stack.targets[1], []
        stack.batches.epoch = epoch
        for rows in (rows for block in stack.batches for rows in block[:, 1]):
            network.train()
            steps.zero_grad()
            losses.append(data_loss(one, network, x[rows], y[rows]).item())
            objective(one, network, network(x[rows]), y[rows]).backward()
            steps.step()
        rough = abs(np.diff(losses, 2)).mean() if len(losses) > 2 else np.nan
        assert close(found["loss_roughness"][1], rough, rel=1e-7)
        assert close(found["loss_spread"][1], np.std(losses), rel=1e-7)


@pytest.mark.parametrize("rows", [7, 3000])
@networks
def test_robustness_is_the_score_with_noise_from_the_run_s_stream(fields, rows, monkeypatch):
    monkeypatch.setattr("restudy.training.diagnostics.robustness.NOISY_ROWS", rows)
    stack, found = after_training(["robustness"], **fields)
    [(metric, values)] = found.items()
    x, y = stack.data.validation.x[:rows], stack.data.validation.y[:rows]
    for i, one in enumerate(stack.recipes):
        noise = generator(one.seed, "input noise").standard_normal(x.shape, np.float32)
        noise = torch.from_numpy(noise).double() * (0.3 * x.numpy().std())
        outputs = alone(stack, i)(x + noise).detach()
        if one.loss == "mse":
            residual, spread = (outputs[:, 0] - y).square().sum(), (y - y.mean()).square().sum()
            assert metric == "noisy_r2"
            assert close(values[i], 1 - residual / spread)
        else:
            assert metric == "noisy_accuracy"
            assert close(values[i], (outputs.argmax(1) == y).double().mean())


@networks
def test_sharpness_is_one_step_up_autograd_s_gradient(fields):
    stack, found = after_training(["sharpness"], **fields)
    for i, one in enumerate(stack.recipes):
        network, x, y = alone(stack, i), stack.data.train.x[:512], stack.targets[i, :512]
        before = data_loss(one, network, x, y)
        _, matrices = gradient(one, network, x, y)
        with torch.no_grad():
            for linear, g in zip(network.linear, matrices, strict=True):
                linear.weight += 0.005 * linear.weight.norm() * g / g.norm()
            rise = data_loss(one, network, x, y) - before
        assert close(found["sharpness"][i], rise / (1 + before), rel=1e-8)


def test_sharpness_without_a_gradient_is_zero():
    stack, _ = after_training([], **HOUSES)
    for tensor in (*stack.network.weights, stack.network.vector, stack.data.train.y):
        tensor.zero_()
    assert diagnostic(stack, ["sharpness"], last=True)["sharpness"].tolist() == [0, 0]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.fixed_dictionaries(
        {
            "hidden": st.sampled_from([[5], [4, 3], [6, 5, 4]]),
            "activation": st.sampled_from(["relu", "sigmoid", "tanh", "identity"]),
            "norm": st.sampled_from(["none", "batch", "layer"]),
            "norm_position": st.sampled_from(["before", "after"]),
            "weight_init": st.sampled_from(["torch", "normal", "he", "glorot"]),
            "init_scale": st.sampled_from([0.1, 1.0, 5.0]),
        }
    )
)
def test_what_holds_for_any_network(fields):
    stack, found = after_training(["gradients", "activations", "weights"], epochs=1, **fields)
    whole, first, last, ratio = (
        found[f"gradient_{name}"] for name in ("norm", "norm_first", "norm_last", "ratio")
    )
    assume(whole.isfinite().all())  # steep and without norm, training may run away
    assert (first.square() + last.square() <= whole.square() * (1 + 1e-12)).all()
    torch.testing.assert_close((ratio * last)[last > 0], first[last > 0])
    assert (found["gradient_noise"] >= 0).all()
    assert (found["gradient_cosine"].abs() <= 1 + 1e-12).all()
    assert (found["dead_units"] <= found["saturation"]).all()
    kurtosis = found["activation_kurtosis"]
    assert ((kurtosis >= 1 - 1e-12) | kurtosis.isnan()).all()
    assert (found["weight_sum"].abs() <= found["weight_abs_sum"] * (1 + 1e-12)).all()
    assert (found["weight_norm"] <= found["weight_abs_sum"] * (1 + 1e-12)).all()
    assert (found["weight_norm_first"] <= found["weight_norm"] * (1 + 1e-12)).all()
    assert (found["zero_weights"] <= found["small_weights"]).all()
    again = diagnostic(stack, ["activations"], last=False)
    for name in ("mean", "sd"):
        shift = again[f"layer_{name}_shift"]
        assert ((shift == 0) | shift.isnan()).all()
