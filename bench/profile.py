"""Where the time of a training step goes, by kind of operation: ``python -m bench.profile``.

Prints a Markdown table for the 784-512-256-10 network with batch norm, five runs, one thread.
"""

from __future__ import annotations

from collections import Counter

import pandas as pd
import torch
from torch.profiler import profile

from bench.cases import BATCHES, Case, cases, made_up
from bench.engine import make_stack
from restudy.training import matmul_backend

# The operations that are named; all others are "the rest".
KINDS = {
    "bmm": "products: forward, gradient of the inputs",
    "baddbmm": "products: gradient of the weights, into the velocity",
    "sub_": "weights less velocity",
    "native_group_norm": "batch norm",
    "native_group_norm_backward": "batch norm",
    "index_select": "gathering the batch",
    "threshold_backward": "activation",
    "clamp_min_": "activation",
}


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    chosen = cases(["784-512-256-10-bn"], BATCHES)
    found = {f"batch {case.batch}": shares(case) for case in chosen}
    table = pd.DataFrame(found).fillna(0).sort_values("batch 64", ascending=False)
    print(table.map("{:.0%}".format).to_markdown())


def shares(case: Case) -> dict[str, float]:
    """Return the share of each kind of operation in the processor's time of some steps."""
    stack = make_stack(case.recipe, made_up(case.samples), runs=5)
    with matmul_backend.use(matmul_backend.choose("auto").path):
        for block in stack.batches:
            stack.train(block)
        with profile() as measured:
            for block in stack.batches:
                stack.train(block)
    times: Counter[str] = Counter()
    for event in measured.key_averages():
        kind = KINDS.get(event.key.removeprefix("aten::"), "the rest: small operations, calls")
        times[kind] += event.self_cpu_time_total
    return {kind: time / times.total() for kind, time in times.items()}


if __name__ == "__main__":
    main()
