"""The sections, with nothing to show and with something."""

import pandas as pd
from markupsafe import escape

from restudy.evidence.reasons import columns, stated
from restudy.report.html import tables
from restudy.report.view.model import Folded
from tests.report import made_up
from tests.report.made_up import check, page, records


def test_a_page_without_claims_or_numbers():
    info = made_up.RunInfo("A title", "quick", "abc")
    none = {"claim_tests": made_up.tests(), "contradictions": made_up.opposed()}
    check(page(made_up.full(info=info, claims=made_up.claims(), **none)))
    check(page(made_up.full(info=info, published=made_up.published())))


def test_what_has_nothing_to_show_says_so():
    text = page(made_up.empty())
    check(text)
    # Findings apart: sources, claims, contradictions, variance, searches and studies.
    assert text.count('class="empty"') >= 6


def test_a_source_may_have_nothing():
    text = page(made_up.full())
    check(text)
    assert text.count('class="empty"') == 1  # S7 has claims, which have a section of their own


def column(shown, name):
    return [row[name] for row in records(shown)]


def test_a_source_has_its_numbers_figures_and_mistakes():
    view = made_up.full()
    first, second = view.sources
    assert column(first.numbers, "id") == [f"PUB-S1-{n:03d}" for n in range(1, 7)]
    assert list(first.drawn) == ["FIG-S1-01"]
    assert column(first.other_figures, "id") == ["FIG-S1-02"]
    errata = tables.errata(view, "S1")
    assert column(tables.errata_table(errata), "id") == ["ERR-S1-01", "ERR-S1-02"]
    assert column(tables.effects(errata), "mistake") == ["ERR-S1-01"]
    assert column(first.signs, "its sign") == ["survives", "open"]
    assert not second.numbers.rows
    assert tables.errata(view, "S7") == []


def test_a_difference_that_two_mistakes_name_is_shown_once():
    twice = pd.concat([made_up.contrasts("survives")] * 2, ignore_index=True)
    assert len(made_up.full(printed_differences=twice).sources[0].signs) == 1


def test_long_reasons_are_folded():
    long = made_up.errata(("ERR-S1-01", "pending"), **columns(stated("long " * 50, "short")))
    (row,) = made_up.full(errata=long).errata
    assert row.reasons == Folded(summary="what we found", lines=("long " * 50, "short"))
    short = made_up.errata(("ERR-S1-01", "pending"), **columns(stated("short")))
    (row,) = made_up.full(errata=short).errata
    assert row.reasons == "short"


def test_the_title_is_the_project_s():
    page = made_up.page(made_up.full(info=made_up.RunInfo(made_up.NASTY, "quick", "abc")))
    assert page.count(f"<h1>{escape(made_up.NASTY)}") == 1


def test_claims_have_the_outcomes_of_their_tests():
    rows = made_up.full().claims
    assert [row.verdict.value for row in rows] == [
        *("supported", "contradicted", "inconclusive", "pending"),
    ]
    (line,) = rows[0].outcome.lines
    for part in ("s1-one: test accuracy, a against b", "+0.0200 (+0.0100 to +0.0300; n 5;"):
        assert part in line
    assert "low power" in rows[2].outcome.lines[0]
    assert rows[3].outcome.summary.startswith("1 test: 1 ")


def test_a_claim_without_tests_has_its_reason():
    for text, expected in (
        ("short", "short"),
        ("long " * 50, Folded(summary="why", lines=("long " * 50,))),
    ):
        known = made_up.claims(("CLM-A-01", "t", "not_testable"), **columns(stated(text)))
        view = made_up.full(claims=known, claim_tests=made_up.tests())
        (row,) = view.claims
        assert row.outcome == expected


def test_claims_are_counted_by_topic():
    rows = {row["topic"]: row for row in records(tables.claims_by_topic(made_up.full()))}
    assert [rows["t"][name] for name in ("supported", "contradicted", "all")] == ["1", "1", "2"]
    assert rows["all"]["all"] == "4"


def test_contradictions_about_time_are_decided_by_times():
    known = made_up.opposed(("CLM-A-01", "CLM-A-02"), verdict="timed", other_verdict="timed")
    decided = made_up.opposed(("CLM-A-01", "CLM-A-02"))
    timed = made_up.typed("timed_contradictions", decided)
    view = made_up.full(contradictions=known, timed_contradictions=timed)
    (row,) = view.contradictions
    assert (row.verdict, row.other_verdict) == ("supported", "contradicted")
    assert row.conclusion == "Our runs support CLM-A-01, and contradict CLM-A-02."
    assert row.figure == "CON-A-01"
    assert {"CLM-A-01", "CLM-A-02"} <= set(row.sides.columns)
    assert page(view).count('<figure id="CON-A-01">') == 1


def test_a_candidate_is_shown_once():
    assert [len(search.candidates) for search in made_up.full().searches] == [2]


def test_statuses_that_no_row_has_are_left_out():
    counts = pd.DataFrame({"kind": ["claims"], "supported": [2], "pending": [0]})
    view = made_up.full(statuses=made_up.typed("statuses", counts))
    (row,) = records(view.statuses)
    assert row.pop("rows")
    assert row == {"kind": "claims", "supported": "2"}


def test_levels_have_the_order_of_the_study():
    assert column(made_up.full().studies[0].means, "norm") == ["none", "batch"]


def test_a_study_shows_means_first_and_the_rest_apart():
    described = made_up.study(factors={"norm": ["none", "batch"], "width": list("abc")})
    rows = [made_up.COMPARED | {"width": width} for width in [*"abcdefghijklm", "all"]]
    summary = made_up.tables()["s1-one/summary"].assign(width="a")
    for many, expected in ((rows, (1, 13)), (rows[:3], (3, 0))):
        table = made_up.typed("s1-one/comparison", pd.DataFrame(many))
        view = made_up.full((described,), **{"s1-one/comparison": table, "s1-one/summary": summary})
        (study,) = view.studies
        assert (len(study.comparisons), len(study.more_comparisons)) == expected
