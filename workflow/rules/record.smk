# How the pipeline was called and on what. The commit is that of the report: it is recorded anew
# with each new report, and a commit that changes no result makes nothing stale.
CALL = workflow_support.how_it_was_called(workflow, RESULTS)


rule record_run:
    input:
        page=rules.render_page.output,
        paper=rules.render_paper.output,
    output:
        RESULTS / "run.json",
    log:
        RESULTS / "logs/record_run.log",
    benchmark:
        RESULTS / "benchmarks/record_run.tsv"
    params:
        call={
            **CALL,
            "settings": [public(text) for text in CALL["settings"]],
            "scale": SETTINGS.scale,
            "full": SETTINGS.full,
            "only": SETTINGS.only,
            "studies": sorted(PLAN.studies),
            "experiments": sorted(experiments_done(list(PROJECT.experiments))),
        },
        code=code_digest("restudy.results.run_record"),
    message:
        "Record how the pipeline was called"
    script:
        "../scripts/record_run.py"
