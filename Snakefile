# The table of contents of the workflow: settings, the stages in their order, and what is made.
from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/collect.smk"
include: "workflow/rules/experiments.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/record.smk"
include: "workflow/rules/track.smk"


rule all:
    default_target: True
    input:
        RESULTS / "report/index.html",
        RESULTS / "report/paper.pdf",
        RESULTS / "mlflow/finish.json",
        RESULTS / "run.json",


onstart:
    take_lock()
    look_for_jobs_only_when_one_ends()
    watch_training()
    warn_of_a_store_in_a_file()


onsuccess:
    print(where_things_are(RESULTS))
