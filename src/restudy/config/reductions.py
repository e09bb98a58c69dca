"""What a scale reduces in a study: which field, from what, to what; and the words for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from restudy.common.text_format import amount

SEEDS, EXCLUDE = "seeds", "exclude"
_SAMPLES = ("train_samples", "validation_samples")
_LENGTH = ("epochs", "steps", "evaluate_every")


class Sort(StrEnum):
    """What sort of reduction it is; the value is the label."""

    SAMPLES = "fewer samples"
    LENGTH = "shorter training"
    SEEDS = "fewer seeds"
    LEVELS = "fewer levels"


class Reduction(NamedTuple):
    """One thing that a scale reduces.

    Attributes:
        field: field of the recipe, factor, ``seeds`` or ``exclude``.
        full: what the study has as written: a value's label; of a factor the labels of its levels;
            the number of seeds, or the seeds.
        reduced: the same at this scale.
    """

    field: str
    full: Any
    reduced: Any

    @property
    def sort(self) -> Sort:
        """What sort of reduction it is."""
        if self.field in _SAMPLES:
            return Sort.SAMPLES
        if self.field in _LENGTH:
            return Sort.LENGTH
        return Sort.SEEDS if self.field == SEEDS else Sort.LEVELS

    @property
    def text(self) -> str:
        """The reduction in words."""
        if self.field == EXCLUDE:
            return "other combinations left out"
        if self.field == SEEDS:
            if isinstance(self.full, list):
                return "other seeds"
            return f"{amount(self.reduced, 'seed')} instead of {self.full}"
        full, reduced = (
            ", ".join(one) if isinstance(one, list) else one for one in (self.full, self.reduced)
        )
        return f"{self.field} {reduced} instead of {full}"


def to_json(reductions: Iterable[Reduction]) -> str:
    """Return reductions as a table holds them; an empty text if there are none."""
    found = [reduction._asdict() for reduction in reductions]
    return json.dumps(found, ensure_ascii=False) if found else ""


def from_json(text: str) -> tuple[Reduction, ...]:
    """Read the reductions that a table holds."""
    return of_plain(json.loads(text)) if text else ()


def of_plain(found: Iterable[Mapping[str, Any]]) -> tuple[Reduction, ...]:
    """Read reductions from plain values, as ``study.json`` holds them."""
    return tuple(Reduction(**one) for one in found)


def in_words(reductions: Iterable[Reduction]) -> str:
    """Return reductions as one text."""
    return "; ".join(reduction.text for reduction in reductions)


def words_of(cell: str) -> str:
    """Return the words for the reductions that a table's cell holds."""
    return in_words(from_json(cell))
