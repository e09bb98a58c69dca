"""The page is well-formed, loads nothing, escapes everything and is the same each time."""

import base64
import hashlib
import re
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest

from restudy.config.figures import FIGURE_KINDS
from restudy.report.html.figures import rebuild_command
from restudy.report.html.svg_minify import data_url, drawn_width, minify_svg
from restudy.report.html.writer import Writer
from restudy.report.view.model import Folded, Table
from restudy.report.view.tables import as_texts
from tests.report import made_up
from tests.report.made_up import SVG, check

CAPTIONS = Path(__file__).parents[2] / "workflow" / "report"
TABLE = pd.DataFrame(
    {
        "id": ["CLM-BN-01", "CLM-BN-02"],
        "source": ["S1", "S3"],
        "verdict": ["contradicted", "pending"],
    }
)


@pytest.fixture(scope="module")
def text() -> str:
    return made_up.page(made_up.nasty())


def test_well_formed_and_self_contained(text: str) -> None:
    checker = check(text)
    outside = {link for link in checker.linked if not link.startswith("#")}
    assert {"snakemake.html", "paper.pdf", "view.json", "../figures/a.csv"} <= outside
    assert all(link.startswith(("../", "snake", "paper", "view")) for link in outside)
    assert len(checker.loaded) == 4
    assert "url(" not in text
    assert "@import" not in text
    assert "http:" not in text.replace("http://www.w3.org/2000/svg", "")
    assert text.startswith('<!DOCTYPE html>\n<html lang="en">')


def test_everything_is_escaped(text: str) -> None:
    assert "alert('" not in text
    assert text.count("<script>") == 1


