"""Where the time of a training step goes, by kind of operation: ``python -m bench.profile``.

Prints a Markdown table for the 784-512-256-10 network with batch norm, five lanes, one thread.
"""

from __future__ import annotations

from collections import Counter

import pandas as pd
import torch
from torch.profiler import profile

from bench.cases import BATCHES, Case, cases
from bench.ours import seeds
from bench.peers.network import CLASSES
from bench.samples import made_up
from restudy.data.load import scale, split
from restudy.training import matmul_backend
from restudy.training.batches import TensorData
from restudy.training.stack import Stack

LANES, NETWORK = 5, "784-512-256-10-bn"

# The operations that are named; what is left is "the rest".
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
    found = {f"batch {case.batch}": shares(case) for case in cases([NETWORK], BATCHES)}
    table = pd.DataFrame(found).fillna(0).sort_values("batch 64", ascending=False)
    print(table.map("{:.0%}".format).to_markdown())


def shares(case: Case) -> dict[str, float]:
    """Return the share of each kind of operation in the processor's time of some steps."""
    samples, recipe = made_up(case.samples), case.recipe
    parts = split(samples.prepared, recipe.n_train, recipe.n_validation)
    tensors = TensorData.from_split(scale(parts, recipe.scaling, "none"), torch.device("cpu"))
    stack = Stack(seeds(recipe, LANES), tensors, CLASSES)
    stack.start_epoch(0)
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
