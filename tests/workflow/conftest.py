"""One finished run, which the tests of the workflow look at, change a little, or copy."""

import pytest

from tests.workflow.checkout import Checkout


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A checkout in which the tiny pipeline has run; ``output`` is what it printed."""
    made = Checkout.fresh(tmp_path_factory.mktemp("finished") / "checkout")
    made.output = made.run()
    return made


@pytest.fixture
def copy(finished, tmp_path):
    """A copy of the finished checkout, to run the pipeline in."""
    return finished.copy(tmp_path / "checkout")
