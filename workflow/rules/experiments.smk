# Experiments that need no training of the studies: small tables, one job each.


rule experiment:
    input:
        data=lambda wildcards: expand(
            rules.prepare.output, dataset=EXPERIMENTS[wildcards.experiment].datasets
        ),
    output:
        RESULTS / "experiments/{experiment}.parquet",
    log:
        RESULTS / "logs/experiments/{experiment}.log",
    benchmark:
        RESULTS / "benchmarks/experiments/{experiment}.tsv"
    wildcard_constraints:
        experiment="|".join(EXPERIMENTS),
    conda:
        "../../envs/restudy.yaml"
    threads: cores_taken
    resources:
        mem_mb=1500,
    params:
        code=lambda wildcards: code_digest(EXPERIMENTS[wildcards.experiment].module),
    message:
        "Do the experiment {wildcards.experiment}"
    script:
        "../scripts/experiment.py"
