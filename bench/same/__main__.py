"""Measures what other processors, libraries and threads change; prints a table."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import torch
from tabulate import tabulate

from bench.harness import describe_machine
from bench.same import compared
from bench.same.computed import KINDS, STEPS


def main() -> None:
    """Compute every variant, and print how far each is from this machine."""
    variants = [compared.HERE, *compared.VARIANTS, compared.NUDGED]
    variants += [compared.CUDA] if torch.cuda.is_available() else []
    with tempfile.TemporaryDirectory() as folder:
        found = {variant: compared.compute(variant, Path(folder)) for variant in variants}
    here, nudged = found[compared.HERE], found[compared.NUDGED]
    rows = []
    for variant, numbers in found.items():
        row = {"": variant.name}
        if variant != compared.NUDGED:
            for kind in ("streams", "tables"):
                row[kind] = "same" if compared.same(numbers, here, kind) else "differ"
        for steps in STEPS:
            far = max(compared.distance(numbers, here, kind, steps) for kind in KINDS)
            row[f"{steps} steps"] = f"{far:.1e}" if far else "same"
        rows.append(row)
    print(tabulate(pd.DataFrame(rows).fillna("").to_dict("list"), headers="keys", tablefmt="pipe"))
    tolerances = (
        f"{kind} after {steps} steps {compared.tolerance(here, nudged, kind, steps):.1e}"
        for kind in KINDS
        for steps in STEPS
    )
    print(f"\nTolerance: {', '.join(tolerances)}\n\n{describe_machine()}")


if __name__ == "__main__":
    main()
