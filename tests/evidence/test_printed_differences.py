"""A printed difference keeps its sign, or not, by the paired t interval of our runs."""

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import stats

from restudy.common.errors import RestudyError
from restudy.evidence.erratum_effects import effect_table, statuses_of
from restudy.evidence.printed_differences import count_signs, difference_table
from restudy.evidence.reasons import reason, reason_text
from restudy.evidence.schema import Erratum, Published
from restudy.evidence.statuses import Status
from restudy.evidence.validation import Evidence, check
from restudy.results.table_files import read_typed, to_csv
from tests.evidence import made_up
from tests.evidence.test_erratum_effects import erratum


def printed(number: int, value: str, norm: str, **fields: Any) -> Published:
    ours = made_up.measure(filter={"norm": norm})
    return made_up.published(id=f"PUB-S1-{number:03d}", value=value, measure=ours, **fields)


PRINTED = [
    printed(1, "0.97", "batch"),
    printed(2, "0.95", "none"),
    printed(3, "96", "none", unit="percent"),
    made_up.published(id="PUB-S1-004"),
]
ONE = {"what": "accuracy", "number": "PUB-S1-001", "minus": "PUB-S1-002"}


def contrasting(*contrasts: dict[str, str], **fields: Any) -> Erratum:
    return erratum(contrasts=list(contrasts) or [ONE], **fields)


def judged(gain: float) -> tuple[dict[str, Any], Any]:
    """Return the row of the one difference, with batch norm better by ``gain``, and its status."""
    rng = np.random.default_rng(6)
    tables = made_up.tables(
        made_up.plan(),
        lambda run, *_: 0.9 + rng.normal(0, 0.01) + gain * (run.levels["norm"] == "batch"),
    )
    row, studies = contrasting(), {"tiny": tables}
    found = difference_table([row], PRINTED, studies)
    statuses = statuses_of([row], effect_table([row], studies), found, {})
    return found.iloc[0].to_dict(), statuses[row.id]


@pytest.mark.parametrize(
    ("gain", "sign", "status"),
    [
        (0.1, "survives", Status.NO_EFFECT_FOUND),
        (0.0, "open", Status.EFFECT_CONFIRMED),
        (-0.1, "reversed", Status.EFFECT_CONFIRMED),
    ],
)
def test_a_sign_survives_or_not(gain: float, sign: str, status: str):
    row, found = judged(gain)
    assert row["printed"] == pytest.approx(0.02)
    assert (row["sign"], found.status) == (sign, status)
    assert (row["n_opposite"] > 0) == (status == Status.EFFECT_CONFIRMED)


def test_an_interval_that_holds_0_does_not_show_that_single_runs_mislead():
    # Two runs that agree on the sign: the interval is wide, and yet no run says otherwise.
    gains = {0: 0.01, 1: 0.03}
    tables = made_up.tables(
        made_up.plan(seeds=2),
        lambda run, *_: 0.9 + gains[run.recipe.seed] * (run.levels["norm"] == "batch"),
    )
    row, studies = contrasting(), {"tiny": tables}
    found = difference_table([row], PRINTED, studies)
    assert (found["sign"][0], found["n_opposite"][0]) == ("open", 0)
    status = statuses_of([row], effect_table([row], studies), found, {})[row.id]
    assert status.status == Status.NO_EFFECT_FOUND


def test_a_smaller_experiment_than_the_source_s_shows_nothing_of_it():
    made = made_up.plan(scale="quick", scales={"quick": {"recipe": {"epochs": 2}}})
    tables = made_up.tables(made, lambda run, *_: 0.9 - 0.1 * (run.levels["norm"] == "batch"))
    row, studies = contrasting(), {"tiny": tables}
    found = difference_table([row], PRINTED, studies)
    status = statuses_of([row], effect_table([row], studies), found, {})[row.id]
    assert status.status == Status.PENDING
    assert "1 by smaller experiments" in reason_text(status.reasons)


def test_ours_are_paired_over_seeds():
    rng = np.random.default_rng(7)
    drawn = {key: rng.normal() for key in itertools.product(range(5), ("none", "batch"))}
    tables = made_up.tables(
        made_up.plan(), lambda run, *_: drawn[run.recipe.seed, run.levels["norm"]]
    )
    (row,) = difference_table([contrasting()], PRINTED, {"tiny": tables}).to_dict("records")
    reference = stats.ttest_rel(*([drawn[s, norm] for s in range(5)] for norm in ("batch", "none")))
    assert row["n"] == 5
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(reference.confidence_interval()))
    assert row["p"] == pytest.approx(reference.pvalue)


def test_percent_are_shares():
    row = contrasting(ONE | {"minus": "PUB-S1-003"})
    assert difference_table([row], PRINTED, {})["printed"][0] == pytest.approx(0.01)


def test_what_is_not_in_this_run_is_not_yet_and_counted(tmp_path):
    row = contrasting()
    found = difference_table([row], PRINTED, {})
    path = tmp_path / "printed_differences.csv"
    path.write_bytes(to_csv(found))
    again = read_typed(path)
    assert reason_text([count_signs(again)]).endswith("1 more are not in this run")
    status = statuses_of([row], effect_table([row], {}), again, {})[row.id]
    assert status == (Status.PENDING, (reason("not_in_this_run", study="tiny"),))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"minus": "PUB-S1-004"}, "contrasts.0..minus: 'PUB-S1-004'.*that runs judge"),
        ({"minus": "PUB-S1-009"}, "contrasts.0..minus: 'PUB-S1-009'.*that runs judge"),
        ({"minus": "PUB-S1-001"}, "contrasts.0.: PUB-S1-001 and PUB-S1-001 do not differ"),
    ],
)
def test_a_wrong_difference_is_named(fields: dict[str, str], words: str):
    evidence = Evidence(PRINTED, [], errata=[contrasting(ONE | fields)])
    with pytest.raises(RestudyError, match=words):
        check(evidence, {"tiny": made_up.plan()}, [])


def test_the_studies_of_printed_numbers_are_asked_for():
    assert Evidence(PRINTED, [], errata=[contrasting()]).studies_of_errata(["other", "tiny"]) == [
        "tiny"
    ]
    assert Evidence(PRINTED, [], errata=[erratum()]).studies_of_errata(["other", "tiny"]) == []
