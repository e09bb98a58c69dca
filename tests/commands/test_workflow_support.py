"""What the Snakefile records of how it was called."""

from pathlib import Path
from types import SimpleNamespace

from restudy.commands.workflow_support import how_it_was_called


def test_passwords_in_settings_are_left_out():
    given = SimpleNamespace(
        configfiles=[Path("config.yaml").absolute()],
        config_args=["tracking={uri: https://ann:secret@mlflow.example.org}", "scale=quick"],
    )
    called = how_it_was_called(SimpleNamespace(config_settings=given), Path("results"))
    assert called["settings"] == ["tracking={uri: https://mlflow.example.org}", "scale=quick"]
