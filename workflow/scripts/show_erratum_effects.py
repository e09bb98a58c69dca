from pathlib import Path

import pandas as pd

from restudy.console import job
from restudy.evidence.contrasts import contrast_table
from restudy.evidence.demonstrations import demonstrate
from restudy.evidence.ledger import Erratum, Published, load_rows
from restudy.evidence.measuring import read_studies
from restudy.results.table_files import write_table

with job(snakemake.log[0]):
    errata = load_rows(Path(snakemake.input.evidence), Erratum)
    published = load_rows(Path(snakemake.input.published), Published)
    studies = read_studies(Path(path).parent for path in snakemake.input.descriptions)
    experiments = {Path(path).stem: pd.read_parquet(path) for path in snakemake.params.experiments}
    shown = demonstrate(errata, studies, experiments)
    write_table(Path(snakemake.output.shown), shown)
    contrasts = contrast_table(errata, published, studies)
    write_table(Path(snakemake.output.contrasts), contrasts)
