# How the pipeline was called and on what. The commit is that of the report: it is recorded anew
# with each new report, and a commit that changes no result makes nothing stale.
rule record_run:
    input:
        page=rules.render_page.output,
        paper=rules.render_paper.output,
    output:
        RESULTS / "run.json",
    params:
        call={
            **workflow_support.how_it_was_called(workflow, RESULTS),
            "scale": SETTINGS.scale,
            "full": SETTINGS.full,
            "only": SETTINGS.only,
            "studies": sorted(PLAN.studies),
            "experiments": sorted(experiments_done(list(PROJECT.experiments))),
        },
    message:
        "Record how the pipeline was called"
    script:
        "../scripts/record_run.py"
