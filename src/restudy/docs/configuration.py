"""``docs/configuration.md``: every key of every file that a user may write, from the models."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel

from restudy.config.recipe import LANE_FIELDS, Recipe
from restudy.config.settings import DataSettings, Settings, TrackingSettings, TrainingSettings
from restudy.config.sources import Source
from restudy.config.study import Comparison, Cut, Study
from restudy.docs.keys import Key, keys
from restudy.evidence import (
    contradiction_specs,
    figure_specs,
    hypothesis_specs,
    metric_selectors,
    schema,
    search_specs,
)

FILE = Path("docs/configuration.md")

_INTRODUCTION = """# Configuration reference

*Made from the models by `make docs`; do not edit. A test holds it against them.*

Every key that a file of yours may have. All of it is checked before any work starts; what no table
can say (which keys go together, which ids have to exist) a message says. Numbers and booleans in
settings and studies are those of YAML 1.2: `1e-3` is a number, `off` is a text, and a key that
stands twice is an error. In the files of the evidence write 0.001, since `1e-3` is a text there.

*needed*: a key without a default. *name ->* in a mapping: a factor, a level or another name of
yours.
"""


class Part(NamedTuple):
    """A table of the page: one model.

    Attributes:
        title: its heading.
        model: the model.
        text: said above the table.
    """

    title: str
    model: type[BaseModel]
    text: str = ""


class Chapter(NamedTuple):
    """Some tables under one heading."""

    title: str
    text: str
    parts: tuple[Part, ...]


CHAPTERS = (
    Chapter(
        "Settings: `config.yaml`",
        "Of a run of the pipeline. Any of them can be given on the command line, as in "
        "`--config scale=quick`, or in a file of its own that changes some, as `config/quick.yaml` "
        "does (`--configfile`). `config/settings.schema.json` is the same for editors.",
        (
            Part("Settings of a run", Settings),
            Part("`data`", DataSettings),
            Part("`training`", TrainingSettings),
            Part("`tracking`", TrackingSettings),
        ),
    ),
    Chapter(
        "Studies: `config/studies/NAME.yaml`",
        "How to write one: [studies.md](studies.md). `config/study.schema.json` is the same for "
        "editors.",
        (
            Part("Study", Study),
            Part(
                "Recipe",
                Recipe,
                "Every hyperparameter of a run. Keys with * change no tensor shape and no "
                "schedule: runs that differ in nothing else are trained at once, as lanes of one "
                "cell, so five learning rates cost far less than five widths.\n\n"
                "Together they have to make sense: exactly one of `epochs` and `steps`; "
                "`loss: mse` for `california_housing` and no other; `scaling: unit`, the default, "
                "and `centred` for images only; training and validation samples within the data; "
                "no larger batch than the training set, and with batch norm no batch of one "
                "sample. What the probes write: [results.md](results.md#metrics-of-probes).",
            ),
            Part(
                "Comparison",
                Comparison,
                "Level less baseline on the same seed, for each other level. The baseline has to "
                "be there at every scale. A regression has no accuracy: give `metric: test_r2`.",
            ),
            Part("Cut", Cut, "What a scale changes in a study."),
        ),
    ),
    Chapter(
        "The ledger: `config/evidence/`",
        "What the sources print, claim, get wrong, describe and draw: one list of rows a file. How "
        "to add a source: [reproduce-a-paper.md](reproduce-a-paper.md).",
        (
            Part("Row", schema.Row, "What all rows have but those of `sources.yaml`."),
            Part("Source: `sources.yaml`", Source),
            Part("System or experiment: `systems.yaml`", schema.System),
            Part(
                "Published number: `published.yaml`",
                schema.Published,
                "One of `status`, `fact` and `measure`, or none where a table of the project has "
                "the value: [evidence.md](evidence.md).",
            ),
            Part(
                "Claim: `claims.yaml`",
                schema.Claim,
                "Either `tests` or a `status` with its reason: [verdicts.md](verdicts.md).",
            ),
            Part("Contrast", schema.Contrast),
            Part("Contradiction", schema.Contradiction),
            Part(
                "Erratum: `errata.yaml`",
                schema.Erratum,
                "`shows`, `contrasts` and `shown_by`, or `wording`, or a `status`; without any of "
                "them the row is `not yet`.",
            ),
            Part("Demonstration", schema.Demonstration),
            Part("Printed contrast", schema.PrintedContrast),
            Part("Figure: `figures.yaml`", schema.Figure),
            Part("Puzzle: `forensics.yaml`", search_specs.Puzzle),
            Part("Clue", search_specs.Clue),
            Part("What a clue subtracts", search_specs.Less),
            Part("Dispute: `contradictions.yaml`", contradiction_specs.Dispute),
            Part("Panel of a dispute", contradiction_specs.Panel),
        ),
    ),
    Chapter(
        "Readings and tests",
        "Which of our numbers a row of the ledger is held beside.",
        (
            Part("Number of a run", metric_selectors.Number),
            Part("Reading of a study", metric_selectors.Reading),
            Part("Reading beside a printed number", metric_selectors.Measure),
            Part("Reading of an experiment", metric_selectors.ExperimentReading),
            Part(
                "Test of a claim",
                hypothesis_specs.ClaimTest,
                "`study` with `number`, or `experiment` with `measure`; and one of `treatment` "
                "with `control`, `trend`, `than` and `correlate`. "
                "[verdicts.md](verdicts.md#what-else-a-test-can-ask) has examples.",
            ),
            Part("Quantity", hypothesis_specs.Quantity),
            Part("Over", hypothesis_specs.Over),
        ),
    ),
    Chapter(
        "Drawings",
        "How a figure of a source is drawn: the key `draw` of a row of `figures.yaml`. `kind` says "
        "which of these it is.",
        (
            Part("Drawing of a study", figure_specs.OfStudy),
            Part("Drawing: `curves`", figure_specs.Curves),
            Part("Drawing: `levels`", figure_specs.Levels),
            Part("Marks", figure_specs.Marks),
            Part("Line", figure_specs.Line),
            Part("Drawing: `samples`", figure_specs.Samples),
            Part(
                "Drawing: `activations`, `algorithm`, `diagram`",
                figure_specs.Own,
                "Without a study: activation functions with their derivatives; batch norm step by "
                "step; a network with and without batch norm.",
            ),
        ),
    ),
)

# Where the schema of a model says too little: model -> key -> what is allowed.
_OVERRIDES: dict[type[BaseModel], dict[str, str]] = {
    Study: {"factors": "mapping of [factors](studies.md#factors)"},
    Cut: {"factors": "mapping of [factors](studies.md#factors)"},
    schema.Figure: {"draw": "[drawing](#drawings), `null`"},
    metric_selectors.Number: {"at": "`last`, `best`, `{epoch: k}`, `{step: k}`"},
    figure_specs.Own: {"kind": "the name of a drawing that the project declares"},
}
# Models that have no table of their own -> the one that says what they are.
_LIKE = {"RecipePart": "Recipe"}


def page() -> str:
    """Return the page."""
    lines = [_INTRODUCTION]
    for chapter in CHAPTERS:
        lines += [f"## {chapter.title}\n", f"{chapter.text}\n"]
        for part in chapter.parts:
            lines += [f"### {part.title}\n", *([f"{part.text}\n"] if part.text else [])]
            lines += [*_table(part), ""]
    return "\n".join(lines).rstrip() + "\n"


def rows(part: Part) -> list[Key]:
    """Return the keys of one table, without those of the table that it takes over."""
    base = _base(part)
    known = set() if base is None else set(_keys(base.model))
    return [key for key in _keys(part.model) if key not in known]


def _keys(model: type[BaseModel]) -> list[Key]:
    changed: dict[str, str] = {}
    for one in reversed(model.__mro__):
        changed |= _OVERRIDES.get(one, {})
    found = keys(model, _link)
    return [key._replace(allowed=changed.get(key.name, key.allowed)) for key in found]


def _base(part: Part) -> Part | None:
    """Return the part whose keys this one takes over, if there is one."""
    others = {other.model: other for other in parts()}
    return next((others[one] for one in part.model.__mro__[1:] if one in others), None)


def _table(part: Part) -> list[str]:
    base = _base(part)
    takes_over = [] if base is None else [f"The keys of a {_link(base.model.__name__)}, and\n"]
    lanes = LANE_FIELDS if part.model is Recipe else frozenset()
    return [
        *takes_over,
        "| key | allowed | default | |",
        "|---|---|---|---|",
        *(
            f"| `{key.name}`{' *' if key.name in lanes else ''} | {_cell(key.allowed)} "
            f"| {_cell(key.default)} | {_cell(key.description)} |"
            for key in rows(part)
        ),
    ]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _link(name: str) -> str:
    name = _LIKE.get(name, name)
    for part in parts():
        if part.model.__name__ == name:
            return f"[{_words(part)}](#{anchor(part.title)})"
    raise KeyError(f"the reference has no table of {name}")


def parts() -> list[Part]:
    """Return all tables."""
    return [part for chapter in CHAPTERS for part in chapter.parts]


def anchor(title: str) -> str:
    """Return what GitHub makes of a heading: ``#anchor``."""
    kept = "".join(one for one in title.lower() if one.isalnum() or one in " -_")
    return kept.replace(" ", "-")


def _words(part: Part) -> str:
    words = part.title.partition(":")[0]
    return words if words.startswith("`") else words[0].lower() + words[1:]
