# MLflow: the store before training, and what is missing in it afterwards.
#
# Nothing that training waits for may depend on the studies: Snakemake does not ask a job whether
# it is stale while one that it waits for is due.


rule create_store:
    output:
        RESULTS / "mlflow/store.json",
    log:
        RESULTS / "logs/create_store.log",
    benchmark:
        RESULTS / "benchmarks/create_store.tsv"
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=500,
    message:
        "Create the MLflow store"
    script:
        "../scripts/create_store.py"


rule sync_tracking:
    input:
        cells=expand(rules.train.output.record, cell=PLAN.cells),
    output:
        RESULTS / "mlflow/sync.json",
    log:
        RESULTS / "logs/sync_tracking.log",
    benchmark:
        RESULTS / "benchmarks/sync_tracking.tsv"
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        # Without a password; the script takes the whole address from the config.
        store=public(TRACKING_URI),
        studies=[study.tracked() for study in PLAN.studies.values()],
        # Another number than last time if runs were still missing then: the rule runs again.
        attempt=next_attempt(RESULTS / "mlflow/sync.json"),
    message:
        "Put runs into MLflow that are not there yet"
    script:
        "../scripts/sync_tracking.py"
