from pathlib import Path

from restudy.common.files import write_atomically
from restudy.report.html.figures import read_figures
from restudy.report.html.render import render
from restudy.report.view.model import read_view
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    params = snakemake.params
    view = read_view(Path(snakemake.input.view))
    figures = read_figures(view, params.call)
    page = render(view, figures, paper=params.paper)
    write_atomically(Path(snakemake.output[0]), page.encode())
