from pathlib import Path

from restudy.console import job
from restudy.evidence.demonstrations import demonstrate
from restudy.evidence.ledger import Erratum, load_rows
from restudy.evidence.measuring import read_studies
from restudy.files import write_atomically
from restudy.tables import to_csv

with job(snakemake.log[0]):
    errata = load_rows(Path(snakemake.input.evidence), Erratum)
    studies = read_studies(Path(path).parent for path in snakemake.input.descriptions)
    write_atomically(Path(snakemake.output[0]), to_csv(demonstrate(errata, studies)))
