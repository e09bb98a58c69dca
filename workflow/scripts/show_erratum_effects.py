from pathlib import Path

import pandas as pd

from restudy.config.loading import load_rows
from restudy.evidence.erratum_effects import effect_table
from restudy.evidence.metric_extraction import read_studies
from restudy.evidence.printed_differences import difference_table
from restudy.evidence.schema import Erratum, Published
from restudy.results.table_files import write_table
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    errata = load_rows(Path(snakemake.input.evidence), Erratum)
    published = load_rows(Path(snakemake.input.published), Published)
    studies = read_studies(Path(path).parent for path in snakemake.input.descriptions)
    experiments = {Path(path).stem: pd.read_parquet(path) for path in snakemake.params.experiments}
    shown = effect_table(errata, studies, experiments)
    write_table(Path(snakemake.output.shown), shown)
    contrasts = difference_table(errata, published, studies)
    write_table(Path(snakemake.output.contrasts), contrasts)
