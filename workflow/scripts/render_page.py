from pathlib import Path

from restudy.common.files import write_atomically
from restudy.report.html.pictures import read_pictures
from restudy.report.html.rebuild_command import Command
from restudy.report.html.render import render
from restudy.report.view.model import read_view
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    params = snakemake.params
    view = read_view(Path(snakemake.input.view))
    pictures = read_pictures(
        view,
        Path(params.results) / "figures",
        Command(**params.command).remake,
    )
    page = render(view, pictures, paper=params.paper)
    write_atomically(Path(snakemake.output[0]), page.encode())
