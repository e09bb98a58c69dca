"""Copying a run into the reference's folder, as a whole or not at all."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from restudy.common.errors import RestudyError
from restudy.reference.contents import ORIGIN, PAGE, PAPER, README, files_of
from restudy.reference.origin import in_words
from restudy.report.html.svg_minify import data_url


def keep(results: Path, reference: Path, origin: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Copy what belongs to a reference, in the place of an earlier one.

    Args:
        results: folder of a finished run.
        reference: folder of the reference.
        origin: see :func:`restudy.reference.origin.describe_origin`.

    Returns:
        kind -> number of files and bytes.

    Raises:
        RestudyError: ``reference`` is something else than an earlier reference.
    """
    if reference.exists() and not (reference / ORIGIN).is_file() and any(reference.iterdir()):
        raise RestudyError(f"{reference}: is no reference ({ORIGIN} is missing); remove it first")
    kinds = files_of(results)
    part = reference.with_name(f".{reference.name}.{uuid.uuid4().hex}.part")
    try:
        for path in (path for paths in kinds.values() for path in paths):
            (part / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(results / path, part / path)
        link_figures(part)
        (part / ORIGIN).write_text(json.dumps(origin, indent=1) + "\n", encoding="utf-8")
        (part / README).write_text(readme(origin), encoding="utf-8")
        sizes = {kind: _size(part, paths) for kind, paths in kinds.items()}
        sizes["where it comes from"] = _size(part, [Path(ORIGIN), Path(README)])
        shutil.rmtree(reference, ignore_errors=True)
        part.rename(reference)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return sizes


def link_figures(reference: Path) -> None:
    """Have the page show the figures that lie beside it, in place of copies within itself.

    A run's own page is one file for whoever it is sent to. Here every figure would be in git twice,
    and the page six times as large.
    """
    page = reference / PAGE
    text = page.read_text(encoding="utf-8")
    for figure in sorted((reference / "figures").glob("*.svg")):
        text = text.replace(str(data_url(figure.read_bytes())), f"../figures/{quote(figure.name)}")
    # A run's page loads nothing, and says so to the browser; this one may load what lies beside it.
    text = text.replace("img-src data:;", "img-src data: 'self' file:;", 1)
    page.write_text(text, encoding="utf-8")


def readme(origin: Mapping[str, Any]) -> str:
    """Return what a visitor reads first."""
    return f"""# The reference run

{in_words(dict(origin))} Made by `make reference`; do not edit.

* [The report]({PAGE}): open it in a clone, with a browser; no network needed. Its figures lie
  beside it, while a run's own report is one file.
* [The paper]({PAPER}).
* [Every printed number beside ours](tables/published.md), as [CSV](tables/published.csv).
* [Claims](tables/claims.csv) and their [tests](tables/claim_tests.csv); claims that
  [contradict each other](tables/contradictions.md).
* [Mistakes](tables/errata.csv), and [what they do](tables/errata_shown.csv).
* [All tables](tables), [all figures](figures) with the numbers drawn. What the columns mean:
  [docs/results.md](../../docs/results.md).

`{ORIGIN}` says where it comes from. `make verify` holds a run of your own against it:
[docs/reference-run.md](../../docs/reference-run.md).
"""


def _size(folder: Path, paths: list[Path]) -> tuple[int, int]:
    return len(paths), sum((folder / path).stat().st_size for path in paths)
