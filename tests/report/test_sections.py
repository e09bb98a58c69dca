"""The sections, with nothing to show yet and with something."""

import pandas as pd
import pytest
from restudy.report.calibration import calibration
from restudy.report.claims import claims, verdicts
from restudy.report.commands import Command, relative
from restudy.report.contradictions import contradictions as report
from restudy.report.matters import matters
from restudy.report.page import render
from restudy.report.parts import Folded, Picture, Table
from restudy.report.provenance import provenance
from restudy.report.puzzles import puzzles
from restudy.report.sources import Evidence, sources, title
from restudy.report.studies import studies, study

from restudy.config.sources import Source
from restudy.evidence.contradictions import contradictions
from restudy.evidence.erratum_effects import COLUMNS as SHOWN
from restudy.evidence.erratum_effects import demonstrate
from restudy.evidence.printed_differences import COLUMNS as CONTRASTS
from restudy.evidence.printed_differences import contrast_table
from restudy.evidence.published import COLUMNS as PUBLISHED
from restudy.evidence.published import read_published_table
from restudy.evidence.reasons import Finding, columns, stated
from restudy.evidence.search_tables import COLUMNS as CANDIDATES
from restudy.evidence.search_tables import CONCLUSIONS
from restudy.evidence.statuses import Status, label
from restudy.evidence.timing_claims import COLUMNS as TIMED_COLUMNS
from restudy.evidence.timing_claims import timed_claims, timed_contradictions
from restudy.evidence.verdicts import judge, read_claim_tests
from restudy.experiments.declaration import Table as Declared
from restudy.results.study_tables import comparison_table, summary_table
from restudy.results.table_files import to_csv
from restudy.stats.calibration import calibrate
from tests.evidence import made_up
from tests.evidence.test_claim_tests import claim, test_of
from tests.evidence.test_contradictions import two
from tests.evidence.test_contrasts import PRINTED, contrasting
from tests.evidence.test_demonstrations import SHOWS, erratum
from tests.evidence.test_judging import numbers
from tests.evidence.test_timing import COUNTS, SECONDS
from tests.evidence.test_timing import tables as timed_tables
from tests.report.made_up import SVG, check, page

REMARK = {"sources": ["S3"], "how": "its own table"}


def tables_of(section) -> dict[str, pd.DataFrame]:
    return {block.title: block.frame for block in section.blocks if isinstance(block, Table)}


def shown(*sections) -> str:
    """Return a page with sections, well-formed."""
    text = render(page(*sections, answer=page().answer.__class__([], [], "", "")))
    check(text)
    return text


def statuses(id_: str) -> pd.DataFrame:
    row = {"id": id_, "source": "S1", "topic": "t", "statement": "s", "severity": "high"}
    row |= {
        "where": "w",
        "what_is_wrong": "all",
        **columns(stated("b")),
        "title": "T",
        "figure": "",
    }
    return pd.DataFrame([row | {"status": "pending"}])


def no_times() -> tuple[pd.DataFrame, pd.DataFrame]:
    return pd.DataFrame(columns=list(TIMED_COLUMNS)), judge([], {}, {}, timed=True)


@pytest.mark.parametrize("there", [True, False])
def test_claims(tmp_path, there):
    tables, runs = numbers(lambda run, *_: 0.9 + 0.01 * run.recipe.seed)
    studies = ({"tiny": tables}, {"tiny": runs}) if there else ({}, {})
    path = tmp_path / "claim_tests.csv"
    path.write_bytes(to_csv(judge([claim(test_of())], *studies)))
    ledger = statuses("CLM-BN-01").assign(status="no_meaningful_difference" if there else "pending")
    section = claims(ledger, read_claim_tests(path), *no_times())
    tables = tables_of(section)
    expected = "no meaningful" if there else "pending"
    (row,) = tables["Every claim"].to_dict("records")
    assert label(row["verdict"]).startswith(expected)
    (line,) = row["what our runs say"].lines
    assert row["what our runs say"].summary.startswith("1 test: 1 ")
    assert f": {expected}" in line
    assert ("0.9200 and 0.9200, difference +0.0000" in line) == there
    assert expected in line
    shown(section)


