# Data sets: fetch -> prepare


rule fetch_dataset:
    output:
        RESULTS / "data/{dataset}.raw.json",
    log:
        RESULTS / "logs/fetch_dataset/{dataset}.log",
    benchmark:
        RESULTS / "benchmarks/fetch_dataset/{dataset}.tsv"
    params:
        folder=SETTINGS.data.folder,
    message:
        "Fetch the raw files of {wildcards.dataset}"
    script:
        "../scripts/fetch_dataset.py"


rule prepare_dataset:
    input:
        rules.fetch_dataset.output,
    output:
        RESULTS / "data/{dataset}.safetensors",
    log:
        RESULTS / "logs/prepare_dataset/{dataset}.log",
    benchmark:
        RESULTS / "benchmarks/prepare_dataset/{dataset}.tsv"
    resources:
        mem_mb=1500,
    params:
        split_seed=SETTINGS.data.split_seed,
        code=code_digest("restudy.data.prepare"),
    message:
        "Prepare {wildcards.dataset}: one file, with its validation split"
    script:
        "../scripts/prepare_dataset.py"
