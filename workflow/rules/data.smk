# Data sets: fetch -> prepare


rule fetch_dataset:
    output:
        RESULTS / "data/{dataset}.raw.json",
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
    resources:
        mem_mb=1500,
    params:
        split_seed=SETTINGS.data.split_seed,
    message:
        "Prepare {wildcards.dataset}: one file, with its validation split"
    script:
        "../scripts/prepare_dataset.py"
