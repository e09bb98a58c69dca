# Experiments that need no training of the studies: small tables, several of them by one job, since
# a job takes longer to start than most of them take. The output of a job is a record of its tables.
EXPERIMENTS_OF = workflow_support.deal_out(PROJECT)


rule run_experiments:
    input:
        data=lambda wildcards: expand(
            rules.prepare_dataset.output,
            dataset=sorted(
                {
                    each
                    for name in EXPERIMENTS_OF[wildcards.job]
                    for each in PROJECT.experiments[name].datasets
                }
            ),
        ),
    output:
        RESULTS / "experiments/{job}.json",
    wildcard_constraints:
        job="[0-9]+",
    # Early, as the longest of training: they take minutes.
    priority: LONGEST
    resources:
        mem_mb=2500,
        runtime=60,
    params:
        tables=lambda wildcards: experiment_tables(EXPERIMENTS_OF[wildcards.job]),
        results=RESULTS,
        project=lambda wildcards: PROJECT.digest(
            *(PROJECT.experiments[name] for name in EXPERIMENTS_OF[wildcards.job])
        ),
    message:
        "Do experiments, part {wildcards.job}"
    script:
        "../scripts/run_experiments.py"


# What measures time computes with one thread, and nothing of ours runs beside it.
use rule run_experiments as run_timed_experiments with:
    wildcard_constraints:
        job="timed",
    threads: workflow.cores or 1
    message:
        "Do the experiments that measure time"
