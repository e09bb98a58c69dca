"""The sections on claims and errata, with nothing to show yet and with something."""

import pandas as pd
import pytest

from restudy.evidence.contrasts import COLUMNS as CONTRASTS
from restudy.evidence.contrasts import contrast_table
from restudy.evidence.demonstrations import COLUMNS as SHOWN
from restudy.evidence.demonstrations import demonstrate
from restudy.evidence.judging import judge, read_claim_tests
from restudy.report import evidence
from restudy.stats.calibration import calibrate
from restudy.tables import to_csv
from tests.evidence import made_up
from tests.evidence.test_claim_tests import claim, test_of
from tests.evidence.test_contrasts import PRINTED, contrasting
from tests.evidence.test_demonstrations import SHOWS, erratum
from tests.evidence.test_judging import numbers


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
    section = evidence.claims(statuses("CLM-BN-01"), read_claim_tests(path), calibration)
    (shown,) = (table.frame for table in section.tables if table.title.startswith("t: "))
    assert shown["claim"].tolist() == ["CLM-BN-01"]
    assert shown["verdict"].iloc[0].startswith("no meaningful" if there else "not yet")


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
