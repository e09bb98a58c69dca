"""JSON schema of ``view.json``, made from the models by ``make docs``."""

from __future__ import annotations

import json
from pathlib import Path

from restudy.report.view.model import View

SCHEMA = Path("docs/view.schema.json")


def schema_file() -> bytes:
    """Return what the file with the schema holds."""
    return f"{json.dumps(View.model_json_schema(), indent=1)}\n".encode()
