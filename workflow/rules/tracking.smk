# MLflow: what is missing in the store after training, and when all is judged and drawn the
# summaries of the studies and their best networks.
#
# The scripts read the descriptions of the studies from a file that is written when the run starts. A
# digest of them says when the outputs are stale.
STUDIES = workflow_support.tracked_studies(SETTINGS, PLAN, EVIDENCE)
PICTURES = workflow_support.figures_with(
    PLAN.studies,
    {name: [figure.study] for name, figure in DRAWN_FIGURES.items()}
    | {name: figure.studies for name, figure in CONTRADICTIONS.items()},
)


rule sync_tracking:
    input:
        groups=collected("groups", PLAN.studies),
    output:
        RESULTS / "mlflow/sync.json",
    priority: SOON
    params:
        # Without a password; the script takes the whole address from the config.
        store=public(TRACKING_URI),
        studies=digest(STUDIES),
        # Another number than last time if runs were still missing then, or the store is gone:
        # the rule runs again.
        attempt=next_attempt(RESULTS / "mlflow/sync.json", sqlite_file(TRACKING_URI)),
    message:
        "Put runs into MLflow that are not there yet, and describe them"
    script:
        "../scripts/sync_tracking.py"


rule register_results:
    input:
        store=rules.sync_tracking.output,
        groups=collected("groups", PLAN.studies),
        data=expand(
            rules.prepare_dataset.output,
            dataset=sorted(
                {name for plan in PLAN.studies.values() for name in plan.datasets}
            ),
        ),
        view=rules.build_view_model.output.view,
        tables=[
            rules.summarise_studies.output[table]
            for table in ["summary", "comparison", "winners"]
        ],
        figures=expand(RESULTS / "figures/{study}.svg", study=PLAN.studies),
        pictures=expand(
            RESULTS / "figures/{figure}.svg",
            figure=sorted({name for names in PICTURES.values() for name in names}),
        ),
    output:
        RESULTS / "mlflow/finish.json",
    priority: SOON
    resources:
        mem_mb=2500,
    params:
        store=public(TRACKING_URI),
        studies=digest(STUDIES),
        pictures=PICTURES,
        attempt=next_attempt(RESULTS / "mlflow/finish.json", sqlite_file(TRACKING_URI)),
    message:
        "Put figures, verdicts and the best network of each study into MLflow"
    script:
        "../scripts/register_results.py"