def test_what_no_test_tells_of_has_its_reason():
    none = judge([], {}, {})
    ledger = statuses("CLM-BN-01").assign(status="not_testable", **columns(stated("short")))
    (row,) = tables_of(claims(ledger, none, *no_times()))["Every claim"].to_dict("records")
    assert row["what our runs say"] == "short"
    long = ledger.assign(**columns(stated("long " * 50)))
    (row,) = tables_of(claims(long, none, *no_times()))["Every claim"].to_dict("records")
    assert row["what our runs say"] == Folded("why", ("long " * 50,))


def test_a_claim_about_time_has_its_verdict_from_the_table_of_times():
    both = claim(test_of(**SECONDS), test_of(**COUNTS))
    counted, times = timed_tables(both, 1.3, 1.2)
    judged = timed_claims([both], counted, times)
    ledger = statuses("CLM-BN-01").assign(status=Status.TIMED)
    assert verdicts(ledger, judged) == ["supported"]
    tables = tables_of(claims(ledger, counted, judged, times))
    assert tables["Every claim"]["verdict"].tolist() == ["supported"]
    (row,) = tables["Claims about time, of this machine and this run"].to_dict("records")
    assert (row["verdict"], row["of its times"], row["of its counts"]) == ("supported",) * 3
    (row,) = tables["Times: the tests"].to_dict("records")
    assert (row["number"], row["verdict"]) == ("seconds", "supported")


def test_contradictions_stand_side_by_side_with_their_curves():
    claims = [
        *two(),
        claim(id="CLM-BN-03", contradicted_by=[REMARK], status="pending", because="b"),
    ]
    verdicts = dict.fromkeys((one.id for one in claims), Finding(Status.TIMED, stated("elsewhere")))
    times = {"id": ["CLM-BN-01", "CLM-BN-02"], "verdict": ["supported", "contradicted"]}
    judged = pd.DataFrame(
        times
        | {
            name: [columns(stated(text))[name] for text in ("+1 (0.9 to 1.1; n 5)", "-1")]
            for name in ("reason", "reason_args")
        }
    )
    table = contradictions(claims, verdicts)
    timed = timed_contradictions(claims, verdicts, judged)
    picture = Picture(SVG, "A caption", "alt", "CON-BN-01")
    section = report(table, timed, {frozenset(("CLM-BN-01", "CLM-BN-02")): picture})
    overview, drawn, pair, alone = section.blocks
    assert len(overview.frame) == 1
    assert overview.frame["conclusion"].iloc[0].startswith("Our runs bear out CLM-BN-01, and speak")
    assert drawn is picture
    assert pair.frame["CLM-BN-01"].tolist() == ["S1", "s", "supported", "+1 (0.9 to 1.1; n 5)"]
    assert pair.frame["CLM-BN-02"].tolist() == ["S2", "s", "contradicted", "-1"]
    assert alone.frame["against it"].tolist() == ["its own table"]
    assert shown(section).count('<figure id="CON-BN-01">') == 1
    bare = report(table.iloc[:0], timed.iloc[:0], {})
    assert "No claim of the evidence contradicts another." in shown(bare)


