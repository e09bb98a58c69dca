"""The sections on claims and errata, with nothing to show yet and with something."""

import pandas as pd
import pytest

from restudy.evidence.contradictions import contradictions
from restudy.evidence.contrasts import COLUMNS as CONTRASTS
from restudy.evidence.contrasts import contrast_table
from restudy.evidence.demonstrations import COLUMNS as SHOWN
from restudy.evidence.demonstrations import demonstrate
from restudy.evidence.judging import judge, read_claim_tests
from restudy.evidence.ledger import TIMED, Status
from restudy.evidence.timing import COLUMNS as TIMED_COLUMNS
from restudy.evidence.timing import timed_claims, timed_contradictions
from restudy.report import evidence
from restudy.report.contradictions import contradictions as report
from restudy.report.page import Page, Picture, render
from restudy.stats.calibration import calibrate
from restudy.tables import to_csv
from tests.evidence import made_up
from tests.evidence.test_claim_tests import claim, test_of
from tests.evidence.test_contradictions import two
from tests.evidence.test_contrasts import PRINTED, contrasting
from tests.evidence.test_demonstrations import SHOWS, erratum
from tests.evidence.test_judging import numbers
from tests.evidence.test_timing import COUNTS, SECONDS
from tests.evidence.test_timing import tables as timed_tables
from tests.report.test_page import check

REMARK = {"sources": ["S3"], "how": "its own table"}


def statuses(id_: str) -> pd.DataFrame:
    row = {"id": id_, "source": "S1", "topic": "t", "statement": "s", "severity": "high"}
    return pd.DataFrame([row | {"status": "not yet"}])


@pytest.fixture(scope="module")
def calibration() -> pd.DataFrame:
    return calibrate(20, bootstrap_repetitions=2)


@pytest.mark.parametrize("there", [True, False])
def test_claims(tmp_path, calibration, there):
    tables, runs = numbers(lambda run, *_: 0.9 + 0.01 * run.recipe.seed)
    studies = ({"tiny": tables}, {"tiny": runs}) if there else ({}, {})
    path = tmp_path / "claim_tests.csv"
    path.write_bytes(to_csv(judge([claim(test_of())], *studies)))
    timed = pd.DataFrame(columns=list(TIMED_COLUMNS))
    timed_tests = judge([], {}, {}, timed=True)
    found = read_claim_tests(path)
    section = evidence.claims(statuses("CLM-BN-01"), found, calibration, timed, timed_tests)
    (shown,) = (table.frame for table in section.tables if table.title.startswith("t: "))
    assert shown["claim"].tolist() == ["CLM-BN-01"]
    assert shown["verdict"].iloc[0].startswith("no meaningful" if there else "not yet")


def test_a_claim_about_time_has_its_verdict_from_the_table_of_times(calibration):
    both = claim(test_of(**SECONDS), test_of(**COUNTS))
    counted, times = timed_tables(both, 1.3, 1.2)
    judged = timed_claims([both], counted, times)
    ledger = statuses("CLM-BN-01").assign(status=TIMED)
    section = evidence.claims(ledger, counted, calibration, judged, times)
    tables = {table.title: table.frame for table in section.tables}
    assert tables["Each claim that is tested"]["verdict"].tolist() == ["supported, by times too"]
    (row,) = tables["Claims about time, of this machine and this run"].to_dict("records")
    assert (row["verdict"], row["of its times"], row["of its counts"]) == ("supported",) * 3
    (row,) = tables["Times: the tests"].to_dict("records")
    assert (row["number"], row["verdict"]) == ("seconds", "supported")


def test_contradictions_stand_side_by_side_with_their_curves():
    claims = [
        *two(),
        claim(id="CLM-BN-03", contradicted_by=[REMARK], status="not yet", because="b"),
    ]
    verdicts = dict.fromkeys((one.id for one in claims), Status(TIMED, "elsewhere"))
    times = {"id": ["CLM-BN-01", "CLM-BN-02"], "verdict": ["supported", "contradicted"]}
    judged = pd.DataFrame(times | {"because": ["+1 (0.9 to 1.1; n 5)", "-1"]})
    table = contradictions(claims, verdicts)
    timed = timed_contradictions(claims, verdicts, judged)
    picture = Picture(b"<svg/>", "A caption", "CON-BN-01")
    pictures = {frozenset(("CLM-BN-01", "CLM-BN-02")): picture}
    section = report(table, timed, pictures)
    overview, pair, alone = section.tables
    assert len(overview.frame) == 1
    assert overview.frame["conclusion"].iloc[0].startswith("Our runs bear out CLM-BN-01, and speak")
    assert pair.picture is picture
    assert pair.frame["CLM-BN-01"].tolist() == ["S1", "s", "supported", "+1 (0.9 to 1.1; n 5)"]
    assert pair.frame["CLM-BN-02"].tolist() == ["S2", "s", "contradicted", "-1"]
    assert alone.frame["against it"].tolist() == ["its own table"]
    bare = report(table.iloc[:0], timed.iloc[:0], {})
    counts = pd.DataFrame({"not yet": [1]}, index=["claims"])
    text = render(Page("quick", "c", [], counts, {}, evidence=[section]))
    assert text.count('<figure id="CON-BN-01">') == 1
    assert text.index("<h3>CLM-BN-01 and CLM-BN-02</h3>") < text.index('<figure id="CON-BN-01">')
    check(text)
    check(render(Page("quick", "c", [], counts, {}, evidence=[bare])))


@pytest.mark.parametrize("there", [True, False])
def test_errata(there):
    studies = {"tiny": made_up.tables(made_up.plan())} if there else {}
    shown = demonstrate([erratum(shows=[SHOWS])], studies)
    # Two errata may name one difference; it is shown once.
    rows = [contrasting(), contrasting(id="ERR-S1-02")]
    contrasts = contrast_table(rows, PRINTED, studies)
    section = evidence.errata(statuses("ERR-S1-01"), shown, contrasts)
    assert len(section.tables[1].frame) == len(section.tables[2].frame) == there
    empty = pd.DataFrame(columns=list(SHOWN)), pd.DataFrame(columns=list(CONTRASTS))
    nothing = evidence.errata(statuses("ERR-S1-01"), *empty)
    assert nothing.tables[1].frame.empty
    assert nothing.tables[2].frame.empty
