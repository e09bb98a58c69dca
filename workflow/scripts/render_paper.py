from pathlib import Path

from restudy.common.files import write_atomically
from restudy.report.paper.compile_typst import to_pdf
from restudy.report.paper.content import content, to_json
from restudy.report.view.model import read_view
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    read, written = snakemake.input, snakemake.output
    captions = {Path(path).stem: Path(path).read_text().strip() for path in read.captions}
    made = content(read_view(Path(read.view)), captions)
    write_atomically(Path(written.content), to_json(made))
    parts = map(Path, [*read.source, written.content, *read.figures])
    write_atomically(Path(written.pdf), to_pdf({path.name: path.read_bytes() for path in parts}))
