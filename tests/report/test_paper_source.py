"""No number is typed by hand in the paper: its prose has none but those of ``paper.json``."""

import re
from pathlib import Path

import pytest
import yaml

from restudy.config.loading import load_rows
from restudy.config.sources import load_sources
from restudy.data.registry import DATASETS
from restudy.evidence.figure_availability import load_source_figures
from restudy.evidence.schema import Published
from restudy.report.paper.figure_selection import chosen

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "workflow" / "report"
COMMENT = re.compile(r"(?m)//.*$")
# Where digits are no results: names, citations, formulas, lengths, and what code counts to.
ALLOWED = (
    r"\b(S\d+|L[12]|[Wb]\d)\b",
    r"[@<][a-z-]+>?",
    r"t_\(n-1\)|\b1 \+ 1/n\b|\bomega\^2",
    r": \d+(\.\d+)?(pt|mm|cm|em|fr)\b",
    r"\.len\(\) [><=]=? ?0\b",
)
WORDS = (
    *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("dozens?", "hundreds?", "thousands?", "millions?", "twice", "thrice"),
)
NUMBER = re.compile(rf"\S*\d\S*|\b(?:{'|'.join(WORDS)})\b", re.IGNORECASE)


def typed_numbers(source: str) -> list[str]:
    """Return the numbers in a Typst source that stand where prose does, or code that prints."""
    text = COMMENT.sub("", source)
    for pattern in ALLOWED:
        text = re.sub(pattern, " ", text)
    return NUMBER.findall(text)


def texts_of(style: str) -> list[str]:
    """Return what a file of layout could print: its strings and its innermost contents."""
    code = COMMENT.sub("", style)
    strings = [text for text in re.findall(r'"([^"\n]*)"', code) if not text.startswith("#")]
    return strings + re.findall(r"\[([^\[\]]*)\]", re.sub(r'"[^"\n]*"', '""', code))


def test_no_number_is_typed_in_the_prose():
    assert typed_numbers((REPORT / "paper.typ").read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        *("It is 98.4% there.", "with 5 seeds", "S1 has 58 numbers", "#(3)", "#let n = 3"),
        *("$x = 3$", "three networks", "Twice as good", "in 2015 @someone", "95% of cases"),
    ],
)
def test_the_check_finds_what_is_typed(text):
    assert typed_numbers(text)


@pytest.mark.parametrize(
    "text",
    [
        *("S1 and S3, by L2, of W3", "#data.claims.outcome", "see @holm-procedure and <statuses>"),
        *("$t_(n-1) sqrt(1 + 1/n)$", "strip(x, label-width: 2.4cm)", "#if x.len() > 0 ["),
        *("// 12 of these", "one more run"),
    ],
)
def test_the_check_leaves_what_is_no_number(text):
    assert typed_numbers(text) == []


def test_the_layout_prints_no_numbers():
    style = (REPORT / "paper-style.typ").read_text(encoding="utf-8")
    names = {"a4", "1", "1.1", "\\d"}  # the paper's size, and how pages and headings are numbered
    assert [text for text in texts_of(style) if re.search(r"\d", text) and text not in names] == []


def test_no_semicolon_is_swallowed():
    """Typst takes one right behind a variable for its end, and prints nothing."""
    text = (REPORT / "paper.typ").read_text(encoding="utf-8")
    assert re.findall(r"#[a-z][\w.-]*;", text) == []


def test_what_is_cited_is_listed():
    listed = set(yaml.safe_load((REPORT / "references.yaml").read_text(encoding="utf-8")))
    text = COMMENT.sub("", (REPORT / "paper.typ").read_text(encoding="utf-8"))
    labels = set(re.findall(r"<([a-z-]+)>", text))
    cited = set(re.findall(r"@([a-z-]+)", text)) - labels
    assert cited | {one.reference for one in DATASETS.values() if one.reference} == listed


def test_figures_are_chosen_from_those_that_there_are():
    published = load_rows(ROOT / "config/evidence/published.yaml", Published)
    figures = load_source_figures(published)
    sources = load_sources(ROOT / "config/evidence/sources.yaml")
    first = {name: source.figure for name, source in sources.items() if source.figure}
    assert set(first.values()) <= set(figures)
    assert chosen(figures, ["grid"], sources) == [*first.values(), "grid"]
    others = {id_: one for id_, one in figures.items() if id_ not in first.values()}
    picked = chosen(others, [], sources)
    assert [others[id_].source for id_ in picked] == sorted(first)
    assert all(others[id_].printed for id_ in picked)
    bare = {id_: one for id_, one in figures.items() if one.study is None}
    assert bare
    assert chosen(bare, [], sources) == []
