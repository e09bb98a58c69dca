# Experiments that need no training of the studies: small tables, several of them in one job.
for group, names in by_job(PROJECT.experiments).items():

    rule:
        name:
            f"experiments_{group}"
        input:
            data=expand(
                rules.prepare.output,
                dataset=sorted(
                    {
                        each
                        for name in names
                        for each in PROJECT.experiments[name].datasets
                    }
                ),
            ),
        output:
            expand(EXPERIMENT_TABLE, experiment=names),
        log:
            RESULTS / f"logs/experiments/{group}.log",
        benchmark:
            RESULTS / f"benchmarks/experiments/{group}.tsv"
        # Early, as the longest of training: they take minutes.
        priority: LONGEST
        conda:
            "../../envs/restudy.yaml"
        # What measures time computes with one thread, and nothing of ours runs beside it.
        threads: (workflow.cores or 1) if group == "timed" else 1
        resources:
            mem_mb=2500,
            runtime=60,
        params:
            names=names,
            code=PROJECT.digest(*(PROJECT.experiments[name] for name in names)),
        message:
            f"Do the experiments: {', '.join(names)}"
        script:
            "../scripts/experiments.py"
