from pathlib import Path

from restudy.common.files import write_atomically
from restudy.provenance.versions import commit_in_words
from restudy.report.view.build import RunInfo, read_run
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    params = snakemake.params
    info = RunInfo(
        title=params.title,
        scale=snakemake.config["scale"],
        commit=commit_in_words(),
        studies_left_out=params.left_out,
        experiments_done=params.experiments,
        source_figures=params.source_figures,
        contradiction_figures=params.contradictions,
    )
    view = read_run(Path(params.results), info, params.groups)
    write_atomically(Path(snakemake.output[0]), view.to_json())