def evidence(tmp_path, *, there: bool) -> Evidence:
    studies = {"tiny": made_up.tables(made_up.plan())} if there else {}
    # Two errata may name one difference; it is shown once.
    rows = [contrasting(), contrasting(id="ERR-S1-02")]
    number = dict.fromkeys(PUBLISHED, "") | {
        "id": "PUB-S1-001",
        "source": "S1",
        "status": "pending",
    }
    path = tmp_path / "published.csv"
    path.write_bytes(to_csv(pd.DataFrame([number] if there else [], columns=list(PUBLISHED))))
    figures = pd.concat([statuses("FIG-S1-01"), statuses("FIG-S1-02")])
    return Evidence(
        read_published_table(path),
        figures if there else figures.iloc[:0],
        statuses("ERR-S1-01") if there else statuses("ERR-S1-01").iloc[:0],
        demonstrate([erratum(shows=[SHOWS])], studies)
        if there
        else pd.DataFrame(columns=list(SHOWN)),
        contrast_table(rows, PRINTED, studies) if there else pd.DataFrame(columns=list(CONTRASTS)),
        [(OWN, pd.DataFrame({"id": ["PUB-S1-001"], "with_bug": ["1"]}))] if there else [],
        {"FIG-S1-01": Picture(SVG, "A caption", "alt", "FIG-S1-01")} if there else {},
    )


OWN = Declared(name="own", source="S1", title="Its own table")
SOURCES = {id_: Source(id=id_, title=f"Title {id_}", what="A report.") for id_ in ("S1", "S5")}


def test_a_source_has_its_numbers_figures_and_mistakes(tmp_path):
    section = sources(SOURCES, evidence(tmp_path, there=True))
    first, second = section.parts
    assert [block.title for block in first.blocks] == [
        "Its numbers",
        "Each number beside ours",
        "Its own table",
        "Its figures, drawn from our runs",
        "Its figures that are not drawn here",
        "Its mistakes",
        "Each mistake, and what became of it",
        "Numbers with the mistake and without",
        "Differences of two single runs, beside ours",
    ]
    tables = tables_of(first)
    assert list(tables["Its own table"]) == ["id"]
    assert tables["Its figures that are not drawn here"]["id"].tolist() == ["FIG-S1-02"]
    assert len(tables["Differences of two single runs, beside ours"]) == 1
    assert second.blocks == []
    assert "no number, figure or mistake of this source" in second.empty
    ids = check(shown(section)).ids
    assert {"S1", "S5", "PUB-S1-001", "FIG-S1-01", "FIG-S1-02", "ERR-S1-01"} <= set(ids)


def test_a_user_s_own_source_may_have_nothing(tmp_path):
    section = sources(SOURCES, evidence(tmp_path, there=False))
    assert all(part.empty and not part.blocks for part in section.parts)
    assert "There are no sources" in shown(sources({}, evidence(tmp_path, there=False)))


@pytest.mark.parametrize(("count", "expected"), [(1, "One report on"), (4, "Four reports on")])
def test_the_title_counts_the_sources(count, expected):
    assert title({str(one): SOURCES["S1"] for one in range(count)}).startswith(expected)


def test_what_has_nothing_to_show_says_so():
    none = pd.DataFrame(columns=list(CONCLUSIONS)), pd.DataFrame(columns=list(CANDIDATES))
    empty = [puzzles(*none), matters({}), studies([]), claims(statuses("x")[:0], *[None] * 3)]
    assert all(section.empty for section in empty)
    assert shown(*empty).count('class="empty"') == 4


def test_what_matters_has_a_place_for_each_study():
    assert 'id="matters-grid"' in shown(matters({"grid": ["choose wisely"]}))


def test_puzzles():
    solved = pd.DataFrame([dict.fromkeys(CONCLUSIONS, "1") | {"puzzle": "PUZ-S1-01"}])
    row = (
        dict.fromkeys(CANDIDATES, "1")
        | {"reason": "", "reason_args": ""}
        | {"puzzle": "PUZ-S1-01", "verdict": "ruled_out"}
    )
    candidates = pd.DataFrame([row | {"candidate": name} for name in "aab"])
    section = puzzles(solved, candidates)
    assert len(section.blocks[1].frame) == 2
    assert 'id="PUZ-S1-01"' in shown(section)


def test_calibration():
    assert "Monte Carlo" in shown(calibration(calibrate(20)))


