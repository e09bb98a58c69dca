from pathlib import Path

from restudy.console import job
from restudy.files import write_atomically
from restudy.report.html.pictures import read_pictures
from restudy.report.html.rebuild_command import Command
from restudy.report.html.render import render
from restudy.report.view.model import read_view

with job(snakemake.log[0]):
    params = snakemake.params
    view = read_view(Path(snakemake.input.view))
    pictures = read_pictures(
        view,
        Path(params.results) / "figures",
        Path("workflow/report"),
        Command(**params.command).remake,
    )
    page = render(view, pictures, paper=params.paper)
    write_atomically(Path(snakemake.output[0]), page.encode())
