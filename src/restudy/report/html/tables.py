"""Tables of the page: those of the view model, with texts, numbers and statuses for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from restudy.common.text_format import DASH, amount, interval, number
from restudy.config.reductions import words_of
from restudy.evidence import search_tables
from restudy.evidence.contradictions import findings_in, side_by_side
from restudy.evidence.published import readable
from restudy.evidence.reasons import COLUMNS as REASONS
from restudy.evidence.reasons import by_design, parse, reason_parts, reason_text, texts
from restudy.evidence.statuses import Status, label
from restudy.report.html.writer import Folded
from restudy.report.view.model import StudyView, View
from restudy.results.study_tables import OVERALL, readable_comparison, readable_summary

LONG = 12
"""A table with more rows is folded."""


def numbers(view: View, source: str) -> pd.DataFrame:
    """Return the published numbers of a source next to ours."""
    published = view.frame("published", source)
    table = readable(published)
    about = zip(published["split_as_labelled"], published["unit"], strict=True)
    details = [", ".join(filter(None, both)) for both in about]
    what = [f"{name} ({detail})" for name, detail in zip(table["what"], details, strict=True)]
    ours = zip(table["95% for one more run"], table["runs"], strict=True)
    ends = [ends if ends == DASH else f"{ends} (n\N{NO-BREAK SPACE}{runs})" for ends, runs in ours]
    shown = table.drop(columns=["labelled", "unit", "runs"]).assign(what=what)
    shown["95% for one more run"] = ends
    shown["because"] = _folded(published, "why")
    return shown if (shown["corrected"] != DASH).any() else shown.drop(columns="corrected")


def drawn_figures(view: View, source: str) -> dict[str, str]:
    """Return id -> title of the figures of a source that are drawn in its section."""
    table = view.frame("figures", source)
    found = table[table["id"].isin(view.source_figures)]
    return dict(zip(found["id"], found["title"], strict=True))


def other_figures(view: View, source: str) -> pd.DataFrame:
    """Return the figures of a source that are not drawn in its section, and why."""
    table = view.frame("figures", source)
    others = table[~table["id"].isin(view.source_figures)]
    # A figure that is drawn as the figure of a study.
    elsewhere = "as the figure of the study " + others["figure"]
    because = texts(others).mask(others["status"] == Status.DRAWN, elsewhere)
    return others.assign(because=because)[["id", "title", "status", "because"]]


def errata(view: View, source: str) -> pd.DataFrame:
    """Return the mistakes of a source, and the evidence for their statuses."""
    table = view.frame("errata", source)
    what = table["where"] + ": " + table["what_is_wrong"]
    shown = table[["id", "severity"]].assign(**{"what is wrong": what, "status": table["status"]})
    return shown.assign(**{"what it does": _folded(table, "what we found")})


def effects(view: View, source: str) -> pd.DataFrame:
    """Return the numbers of ours with the mistakes of a source and without."""
    shown = view.frame("erratum_effects", source)
    return pd.DataFrame(
        {
            "mistake": row["erratum"],
            "what": f"{row['description']}{by_design(row)}",
            "as published": number(row["as_published"]),
            "corrected": number(row["corrected"]),
            "difference": number(row["difference"], signed=True),
            **_interval_of(row),
            "reductions": words_of(row["reductions"]) or DASH,
        }
        for row in shown[shown["difference"].notna()].to_dict("records")
    )


def signs(view: View, source: str) -> pd.DataFrame:
    """Return the differences of two published numbers that ours are compared with, each once."""
    table = view.frame("printed_differences", source)
    found = table[table["sign"] != ""].drop_duplicates(["first", "second"])
    return pd.DataFrame(
        {
            "difference": row["description"],
            "of": f"{row['first']} minus {row['second']}",
            "printed": number(row["printed"], signed=True),
            "ours": number(row["mean"], signed=True),
            **_interval_of(row),
            "other sign": f"{row['n_opposite']:.0f}",
            "its sign": row["sign"],
            "reductions": words_of(row["reductions"]) or DASH,
        }
        for row in found.to_dict("records")
    )


def claims_by_topic(view: View) -> pd.DataFrame:
    """Return how many claims of each topic have which verdict."""
    topics = view.frame("claims")["topic"]
    verdicts = pd.Series([status.value for status in view.verdicts.values()], index=topics.index)
    counts = pd.crosstab(topics, verdicts, margins=True, margins_name="all")
    order = [name for name, _ in Counter(verdicts).most_common()]
    return (
        counts[[*order, "all"]].rename(columns={name: label(name) for name in order}).reset_index()
    )


def claims(view: View) -> pd.DataFrame:
    """Return every claim with its verdict, and the outcomes of its tests."""
    table = view.frame("claims").rename(columns={"statement": "claim"})
    tests = pd.concat([view.frame("claim_tests"), view.frame("timed_claim_tests")])
    own = dict(iter(tests.groupby("claim", sort=False)))
    found = [
        _outcomes(own[row["id"]])
        if row["id"] in own and row["status"] != Status.NOT_TESTABLE
        else _reasons(row, "why", 100)
        for row in table.to_dict("records")
    ]
    verdicts = [view.verdicts[id_].value for id_ in table["id"]]
    shown = table[["id", "topic", "source", "claim"]].assign(verdict=verdicts)
    return shown.assign(**{"what our runs say": pd.Series(found, shown.index, dtype=object)})


def timed_claims(view: View) -> pd.DataFrame:
    """Return the claims about time, with the verdicts of their times and of their counts."""
    columns = {"of_times": "of its times", "of_counts": "of its counts"}
    return view.frame("timed_claims")[["id", "statement", "verdict", *columns]].rename(
        columns=columns
    )


def contradiction_pairs(view: View) -> list[tuple[str, pd.DataFrame, str]]:
    """Return of each pair of claims a title, both sides, and the name of its figure, if any."""
    found = view.contradictions()
    findings = findings_in(view.frame("claims"))
    findings |= findings_in(view.frame("timed_claims"), "verdict")
    figures = {frozenset(ids): name for name, ids in view.contradiction_figures.items()}
    return [
        (
            f"{row['claim']} and {row['other']}",
            side_by_side(row, findings),
            figures.get(frozenset((row["claim"], row["other"])), ""),
        )
        for row in found[found["other"] != ""].to_dict("records")
    ]


def searches(view: View) -> pd.DataFrame:
    """Return the configuration searches with their conclusions."""
    table = view.frame("configuration_searches")
    words = [search_tables.conclusion(row) for row in table.to_dict("records")]
    return table.assign(conclusion=words)


def candidates(view: View) -> dict[str, pd.DataFrame]:
    """Return the candidates of each configuration search, and why they are ruled out."""
    table = view.frame("search_candidates")
    table = table.assign(because=texts(table)).drop_duplicates(["search", "candidate"])
    columns = ["candidate", "verdict", "because"]
    return {str(name): rows[columns] for name, rows in table.groupby("search", sort=False)}


def study_means(view: View, study: StudyView) -> pd.DataFrame:
    """Return the means of each combination of levels, in the order of the levels."""
    table = view.frame(f"{study.name}/summary")
    for factor, levels in study.description["factors"].items():
        table[factor] = pd.Categorical(table[factor], levels, ordered=True)
    return readable_summary(table, study.factors)


def study_comparisons(view: View, study: StudyView) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the paired differences to show first, and those of single combinations, if many."""
    table = view.frame(f"{study.name}/comparison")
    overall = (table[study.factors] == OVERALL).any(axis=1)
    if len(table) <= LONG or not overall.any():
        overall[:] = True
    first, rest = table[overall], table[~overall]
    return readable_comparison(first, study.factors), readable_comparison(rest, study.factors)


