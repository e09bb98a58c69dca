"""The page is well-formed, loads nothing, escapes everything and is the same each time."""

import base64
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from restudy import tables
from restudy.evidence.ledger import KINDS, load_ledger, statuses, summary
from restudy.report.page import Page, Picture, Table, render, section

EVIDENCE = Path(__file__).parents[2] / "config" / "evidence"
CAPTIONS = Path(__file__).parents[2] / "workflow" / "report"
VOID = {"meta", "img", "br", "hr"}
NASTY = "<script>alert('&')</script> \"quoted\""


class Checker(HTMLParser):
    """Reads a page: every tag is closed in its turn, and addresses are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.loaded: list[str] = []
        self.linked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert value is not None
            if name == "id":
                self.ids.append(value)
            elif name in ("src", "srcset", "data", "poster", "background"):
                self.loaded.append(value)
            elif name == "href":
                (self.linked if tag == "a" else self.loaded).append(value)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def check(text: str) -> Checker:
    checker = Checker()
    checker.feed(text)
    checker.close()
    assert checker.open == []
    assert len(set(checker.ids)) == len(checker.ids)
    return checker


@pytest.fixture
def page() -> Page:
    sizes = [str(size) for size in range(20)]
    runs = pd.DataFrame(
        [
            (norm, size, seed, 0.5 + 0.01 * seed + 0.1 * (norm == "batch"))
            for norm in ("none", "batch")
            for size in sizes
            for seed in (0, 1)
        ],
        columns=["norm", "batch_size", "seed", "test_accuracy"],
    ).assign(status="finished", n_test=100, study="made-up")
    runs["norm"] = pd.Categorical(runs["norm"], ["none", "batch"], ordered=True)
    runs["batch_size"] = pd.Categorical(runs["batch_size"], sizes, ordered=True)
    factors = ["norm", "batch_size"]
    compare = [{"factor": "norm", "baseline": "none", "metric": "test_accuracy"}]
    description = {
        "name": "made-up",
        "title": NASTY,
        "question": "Why & how?",
        "scale": "quick",
        "as_published": False,
        "factors": {"norm": ["none", "batch"], "batch_size": sizes},
        "cuts": ["train_samples 10 < all"],
        "compare": compare,
    }
    found = section(
        description,
        runs,
        tables.summary_table(runs, factors),
        tables.comparison_table(runs, factors, compare),
        Picture(b"<svg/>", f"A caption {NASTY}"),
        {"summary (CSV)": "tables/made-up/summary.csv"},
    )
    ledger = statuses(load_ledger(EVIDENCE), ["s3-comparison"])
    return Page("quick", "0123abc", [found], summary(ledger), ledger)


def test_well_formed_and_self_contained(page: Page) -> None:
    text = render(page)
    checker = check(text)
    assert checker.loaded == [page.sections[0].pictures[0].address]
    assert checker.loaded[0].startswith("data:image/svg+xml;base64,")
    assert base64.b64decode(checker.loaded[0].split(",")[1]) == b"<svg/>"
    inside = {f"#{name}" for name in checker.ids}
    files = {"paper.pdf", "tables/made-up/summary.csv"}
    assert {link for link in checker.linked if link not in inside} == files
    assert "url(" not in text
    assert "@import" not in text
    assert "<script" not in text


def test_everything_is_there(page: Page) -> None:
    text = render(page)
    assert "Scale quick; code 0123abc" in text
    assert "Cut at this scale: train_samples 10 &lt; all." in text
    assert "norm: batch" in text
    for kind in KINDS:
        assert f"{kind.capitalize()} ({len(page.ledger[kind])})" in text
    for row in page.ledger["claims"].itertuples():
        assert f"<td>{row.id}</td>" in text
    titles = [(table.title, table.folded) for table in page.sections[0].tables]
    assert titles == [
        ("Mean ± half of the 95% interval over seeds", True),
        ("Paired differences", False),
        ("Paired differences, combination by combination", True),
    ]


def test_same_each_time(page: Page) -> None:
    assert render(page) == render(page)


def test_a_section_can_be_bare(page: Page) -> None:
    bare = page.sections[0].__class__("bare", "Bare", "?", "Notes.", tables=[])
    odd = Table(NASTY, pd.DataFrame({NASTY: [NASTY]}))
    also = page.sections[0].__class__("odd", "Odd", "?", "Notes.", tables=[odd])
    text = render(Page("full", "c", [bare, also], page.counts, {}, date="1 May 2026"))
    check(text)
    assert "<script" not in text
    assert "1 May 2026" in text


def test_captions_are_plain_text() -> None:
    names = {path.stem for path in CAPTIONS.glob("*.rst")}
    assert {"learning_curves", "batch_size", "grid", "housing", "workflow"} <= names
    for name in names:
        text = (CAPTIONS / f"{name}.rst").read_text(encoding="utf-8")
        assert not set(text) & set("`*_|{}")  # the page shows them as they are
