# MLflow: the store before training, what is missing in it afterwards, and when all is judged and
# drawn the summaries of the studies and their best networks.
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
        mem_mb=1000,
    message:
        "Create the MLflow store"
    script:
        "../scripts/create_store.py"


rule sync_tracking:
    input:
        cells=expand(rules.collect.output.cells, study=PLAN.studies),
    output:
        RESULTS / "mlflow/sync.json",
    log:
        RESULTS / "logs/sync_tracking.log",
    benchmark:
        RESULTS / "benchmarks/sync_tracking.tsv"
    priority: SOON
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        # Without a password; the script takes the whole address from the config.
        store=public(TRACKING_URI),
        studies=tracked_studies(),
        # It writes descriptions, which the code words.
        code=code_digest("restudy.tracking.sync"),
        # Another number than last time if runs were still missing then, or the store is gone:
        # the rule runs again.
        attempt=next_attempt(RESULTS / "mlflow/sync.json", sqlite_file(TRACKING_URI)),
    message:
        "Put runs into MLflow that are not there yet, and describe them"
    script:
        "../scripts/sync_tracking.py"


rule finish_tracking:
    input:
        store=rules.sync_tracking.output,
        cells=expand(rules.collect.output.cells, study=PLAN.studies),
        data=expand(
            rules.prepare.output,
            dataset=sorted(
                {name for plan in PLAN.studies.values() for name in plan.datasets}
            ),
        ),
        claims=RESULTS / "tables/claims.csv",
        tables=[
            rules.tables.output[table]
            for table in ["summary", "comparison", "winners"]
        ],
        figures=expand(RESULTS / "figures/{study}.svg", study=PLAN.studies),
        pictures=expand(
            RESULTS / "figures/{figure}.svg",
            figure=sorted(
                {name for names in other_figures().values() for name in names}
            ),
        ),
    output:
        RESULTS / "mlflow/finish.json",
    log:
        RESULTS / "logs/finish_tracking.log",
    benchmark:
        RESULTS / "benchmarks/finish_tracking.tsv"
    priority: SOON
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=2500,
    params:
        store=public(TRACKING_URI),
        studies=tracked_studies(),
        pictures=other_figures(),
        code=code_digest("restudy.tracking.finish"),
        attempt=next_attempt(RESULTS / "mlflow/finish.json", sqlite_file(TRACKING_URI)),
    message:
        "Put figures, verdicts and the best network of each study into MLflow"
    script:
        "../scripts/finish_tracking.py"
