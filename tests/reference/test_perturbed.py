"""A run beside a reference that is a copy of it: each kind of change has its own verdict."""

import pandas as pd
import pytest

from restudy.reference.classify_differences import classify_differences
from restudy.reference.compare_tables import Outcome, compare_folders
from restudy.reference.text_report import report
from tests.reference import made_up

SUMMARY = "tiny/summary"


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    root = tmp_path_factory.mktemp("reference")
    return made_up.finish(root, made_up.configure(root)).parent


@pytest.fixture
def own(reference, tmp_path):
    return made_up.copy(reference, tmp_path / "own")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """The same run on another machine: other draws."""
    root = tmp_path_factory.mktemp("elsewhere")
    return made_up.finish(root, made_up.configure(root), seed=1).parent


def compared(reference, own):
    return classify_differences(compare_folders(reference / "results", own, ["tiny"]))


def only(found, table):
    """Return outcomes of the rows of one table that are not equal, by row."""
    rows = found.rows[(found.rows["table"] == table) & (found.rows["outcome"] != Outcome.EQUAL)]
    return dict(zip(rows["row"], rows["outcome"], strict=True))


def differing(found):
    return found.rows[found.rows["outcome"] != Outcome.EQUAL]


def test_a_copy_is_the_same(reference, own):
    found = compared(reference, own)
    assert found.agrees
    assert differing(found).empty
    assert "THE SAME" in report(found)


def test_times_are_not_compared(reference, own):
    made_up.change(own, "tiny/timing", 0, "seconds", "9")
    made_up.change(own, "timed_claims", 0, "verdict", "contradicted")
    found = compared(reference, own)
    assert found.agrees
    assert not set(found.rows["table"]) & {"tiny/timing", "timed_claims"}


def test_a_last_digit_is_within_tolerance(reference, own):
    made_up.change(own, SUMMARY, 0, "mean", lambda text: repr(float(text) * (1 + 1e-12)))
    found = compared(reference, own)
    assert only(found, SUMMARY) == {"none, 4, test_accuracy": Outcome.CLOSE}
    assert found.agrees


def test_another_number_of_the_same_runs_is_different_however_small(reference, own):
    made_up.change(own, SUMMARY, 0, "mean", lambda text: repr(float(text) + 1e-6))
    found = compared(reference, own)
    assert only(found, SUMMARY) == {"none, 4, test_accuracy": Outcome.DIFFERENT}
    assert not found.agrees
    told = report(found)
    assert "tiny/summary [none, 4, test_accuracy] mean" in told
    assert "made of the same runs" in told


def test_a_table_of_the_same_runs_has_to_be_the_same(reference, own):
    made_up.change(own, "tiny/comparison", 0, "mean", lambda text: repr(float(text) + 1e-6))
    made_up.change(own, "published", 0, "mean", lambda text: repr(float(text) + 1e-6))
    found = compared(reference, own)
    assert set(differing(found)["outcome"]) == {Outcome.DIFFERENT}
    assert set(differing(found)["table"]) == {"tiny/comparison", "published"}


def test_other_draws_of_the_same_kind_agree(reference, elsewhere):
    found = compared(reference, elsewhere / "results")
    assert found.agrees
    sampled = found.rows[found.rows["table"] == SUMMARY]
    assert set(sampled["outcome"]) <= {Outcome.INSIDE, Outcome.OUTSIDE}
    assert found.n_tested >= len(sampled)
    assert found.excess.n == 4
    assert "AGREES" in report(found)


def test_a_number_outside_its_interval_may_be_chance(reference, elsewhere, tmp_path):
    own = made_up.copy(elsewhere, tmp_path / "own")
    rows = compared(reference, own).rows
    row = rows[rows["row"] == "batch, 8, test_accuracy"].iloc[0]
    outside = row["ci_high"] + 0.05 * (row["ci_high"] - row["ci_low"])
    made_up.change(own, SUMMARY, _place(own, row["row"]), "mean", repr(float(outside)))
    found = compared(reference, own)
    assert only(found, SUMMARY)[row["row"]] == Outcome.OUTSIDE
    assert found.agrees


def test_a_number_far_outside_is_no_chance(reference, elsewhere, tmp_path):
    own = made_up.copy(elsewhere, tmp_path / "own")
    made_up.change(own, SUMMARY, 0, "mean", "5.0")
    found = compared(reference, own)
    assert only(found, SUMMARY)["none, 4, test_accuracy"] == Outcome.DIFFERENT
    assert not found.agrees
    assert "too far off for chance" in report(found)


def test_many_numbers_a_little_outside_are_no_chance(reference, elsewhere, tmp_path):
    own = made_up.copy(elsewhere, tmp_path / "own")
    path = own / f"tables/{SUMMARY}.csv"
    table = pd.read_csv(path)
    there = compared(reference, own).rows
    there = there[there["table"] == SUMMARY]
    # Three metrics in each combination, so each p has to be below a third of 0.05.
    table["mean"] = (2.2 * there["ci_high"] - 1.2 * there["ci_low"]).to_numpy()
    path.write_text(table.to_csv(index=False))
    found = compared(reference, own)
    assert found.excess.outside == found.excess.n == 4
    assert found.excess.p == pytest.approx(0.05**4)
    assert not found.agrees
    assert "more combinations" in report(found)


