# The table of contents of the workflow: settings, the stages in their order, and what is made.
from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/experiments.smk"
include: "workflow/rules/summaries.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/evidence.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/record.smk"
include: "workflow/rules/tracking.smk"


rule all:
    default_target: True
    input:
        RESULTS / "report/index.html",
        RESULTS / "report/paper.pdf",
        RESULTS / "mlflow/finish.json",
        RESULTS / "run.json",


# What all rules with a script share: environment, log, benchmark, and a digest of what the script
# and the code below it do. The outputs of some do not depend on their code: of `train`, on a version.
for each in [each for each in workflow.rules if each.script]:
    job_name = Path(each.name, *(f"{{{name}}}" for name in each.wildcard_names))
    each.conda_env = "../../envs/restudy.yaml"
    if not each.log:
        each.log_modifier = each.benchmark_modifier = each.output_modifier
        each.set_log(RESULTS / f"logs/{job_name}.log")
        each.benchmark = RESULTS / f"benchmarks/{job_name}.tsv"
    if (
        each.name not in ("create_store", "fetch_dataset", "train")
        and "code" not in each.params.keys()
    ):
        code_of = f"scripts.{Path(each.script).stem}"
        each.set_params(code=lambda wildcards, code_of=code_of: code_digest(code_of))


onstart:
    with without_traceback():
        run_lock.acquire_run_lock()
        workflow_support.write_tracked(RESULTS, STUDIES)
    workflow_support.look_for_jobs_only_when_one_ends(workflow)
    workflow_support.watch_training(workflow, PLAN, JOBS, RESULTS, TRAINING_VERSION)
    workflow_support.warn_of_a_store_in_a_file(workflow, TRACKING_URI)


onsuccess:
    print(workflow_support.where_things_are(SETTINGS))
