# The MLflow store, training, and the tables of runs of each study.
#
# Nothing that training waits for may depend on the studies: Snakemake does not ask a job whether
# it is stale while one that it waits for is due.
from restudy.planning.jobs import make_jobs

JOBS = make_jobs(PLAN)
JOB_OF = {group.id: job.id for job in JOBS.values() for group in job.groups}


rule create_store:
    output:
        RESULTS / "mlflow/store.json",
    message:
        "Create the MLflow store"
    script:
        "../scripts/create_store.py"


# One job trains one group, all its runs stacked, or a few short groups one after the other. Its
# output is a record. The groups' files are no outputs: Snakemake takes back those of a job that
# fails, and groups may move from job to job.
rule train:
    input:
        data=lambda wildcards: (
            RESULTS / f"data/{JOBS[wildcards.job].dataset}.safetensors"
        ),
        # The store must be there first. Its stamp never changes, so it makes nothing stale.
        store=rules.create_store.output,
    output:
        RESULTS / "training/{job}.json",
    # The longest jobs first, so that no core waits for one of them at the end.
    priority: lambda wildcards: JOBS[wildcards.job].work
    resources:
        mem_mb=2500,
        runtime=lambda wildcards: JOBS[wildcards.job].minutes,
        gpu=GPUS,
    params:
        groups=lambda wildcards: JOBS[wildcards.job].parameters(),
        version=TRAINING_VERSION,
        engine=SETTINGS.training.engine,
    message:
        "Train {wildcards.job}"
    script:
        "../scripts/train.py"


rule collect_runs:
    input:
        lambda wildcards: training_of(wildcards.study),
    output:
        runs=RESULTS / "studies/{study}/runs.parquet",
        history=RESULTS / "studies/{study}/history.parquet",
        timing=RESULTS / "studies/{study}/timing.parquet",
        description=RESULTS / "studies/{study}/study.json",
        groups=RESULTS / "studies/{study}/groups.json",
    priority: SOON
    params:
        description=lambda wildcards: PLAN.studies[wildcards.study].description(),
        runs=lambda wildcards: PLAN.studies[wildcards.study].places(),
        results=RESULTS,
    message:
        "Collect the runs of {wildcards.study}"
    script:
        "../scripts/collect_runs.py"