def test_a_verdict_may_change_with_its_numbers(reference, elsewhere, tmp_path):
    own = made_up.copy(elsewhere, tmp_path / "own")
    made_up.change(own, "published", 0, "status", "inconsistent")
    made_up.change(own, "claims", 0, "status", "inconclusive")
    found = compared(reference, own)
    assert found.agrees
    assert only(found, "claims") == {"CLM-1": Outcome.FOLLOWS}
    told = report(found)
    assert "claims [CLM-1] status: supported -> inconclusive" in told
    assert "status: consistent -> inconsistent" in told


@pytest.mark.parametrize(
    ("table", "column", "why"),
    [
        ("published", "status", "another verdict from the same numbers"),
        ("claims", "status", "made of the same numbers"),
        ("unit_tests", "equal", "another verdict from the same numbers"),
    ],
)
def test_a_verdict_may_not_change_by_itself(reference, own, table, column, why):
    made_up.change(own, table, 0, column, "contradicted")
    found = compared(reference, own)
    assert differing(found)["outcome"].tolist() == [Outcome.DIFFERENT]
    assert why in report(found)


def test_what_is_computed_without_training_is_equal_or_different(reference, elsewhere, tmp_path):
    own = made_up.copy(elsewhere, tmp_path / "own")
    made_up.change(own, "unit_tests", 0, "ours", "1.5000000001e-09")
    made_up.change(own, "unit_tests", 1, "ours", "2.31")
    made_up.change(own, "facts", 0, "ours", "11")
    found = compared(reference, own)
    expected = {"PUB-7": Outcome.CLOSE, "PUB-8": Outcome.DIFFERENT}
    assert only(found, "unit_tests") == expected
    assert only(found, "facts") == {"PUB-9": Outcome.DIFFERENT}


def test_what_was_printed_is_no_result(reference, elsewhere, tmp_path):
    own = made_up.copy(elsewhere, tmp_path / "own")
    made_up.change(own, "published", 0, "value", "95.2")
    found = compared(reference, own)
    assert only(found, "published") == {"PUB-1": Outcome.DIFFERENT}
    assert "something else is compared" in report(found)


def test_what_is_no_number_is_different(reference, elsewhere, tmp_path):
    own = made_up.copy(elsewhere, tmp_path / "own")
    made_up.change(own, SUMMARY, 0, "mean", "0,95")
    found = compared(reference, own)
    assert only(found, SUMMARY)["none, 4, test_accuracy"] == Outcome.DIFFERENT


def test_missing_and_new_rows_are_said(reference, own):
    path = own / "tables/claims.csv"
    path.write_text(path.read_text().replace("CLM-2", "CLM-3"))
    found = compared(reference, own)
    assert only(found, "claims") == {"CLM-2": Outcome.MISSING, "CLM-3": Outcome.NEW}
    assert not found.agrees
    (own / f"tables/{SUMMARY}.csv").unlink()
    assert only(compared(reference, own), SUMMARY) == {"all of it": Outcome.MISSING}


def test_a_new_row_is_no_contradiction(reference, own):
    path = own / "tables/claims.csv"
    path.write_text(path.read_text() + "CLM-MINE,S1,supported,my own\n")
    found = compared(reference, own)
    assert only(found, "claims") == {"CLM-MINE": Outcome.NEW}
    assert found.agrees


def test_without_a_spread_nothing_is_compared(reference, elsewhere, tmp_path):
    other = made_up.copy(reference, tmp_path / "other")
    row = _place(other, "none, 4, test_accuracy")
    made_up.change(other, SUMMARY, row, "sd", "0.0")
    own = made_up.copy(elsewhere, tmp_path / "own")
    made_up.change(own, SUMMARY, row, "mean", "0.5")
    found = compared(other.parent, own)
    assert only(found, SUMMARY)["none, 4, test_accuracy"] == Outcome.OPEN
    assert found.agrees
    assert "no spread" in report(found)


def test_runs_that_diverge_count(reference, elsewhere, tmp_path):
    other = made_up.copy(reference, tmp_path / "other")
    own = made_up.copy(elsewhere, tmp_path / "own")
    for folder, n, lost in ((other, "30", "0"), (own, "0", "30")):
        made_up.change(folder, SUMMARY, 0, "n", n)
        made_up.change(folder, SUMMARY, 0, "n_diverged", lost)
    made_up.change(own, SUMMARY, 0, "mean", "")
    found = compared(other.parent, own)
    assert only(found, SUMMARY)["none, 4, test_accuracy"] == Outcome.DIFFERENT


def _place(folder, row):
    table = pd.read_csv(folder / f"tables/{SUMMARY}.csv", dtype=str)
    named = table["norm"] + ", " + table["hidden"] + ", " + table["metric"]
    return named[named == row].index[0]
