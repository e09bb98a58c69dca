"""What all tests share: no work outside a temporary folder, one thread."""

import os

import pytest

# Two test processes side by side on two cores are faster than one with two threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes minutes first: at the end one core would wait for the other."""
    items.sort(key=lambda item: item.get_closest_marker("pipeline") is None)
