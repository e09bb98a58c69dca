"""What a run was asked to do, in digests: only runs that were asked the same are compared."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from restudy.common.digests import digest
from restudy.common.errors import RestudyError
from restudy.experiments.project import project
from restudy.results.run_record import read_run_record

_ASKED = ("scale", "as_published", "factors", "compare")
_SHOWN = 5


def first_of(problems: Sequence[str]) -> str:
    """Return the first problems of a run, and how many more there are."""
    more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    return "; ".join(problems[:_SHOWN]) + more


def study_digest(description: Mapping[str, Any], runs: list[tuple[str, str]]) -> str:
    """Return what stands for a study at a scale: its levels, comparisons, recipes and seeds.

    Titles and questions do not count. The ids of cells and lanes are digests of the recipes.

    Args:
        description: ``study.json``.
        runs: cell and lane of each run.
    """
    return digest([{name: description[name] for name in _ASKED}, sorted(map(list, runs))])


def read_configuration(results: Path) -> dict[str, Any]:
    """Return what the run in a results folder was asked to do.

    Returns:
        ``scale``, ``studies`` (name -> digest) and ``experiments`` (names).

    Raises:
        RestudyError: there is no run, or files of it cannot be read.
    """
    paths = sorted(results.glob("studies/*/study.json"))
    if not paths:
        raise RestudyError(f"{results}: there is no run here; start one with `make run`")
    record = read_run_record(results)
    studies = {}
    # Studies and experiments of earlier runs may still be there.
    for path in paths:
        if path.parent.name in record.studies:
            try:
                description = json.loads(path.read_text(encoding="utf-8"))
                runs = pd.read_parquet(path.with_name("runs.parquet"), columns=["cell", "lane"])
                places = list(runs.itertuples(index=False, name=None))
                studies[path.parent.name] = study_digest(description, places)
            except (OSError, ValueError, KeyError) as error:
                told = f"{path.parent}: cannot be read ({error}); run it again"
                raise RestudyError(told) from None
    experiments = sorted(set(record.experiments) & project().experiments.keys())
    return {"scale": record.scale, "studies": studies, "experiments": experiments}
