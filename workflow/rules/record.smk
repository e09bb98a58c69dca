# How the pipeline was called and on what. The commit is that of the report: it is recorded anew
# with each new report, and a commit that changes no result makes nothing stale.
rule record_run:
    input:
        page=RESULTS / "report/index.html",
        paper=RESULTS / "report/paper.pdf",
    output:
        RESULTS / "run.json",
    log:
        RESULTS / "logs/record_run.log",
    benchmark:
        RESULTS / "benchmarks/record_run.tsv"
    conda:
        "../../envs/restudy.yaml"
    threads: 1
    resources:
        mem_mb=500,
    params:
        call={
            **how_it_was_called(),
            "settings": [public(text) for text in how_it_was_called()["settings"]],
            "scale": SETTINGS.scale,
            "full": SETTINGS.full,
            "only": SETTINGS.only,
            "studies": sorted(PLAN.studies),
            "experiments": sorted(experiments_done(list(PROJECT.experiments))),
        },
        code=code_digest("restudy.run_record"),
    message:
        "Record how the pipeline was called"
    script:
        "../scripts/record_run.py"
