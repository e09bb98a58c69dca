"""Facts are computed, and named right in the rows."""

from pathlib import Path

import numpy as np
import pytest

from experiments import dataset_facts
from restudy.config.loading import load_rows
from restudy.data.load import PreparedData
from restudy.data.registry import DATASETS
from restudy.evidence import validation
from restudy.evidence.deterministic_values import fact_datasets, fact_names, facts_table
from restudy.evidence.schema import Published
from tests.evidence.made_up import published

ROWS = load_rows(Path(__file__).parents[2] / validation.FOLDER / "published.yaml", Published)


def data(name, train, test, features=784, classes=10):
    """Return a data set of the given size."""
    return PreparedData(
        name=name,
        split_seed=0,
        digest="made up",
        x_train=np.zeros((train, features), np.uint8),
        y_train=np.arange(train) % classes,
        x_test=np.zeros((test, features), np.uint8),
        y_test=np.arange(test) % classes,
        order=np.arange(train),
    )


def test_mnist_is_counted():
    assert dataset_facts.mnist(data("mnist", 50, 30, classes=7)) == {
        "train_images": "50",
        "test_images": "30",
        "classes": "7",
    }


def test_the_group_splits_nine_to_one():
    assert dataset_facts.s3_synthetic() == {
        "x_train": "(9000, 28, 28, 1)",
        "y_train": "(9000, 10)",
        "x_val": "(1000, 28, 28, 1)",
        "y_val": "(1000, 10)",
    }


def test_part_a_s_shapes_have_samples_in_columns():
    assert dataset_facts.s4_part_a(data("fashion_mnist", 40, 20, features=9, classes=3)) == {
        "x_train": "(40, 9)",
        "x_test": "(20, 9)",
        "x_train_transposed": "(9, 40)",
        "x_test_transposed": "(9, 20)",
        "weights": "(3, 9)",
        "output": "(3, 40)",
        "losses": "(40,)",  # summed over rows without keeping them
        "hidden": "(300, 40)",
    }


def test_names_are_those_that_are_computed():
    sets = {name: data(name, 20, 10) for name in ("mnist", "fashion_mnist")}
    rows = [
        published(id=f"PUB-S1-{place:03}", fact=name) for place, name in enumerate(fact_names(), 1)
    ]
    assert set(facts_table(rows, sets)["fact"]) == set(fact_names())


def test_a_fact_about_a_data_set_that_is_not_there_is_left_out():
    names = ("mnist.classes", "s3_synthetic.x_val", "s4_part_a.weights")
    rows = [published(id=f"PUB-S1-{place:03}", fact=name) for place, name in enumerate(names, 1)]
    table = facts_table(rows, {})
    assert table.to_numpy().tolist() == [["PUB-S1-002", names[1], "(1000, 28, 28, 1)"]]
    assert fact_datasets(names[:2]) == ["mnist"]


def test_only_what_is_asked_for_is_computed():
    rows = [
        published(value="20", fact="mnist.train_images"),
        published(id="PUB-S1-002", status="setting"),
    ]
    table = facts_table(rows, {"mnist": data("mnist", 20, 10)})
    assert dict(zip(table["id"], table["ours"], strict=True))["PUB-S1-001"] == "20"


def test_the_rows_name_facts_that_there_are():
    named = {row.fact for row in ROWS if row.fact is not None}
    assert named == set(fact_names())
    assert set(fact_datasets(named)) <= set(DATASETS)


@pytest.mark.parametrize("id_", [row.id for row in ROWS if row.fact is not None])
def test_a_fact_is_about_what_its_row_says(id_):
    """A row's metric names what its fact counts or the array whose shape it is."""
    words = {
        "train_images": "training images",
        "test_images": "test images",
        "classes": "number of classes",
        "x_train": "train",
        "y_train": "y_train",
        "x_val": "x_val",
        "y_val": "y_val",
        "x_test": "test matrix",
        "x_train_transposed": "train matrix after transpose",
        "x_test_transposed": "test matrix after transpose",
        "weights": "weights",
        "output": "softmax output",
        "losses": "per-sample loss",
        "hidden": "hidden activation",
    }
    [row] = [row for row in ROWS if row.id == id_]
    assert words[row.fact.partition(".")[2]] in row.metric
