import json
from pathlib import Path

import pandas as pd

from restudy.common.files import write_atomically
from restudy.results import study_tables
from restudy.results.table_files import write_table
from restudy.runtime.job_log import job

with job(snakemake.log[0]):
    studies = zip(
        snakemake.input.runs, snakemake.input.timings, snakemake.input.descriptions, strict=True
    )
    for number, (runs_file, timing_file, description_file) in enumerate(studies):
        runs = pd.read_parquet(runs_file)
        timing = pd.read_parquet(timing_file)
        description = json.loads(Path(description_file).read_text())
        factors = list(description["factors"])
        made = {
            "summary": study_tables.summary_table(runs, factors),
            "comparison": study_tables.comparison_table(runs, factors, description["compare"]),
            "winners": study_tables.winners(runs, factors),
            "timing": study_tables.timing_table(timing, factors),
        }
        notes = study_tables.notes(description, **study_tables.run_counts(runs))
        for name, table in made.items():
            write_table(Path(snakemake.output[name][number]), table)
            title = f"{description['title']}: {name}"
            text = study_tables.to_markdown(
                study_tables.readable(name, table, factors), title, notes
            )
            write_atomically(Path(snakemake.output[f"{name}_text"][number]), text.encode())
