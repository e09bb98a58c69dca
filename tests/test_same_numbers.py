"""What another machine computes: to the same bits, or as near as rounding allows.

Each way is a process of its own whose libraries are told to be those of another processor. The
table of all ways is ``python -m bench.same``.
"""

import hashlib

import pytest
import torch

from bench.same import compared
from bench.same.computed import BATCH, KINDS, SAMPLES, ULP, streams

EPOCHS = (1, 4)
STEPS = [epochs * SAMPLES // BATCH for epochs in EPOCHS]
FEWER = ("--epochs", *map(str, EPOCHS))

# Of the random numbers of this package, on every machine: docs/same-numbers.md.
STREAMS = {
    "weights torch": "dd0a4dce339ae7af",
    "weights he": "8f6c0bb2a5a5f1e0",
    "weights glorot": "7a3b2680d7c97da5",
    "weights normal": "c1ea68e70c0847f4",
    "order of batches": "0d933c560d45ca9b",
    "seeds of masks": "6ea85b2c17195289",
    "label noise": "a48026201e47608d",
    "masks": "1a48a46c912ca64e",
}


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """Compute a variant once: variant -> numbers."""
    folder, known = tmp_path_factory.mktemp("same"), {}

    def compute(variant):
        if variant.name not in known:
            known[variant.name] = compared.compute(variant, folder, *FEWER)
        return known[variant.name]

    return compute


@pytest.fixture(scope="module")
def here(computed):
    return computed(compared.HERE)


@pytest.mark.parametrize("variant", [compared.SETTINGS, compared.THREADS], ids=lambda v: v.name)
def test_threads_and_settings_change_no_bit(computed, here, variant):
    found = computed(variant)
    for kind in ("trained", "metrics", "streams", "tables"):
        assert compared.same(found, here, kind)


def test_another_processor_rounds_otherwise_and_no_more(computed, here):
    found, nudged = computed(compared.OTHER), computed(compared.NUDGED)
    assert found["capability"] != here["capability"] or here["capability"] == "AVX2"
    for kind in ("streams", "tables"):
        assert compared.same(found, here, kind)
    for kind in KINDS:
        for steps in STEPS:
            far = compared.distance(found, here, kind, steps)
            assert far <= compared.tolerance(here, nudged, kind, steps), (kind, steps, far)


def test_the_tolerance_is_small_beside_the_weights(computed, here):
    nudged = computed(compared.NUDGED)
    for kind in KINDS:
        assert compared.distance(nudged, here, kind, STEPS[0]) > ULP / 4
        assert compared.tolerance(here, nudged, kind, STEPS[0]) < 0.01


def test_random_numbers_are_those_of_every_machine():
    found = {
        name.removeprefix("streams/"): hashlib.sha256(array.tobytes()).hexdigest()[:16]
        for name, array in streams().items()
    }
    assert found == STREAMS


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device: this has not been tried")
def test_a_cuda_device_rounds_otherwise_and_no_more(computed, here):
    found, nudged = computed(compared.CUDA), computed(compared.NUDGED)
    for kind in KINDS.keys() - {"dropout"}:  # masks are drawn on the device, by its own generator
        for steps in STEPS:
            far = compared.distance(found, here, kind, steps)
            assert far <= compared.tolerance(here, nudged, kind, steps), (kind, steps, far)
