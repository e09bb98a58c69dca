"""The blocks of YAML in the documentation are right: each is held against the model it is of."""

import pytest
import yaml

from restudy.common.errors import RestudyError
from restudy.config.loading import load_rows, load_studies, validate
from restudy.config.settings import Settings
from restudy.config.sources import Source
from restudy.config.yaml import read_mapping
from restudy.evidence.contradiction_specs import ContradictionFigure
from restudy.evidence.schema import KINDS, load_catalogue
from restudy.evidence.search_specs import ConfigurationSearch
from restudy.planning.plan import make_plan
from tests.docs import pages
from tests.docs.pages import PAGES, ROOT

FOLDER = ROOT / "config/evidence"
BLOCKS = [block for page in PAGES for block in pages.blocks(page) if block.language == "yaml"]
# The kind of a row by the beginning of its id.
ROWS = {
    "PUB": KINDS["published"],
    "CLM": KINDS["claims"],
    "ERR": KINDS["errata"],
    "SYS": KINDS["systems"],
    "EXP": KINDS["systems"],
    "FIG": KINDS["figures"],
    "PUZ": ConfigurationSearch,
    "CON": ContradictionFigure,
}
STUDY = """
name: made-up
title: A study
question: Which?
recipe: {dataset: mnist, hidden: [64], learning_rate: 0.1, batch_size: 64, epochs: 1}
seeds: 2
"""


def check(text, folder):
    """Check a block: a study, a part of one, settings, or rows of the catalogue."""
    path = folder / "block.yaml"
    path.write_text(text, encoding="utf-8")
    if rows_of(text):
        for row in rows_of(text):
            check_row(row, path)
        return
    content = read_mapping(path)
    if content.keys() <= Settings.model_fields.keys():
        validate(Settings, content, "settings")
        return
    studies = folder / "studies"
    studies.mkdir()
    whole = text if "recipe" in content else STUDY + text
    (studies / f"{content.get('name', 'made-up')}.yaml").write_text(whole, encoding="utf-8")
    loaded = load_studies(studies)
    for scale in ("quick", "default", "full"):
        make_plan(loaded, scale)


def check_row(row, path):
    kind = ROWS.get(row["id"].partition("-")[0])
    if kind is None:
        validate(Source, row, row["id"])
    else:
        path.write_text(yaml.safe_dump([row]), encoding="utf-8")
        load_rows(path, kind)


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block_fits_its_model(block, tmp_path):
    check(block.text, tmp_path)


def test_rows_that_are_quoted_are_those_of_the_catalogue():
    catalogue = {row.id: row for kind in KINDS for row in load_catalogue(FOLDER).rows(kind)}
    quoted = [row for block in BLOCKS for row in rows_of(block.text)]
    assert sum(row["id"] in catalogue for row in quoted) >= 3
    for row in quoted:
        if own := catalogue.get(row["id"]):
            assert type(own).model_validate(row) == own


def rows_of(text):
    content = yaml.safe_load(text)
    return [row for row in content if "id" in row] if isinstance(content, list) else []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("factors:\n  nrom: [none]\n", "nrom"),
        ("scale: qick\n", "qick"),
        ("- id: CLM-MINE-01\n  sources: [S1]\n  topik: x\n", "topik"),
        ("- id: S5\n  title: x\n  waht: y\n", "waht"),
    ],
)
def test_mistakes_in_blocks_are_found(text, complaint, tmp_path):
    with pytest.raises(RestudyError, match=complaint):
        check(text, tmp_path)
