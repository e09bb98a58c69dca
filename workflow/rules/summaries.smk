# Tables of each study.
GRIDS = studies_drawn_as("grid")


rule summarise_studies:
    input:
        runs=collected("runs", PLAN.studies),
        timings=collected("timing", PLAN.studies),
        descriptions=collected("description", PLAN.studies),
    output:
        # Of all studies at once: a job takes longer to start than to make a table.
        **{
            f"{table}{text}": expand(
                RESULTS / f"tables/{{study}}/{table}{suffix}", study=PLAN.studies
            )
            for table in ["summary", "comparison", "winners", "timing"]
            for text, suffix in [("", ".csv"), ("_text", ".md")]
        },
    priority: SOON
    message:
        "Make the tables of the studies"
    script:
        "../scripts/summarise_studies.py"


rule decompose_variance:
    input:
        runs=rules.collect_runs.output.runs,
        description=rules.collect_runs.output.description,
    output:
        table=RESULTS / "tables/{study}/variance_components.csv",
        text=RESULTS / "tables/{study}/variance_components.md",
    wildcard_constraints:
        study=any_of(GRIDS),
    message:
        "Find what explains the variation in {wildcards.study}"
    script:
        "../scripts/decompose_variance.py"


rule predict_test_set:
    input:
        runs=rules.collect_runs.output.runs,
        # The weights lie beside what the jobs have recorded.
        training=lambda wildcards: training_of(wildcards.study),
        data=lambda wildcards: expand(
            rules.prepare_dataset.output,
            dataset=PLAN.studies[wildcards.study].datasets,
        ),
    output:
        RESULTS / "studies/{study}/predictions.parquet",
    resources:
        mem_mb=1500,
    params:
        results=RESULTS,
    message:
        "Predict the test set with every trained network of {wildcards.study}"
    script:
        "../scripts/predict_test_set.py"
