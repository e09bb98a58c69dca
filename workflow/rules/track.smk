# MLflow: the store before training, and what is missing in it afterwards.


rule create_store:
    output:
        RESULTS / "mlflow/store.json",
    log:
        RESULTS / "logs/create_store.log",
    benchmark:
        RESULTS / "benchmarks/create_store.tsv"
    conda:
        "../../envs/restudy.yaml"
    resources:
        mem_mb=500,
    params:
        uri=TRACKING_URI,
        studies=TRACKED_STUDIES,
    message:
        "Create the MLflow store and an experiment for each study"
    script:
        "../scripts/create_store.py"


rule sync_tracking:
    input:
        store=rules.create_store.output,
        cells=expand(rules.train.output.record, cell=PLAN.cells),
    output:
        RESULTS / "mlflow/sync.json",
    log:
        RESULTS / "logs/sync_tracking.log",
    benchmark:
        RESULTS / "benchmarks/sync_tracking.tsv"
    conda:
        "../../envs/restudy.yaml"
    resources:
        mem_mb=500,
    params:
        # Another number than last time if runs were still missing then: the rule runs again.
        attempt=next_attempt(RESULTS / "mlflow/sync.json"),
    message:
        "Put runs into MLflow that training could not"
    script:
        "../scripts/sync_tracking.py"
