"""What MLflow shows as descriptions: short texts in Markdown, pure functions of a study.

They name where a verdict or a figure is to be found, not what it says, so they cannot go stale;
what came out of a run of the pipeline is in the note of the summary (:mod:`.summaries`), which is
written again with it. Addresses are paths in the checkout: a page that a server sends cannot open
files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from restudy.config.reductions import in_words, of_plain

Study = Mapping[str, Any]

NOTE = "mlflow.note.content"
"""The tag that MLflow shows as the description of an experiment or a run."""

_OUTCOME = "\n\n---\n\n"
"""What stands after it in an experiment's note was added when its summary was written."""


def naming_factors(study: Study) -> list[str]:
    """Return the factors that tell a study's runs apart: those with several levels."""
    return [name for name, labels in study["factors"].items() if len(labels) > 1]


def experiment_note(study: Study) -> str:
    """Return the description of a study's experiment.

    Args:
        study: with ``name, title, question, scale, factors``, and as far as they are known
            ``reductions, source, as_published, claims, results``.
    """
    lines = [f"Scale: {study['scale']}.", f"Source: {_source(study)}."]
    if reductions := of_plain(study.get("reductions", [])):
        lines[0] += f" Less than the full study: {in_words(reductions)}."
    lines += places(study)
    lines.append(f"Runs are named by {', '.join([*naming_factors(study), 'seed'])}.")
    # The list of experiments shows the first line as it stands here.
    return f"{study['title']}\n\n{study['question']}\n\n{bullets(lines)}"


def with_outcome(note: str, outcome: str) -> str:
    """Return an experiment's note with what came out added."""
    return note + _OUTCOME + outcome


def outcome_in(note: str) -> str:
    """Return what was added to an experiment's note, with its separator; empty if nothing was."""
    _, separator, outcome = note.partition(_OUTCOME)
    return separator + outcome


def run_note(study: Study, levels: Mapping[str, str], seed: str) -> str:
    """Return the description of a run in MLflow."""
    factors = [f"{name} = {level}" for name, level in levels.items()]
    return _of(study, f"One trained network: {', '.join([*factors, f'seed = {seed}'])}.")


def group_note(study: Study, group: str, runs: int) -> str:
    """Return the description of a group's run."""
    counted = f"{runs} run{'s'[: runs - 1]}"
    return _of(
        study, f"The group `{group}`: {counted} of the study, trained together; means over them."
    )


def places(study: Study) -> list[str]:
    """Return where a study's claims, verdicts, figure and section of the report are."""
    results, claims = study.get("results"), study.get("claims")
    if not claims:
        return _files(study)
    where = f"; verdicts: `{results}/tables/claims.csv`" if results else ""
    return [f"Claims tested on it: {', '.join(claims)}{where}.", *_files(study)]


def bullets(lines: Sequence[str]) -> str:
    """Return a list in Markdown; of a table MLflow draws the columns without space between."""
    return "\n".join(f"- {line}" for line in lines)


def _of(study: Study, line: str) -> str:
    lines = [
        f"Study: {study['title']}.",
        *_files(study),
        "The claims that are tested on it: in the description of the experiment.",
    ]
    return f"{line}\n\n{bullets(lines)}"


def _files(study: Study) -> list[str]:
    name, results = study["name"], study.get("results")
    if not results:
        return []
    return [
        f"Figure: `{results}/figures/{name}.svg`; tables: `{results}/tables/{name}/`; "
        f"report: `{results}/report/index.html#{name}`."
    ]


def _source(study: Study) -> str:
    if study.get("as_published"):
        return f"{study.get('source')}, as published: it imitates mistakes and feeds no verdict"
    return study.get("source") or "none, our own"
