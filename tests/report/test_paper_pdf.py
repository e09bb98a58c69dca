"""The paper compiles, whatever is missing, and to the same bytes each time."""

from pathlib import Path

import pytest

from restudy.common.errors import RestudyError
from restudy.report.paper.compile_typst import to_pdf
from restudy.report.paper.content import content, to_json
from tests.report import made_up

REPORT = Path(__file__).parents[2] / "workflow" / "report"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="9"/></svg>'
CAPTIONS = {"FIG-S1-01": "A caption.", "grid": "Another."}


def files(view, captions=CAPTIONS):
    parts = ("paper.typ", "paper-style.typ", "references.yaml")
    return {
        **{name: (REPORT / name).read_bytes() for name in parts},
        **{f"{name}.svg": SVG for name in captions},
        "paper.json": to_json(content(view, captions)),
    }


def test_the_same_bytes_each_time():
    pdf = to_pdf(files(made_up.full()))
    assert pdf.startswith(b"%PDF-")
    assert pdf == to_pdf(files(made_up.full()))
    assert b"CreationDate" not in pdf
    assert b"ModDate" not in pdf


PENDING = made_up.claims(("CLM-A-01", "t", "pending"))
SUPPORTED = made_up.claims(("CLM-A-01", "t", "supported"))
LACKS = {
    "studies": {"studies": ()},
    "tests of claims": {"claim_tests": made_up.tests(), "claims": PENDING},
    "effects of mistakes": {"erratum_effects": made_up.shown()},
    "differences": {
        "printed_differences": made_up.contrasts(),
        "contradictions": made_up.opposed(),
    },
    "contradictions": {
        "claims": SUPPORTED,
        "claim_tests": made_up.tests({"claim": "CLM-A-01", "verdict": "supported"}),
    },
    "runs of published numbers": {"published": made_up.published({"status": "pending"})},
    "simulations": {"calibration": made_up.table("calibration")},
    "searches": {"configuration_searches": made_up.searches()},
}


@pytest.mark.parametrize("what", LACKS)
def test_it_compiles_without(what):
    assert to_pdf(files(made_up.full(**LACKS[what]))).startswith(b"%PDF-")


def test_it_compiles_without_figures_or_anything():
    assert to_pdf(files(made_up.full(), {})).startswith(b"%PDF-")
    assert to_pdf(files(made_up.empty(), {})).startswith(b"%PDF-")


def test_texts_are_shown_as_they_are():
    """Nothing in a source's words is taken for a command."""
    nasty = made_up.tables()["claims"]
    nasty.loc[0, "statement"] = '#panic("no") $x @nobody <a> *b* \\ "'
    assert to_pdf(files(made_up.full(claims=nasty))).startswith(b"%PDF-")


def test_a_mistake_in_the_source_is_told():
    wrong = files(made_up.full()) | {"paper.typ": b"= Title\n\n#nothing\n"}
    with pytest.raises(RestudyError, match=r"paper\.typ: .*unknown variable: nothing"):
        to_pdf(wrong)
