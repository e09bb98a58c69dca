"""The quick scale of the repository's own studies, from raw data to the report."""

import pytest

from restudy.config.loading import load_studies
from tests.workflow.checkout import ROOT, Checkout

pytestmark = pytest.mark.pipeline


def test_quick(tmp_path):
    checkout = Checkout.fresh(tmp_path / "checkout", config="config/quick.yaml")
    output = checkout.run(timeout=900)
    folder = checkout.results / "quick"
    page = (folder / "report/index.html").read_text()
    for name, study in load_studies(ROOT / "config/studies").items():
        made = [folder / f"tables/{name}/{table}.csv" for table in ("summary", "winners", "timing")]
        made += [folder / f"figures/{name}.{kind}" for kind in ("svg", "pdf", "csv")]
        assert all(path.stat().st_size for path in made), name
        assert study.question in page.replace("&#39;", "'"), name
    assert (folder / "report/paper.pdf").read_bytes().startswith(b"%PDF-")
    assert "make ui SCALE=quick" in output
    assert "Nothing to be done" in checkout.run()
