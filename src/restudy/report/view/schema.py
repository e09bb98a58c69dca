"""JSON schema of ``view.json``, made from models and declared tables by ``make docs``."""

from __future__ import annotations

import json
from pathlib import Path

from restudy.experiments.tables import evidence_tables
from restudy.report.view.model import View
from restudy.results.schema import Type

SCHEMA = Path("docs/view.schema.json")
_JSON_TYPES = {
    Type.TEXT: ["string"],
    Type.INTEGER: ["integer", "null"],
    Type.NUMBER: ["number", "string", "null"],
    Type.BOOLEAN: ["boolean"],
}


def schema_file() -> bytes:
    """Return what the file with the schema holds."""
    made = View.model_json_schema()
    made["properties"]["tables"]["properties"] = {
        name: {
            "type": "object",
            "description": f"a row is: {table.row}",
            "properties": {
                column.name: {
                    "type": "array",
                    "description": column.meaning,
                    "items": {"type": _JSON_TYPES[column.type]},
                }
                for column in table.columns
            },
        }
        for name, table in evidence_tables().items()
    }
    return f"{json.dumps(made, indent=1)}\n".encode()
