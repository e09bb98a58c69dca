"""The style: colours that can be told apart, places of labels, numbers and names in words."""

from itertools import combinations

import numpy as np
import pytest

from restudy.common.text_format import TIMES
from restudy.figures import labels
from restudy.figures.style import BLACK, COLOURS, looks, looks_among, sequence, spread

# Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision
# deficiency", IEEE TVCG 15(6), 2009: severity 1, on linear RGB.
SEEN = {
    "all cones": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = np.array([0.95047, 1.0, 1.08883])  # D65

# Stone, Szafir and Setlur, "An engineering model for color difference as a function of size", Color
# and Imaging Conference 22, 2014: half the observers see a difference of p (A + B / s) in L*, a* or
# b*, p = 0.5, s degrees; here of the smallest size that they measured, a third of a degree.
NOTICED = 0.5 * (np.array([10.16, 10.68, 10.70]) + np.array([1.50, 3.08, 5.74]) / (1 / 3))


def lab(colour: str, seen: str = "all cones") -> np.ndarray:
    """Return CIE L*a*b* of a colour as people with a deficiency see it (CIE 15:2004)."""
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    t = XYZ @ np.clip(np.asarray(SEEN[seen]) @ linear, 0, 1) / WHITE
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_lab_of_known_colours() -> None:
    assert lab("#FFFFFF") == pytest.approx([100, 0, 0], abs=0.01)
    assert lab("#FF0000") == pytest.approx([53.24, 80.09, 67.20], abs=0.02)


@pytest.mark.parametrize("seen", SEEN)
def test_everybody_can_tell_the_colours_apart(seen: str) -> None:
    colours = [look.colour for look in looks("any", list(map(str, range(COLOURS)))).values()]
    assert len(set(colours)) == COLOURS == 7
    for one, other in combinations([*colours, "#FFFFFF"], 2):
        steps = (lab(one, seen) - lab(other, seen)) / NOTICED
        assert np.linalg.norm(steps) > 1, (one, other)


def test_red_and_green_would_not_do() -> None:
    steps = (lab("#C44E52", "deuteranopia") - lab("#8C7A3D", "deuteranopia")) / NOTICED
    assert np.linalg.norm(steps) < 1


@pytest.mark.parametrize("seen", SEEN)
@pytest.mark.parametrize("count", [3, 5, 10])
def test_sequences_run_from_dark_to_light(count: int, seen: str) -> None:
    colours = [look.colour for look in sequence(list(map(str, range(count)))).values()]
    lightness = [lab(colour, seen)[0] for colour in colours]
    assert np.diff(lightness).min() > 40 / count
    assert lightness[-1] < 80  # still seen on white


def test_a_level_looks_the_same_in_all_figures_of_its_study() -> None:
    every = ["none", "L1", "L2 0.001", "L2 1.0"]
    whole = looks_among("regulariser", every, every)
    assert whole["none"].colour == BLACK
    assert len({look.colour for look in whole.values()}) == 4
    for some in combinations(every, 2):
        assert looks_among("regulariser", some, every) == {level: whole[level] for level in some}
    # With more levels than colours, those that are drawn together can still be told apart.
    many = [str(i) for i in range(20)]
    for some in combinations(many, 2):
        assert len({look.colour for look in looks_among("any", some, many).values()}) == 2


@pytest.mark.parametrize("seed", range(5))
def test_labels_lie_apart_and_near_what_they_name(seed: int) -> None:
    heights = np.random.default_rng(seed).random(8).tolist()
    places = spread(heights, 0.08)
    assert np.argsort(places).tolist() == np.argsort(heights).tolist()
    assert np.diff(sorted(places)).min() > 0.08 - 1e-6
    assert min(places) > 0
    assert max(places) < 1


def test_labels_that_fit_stay_where_they_are() -> None:
    assert spread([0.2, 0.5, 0.9], 0.1) == pytest.approx([0.2, 0.5, 0.9])
    assert spread([0.5, 0.5], 0.1) == pytest.approx([0.45, 0.55])
    assert spread([0.98, 0.97, 0.02], 0.1) == pytest.approx([0.98, 0.88, 0.02])
    assert spread([], 0.1) == []
    crowded = spread([0.5] * 40, 0.1)
    assert 0 < min(crowded) < max(crowded) < 1


@pytest.mark.parametrize(
    ("factor", "level", "name"),
    [
        ("learning_rate", "0.001", "0.001"),
        ("learning_rate", "1e-05", "10⁻⁵"),
        ("learning_rate", "0.0003", f"3{TIMES}10⁻⁴"),
        ("learning_rate", "0.0", "0.0"),
        ("batch_size", "full", "full"),
        ("hidden", "128-128-128", f"3{TIMES}128"),
        ("hidden", "300-100", "300-100"),
        ("dataset", "fashion_mnist", "Fashion-MNIST"),
        ("loss", "double_softmax", "double softmax"),
        ("norm", "batch", "batch norm"),
    ],
)
def test_names_of_levels(factor: str, level: str, name: str) -> None:
    assert labels.name(factor, level) == name
