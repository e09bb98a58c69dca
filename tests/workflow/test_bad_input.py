"""Mistakes of the user's end a run before any work: with a message, without a traceback."""

import pytest

from tests.workflow.checkout import STUDIES, Checkout

pytestmark = pytest.mark.pipeline


@pytest.fixture
def checkout(tmp_path):
    return Checkout.fresh(tmp_path)


def test_a_mistake_in_a_study(checkout):
    checkout.write_study("typo", **STUDIES["tiny"] | {"sedes": 3})
    output = checkout.run("--dry-run", fails=True)
    assert "studies/typo.yaml: sedes: unknown key" in output
    assert "did you mean 'seeds'?" in output


def test_a_mistake_in_the_settings(checkout):
    checkout.configure(scale="qick")
    output = checkout.run("--dry-run", fails=True)
    assert "config.yaml: scale: 'qick' is not allowed; allowed: quick, default or full" in output


def test_a_mistake_on_the_command_line(checkout):
    output = checkout.run("--dry-run", "--config", "only=[tny]", fails=True)
    assert "config.yaml: only: 'tny' is not allowed; allowed: houses, tiny" in output


def test_a_combination_that_is_no_recipe(checkout):
    study = STUDIES["tiny"] | {"factors": {"batch_size": [20, 300]}, "compare": []}
    checkout.write_study("tiny", **study)
    output = checkout.run("--dry-run", fails=True)
    assert "tiny.yaml (batch_size = 300): batch_size: 300 is larger than" in output