RECORD = {
    "seeds": {"a": 0, "b": 1},
    "git_commit": "a" * 40,
    "git_dirty": False,
    "training_version": 3,
    "data": {"dataset": "mnist", "sha256": "d" * 64, "split_seed": 0},
    "versions": {"torch": "2.0", "numpy": "2.2"},
    "machine": "Linux x86_64",
    "device": "cpu",
    "arithmetic": "default",
    "threads": 1,
    "seconds": 12.5,
}


def test_provenance_says_what_runs_share_and_what_not():
    # Lane c was kept when a and b were trained anew.
    kept = RECORD | {"seeds": {"a": 0, "c": 2}, "git_commit": None, "git_dirty": None}
    records = {"x": RECORD | {"earlier": [kept]}, "y": RECORD}
    rows = [("x", "a", 0), ("x", "b", 1), ("x", "c", 2), ("y", "a", 7)]
    runs = pd.DataFrame(rows, columns=["cell", "lane", "seed"])
    assert provenance(records, runs) == [
        "4 runs in 2 cells, seeds 0 to 2, 7",
        f"commit: {'a' * 12} (3 runs); unknown (no git checkout) (1 runs)",
        "version of training: 3",
        f"data (SHA-256 of the prepared file, seed of the split): mnist {'d' * 12} (split 0)",
        "versions: torch 2.0, numpy 2.2",
        "machine: Linux x86_64, cpu; arithmetic: default; threads: 1",
    ]
    # The same whatever the time it took.
    slow = {cell: record | {"seconds": 99.0} for cell, record in records.items()}
    assert provenance(slow, runs) == provenance(records, runs)


def test_a_study_shows_means_first_and_the_rest_folded():
    sizes = [str(size) for size in range(20)]
    rows = [
        (norm, size, seed, 0.5 + 0.01 * seed + 0.1 * (norm == "batch"))
        for norm in ("none", "batch")
        for size in sizes
        for seed in (0, 1)
    ]
    runs = pd.DataFrame(rows, columns=["norm", "batch_size", "seed", "test_accuracy"])
    runs = runs.assign(status="finished", n_test=100, study="made-up", cell="x", lane="a")
    runs["norm"] = pd.Categorical(runs["norm"], ["none", "batch"], ordered=True)
    runs["batch_size"] = pd.Categorical(runs["batch_size"], sizes, ordered=True)
    factors = ["norm", "batch_size"]
    compare = [{"factor": "norm", "baseline": "none", "metric": "test_accuracy"}]
    described = {
        "name": "made-up",
        "title": "Made up",
        "question": "Why & how?",
        "scale": "quick",
        "as_published": False,
        "factors": {"norm": ["none", "batch"], "batch_size": sizes},
        "reductions": [{"field": "train_samples", "full": "all", "reduced": "10"}],
    }
    section = study(
        described,
        runs,
        summary_table(runs, factors),
        comparison_table(runs, factors, compare),
        {"x": RECORD},
        Picture(SVG, "A caption", "alt"),
    )
    told = [(block.title, block.folded) for block in section.blocks[1:]]
    assert told == [
        ("Mean ± half of the 95% interval over seeds", True),
        ("Paired differences", False),
        ("Paired differences, combination by combination", True),
        ("Where the numbers come from", True),
    ]
    text = shown(studies([section]))
    assert "Cut at this scale: train_samples 10 instead of all." in text
    assert "norm: batch" in text


def test_the_command_can_be_given_to_a_shell(monkeypatch, tmp_path):
    plain = Command("results").remake("figures/grid.svg")
    assert plain == ".venv/bin/snakemake --cores all --force results/figures/grid.svg"
    monkeypatch.chdir(tmp_path)
    configfiles = relative([tmp_path / "config/quick.yaml"])
    told = Command("results/quick", configfiles, ['only=["grid"]']).remake("figures/grid.svg")
    assert told == (
        ".venv/bin/snakemake --cores all --configfile config/quick.yaml "
        "--config 'only=[\"grid\"]' --force results/quick/figures/grid.svg"
    )
