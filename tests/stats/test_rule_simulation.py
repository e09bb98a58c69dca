"""The simulated rules: against the functions that judge single claims, and their truth."""

import numpy as np
import pytest

from restudy.stats import rule_simulation as rules
from restudy.stats.effects import effect_of
from restudy.stats.graded_verdicts import Grade, p_values
from restudy.stats.holm import holm
from restudy.stats.intervals import mean_interval
from restudy.stats.selected_claims import ConditionTest, judge_claims
from restudy.stats.verdict import verdict

TIMES, N = 3, 7


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    rng = np.random.default_rng(5)
    return rules.differences(lambda *shape: rng.standard_normal(shape), N, TIMES)


def conditions_of(claim: np.ndarray) -> list[tuple[int, np.ndarray]]:
    return [(i, values) for i, values in enumerate(claim) if not np.isnan(values).any()]


def test_design() -> None:
    conditions = (~np.isnan(rules.TRUTH)).sum(axis=1)
    assert (conditions.min(), conditions.max(), len(conditions)) == (1, 6, 116)
    zero = (np.nan_to_num(rules.TRUTH) == 0).all(axis=1)
    assert (zero.sum(), rules.HOLDS.sum()) == (29, 33)  # of one condition half is all of it


def test_noise_correlates_as_described() -> None:
    rng = np.random.default_rng(0)
    d = (
        rules.differences(lambda *shape: rng.standard_normal(shape), 2, 20_000)
        - rules.TRUTH[..., None]
    )
    claim = int(np.argmax((~np.isnan(rules.TRUTH)).sum(axis=1)))
    one, same, other = d[:, claim, 0, 0], d[:, claim, 1, 0], d[:, claim - 1, 0, 0]
    assert one.std() == pytest.approx(1, abs=0.02)
    assert np.corrcoef(one, same)[0, 1] == pytest.approx(0.6, abs=0.02)
    assert np.corrcoef(one, other)[0, 1] == pytest.approx(0.1, abs=0.03)
    assert np.corrcoef(one, d[:, claim, 0, 1])[0, 1] == pytest.approx(0, abs=0.03)


def test_selected_rule_like_judged_claims(x: np.ndarray) -> None:
    decided, wrong, supported = rules.selected_rule(x)
    for time in range(TIMES):
        claims = {
            str(c): [
                ConditionTest(
                    "all", str(i), p_values(effect_of(mean_interval(v)), rules.MARGIN, "greater")
                )
                for i, v in conditions_of(claim)
            ]
            for c, claim in enumerate(x[time])
        }
        for c, one in enumerate(judge_claims(claims).values()):
            part, truth = one.graded.parts["all"], rules.TRUTH[c]
            assert decided[time, c] == (len(part.open) < part.n)
            assert supported[time, c] == (one.graded.grade is Grade.SUPPORTED)
            found = [
                *(truth[int(i)] <= 0 for i in part.holds),
                *(truth[int(i)] >= 0 for i in part.against),
                *(abs(truth[int(i)]) >= rules.MARGIN for i in part.negligible),
            ]
            assert wrong[time, c] == any(found)
    assert decided.any()
    assert wrong.any()


def test_topic_rule_like_the_verdicts(x: np.ndarray) -> None:
    decided, wrong, supported = rules.topic_rule(x)
    for time in range(TIMES):
        effects = [
            (c, effect_of(mean_interval(v)))
            for c in range(116)
            for _, v in conditions_of(x[time, c])
        ]
        said: dict[int, set[str]] = {c: set() for c in range(116)}
        for topic in set(rules._TOPICS):
            family = [(c, one) for c, one in effects if rules._TOPICS[c] == topic]
            for (c, one), p in zip(family, holm([one.p for _, one in family]), strict=True):
                ends = one.low, one.mean, one.high
                said[c].add(verdict(*ends, margin=rules.MARGIN, direction="greater", p=float(p)))
        for c, found in said.items():
            truth = rules.TRUTH[c][~np.isnan(rules.TRUTH[c])]
            contradicted = "contradicted" in found and "supported" not in found
            none = found == {"no_meaningful_difference"}
            assert supported[time, c] == (found == {"supported"})
            assert decided[time, c] == (supported[time, c] or contradicted or none)
            assert wrong[time, c] == (
                (supported[time, c] and min(truth) <= 0)
                or (contradicted and min(truth) >= 0)
                or (none and max(abs(truth)) >= rules.MARGIN)
            )


def test_shares() -> None:
    def nothing(*shape: int) -> np.ndarray:
        return np.zeros(shape)

    flags = np.ones((2, 116), bool)
    found = rules.share_supported(lambda _: (flags, flags, flags), nothing, 3, 2)
    assert found.tolist() == [1, 1]
    flags[:] = False
    flags[0, :4] = True
    wrong = flags.copy()
    wrong[0, 1:4] = False
    found = rules.share_wrong(lambda _: (flags, wrong, flags), nothing, 3, 2)
    assert found.tolist() == [0.25, 0]
