from pathlib import Path

from restudy.common.files import write_atomically
from restudy.figures.studies import draw_study
from restudy.figures.style import save
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    output = snakemake.output
    written = zip(output.svg, output.pdf, output.csv, output.txt, strict=True)
    for study, (svg, pdf, csv, text) in zip(snakemake.params.studies, written, strict=True):
        drawing, caption = draw_study(Path(study))
        save(drawing, Path(svg), Path(pdf), Path(csv))
        write_atomically(Path(text), f"{caption}\n".encode())
