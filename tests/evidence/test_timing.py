"""Claims about time are judged like others, and no other table depends on a second."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from restudy.config.loading import load_rows
from restudy.evidence import timing_claims
from restudy.evidence.reasons import parse, reason, reason_text
from restudy.evidence.schema import Claim
from restudy.evidence.statuses import Status
from restudy.evidence.validation import Evidence
from restudy.evidence.verdicts import evaluate_tests, verdicts_of
from restudy.results.table_files import read_typed, to_csv
from tests.evidence.test_claim_tests import claim, test_of

FOLDER = Path(__file__).parents[2] / "config/evidence"
SECONDS = {
    **{"study": None, "number": None, "experiment": "norm-step", "measure": "seconds"},
    **{"treatment": {"norm": "batch"}, "control": {"norm": "none"}},
    **{"filter": {"library": "torch"}, "ratio": True, "predicts": "greater", "margin": 1.05},
}
COUNTS = SECONDS | {"experiment": "norm-memory", "measure": "state_values", "filter": None}


def steps(factor: float, seed: int = 0) -> pd.DataFrame:
    """Return a table of norm-step in which batch norm takes so many times as long."""
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        [
            (library, norm, pair, factor ** (norm == "batch") * random.lognormal(-7, 0.02))
            for library in ("numpy", "torch")
            for norm in ("batch", "none")
            for pair in range(10)
        ],
        columns=["library", "norm", "seed", "seconds"],
    )


def counts(factor: float) -> pd.DataFrame:
    rows = [
        (norm, seed, (100.0 + seed) * (factor if norm == "batch" else 1), 1.0, 1.0)
        for norm in ("batch", "none")
        for seed in range(10)
    ]
    columns = ["norm", "seed", "state_values", "activation_bytes", "training_bytes"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture
def both() -> Claim:
    return claim(test_of(**SECONDS), test_of(**COUNTS))


def tables(made: Claim, seconds: float, values: float, seed: int = 0) -> tuple[Any, Any]:
    experiments = {"norm-step": steps(seconds, seed), "norm-memory": counts(values)}
    return evaluate_tests([made], {}, {}, experiments), evaluate_tests(
        [made], {}, {}, experiments, timed=True
    )


def test_a_time_is_judged_as_the_mean_log_ratio_of_pairs(both: Claim):
    _, timed = tables(both, 1.3, 1.0)
    (row,) = timed.to_dict("records")
    table = steps(1.3).query("library == 'torch'")
    wide = np.log(table.pivot_table(index="seed", columns="norm", values="seconds"))
    reference = stats.ttest_rel(wide["batch"], wide["none"])
    assert row["effect"] == pytest.approx(np.exp((wide["batch"] - wide["none"]).mean()))
    interval = reference.confidence_interval(0.95)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(np.exp(interval)))
    assert row["p_adjusted"] == pytest.approx(reference.pvalue)
    assert (row["test"], row["verdict"]) == (1, "supported")


def test_the_other_tables_are_the_same_whatever_the_times(both: Claim):
    first, second = (tables(both, seconds, 1.2, seed)[0] for seconds, seed in ((1.3, 0), (0.5, 1)))
    assert to_csv(first) == to_csv(second)
    assert first["test"].tolist() == [2]
    said = []
    for table in (first, second):
        verdicts = verdicts_of([both], table)
        said.append(timing_claims.untimed_findings([both], verdicts, ["norm-step", "norm-memory"]))
    assert said[0] == said[1]
    status = said[0][both.id]
    assert status.status == Status.TIMED
    assert "timed_claims.csv" in reason_text(status.reasons)
    assert "state values" in reason_text(status.reasons)
    assert "seconds, " not in reason_text(status.reasons)


@pytest.mark.parametrize(
    ("seconds", "values", "wanted"),
    [
        (1.3, 1.2, ("supported", "supported", "supported")),
        (0.7, 1.2, ("inconclusive", "contradicted", "supported")),
        (0.7, 1.001, ("contradicted", "contradicted", "no_meaningful_difference")),
        (1.0, 1.001, ("no_meaningful_difference",) * 3),
    ],
)
def test_the_verdict_is_that_of_times_and_counts_together(
    tmp_path: Path, both: Claim, seconds: float, values: float, wanted: tuple[str, ...]
):
    others, timed = tables(both, seconds, values)
    path = tmp_path / "claim_tests.csv"
    path.write_bytes(to_csv(others))
    for table in (others, read_typed(path)):
        (row,) = timing_claims.timed_claims([both], table, timed).to_dict("records")
        assert (row["verdict"], row["of_times"], row["of_counts"]) == wanted
        assert reason_text(parse(row)).index("seconds") < reason_text(parse(row)).index(
            "state values"
        )


def test_a_claim_of_times_alone():
    made = claim(test_of(**SECONDS))
    others, timed = tables(made, 1.3, 1.0)
    assert others.empty
    (row,) = timing_claims.timed_claims([made], others, timed).to_dict("records")
    assert (row["verdict"], row["of_times"], row["of_counts"]) == ("supported", "supported", "")
    said = timing_claims.untimed_findings([made], verdicts_of([made], others), ["norm-step"])
    assert said[made.id].status == Status.TIMED
    assert reason_text(said[made.id].reasons).endswith("not the same twice")


def test_without_the_experiment_it_is_not_yet(both: Claim):
    verdicts = verdicts_of([both], evaluate_tests([both], {}, {}))
    said = timing_claims.untimed_findings([both], verdicts, [])
    assert said == {both.id: (Status.PENDING, (reason("not_in_this_run", experiment="norm-step"),))}
    none = evaluate_tests([both], {}, {}, timed=True)
    (row,) = timing_claims.timed_claims([both], evaluate_tests([both], {}, {}), none).to_dict(
        "records"
    )
    assert row["verdict"] == Status.PENDING


def test_a_claim_without_times_is_left_alone():
    made = claim(test_of(**COUNTS))
    others, timed = tables(made, 1.3, 1.2)
    assert timed.empty
    assert timing_claims.timed_claims([made], others, timed).empty
    assert timing_claims.untimed_findings([made], verdicts_of([made], others), []) == {}


def test_the_repository_s_claims_about_time():
    claims = load_rows(FOLDER / "claims.yaml", Claim)
    evidence = Evidence([], [], claims)
    experiments = set(evidence.experiments_tested(timed=True))
    assert experiments == {
        *("softmax-speed", "vectorised-pass", "activation-speed"),
        *("norm-step", "norm-speed", "batch-size-speed"),
    }
    assert not experiments & set(evidence.experiments_tested(timed=False))
    for one in timing_claims._timed(claims):
        # Machines differ by factors, so a time is compared with another as a ratio.
        assert all(test.ratio for test in one.tests if test.timed), one.id
    assert {one.id for one in timing_claims._timed(claims)} >= {
        "CLM-BN-02",
        "CLM-BN-19",
        "CLM-HYP-09",
    }
