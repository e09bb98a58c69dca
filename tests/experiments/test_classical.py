"""Classical methods and features, against scikit-learn's own and what can be worked out."""

import numpy as np
import pytest
from sklearn.metrics import r2_score, root_mean_squared_error
from sklearn.svm import SVC

from experiments import classical
from experiments.classical import hog, last_hidden, train_mlp
from restudy.experiments.samples import draw, scaled

from ..recipes import houses, images


def test_the_svm_is_that_of_scikit_learn():
    parts = scaled(images(rows=150))
    x = parts.train.x.astype(np.float64)
    expected = SVC().fit(x, parts.train.y).score(parts.test.x.astype(np.float64), parts.test.y)
    assert classical.svm(parts.train, parts.test) == pytest.approx(expected)


def test_errors_are_in_dollars():
    data = houses(rows=150)
    parts = scaled(data, "standard", "standard")
    predicted = parts.test.y + np.linspace(-1, 1, len(parts.test))
    rmse, r2 = classical.rmse_and_r2(predicted, parts)
    true, ours = data.y_test.astype(np.float64), parts.to_original_units(predicted)
    assert rmse == pytest.approx(root_mean_squared_error(true, ours), rel=1e-5)
    assert r2 == pytest.approx(r2_score(true, ours), rel=1e-5)


@pytest.mark.parametrize(
    ("task", "data"), [("classification", images(rows=90)), ("regression", houses(rows=90))]
)
def test_the_last_layer_reads_what_the_hidden_ones_give(task, data):
    drawn = draw(data, np.random.default_rng(0), 80)
    network = train_mlp(drawn, task, 0)
    last = len(network.recipe.hidden)
    fields = network.recipe
    x = scaled(drawn, fields.scaling, fields.target_scaling).test.x
    by_hand = last_hidden(network, x) @ network.weights[f"linear.{last}.weight"].T
    outputs = by_hand + network.weights[f"linear.{last}.bias"]
    assert network.outputs(x) == pytest.approx(outputs)
    assert (last_hidden(network, x) >= 0).all()


def test_an_edge_has_one_direction():
    """Bright on the right: all gradients point along 0 degrees, between the first and last bin."""
    image = np.zeros((28, 28))
    image[:, 14:] = 1
    blocks = hog(image.reshape(1, -1)).reshape(6, 6, 4, 9)
    assert not blocks[..., 1:-1].any()
    assert blocks[..., 0] == pytest.approx(blocks[..., -1])
    assert np.sum(blocks**2, axis=(2, 3)).max() == pytest.approx(1)
    # Columns 13 and 14 differ from their neighbours: group 3 of 7, so blocks 2 and 3 of 6.
    assert blocks.any(axis=(0, 2, 3)).tolist() == [False, False, True, True, False, False]


def test_features_do_not_depend_on_brightness_or_on_other_images():
    made = images(rows=20).x_train
    assert hog(made) == pytest.approx(hog(3 * made.astype(float)), rel=1e-9)
    assert hog(made[4:5])[0] == pytest.approx(hog(made)[4], rel=1e-12)
    assert hog(made).shape == (20, 6 * 6 * 36)


def test_a_turned_image_has_turned_features():
    """A horizontal edge falls into the middle bin, 90 degrees."""
    image = np.zeros((28, 28))
    image[14:] = 1
    blocks = hog(image.reshape(1, -1)).reshape(6, 6, 4, 9)
    assert np.flatnonzero(blocks.any(axis=(0, 1, 2))).tolist() == [4]
