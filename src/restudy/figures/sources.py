"""The figures of the sources: which function draws each kind, and what is said below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from restudy.common.text_format import amount
from restudy.config.reductions import in_words, of_plain
from restudy.data.load import PreparedData
from restudy.evidence.figure_specs import Curves, Levels, ProjectDrawing, Samples
from restudy.evidence.figure_specs import Drawing as Asked
from restudy.experiments.project import project
from restudy.figures.sample_grid import samples
from restudy.figures.source_runs import Tables, source_runs
from restudy.figures.style import Drawing

_SIGNS = (
    "Means over seeds with 95% t intervals, measured in evaluation mode. Open marks: what the "
    "source printed."
)
_HONEST = "The test set was used once, after the last epoch."
_AS_PUBLISHED = "Imitates the source's mistakes."
_SAID: Mapping[type, str] = {
    Curves: f"Lines and bands over training; dashed: training samples, solid: validation. {_SIGNS}",
    Levels: f"After training, or after the number of steps given. {_SIGNS}",
    Samples: "Drawn at random with the seed given, of the official training set.",
}


def draw(
    drawing: Asked,
    printed: Mapping[str, float],
    tables: Tables | None = None,
    data: PreparedData | None = None,
) -> Drawing:
    """Draw a figure of a source.

    Args:
        drawing: what is drawn.
        printed: published value -> its number, in our units.
        tables: of the study whose runs it shows, if it shows any.
        data: the data set whose samples it shows, if it shows any.
    """
    if isinstance(drawing, Curves | Levels) and tables:
        return source_runs(tables, drawing, printed)
    if isinstance(drawing, Samples) and data:
        return samples(data, drawing)
    own = project()
    drawn: Drawing = own.function(own.drawings[drawing.kind])(drawing.title)
    return drawn


def caption(
    id_: str, source: str, drawing: Asked, description: Mapping[str, Any] | None = None
) -> str:
    """Return what is said below a figure: of which source and study it is, cuts and seeds.

    Args:
        id_: of the figure.
        source: the source that shows it, or ought to.
        drawing: what is drawn.
        description: ``study.json`` of the study that it shows, if any.
    """
    said = (
        project().drawings[drawing.kind].caption
        if isinstance(drawing, ProjectDrawing)
        else _SAID[type(drawing)]
    )
    sentences = [f"{id_}, for {source}: {drawing.title}.", said]
    if description is not None:
        seeds = description["seeds"]
        sentences.append(
            f"Study {description['name']}, scale {description['scale']}, {amount(seeds, 'seed')}."
        )
        sentences.append(_AS_PUBLISHED if description["as_published"] else _HONEST)
        if description["reductions"]:
            words = in_words(of_plain(description["reductions"]))
            sentences.append(f"Reduced at this scale: {words}.")
    return " ".join(sentences)