def systems(view: View) -> pd.DataFrame:
    """Return the systems and experiments of the sources, and what repeats them."""
    table = view.frame("systems")
    return table.assign(ours=texts(table)).drop(columns=list(REASONS))


def status_counts(view: View, places: Mapping[str, str]) -> pd.DataFrame:
    """Return how many rows of each kind have which status, of statuses that occur.

    Args:
        view: the view model.
        places: kind -> where the rows are on the page.
    """
    table = view.frame("statuses")
    table.insert(1, "rows", table["kind"].map(places))
    unused = [one.value for one in Status if one in table and not table[one.value].any()]
    return table.drop(columns=unused).rename(columns={one.value: one.label for one in Status})


def _interval_of(row: Mapping[Any, Any]) -> dict[str, str]:
    return {"95%": interval(row["ci_low"], row["ci_high"], signed=True), "n": f"{row['n']:.0f}"}


def _folded(table: pd.DataFrame, summary: str) -> pd.Series[Any]:
    found = [_reasons(row, summary, 60) for row in table.to_dict("records")]
    return pd.Series(found, index=table.index, dtype=object)


def _reasons(row: Mapping[Any, Any], summary: str, most: int) -> Folded | str:
    """Return the words for the reasons of a row; folded if they have more letters than ``most``."""
    reasons = parse(row)
    text = reason_text(reasons)
    return Folded(summary, reason_parts(reasons)) if len(text) > most else text or DASH


def _outcomes(tests: pd.DataFrame) -> Folded:
    """Return the outcomes of a claim's tests."""
    counts = tests["verdict"].value_counts()
    summary = ", ".join(f"{n} {label(str(name))}" for name, n in counts.items())
    lines = tuple(map(_test_line, tests.to_dict("records")))
    return Folded(f"{amount(len(tests), 'test')}: {summary}", lines)


def _test_line(test: Mapping[Any, Any]) -> str:
    where = f"{test['study']}, {test['dataset']}" if test["dataset"] else test["study"]
    what = f"{where}: {test['metric']}, {test['contrast']}"
    if test["verdict"] == Status.PENDING:
        words = (f"{what}: {label(test['verdict'])}", reason_text(parse(test)))
        return ", ".join(filter(None, words))
    signed = test["scale_of"] != "ratio"
    effect, low, high = (
        number(test[name], signed=signed) for name in ("effect", "ci_low", "ci_high")
    )
    expected = test["expected"].replace("_", "-")
    line = (
        f"{what}: {number(test['treatment'])} and {number(test['control'])}, {test['scale_of']} "
        f"{effect} ({low} to {high}; n {test['n']:.0f}; p {number(test['p_adjusted'])}), predicted "
        f"{expected}, margin {number(test['margin'])}: {label(test['verdict'])}"
    )
    if test["low_power"] and test["verdict"] == Status.INCONCLUSIVE:
        line += ", low power"
    line += " (the study is reduced at this scale)" if test["reductions"] else ""
    return line + by_design(test)
