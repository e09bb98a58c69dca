# One job trains one cell: all its runs, stacked.


rule train:
    input:
        data=lambda wildcards: (
            RESULTS / f"data/{PLAN.cells[wildcards.cell].shared.dataset}.safetensors"
        ),
        # The store must be there first. Its stamp never changes, so it makes nothing stale.
        store=RESULTS / "mlflow/store.json",
    output:
        # update: the job keeps the runs that are there and right, and trains only the others.
        history=update(RESULTS / "cells/{cell}/history.parquet"),
        summary=update(RESULTS / "cells/{cell}/summary.parquet"),
        timing=update(RESULTS / "cells/{cell}/timing.parquet"),
        weights=update(RESULTS / "cells/{cell}/weights.safetensors"),
        record=update(RESULTS / "cells/{cell}/cell.json"),
    log:
        RESULTS / "logs/train/{cell}.log",
    benchmark:
        RESULTS / "benchmarks/train/{cell}.tsv"
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1500,
    params:
        lanes=lambda wildcards: PLAN.cells[wildcards.cell].parameters(),
        keep_weights=lambda wildcards: PLAN.cells[wildcards.cell].keep_weights,
        code=code_digest("restudy.training"),
    message:
        "Train {wildcards.cell}"
    script:
        "../scripts/train.py"
