# fetch -> prepare


rule fetch:
    output:
        RESULTS / "data/{dataset}.raw.json",
    log:
        RESULTS / "logs/fetch/{dataset}.log",
    benchmark:
        RESULTS / "benchmarks/fetch/{dataset}.tsv"
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1000,
    params:
        folder=SETTINGS.data.folder,
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
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=1500,
    params:
        split_seed=SETTINGS.data.split_seed,
        code=code_digest("restudy.datasets.prepare"),
    message:
        "Prepare {wildcards.dataset}: one file, with its validation split"
    script:
        "../scripts/prepare.py"
