# fetch -> prepare


rule fetch:
    output:
        RESULTS / "data/{dataset}.raw.json",
    log:
        RESULTS / "logs/fetch/{dataset}.log",
    benchmark:
        RESULTS / "benchmarks/fetch/{dataset}.tsv"
    params:
        folder=SETTINGS.data.folder,
    resources:
        mem_mb=500,
    conda:
        "../../envs/restudy.yaml"
    message:
        "Fetch the raw files of {wildcards.dataset}"
    script:
        "../scripts/fetch.py"


rule prepare:
    input:
        rules.fetch.output,
    output:
        RESULTS / "data/{dataset}.safetensors",
    log:
        RESULTS / "logs/prepare/{dataset}.log",
    benchmark:
        RESULTS / "benchmarks/prepare/{dataset}.tsv"
    params:
        split_seed=SETTINGS.data.split_seed,
        code=code_digest("restudy.datasets.prepare"),
    resources:
        mem_mb=1000,
    conda:
        "../../envs/restudy.yaml"
    message:
        "Prepare {wildcards.dataset}: one file, with its validation split"
    script:
        "../scripts/prepare.py"
