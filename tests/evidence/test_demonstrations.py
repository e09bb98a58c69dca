"""What a mistake does is the paired difference of two readings; its row says so."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from restudy.evidence import demonstrations
from restudy.evidence.demonstrations import demonstrate
from restudy.evidence.ledger import JUDGED, NOT_YET, NOTHING_FOUND, SHOWN, WORDING, Erratum, Status
from tests.evidence import made_up

SHOWS = {
    "what": "test accuracy",
    "as_published": made_up.measure(where={"norm": "none"}),
    "corrected": made_up.measure(where={"norm": "batch"}),
}


def erratum(**fields: Any) -> Erratum:
    row = {"id": "ERR-S1-01", "sources": ["S1"], "where": "w", "category": "c", "severity": "high"}
    return Erratum.model_validate(row | {"what_is_wrong": "all"} | fields)


def status(rows: list[Erratum], studies: Any, **others: Status) -> Status:
    found = demonstrations.statuses_of(rows, demonstrate(rows, studies), others)
    return found[rows[0].id]


def test_the_difference_is_paired_over_seeds():
    rng = np.random.default_rng(3)
    drawn = {(seed, norm): rng.normal() for seed in range(5) for norm in ("none", "batch")}
    tables = made_up.tables(
        made_up.plan(), lambda run, *_: drawn[run.recipe.seed, run.levels["norm"]]
    )
    (row,) = demonstrate([erratum(shows=[SHOWS])], {"tiny": tables}).to_dict("records")
    wrong, right = (np.array([drawn[s, norm] for s in range(5)]) for norm in ("none", "batch"))
    reference = stats.ttest_rel(wrong, right)
    assert row["n"] == 5
    assert row["difference"] == pytest.approx((wrong - right).mean())
    assert (row["low"], row["high"]) == pytest.approx(tuple(reference.confidence_interval()))
    assert row["p"] == pytest.approx(reference.pvalue)


@pytest.mark.parametrize(("gain", "wanted"), [(0.5, SHOWN), (0.0, NOTHING_FOUND)])
def test_a_mistake_that_changes_a_number_is_shown(gain: float, wanted: str):
    rng = np.random.default_rng(0)
    tables = made_up.tables(
        made_up.plan(),
        lambda run, *_: rng.normal(0, 0.01) + gain * (run.levels["norm"] == "none"),
    )
    found = status([erratum(shows=[SHOWS])], {"tiny": tables})
    assert found.status == wanted
    assert found.because.startswith("test accuracy: ")


def test_a_row_that_others_tell_of():
    row = erratum(shown_by=["CLM-BN-01"])
    assert status([row], {}, **{"CLM-BN-01": Status("supported")}) == (
        JUDGED,
        "CLM-BN-01 supported",
    )
    assert status([row], {}, **{"CLM-BN-01": Status(NOT_YET)}).status == NOT_YET


def test_a_mistake_of_wording_has_nothing_to_run():
    assert status([erratum(wording=True)], {}).status == WORDING


def test_a_study_that_is_not_there_is_not_yet():
    found = status([erratum(shows=[SHOWS])], {})
    assert found == (NOT_YET, "study tiny is not in this run")


@pytest.mark.parametrize(
    "fields",
    [
        {"wording": True, "shows": [SHOWS]},
        {"wording": True, "shown_by": ["CLM-BN-01"]},
        {"wording": True, "status": "cannot be", "because": "no"},
        {"shows": [SHOWS], "status": "not yet", "because": "no"},
    ],
)
def test_one_way_to_a_status(fields: dict[str, Any]):
    with pytest.raises(ValueError, match="allowed: 'shows' and 'shown_by', or 'wording'"):
        erratum(**fields)
