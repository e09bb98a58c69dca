"""Measures what other processors, libraries and threads change; prints a table."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import torch
from tabulate import tabulate

from bench.machine import describe
from bench.same import compared
from bench.same.computed import KINDS, STEPS


def main() -> None:
    """Compute every variant, and print how far each is from this machine."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        here = compared.compute(compared.HERE, folder)
        nudged = compared.compute(compared.NUDGED, folder)
        variants = [*compared.VARIANTS, *([compared.CUDA] if torch.cuda.is_available() else [])]
        rows = [
            {"": variant.name, **_row(compared.compute(variant, folder), here)}
            for variant in (compared.HERE, *variants)
        ]
        rows.append({"": compared.NUDGED.name, **_distances(nudged, here)})
    print(tabulate(pd.DataFrame(rows).fillna("").to_dict("list"), headers="keys", tablefmt="pipe"))
    print("\nTolerance: " + ", ".join(_tolerances(here, nudged)))
    print(f"\n{describe()}")


def _row(found: compared.Numbers, here: compared.Numbers) -> dict[str, str]:
    equal = {
        kind: "same" if compared.same(found, here, kind) else "differ"
        for kind in ("streams", "tables")
    }
    return {**equal, **_distances(found, here)}


def _distances(found: compared.Numbers, here: compared.Numbers) -> dict[str, str]:
    return {
        f"{steps} steps": f"{largest:.1e}" if largest else "same"
        for steps in STEPS
        for largest in [compared.worst(found, here, list(KINDS), steps)]
    }


def _tolerances(here: compared.Numbers, nudged: compared.Numbers) -> list[str]:
    return [
        f"{kind} after {steps} steps {compared.tolerance(here, nudged, kind, steps):.1e}"
        for kind in KINDS
        for steps in STEPS
    ]


if __name__ == "__main__":
    main()
