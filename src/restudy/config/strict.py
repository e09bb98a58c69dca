"""The base of every model of a configuration file."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Accept no unknown key and convert no type; instances cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class EvidenceItem(Strict):
    """What a file of the evidence lists.

    Attributes:
        id: what other rows, tables and the page call it.
    """

    id: str
