# One job trains one cell, all its runs stacked, or a few short cells one after the other.
from restudy.jobs import endings, shared_jobs

SHARED_JOBS = shared_jobs(PLAN)
# Not whole ids: Snakemake goes through this text for each output of each job.
SHARING = "|".join(
    endings([cell.id for job in SHARED_JOBS for cell in job.cells], PLAN.cells)
)


rule train:
    input:
        data=lambda wildcards: (
            RESULTS / f"data/{PLAN.cells[wildcards.cell].shared.dataset}.safetensors"
        ),
        # The store must be there first. Its stamp never changes, so it makes nothing stale.
        store=RESULTS / "mlflow/store.json",
    output:
        # update: the job keeps the runs that are there and right, and trains only the others.
        # The record first: it is what others ask for, and Snakemake looks for a file's rule by
        # trying the outputs one after the other.
        record=update(RESULTS / "cells/{cell}/cell.json"),
        history=update(RESULTS / "cells/{cell}/history.parquet"),
        summary=update(RESULTS / "cells/{cell}/summary.parquet"),
        timing=update(RESULTS / "cells/{cell}/timing.parquet"),
        weights=update(RESULTS / "cells/{cell}/weights.safetensors"),
    log:
        RESULTS / "logs/train/{cell}.log",
    benchmark:
        RESULTS / "benchmarks/train/{cell}.tsv"
    wildcard_constraints:
        # The cells that have a job alone.
        cell=f"(?![^/]*(?:{SHARING})/)[^/]+" if SHARING else "[^/]+",
    # The longest jobs first, so that no core waits for one of them at the end.
    priority: LONGEST
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=2500,
        runtime=lambda wildcards: minutes([PLAN.cells[wildcards.cell]]),
        gpu=GPUS,
    params:
        cells=lambda wildcards: [PLAN.cells[wildcards.cell].parameters()],
        version=TRAINING_VERSION,
    message:
        "Train {wildcards.cell}"
    script:
        "../scripts/train.py"


# Outputs cannot be functions of the wildcards, so each job that cells share is a rule of its own.
for job in SHARED_JOBS:

    rule:
        name:
            f"train_{job.id}"
        input:
            data=RESULTS / f"data/{job.dataset}.safetensors",
            store=rules.train.input.store,
        output:
            **{
                kind: update(expand(pattern, cell=[cell.id for cell in job.cells]))
                for kind, pattern in rules.train.output.items()
            },
        log:
            RESULTS / f"logs/train/{job.id}.log",
        benchmark:
            RESULTS / f"benchmarks/train/{job.id}.tsv"
        priority: int(job.work)
        conda:
            "../../envs/restudy.yaml"
        threads: 1
        resources:
            mem_mb=2500,
            runtime=minutes(job.cells),
            gpu=GPUS,
        params:
            cells=job.parameters(),
            version=TRAINING_VERSION,
        message:
            f"Train {job.id}: {len(job.cells)} cells"
        script:
            "../scripts/train.py"
