"""Answers in parts: what a run found at once is what parts of it find, one after the other."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restudy.config.loading import load_rows
from restudy.evidence.schema import Claim
from restudy.reference.gather import MERGED, adjust, merge
from restudy.results.declarations import EVIDENCE_TABLES
from restudy.results.table_files import read_table

ROOT = Path(__file__).parents[2]
TABLES = ROOT / "results/reference/tables"
CLAIMS = load_rows(ROOT / "config/evidence/claims.yaml", Claim)

# What a run says where it has no study: that the numbers are not there.
BLANK = {
    "published": (
        "mean",
        "sd",
        "n",
        "pi_low",
        "pi_high",
        "difference",
        "corrected_mean",
        "reductions",
    ),
    "claim_tests": (
        "treatment",
        "control",
        "effect",
        "ci_low",
        "ci_high",
        "n",
        "sd",
        "p",
        "p_equal",
    ),
    "erratum_effects": ("n", "as_published", "corrected", "difference", "ci_low", "ci_high", "p"),
    "printed_differences": ("n", "mean", "ci_low", "ci_high", "p", "n_opposite", "sign"),
}


def read(name):
    return read_table(TABLES / f"{name}.csv")


@pytest.fixture(scope="module")
def whole():
    """The tables of a whole run, with its verdicts by the claims that are here."""
    tables = {name: read(name) for name in MERGED}
    known = {(claim.id, str(i)) for claim in CLAIMS for i in range(1, len(claim.tests) + 1)}
    tests = tables["claim_tests"]
    keys = zip(tests["claim"], tests["test"], strict=True)
    tests = tests[[key in known for key in keys]].reset_index(drop=True)
    return tables | {"claim_tests": adjust(CLAIMS, tests)}


def subjects(tables):
    kinds = ("claim_tests", "published", "erratum_effects", "configuration_searches")
    return {study for kind in kinds for study in tables[kind]["study"]} - {""}


def part(whole, done):
    """Return the tables of a run that did only some of the studies and experiments."""
    study_of = dict(zip(whole["published"]["id"], whole["published"]["study"], strict=True))
    found = {}
    for name, table in whole.items():
        subject = table["study"] if "study" in table else table["first"].map(study_of)
        missing = ~subject.isin(done) & (subject != "")
        table = table.copy()
        if name == "search_candidates":
            table = table[~missing].reset_index(drop=True)
        elif name == "configuration_searches":
            table.loc[missing, ["compatible", "ruled_out", "not_yet"]] = "0"
            table.loc[missing, ["reason", "reason_args"]] = ""
        else:
            table.loc[missing, list(BLANK[name])] = ""
        if name == "claim_tests":
            table.loc[missing, ["p_adjusted", "p_contradicts", "dataset"]] = ""
            table.loc[missing, "verdict"] = "pending"
            # One row for each test without data, where there are several data sets else.
            table = table[~missing | ~table.duplicated(["claim", "test"])].reset_index(drop=True)
            table = adjust(CLAIMS, table)
        if name == "published":
            table.loc[missing, "status"] = "pending"
        found[name] = table
    return found


def in_parts(whole, parts):
    gathered, done = {}, set()
    for names in parts:
        gathered = merge(part(whole, names), gathered, done, names)
        gathered["claim_tests"] = adjust(CLAIMS, gathered["claim_tests"])
        done |= set(names)
    return gathered


@pytest.mark.parametrize("name", MERGED)
def test_columns_that_rule_the_merging_are_declared(name):
    names = {column.name for column in EVIDENCE_TABLES[name].columns}
    assert {*MERGED[name].keys, *MERGED[name].question} <= names


@given(st.data())
@settings(max_examples=5, deadline=None)
def test_in_parts_as_at_once_in_any_order(whole, data):
    names = sorted(subjects(whole))
    order = data.draw(st.permutations(names))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(names)), min_size=1, max_size=3)))
    parts = [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(names)], strict=True)]
    gathered = in_parts(whole, parts)
    for name, table in whole.items():
        keys = [
            *MERGED[name].keys,
            *(["candidate", "published"] if name == "search_candidates" else []),
        ]
        left, right = (one.sort_values(keys, kind="stable") for one in (table, gathered[name]))
        pd.testing.assert_frame_equal(
            left.reset_index(drop=True), right.reset_index(drop=True), obj=name
        )


def test_verdicts_of_a_whole_run_are_found_again(whole):
    """The reference's own verdicts, where its claims are those that are here."""
    reference = read("claim_tests")
    assert (reference["verdict"] == whole["claim_tests"]["verdict"]).mean() > 0.9


def test_a_part_alone_adjusts_for_its_own_tests(whole):
    """With fewer tests in its family, an adjusted p is smaller or the same, and Holm's by hand."""
    tests = whole["claim_tests"]
    topic = tests[(tests["topic"] == "optimiser") & (tests["exploratory"] == "False")]
    one = topic["study"].iloc[0]
    alone = in_parts(whole, [[one]])["claim_tests"]
    alone = alone[(alone["topic"] == "optimiser") & (alone["p_adjusted"] != "")]
    p = alone["p"].mask(alone["expected"] == "equal", alone["p_equal"]).astype(float).sort_values()
    by_hand, highest = {}, 0.0
    for place, (index, value) in enumerate(p.items()):
        highest = max(highest, min(1.0, (len(p) - place) * value))
        by_hand[index] = highest
    assert {i: pytest.approx(value) for i, value in by_hand.items()} == {
        i: float(value) for i, value in alone["p_adjusted"].items()
    }


def test_what_is_not_trusted_is_left_out(whole):
    names = sorted(subjects(whole))
    gathered = merge(part(whole, []), part(whole, names), set(), [])
    tests = gathered["claim_tests"]
    assert set(tests["verdict"]) == {"pending"}
    assert (gathered["erratum_effects"]["n"] == "").all()
    assert gathered["search_candidates"].empty


def test_an_answer_to_another_question_is_none(whole):
    names = sorted(subjects(whole))
    old = part(whole, names)
    index = old["claim_tests"].index[old["claim_tests"]["verdict"] != "pending"][0]
    claim, test = old["claim_tests"].loc[index, ["claim", "test"]]
    same = (old["claim_tests"]["claim"] == claim) & (old["claim_tests"]["test"] == test)
    old["claim_tests"].loc[same, "margin"] = "12345"
    tests = merge(part(whole, []), old, set(names), [])["claim_tests"]
    found = tests[(tests["claim"] == claim) & (tests["test"] == test)]
    assert set(found["verdict"]) == {"pending"}
    assert (tests["verdict"] != "pending").any()
