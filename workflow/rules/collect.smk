# From cells to one set of tables per study.


rule collect:
    input:
        lambda wildcards: expand(
            rules.train.output.record, cell=PLAN.studies[wildcards.study].cells
        ),
    output:
        runs=RESULTS / "studies/{study}/runs.parquet",
        history=RESULTS / "studies/{study}/history.parquet",
        timing=RESULTS / "studies/{study}/timing.parquet",
        description=RESULTS / "studies/{study}/study.json",
        # What needs a cell of any study waits for this, not for thousands of files: Snakemake
        # looks for the rule of each of them, in each rule that has it as input.
        cells=RESULTS / "studies/{study}/cells.json",
    log:
        RESULTS / "logs/collect/{study}.log",
    benchmark:
        RESULTS / "benchmarks/collect/{study}.tsv"
    priority: SOON
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        description=lambda wildcards: PLAN.studies[wildcards.study].description(),
        runs=lambda wildcards: PLAN.studies[wildcards.study].places(),
        code=code_digest("restudy.results.collect"),
    message:
        "Collect the runs of {wildcards.study}"
    script:
        "../scripts/collect.py"
