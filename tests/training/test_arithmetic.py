"""The path of matrix products: what is chosen where, and that the check of its numbers works."""

import pytest
import torch

from restudy.common.errors import RestudyError
from restudy.training import matmul_backend
from restudy.training.matmul_backend import FLOAT32_ERROR, choose, product_error, use


def test_the_default_multiplies_in_float32():
    error = product_error("default")
    # Not exact either: one rounding alone is up to 6e-8.
    assert 1e-9 < error < FLOAT32_ERROR


def test_the_check_tells_rounded_factors_apart():
    """bf16 and tf32 rounding of the factors, done by hand, must lie beyond the bound."""
    x, y = torch.randn(64, 784), torch.randn(784, 64)
    exact = x.double() @ y.double()
    size = x.double().abs() @ y.double().abs()

    def worst(bits):
        step = 2.0**bits

        def rounded(t):
            mantissa, exponent = torch.frexp(t.double())
            return torch.ldexp((mantissa * step).round() / step, exponent)

        return ((rounded(x) @ rounded(y) - exact).abs() / size).max().item()

    assert worst(8) > FLOAT32_ERROR  # bf16
    assert worst(11) > FLOAT32_ERROR  # tf32
    assert worst(24) < FLOAT32_ERROR  # float32


@pytest.mark.parametrize(
    ("maker", "error", "path"),
    [
        ("GenuineIntel", 3e-7, "default"),
        ("AuthenticAMD", 3e-7, "onednn"),
        ("AuthenticAMD", 2e-3, "default"),
        ("", 3e-7, "default"),
    ],
)
def test_auto_takes_onednn_where_it_is_faster_and_float32(maker, error, path, monkeypatch):
    monkeypatch.setattr(matmul_backend, "processor_maker", lambda: maker)
    monkeypatch.setattr(matmul_backend, "product_error", lambda p: error if p == "onednn" else 3e-7)
    chosen = choose("auto")
    assert chosen.path == path
    assert chosen.error < FLOAT32_ERROR
    assert path in chosen.describe()


def test_onednn_is_refused_where_it_would_round(monkeypatch):
    monkeypatch.setattr(matmul_backend, "product_error", lambda _path: 2e-3)
    with pytest.raises(RestudyError, match=r"'onednn' has an error of 2\.0e-03"):
        choose("onednn")


def test_a_path_is_used_within_its_block_only():
    matmul = torch.backends.mkldnn.matmul
    before = matmul.fp32_precision
    with use("onednn_bf16"):
        assert matmul.fp32_precision == "bf16"
    assert matmul.fp32_precision == before


@pytest.mark.parametrize("path", ["default", "onednn"])
def test_both_paths_train_to_float32s_accuracy(path):
    from restudy.training.train_stacks import train_runs
    from tests.recipes import images, run

    made = run(hidden=[64], train_samples=64, batch_size=32, epochs=2)
    reference = train_runs([made], images(), digests={made.id: "d"}, choice="default")
    found = train_runs([made], images(), digests={made.id: "d"}, choice=path)
    assert found.record["matmul_backend"].startswith(path)
    for name, value in reference.weights[made.id].items():
        torch.testing.assert_close(
            torch.from_numpy(found.weights[made.id][name]),
            torch.from_numpy(value),
            rtol=1e-4,
            atol=1e-5,
        )
