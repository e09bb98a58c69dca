"""The command, on parts of the full scale that the pipeline really ran: tiny studies, in turn."""

import json
import os
import re
import shutil

import pytest

from restudy.config.settings import Settings
from restudy.evidence.reasons import columns, reason
from restudy.reference import __main__ as command_module
from restudy.reference.records import GATHERED
from restudy.results.table_files import read_table, to_csv
from tests.workflow.checkout import Checkout

pytestmark = pytest.mark.pipeline


def read(folder, name):
    return read_table(folder / f"tables/{name}.csv")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout whose tiny study was done at the full scale."""
    made = Checkout.fresh(tmp_path_factory.mktemp("gather") / "checkout")
    shutil.rmtree(made.folder / GATHERED)
    made.configure(scale="full", only=["tiny"])
    made.run()
    return made


@pytest.fixture
def command(checkout, monkeypatch, capsys):
    """The command in that checkout; returns what is in its folder afterwards."""
    monkeypatch.chdir(checkout.folder)
    settings = Settings(scale="full", studies="studies", experiments=False)
    monkeypatch.setattr(command_module, "settings_of_scale", lambda scale: settings)
    monkeypatch.setattr(command_module, "check_clean", lambda results: None)

    def run(*only, fails=""):
        assert command_module.main(["gather", "--only", *only]) == bool(fails)
        assert re.search(fails, capsys.readouterr().err if fails else "")
        return checkout.folder / GATHERED

    return run


def test_a_record_that_cannot_be_read_is_told(checkout, command):
    folder = checkout.folder / GATHERED
    folder.mkdir(parents=True)
    (folder / "gathered.json").write_text("{")
    command("tiny", fails=r"gathered\.json: cannot be read")
    shutil.rmtree(folder)


def test_one_study_after_the_other(checkout, command, capsys):
    folder = command("tiny")
    record = json.loads((folder / "gathered.json").read_text())
    assert list(record["studies"]) == ["tiny"]
    assert record["studies"]["tiny"]["runs"] == 4
    assert "Not yet: houses" in capsys.readouterr().out
    # What the run found, as it found it.
    for name in (
        "claim_tests",
        "published",
        "erratum_effects",
        "configuration_searches",
        "claims",
        "errata",
    ):
        assert (folder / f"tables/{name}.csv").read_bytes() == (
            checkout.results / f"tables/{name}.csv"
        ).read_bytes(), name
    own = {
        name: (folder / f"tables/tiny/{name}.csv").read_bytes() for name in ("summary", "winners")
    }
    for name, content in own.items():
        assert content == (checkout.results / f"tables/tiny/{name}.csv").read_bytes(), name
    assert not (folder / "tables/tiny/timing.csv").exists()
    checkout.configure(scale="full", only=["houses"])
    checkout.run()
    assert command("houses") == folder
    record = json.loads((folder / "gathered.json").read_text())
    assert list(record["studies"]) == ["houses", "tiny"]
    page = (folder / "README.md").read_text()
    assert "All 2 studies have been done at the full scale" in page
    assert "Not yet" not in page.partition("##")[0]
    assert (folder / "tables/houses/summary.csv").is_file()
    assert {name: (folder / f"tables/tiny/{name}.csv").read_bytes() for name in own} == own


def test_a_run_of_other_studies_is_refused(checkout, command):
    path = checkout.results / "tables/published.csv"
    before = path.read_bytes()
    times = path.stat()
    table = read(checkout.results, "published")
    for name, value in columns([reason("not_in_this_run", study="tiny")]).items():
        table.loc[0, name] = value
    path.write_bytes(to_csv(table))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    command("tiny", fails="study tiny is not in the last run")
    path.write_bytes(before)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    command("nothing", fails="'nothing' is not allowed")


def test_a_run_that_is_not_finished_is_refused(checkout, command):
    page = checkout.results / "report/index.html"
    page.rename(page.with_suffix(".away"))
    try:
        command("tiny", fails=r"not finished: report/index\.html is missing")
    finally:
        page.with_suffix(".away").rename(page)
