"""The paper compiles, whatever is missing, and to the same bytes each time."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from restudy.report.paper.typeset import to_pdf

from restudy.common.errors import RestudyError
from restudy.report.paper.content import content, to_json
from tests.report import made_up_paper as made_up

REPORT = Path(__file__).parents[2] / "workflow" / "report"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="9"/></svg>'


def files(tables):
    parts = ("paper.typ", "paper-style.typ", "references.yaml")
    return {
        **{name: (REPORT / name).read_bytes() for name in parts},
        **{f"{name}.svg": SVG for name in tables.captions},
        "paper.json": to_json(content(tables)),
    }


def test_the_same_bytes_each_time():
    pdf = to_pdf(files(made_up.full()))
    assert pdf.startswith(b"%PDF-")
    assert pdf == to_pdf(files(made_up.full()))
    assert b"CreationDate" not in pdf
    assert b"ModDate" not in pdf


LACKS = {
    "everything": made_up.empty(),
    "figures": replace(made_up.full(), captions={}),
    "studies": replace(made_up.full(), studies=[], matters={}),
    "tests of claims": replace(
        made_up.full(),
        claim_tests=made_up.tests(),
        ledger=dict(made_up.full().ledger)
        | {"claims": made_up.claims(("CLM-A-01", "t", "pending"))},
    ),
    "effects of mistakes": replace(made_up.full(), errata_shown=made_up.shown()),
    "differences": replace(
        made_up.full(), contrasts=made_up.contrasts(), contradictions=made_up.opposed()
    ),
    "contradictions": replace(
        made_up.full(),
        ledger=dict(made_up.full().ledger)
        | {"claims": made_up.claims(("CLM-A-01", "t", "supported"))},
    ),
    "runs of printed numbers": replace(
        made_up.full(), published=made_up.published({"status": "pending"})
    ),
    "simulations": replace(made_up.full(), calibration=made_up.calibration().iloc[:0]),
    "searches": replace(made_up.full(), puzzles=pd.DataFrame(columns=made_up.CONCLUSIONS)),
}


@pytest.mark.parametrize("what", LACKS)
def test_it_compiles_without(what):
    assert to_pdf(files(LACKS[what])).startswith(b"%PDF-")


def test_texts_are_shown_as_they_are():
    """Nothing in a source's words is taken for a command."""
    nasty = made_up.full()
    nasty.ledger["claims"].loc[0, "statement"] = '#panic("no") $x @nobody <a> *b* \\ "'
    assert to_pdf(files(nasty)).startswith(b"%PDF-")


def test_a_mistake_in_the_source_is_told():
    wrong = files(made_up.full()) | {"paper.typ": b"= Title\n\n#nothing\n"}
    with pytest.raises(RestudyError, match=r"paper\.typ: .*unknown variable: nothing"):
        to_pdf(wrong)
