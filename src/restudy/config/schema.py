"""JSON schemas of what a user may write, for editors: completion, help and complaints on the spot.

They are made from the models, and tests keep the files in ``config/`` as they are made here::

    python -m restudy.config.schema

What no schema can say (which levels fit together, say) is checked when the files are read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from restudy.common.files import write_atomically
from restudy.config.recipe import Recipe
from restudy.config.settings import Settings
from restudy.config.study import Study

FOLDER = Path("config")


class _Generator(GenerateJsonSchema):
    """Leaves out what only repeats: titles made from keys, and defaults that are whole models."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Give no field a title."""
        return False

    def default_schema(self, schema: Any) -> Any:
        """Give a default to plain values only."""
        if isinstance(schema.get("default"), BaseModel):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def settings_schema() -> dict[str, Any]:
    """Return the schema of ``config.yaml`` and of files that change some of it."""
    return Settings.model_json_schema(schema_generator=_Generator)


def study_schema() -> dict[str, Any]:
    """Return the schema of a study file."""
    schema = Study.model_json_schema(schema_generator=_Generator)
    parts = schema["$defs"]
    # With the defaults that a part of a recipe does not have itself.
    fields = Recipe.model_json_schema(schema_generator=_Generator)["properties"]
    parts["RecipePart"]["properties"] = fields
    # The models take any list for a factor's levels; loading holds it against the recipe's field.
    parts["Factors"] = {
        "type": "object",
        "properties": {
            name: {"type": "array", "items": field, "minItems": 1, "uniqueItems": True}
            for name, field in fields.items()
            if name != "seed"
        },
        "additionalProperties": {
            "type": "object",
            "additionalProperties": {"$ref": "#/$defs/RecipePart"},
            "minProperties": 1,
        },
    }
    for owner in (schema, parts["ScaleChange"]):
        factors = owner["properties"]["factors"]
        factors.pop("additionalProperties")
        factors["$ref"] = "#/$defs/Factors"
    return schema


def schemas() -> dict[Path, bytes]:
    """Return what the schema files hold, by path."""
    made = {"settings": settings_schema(), "study": study_schema()}
    return {
        FOLDER / f"{name}.schema.json": f"{json.dumps(schema, indent=2)}\n".encode()
        for name, schema in made.items()
    }


if __name__ == "__main__":
    for path, content in schemas().items():
        write_atomically(path, content)
        print(path)
