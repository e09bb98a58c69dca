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
    studies, scales = {}, set()
    for path in sorted(results.glob("studies/*/study.json")):
        try:
            description = json.loads(path.read_text(encoding="utf-8"))
            runs = pd.read_parquet(path.with_name("runs.parquet"), columns=["cell", "lane"])
            scales.add(str(description["scale"]))
            places = list(runs.itertuples(index=False, name=None))
            studies[path.parent.name] = study_digest(description, places)
        except (OSError, ValueError, KeyError) as error:
            raise RestudyError(f"{path.parent}: cannot be read ({error}); run it again") from None
    if not studies:
        raise RestudyError(f"{results}: there is no run here; start one with `make run`")
    if len(scales) > 1:
        found = ", ".join(sorted(scales))
        raise RestudyError(f"{results}: studies of several scales ({found}); run it again")
    # The table of an experiment that is no longer there may still be.
    tables = {path.stem for path in results.glob("experiments/*.parquet")}
    experiments = sorted(tables & project().experiments.keys())
    return {"scale": scales.pop(), "studies": studies, "experiments": experiments}
