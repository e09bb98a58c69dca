"""Copy the compact results of a run into the folder of the reference."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from restudy.common.errors import RestudyError
from restudy.common.files import folder_replacement
from restudy.reference.records import ORIGIN, README, describe
from restudy.report.html.svg_minify import data_url
from restudy.results.declarations import TIMED
from restudy.results.run_record import PAGE, PAPER

_PATTERNS = (
    *("tables/*.csv", "tables/*.md", "tables/*/*.csv"),
    *("figures/*.svg", "figures/*.csv", PAGE, PAPER),
)
"""What is large (weights, histories, figures as PDF) stays out."""


def keep(results: Path, reference: Path, origin: Mapping[str, Any]) -> tuple[int, int]:
    """Copy what belongs to a reference, in the place of an earlier one.

    Args:
        results: folder of a finished run.
        reference: folder of the reference.
        origin: see :func:`restudy.reference.records.describe_origin`.

    Returns:
        number of files and bytes.

    Raises:
        RestudyError: ``reference`` is something else than an earlier reference.
    """
    if reference.exists() and not (reference / ORIGIN).is_file() and any(reference.iterdir()):
        raise RestudyError(f"{reference}: is no reference ({ORIGIN} is missing); remove it first")
    with folder_replacement(reference) as part:
        for path in (path for pattern in _PATTERNS for path in results.glob(pattern)):
            if path.stem not in TIMED:
                copy = part / path.relative_to(results)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
        link_figures(part)
        (part / ORIGIN).write_text(json.dumps(origin, indent=1) + "\n", encoding="utf-8")
        (part / README).write_text(_readme(origin), encoding="utf-8")
    sizes = [path.stat().st_size for path in reference.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


def link_figures(reference: Path) -> None:
    """Replace the figures within the page by links to their files beside it.

    A run's own page is one file for whoever it is sent to. Here every figure would be in git twice,
    and the page six times as large.
    """
    page = reference / PAGE
    text = page.read_text(encoding="utf-8")
    for figure in sorted((reference / "figures").glob("*.svg")):
        text = text.replace(str(data_url(figure.read_bytes())), f"../figures/{quote(figure.name)}")
    # The policy of a run's page lets the browser load nothing; this page loads the files beside it.
    text = text.replace("img-src data:;", "img-src data: 'self' file:;", 1)
    page.write_text(text, encoding="utf-8")


def _readme(origin: Mapping[str, Any]) -> str:
    return f"""# The reference run

{describe(origin)} Made by `make reference`; do not edit.

* [The report]({PAGE}): open it in a clone, with a browser; no network needed. Its figures lie
  beside it, while a run's own report is one file.
* [The paper]({PAPER}).
* [Every printed number beside ours](tables/published.md), as [CSV](tables/published.csv).
* [Claims](tables/claims.csv) and their [tests](tables/claim_tests.csv); claims that
  [contradict each other](tables/contradictions.md).
* [Mistakes](tables/errata.csv), and [what they do](tables/erratum_effects.csv).
* [All tables](tables), [all figures](figures) with the numbers drawn. What the columns mean:
  [docs/results.md](../../docs/results.md).

`{ORIGIN}` says where it comes from. `make verify` holds a run of your own against it:
[docs/reference-run.md](../../docs/reference-run.md).
"""
