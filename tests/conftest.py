"""What all tests share: no work outside a temporary folder, one thread, one finished run."""

import os

import pytest

# Two test processes side by side on two cores are faster than one with two threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes minutes first: at the end one core would wait for the other."""
    items.sort(key=lambda item: item.get_closest_marker("pipeline") is None)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A checkout in which the tiny pipeline has run: to be looked at, changed a little, or copied.

    ``output`` is what it printed.
    """
    from tests.workflow.checkout import Checkout

    made = Checkout.fresh(tmp_path_factory.mktemp("finished") / "checkout")
    made.output = made.run()
    return made


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the finished checkout, to run the pipeline in."""
    return finished.copy(tmp_path / "checkout")