def test_only_its_own_script_may_run(text: str) -> None:
    (script,) = re.findall("<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    allowed = f"img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    assert f"default-src 'none'; {allowed}" in text


def test_same_each_time(text: str) -> None:
    assert made_up.page(made_up.nasty()) == text


def test_every_row_and_figure_has_its_place_and_links_to_it(text: str) -> None:
    ids = set(check(text).ids)
    assert set(made_up.nasty().ids) <= ids
    assert {*made_up.IDS, "FIG-S1-01", "CON-A-01", "S1", "S7", "summary", "contents"} <= ids
    assert '<a href="#CLM-BN-06">CLM-BN-06</a>:' in text
    assert text.count('href="#S7"') == 1  # in the contents


def test_a_study_may_be_called_like_a_section() -> None:
    view = made_up.full((made_up.study("grid"),), **_renamed("claims"))
    assert check(made_up.page(view)).ids.count("claims") == 1


def _renamed(name: str) -> dict[str, pd.DataFrame]:
    tables = made_up.tables()
    return {f"{name}/{one}": tables[f"grid/{one}"] for one in ("summary", "comparison")}


def test_what_is_not_on_the_page_is_no_link() -> None:
    writer = Writer({"PUB-S1-001"})
    told = writer.text("PUB-S1-001, PUB-S1-0011, CLM-BN-01 & EXP-S1-MNIST-A")
    assert told == (
        '<a href="#PUB-S1-001">PUB-S1-001</a>, PUB-S1-0011, CLM-BN-01 &amp; EXP-S1-MNIST-A'
    )


def test_a_group_is_set_by_what_its_column_holds() -> None:
    frame = pd.DataFrame(
        {
            "share": [0.12345, float("nan")],
            "with sign": ["+0.5", "\N{MINUS SIGN}3"],
            "is": [True, False],
            "text": ["a", "b" * 70],
            "more": [Folded(summary="open me", lines=("one", "two")), "c"],
        }
    )
    html = Writer(()).table(as_texts(frame), "T")
    assert '<td class="number">0.1235</td>' in html
    assert '<td class="nothing">\N{EN DASH}</td>' in html
    assert '<td class="number">\N{MINUS SIGN}3</td>' in html
    assert "<td>yes</td>" in html
    assert '<td class="long">a</td>' in html
    assert "<summary>open me</summary><ul><li>one</li><li>two</li></ul>" in html
    assert html.count('<th scope="col"') == 5
    assert "data-" not in html


def test_rows_have_a_heading_and_names_for_narrow_screens() -> None:
    html = Writer(()).table(
        as_texts(TABLE), "T", "id", ["verdict"], ["source", "verdict"], stacked=True
    )
    assert '<table class="stacked" data-filters="1 2">' in html
    assert '<tr id="CLM-BN-01"><th scope="row" data-label="id">CLM-BN-01</th>' in html
    assert '<td data-label="verdict"><span class="badge bad">contradicted</span></td>' in html


def test_an_empty_table_is_a_table() -> None:
    html = Writer(()).table(Table(columns=("id", "verdict")), "T", "id", ["verdict"])
    assert "<tbody>\n</tbody>" in html


def test_what_is_folded_is_marked_for_paper(text: str) -> None:
    folded = re.findall('<details class="(table[^"]*)"><summary>([^<]*)', text)
    assert ("table paper", "CLM-BN-01 and CLM-BN-02 (4 rows)") in folded
    assert ("table", "PUZ-S1-01: the candidates (2 rows)") in folded


def test_a_picture_keeps_what_is_seen() -> None:
    drawn = """<?xml version="1.0"?>
    <!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">
    <svg xmlns:xlink="http://www.w3.org/1999/xlink" width="10.123456pt">
     <metadata><a/></metadata><!-- a label -->
     <defs><path id="used" d="M 1.23456 2
       L 3 4.5"/></defs><g id="line2d_1"><use xlink:href="#used" x="1.23456"/></g>
     <g id="clip" clip-path="url(#clip)"/><text>0.00025 &amp; 100%</text>
    </svg>"""
    light = minify_svg(drawn)
    assert light == (
        '<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="10.123456pt">'
        '<defs><path id="used" d="M 1.23 2 L 3 4.5"/></defs><g><use xlink:href="#used" '
        'x="1.23456"/></g><g id="clip" clip-path="url(#clip)"/><text>0.00025 &amp; 100%</text>'
        "</svg>"
    )


def test_a_picture_says_how_wide_it_was_drawn() -> None:
    assert drawn_width(b'<?xml?><svg height="3pt" width="446.4pt" x="1">') == 446.4
    assert drawn_width(SVG) is None


@pytest.mark.parametrize("svg", [SVG, b"<svg><text>it's 100% &amp; #1</text></svg>"])
def test_an_address_holds_the_picture(svg: bytes) -> None:
    told = str(data_url(svg))
    assert not set(told) & set('"&#')
    scheme, _, data = told.partition(",")
    assert scheme == "data:image/svg+xml"
    assert unquote(data).replace("'", '"') == minify_svg(svg.decode()).replace("'", '"')


def test_captions_are_plain_text() -> None:
    kinds = FIGURE_KINDS.values()
    texts = [import_module(f"restudy.figures.{kind.module}").CAPTION for kind in kinds]
    texts += [path.read_text(encoding="utf-8") for path in CAPTIONS.glob("*.rst")]
    assert len(texts) > len(kinds)
    for text in texts:
        shown = text.replace("{{ snakemake.config.title }}", "")
        assert not set(shown) & set("`*_|{}")  # the page shows them as they are


def test_the_command_can_be_given_to_a_shell() -> None:
    plain = rebuild_command("figures/grid.svg", "results")
    assert plain == ".venv/bin/snakemake --cores all --force results/figures/grid.svg"
    told = rebuild_command("f.svg", "results/quick", ["config/quick.yaml"], ['only=["grid"]'])
    assert told == (
        ".venv/bin/snakemake --cores all --configfile config/quick.yaml "
        "--config 'only=[\"grid\"]' --force results/quick/f.svg"
    )
