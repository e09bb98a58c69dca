"""What a mistake does is the paired difference of two readings; its row says so."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats

from restudy.common.errors import RestudyError
from restudy.config.loading import load_rows
from restudy.evidence import erratum_effects, validation
from restudy.evidence.erratum_effects import effect_table
from restudy.evidence.printed_differences import difference_table
from restudy.evidence.reasons import Finding, reason, reason_text
from restudy.evidence.schema import Erratum
from restudy.evidence.statuses import Status
from restudy.evidence.validation import Evidence, check
from restudy.experiments.project import project
from tests.evidence import made_up

SHOWS = {
    "what": "test accuracy",
    "as_published": made_up.measure(filter={"norm": "none"}),
    "corrected": made_up.measure(filter={"norm": "batch"}),
}


def erratum(**fields: Any) -> Erratum:
    row = {"id": "ERR-S1-01", "sources": ["S1"], "where": "w", "category": "c", "severity": "high"}
    return Erratum.model_validate(row | {"what_is_wrong": "all"} | fields)


def status(rows: list[Erratum], studies: Any, **others: Status) -> Status:
    tables = effect_table(rows, studies), difference_table(rows, [], studies)
    found = erratum_effects.statuses_of(rows, *tables, others)
    return found[rows[0].id]


def test_the_difference_is_paired_over_seeds():
    rng = np.random.default_rng(3)
    drawn = {(seed, norm): rng.normal() for seed in range(5) for norm in ("none", "batch")}
    tables = made_up.tables(
        made_up.plan(), lambda run, *_: drawn[run.recipe.seed, run.levels["norm"]]
    )
    (row,) = effect_table([erratum(effects=[SHOWS])], {"tiny": tables}).to_dict("records")
    wrong, right = (np.array([drawn[s, norm] for s in range(5)]) for norm in ("none", "batch"))
    reference = stats.ttest_rel(wrong, right)
    assert row["n"] == 5
    assert row["difference"] == pytest.approx((wrong - right).mean())
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(reference.confidence_interval()))
    assert row["p"] == pytest.approx(reference.pvalue)


@pytest.mark.parametrize(
    ("gain", "wanted"), [(0.5, Status.EFFECT_CONFIRMED), (0.0, Status.NO_EFFECT_FOUND)]
)
def test_a_mistake_that_changes_a_number_is_shown(gain: float, wanted: str):
    rng = np.random.default_rng(0)
    tables = made_up.tables(
        made_up.plan(),
        lambda run, *_: rng.normal(0, 0.01) + gain * (run.levels["norm"] == "none"),
    )
    found = status([erratum(effects=[SHOWS])], {"tiny": tables})
    assert found.status == wanted
    assert reason_text(found.reasons).startswith("test accuracy: ")


def test_an_exploratory_demonstration_shows_nothing_by_itself():
    rng = np.random.default_rng(0)
    tables = made_up.tables(
        made_up.plan(), lambda run, *_: rng.normal(0, 0.01) + (run.levels["norm"] == "none")
    )
    row = erratum(effects=[SHOWS | {"exploratory": "a look"}])
    found = status([row], {"tiny": tables})
    assert found.status == Status.NO_EFFECT_FOUND
    assert reason_text(found.reasons).endswith("(exploratory, does not count: a look)")
    both = erratum(
        effects=[SHOWS | {"exploratory": "a look"}, SHOWS | {"redesigned": "it was not"}]
    )
    assert status([both], {"tiny": tables}).status == Status.EFFECT_CONFIRMED


def test_a_row_that_others_tell_of():
    row = erratum(supported_by=["CLM-BN-01"])
    assert status([row], {}, **{"CLM-BN-01": Finding(Status("supported"))}) == (
        Status.ASSESSED,
        (reason("status", id="CLM-BN-01", status="supported"),),
    )
    assert status([row], {}, **{"CLM-BN-01": Finding(Status.PENDING)}).status == Status.PENDING


def test_a_mistake_of_wording_has_nothing_to_run():
    assert status([erratum(text_only=True)], {}).status == Status.WORDING_ONLY


def test_a_study_that_is_not_there_is_not_yet():
    found = status([erratum(effects=[SHOWS])], {})
    assert found == (Status.PENDING, (reason("not_in_this_run", study="tiny"),))


@pytest.mark.parametrize(
    "fields",
    [
        {"text_only": True, "effects": [SHOWS]},
        {"text_only": True, "supported_by": ["CLM-BN-01"]},
        {"text_only": True, "status": "not testable", "reason": "no"},
        {"effects": [SHOWS], "status": "pending", "reason": "no"},
    ],
)
def test_one_way_to_a_status(fields: dict[str, Any]):
    with pytest.raises(
        ValueError, match="allowed: 'effects', 'contrasts' and 'supported_by', or 'text_only'"
    ):
        erratum(**fields)


# In experiments


def in_experiment(scale: str, **fields: Any) -> dict[str, Any]:
    found = {"experiment": "initial-loss", "measure": "loss", "filter": {"init_scale": scale}}
    return found | fields


LOSS = {"what": "first loss", "as_published": in_experiment("0.5")}
LOSS |= {"corrected": in_experiment("0.01")}


def test_numbers_of_experiments_are_paired_over_seeds_too():
    rng = np.random.default_rng(4)
    scales = project().experiments["initial-loss"].factors["init_scale"]
    keys = pd.MultiIndex.from_product([scales, range(10)], names=["init_scale", "seed"])
    table = keys.to_frame(index=False).assign(loss=rng.normal(size=len(keys)))
    wrong, right = (
        table.loc[table["init_scale"] == scale, "loss"].to_numpy() for scale in ("0.5", "0.01")
    )
    shuffled = table.sample(frac=1, random_state=0)
    (row,) = effect_table([erratum(effects=[LOSS])], {}, {"initial-loss": shuffled}).to_dict(
        "records"
    )
    reference = stats.ttest_rel(wrong, right)
    assert (row["n"], row["reductions"]) == (10, "")
    assert (row["as_published"], row["corrected"]) == pytest.approx((wrong.mean(), right.mean()))
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(reference.confidence_interval()))


def test_an_experiment_that_is_not_there_is_not_yet():
    found = status([erratum(effects=[LOSS])], {})
    assert found == (
        Status.PENDING,
        (reason("not_in_this_run", experiment="initial-loss"),),
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"experiment": "initial-los"}, "experiment: 'initial-los'.*did you mean 'initial-loss'"),
        ({"measure": "los"}, "measure: 'los'.*did you mean 'loss'"),
        ({"filter": {"scale": "0.5"}}, "filter: 'scale'.*a factor of initial-loss"),
        ({"filter": {"init_scale": "5"}}, "filter.init_scale: '5' is not allowed.*0.001, 0.01"),
        ({"filter": {}}, "filter: init_scale is missing; allowed: 0.001, 0.01"),
    ],
)
def test_a_wrong_reading_of_an_experiment_is_named(fields: dict[str, Any], words: str):
    row = erratum(effects=[LOSS | {"corrected": in_experiment("0.5") | fields}])
    with pytest.raises(RestudyError) as caught:
        check(Evidence([], [], errata=[row]), {}, [])
    assert re.search(rf"ERR-S1-01: effects\[0\]\.corrected\.{words}", str(caught.value))


@pytest.mark.parametrize(
    ("side", "words"),
    [
        ({"experimant": "a"}, r"corrected\.study: is missing"),
        ({**in_experiment("1"), "meazure": "a"}, "corrected.meazure.*did you mean 'measure'"),
        ({"experiment": "a", "measure": "b"}, r"corrected\.filter: is missing"),
        ({**SHOWS["corrected"], "splitt": "a"}, "corrected.splitt.*did you mean 'split'"),
        ("loss", r"effects\[0\].corrected: 'loss'"),
    ],
)
def test_a_side_that_is_wrong_is_named(tmp_path: Path, side: Any, words: str):
    row = erratum().model_dump(include={"id", "sources", "where", "category", "severity"})
    row |= {"what_is_wrong": "all", "effects": [LOSS | {"corrected": side}]}
    path = tmp_path / "errata.yaml"
    path.write_text(yaml.safe_dump([row]))
    with pytest.raises(RestudyError, match=words):
        load_rows(path, Erratum)


def test_every_erratum_has_its_evidence(pytestconfig: pytest.Config):
    rows = load_rows(pytestconfig.rootpath / validation.FOLDER / "errata.yaml", Erratum)
    assert [r.id for r in rows if not (r.has_evidence or r.text_only or r.status)] == []
