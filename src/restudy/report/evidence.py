"""What the page says of the sources' numbers and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from restudy.evidence.judging import readable_tests
from restudy.evidence.ledger import TIMED
from restudy.evidence.published import readable
from restudy.report.page import Picture, Section, Table
from restudy.tables import interval, number

_TABLES = "../tables"


def numbers(published: pd.DataFrame, scale: str) -> Section:
    """Return the section on published numbers.

    Args:
        published: :func:`restudy.evidence.published.published_table`.
        scale: of the run.
    """
    kinds = published["status"].str.replace(r" by \S+$", "", regex=True)
    counts = pd.crosstab(kinds, published["source"], margins=True, margins_name="all")
    counts = counts.sort_values("all", ascending=False)
    tables = [Table("How many have which status, by source", counts.reset_index())]
    tables += [
        Table(f"{source}: each number beside ours", readable(rows), folded=True)
        for source, rows in published.groupby("source")
    ]
    return Section(
        name="numbers",
        title="The published numbers and ours",
        question="Which of the numbers that the sources print does a run of ours give?",
        notes=f"Scale {scale}. A number is inside if one more run of ours could have given it, by "
        "the 95% prediction interval: of numbers that are as published, one in twenty falls "
        "outside. Where this scale cuts the experiment, ours are shown and judge nothing.",
        tables=tables,
        links={"all of them": f"{_TABLES}/published.csv", "for reading": f"{_TABLES}/published.md"},
    )


def unit_tests(tests: pd.DataFrame, candidates: pd.DataFrame) -> Section:
    """Return the section on S1's unit tests.

    Args:
        tests: :func:`restudy.evidence.unit_tests.unit_tests`.
        candidates: :func:`restudy.evidence.unit_tests.candidate_bugs`.
    """
    return Section(
        name="unit-tests",
        title="S1's unit tests, to the last digit",
        question="Do the errors that S1 prints of its layers come out again, and what is wrong "
        "where it prints an error of 1.0?",
        notes="They are rounding errors: equal digits mean equal inputs, formulas and order of "
        "operations.",
        tables=[
            Table("Each number beside ours", tests),
            Table("What the failing check can have been: candidates, run", candidates),
        ],
        links={
            "numbers": f"{_TABLES}/unit_tests.csv",
            "candidates": f"{_TABLES}/candidate_bugs.csv",
        },
    )


def claims(
    verdicts: pd.DataFrame,
    tests: pd.DataFrame,
    calibration: pd.DataFrame,
    timed: pd.DataFrame,
    timed_tests: pd.DataFrame,
) -> Section:
    """Return the section on claims.

    Args:
        verdicts: the ledger's table of claims.
        tests: :func:`restudy.evidence.judging.judge`.
        calibration: :func:`restudy.stats.calibration.calibrate`.
        timed: :func:`restudy.evidence.timing.timed_claims`.
        timed_tests: as ``tests``, of times.
    """
    judged = verdicts[verdicts["id"].isin([*tests["claim"], *timed_tests["claim"]])]
    verdicts_by_times = zip(timed["id"], timed["verdict"], strict=True)
    by_times = {id_: f"{verdict}, by times too" for id_, verdict in verdicts_by_times}
    status = [
        by_times.get(id_, status) if status == TIMED else status
        for id_, status in zip(judged["id"], judged["status"], strict=True)
    ]
    shown = judged.assign(status=status)[["id", "source", "statement", "status"]]
    tables = [
        Table("How many have which verdict", _counts(verdicts, "topic")),
        Table("Each claim that is tested", shown.rename(columns={"status": "verdict"})),
    ]
    tables += [
        Table(f"{topic}: the tests", readable_tests(rows), folded=True)
        for topic, rows in tests.groupby("topic", sort=False)
    ]
    columns = {"of_times": "of its times", "of_counts": "of its counts"}
    of_times = timed[["id", "statement", "verdict", *columns]].rename(columns=columns)
    tables.append(Table("Claims about time, of this machine and this run", of_times))
    tables.append(Table("Times: the tests", readable_tests(timed_tests), folded=True))
    tables.append(
        Table("How often the statistics are right, by simulation", calibration, folded=True)
    )
    return Section(
        name="claims",
        title="The claims, judged",
        question="Which of the things that the sources say of networks do our runs bear out?",
        notes="The margin of each test was fixed before its runs. p values are adjusted by topic "
        "(Holm). Where this scale cuts a study, the verdict is on the smaller study. Low power: "
        "an effect as large as the margin would be missed in one case of five, or more. Seconds "
        "are those of the processor, measured in turns; they are not the same twice.",
        tables=tables,
        links={
            "verdicts": f"{_TABLES}/claims.csv",
            "tests": f"{_TABLES}/claim_tests.csv",
            "verdicts by times": f"{_TABLES}/timed_claims.csv",
            "tests of times": f"{_TABLES}/timed_claim_tests.csv",
            "calibration": f"{_TABLES}/calibration.csv",
        },
    )


def matters(advice: Mapping[str, Sequence[str]]) -> Section:
    """Return the section on what matters most.

    Args:
        advice: study -> lines, see :func:`restudy.matters.advice`.
    """
    return Section(
        name="matters",
        title="What matters most",
        question="How much of the variation in test accuracy does each choice explain, and which "
        "level is the better one?",
        notes="Shares of variance (omega squared) with 95% bootstrap intervals over seeds, by data "
        "set, largest first. A share holds for the levels that the study has, and no others.",
        tables=[
            Table(study, pd.DataFrame({"advice": list(lines)})) for study, lines in advice.items()
        ],
        links={study: f"{_TABLES}/{study}/matters.csv" for study in advice},
    )


def errata(statuses: pd.DataFrame, shown: pd.DataFrame, contrasts: pd.DataFrame) -> Section:
    """Return the section on mistakes.

    Args:
        statuses: the ledger's table of errata.
        shown: :func:`restudy.evidence.demonstrations.demonstrate`.
        contrasts: :func:`restudy.evidence.contrasts.contrast_table`.
    """
    found = shown[shown["difference"].notna()]
    numbers = pd.DataFrame(
        [
            (
                *(row["erratum"], row["severity"], row["what"]),
                *(number(row["as_published"]), number(row["corrected"])),
                number(row["difference"], signed=True),
                interval(row["low"], row["high"]),
                f"{row['n']:.0f}",
            )
            for row in found.to_dict("records")
        ],
        columns=[
            *("erratum", "severity", "what", "as published", "corrected", "difference"),
            *("95%", "n"),
        ],
    )
    return Section(
        name="errata",
        title="The mistakes, and what they do",
        question="What do the numbers become once a mistake of a source is mended?",
        notes="Paired differences over seeds, as published less corrected. Mistakes that claims, "
        "numbers or searches tell of refer to them; those of wording have nothing to run. Of two "
        "printed numbers of one run each, the sign of the difference survives if the 95% interval "
        "of ours lies on its side of 0, is reversed if on the other, open if the interval holds 0.",
        tables=[
            Table("How many have which status", _counts(statuses, "severity")),
            Table("Numbers with the mistake and without", numbers),
            Table("Differences of two single runs, beside ours", _signs(contrasts), folded=True),
        ],
        links={
            "all errata": f"{_TABLES}/errata.csv",
            "numbers": f"{_TABLES}/errata_shown.csv",
            "differences": f"{_TABLES}/contrasts.csv",
        },
    )


def _signs(contrasts: pd.DataFrame) -> pd.DataFrame:
    """Return the differences that there is something to hold beside, each once, for reading."""
    found = contrasts[contrasts["sign"] != ""].drop_duplicates(["number", "less"])
    return pd.DataFrame(
        [
            (
                *(row["source"], row["what"], number(row["printed"], signed=True)),
                *(number(row["mean"], signed=True), interval(row["low"], row["high"])),
                *(f"{row['n']:.0f}", row["sign"], row["cuts"]),
            )
            for row in found.to_dict("records")
        ],
        columns=["source", "difference", "printed", "ours", "95%", "n", "its sign", "cuts"],
    )


def _counts(table: pd.DataFrame, by: str) -> pd.DataFrame:
    counts = pd.crosstab(table["status"], table[by], margins=True, margins_name="all")
    return counts.sort_values("all", ascending=False).reset_index()


def puzzles(conclusions: pd.DataFrame, candidates: pd.DataFrame) -> Section:
    """Return the section on settings that the sources leave out.

    Args:
        conclusions: :func:`restudy.evidence.forensics_tables.conclusions`.
        candidates: :func:`restudy.evidence.forensics_tables.forensics_table`.
    """
    tables = [Table("What is left", conclusions[["puzzle", "title", "conclusion"]])]
    verdicts = candidates.drop_duplicates(["puzzle", "candidate"])
    for puzzle, rows in verdicts.groupby("puzzle", sort=False):
        shown = rows[["candidate", "verdict", "because"]]
        tables.append(Table(f"{puzzle}: the candidates", shown, folded=True))
    return Section(
        name="puzzles",
        title="What the sources leave out: declared searches",
        question="Which settings, or which data, could have given what the sources print?",
        notes="A candidate is ruled out if a number that it must give lies outside the interval "
        "for one more run of ours; the right one, if it was searched, is kept in 95% of cases or "
        "more.",
        tables=tables,
        links={"every number of every candidate": f"{_TABLES}/forensics.csv"},
    )


def galleries(pictures: Mapping[str, bytes], captions: Mapping[str, str]) -> list[Section]:
    """Return a section for each source, with its figures drawn from our runs.

    Args:
        pictures: figure's id, such as ``FIG-S1-01`` -> SVG.
        captions: figure's id -> text.
    """
    by_source: dict[str, list[str]] = {}
    for id_ in sorted(pictures):
        by_source.setdefault(id_.split("-")[1], []).append(id_)
    return [
        _gallery(source, [Picture(pictures[id_], captions[id_].strip(), id_) for id_ in ids])
        for source, ids in by_source.items()
    ]


def _gallery(source: str, pictures: Sequence[Picture]) -> Section:
    return Section(
        name=f"figures-{source}",
        title=f"The figures of {source}, drawn anew",
        question=f"What do the figures that {source} shows, or speaks of, look like on real data?",
        notes="",
        pictures=pictures,
        links={f"{one.id} (numbers)": f"../figures/{one.id}.csv" for one in pictures},
    )
