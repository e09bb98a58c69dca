"""What can be seen of the pages without running a command: links, blocks, what is made."""

import json
import re
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from restudy.docs import headline_results, key_reference, pictures
from restudy.docs.generated_blocks import read_block, replace_block
from restudy.docs.rule_graph import transitive_reduction
from restudy.evidence.schema import KINDS
from restudy.reference.records import GATHERED
from tests.docs import pages
from tests.docs.pages import PAGES, ROOT

each_page = pytest.mark.parametrize("page", PAGES, ids=pages.name)


@each_page
def test_links_lead_somewhere(page):
    wrong = []
    for link in pages.links(page):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        path = (page.parent / target).resolve() if target else page
        if not path.exists():
            wrong.append(f"{link}: no such file")
        elif anchor and anchor not in pages.anchors(path):
            wrong.append(f"{link}: no such heading")
    assert not wrong


@each_page
def test_blocks_say_what_they_are(page):
    for block in pages.blocks(page):
        if block.language:
            assert block.language in pages.LANGUAGES, str(block)
        else:  # indented, or a fence without a word: commands and nothing else
            for line in pages.joined(block.text):
                assert line.startswith(pages.PROGRAMS), f"{block}: {line!r} is no command"


@each_page
def test_lines_are_not_cut_off_in_the_middle(page):
    text = page.read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert text.count("```") % 2 == 0
    assert "\t" not in text


def test_commands_are_found_wherever_they_stand(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "Say `make tea` or `tea`:\n\n    make milk   # warm\n\n* an item\n\n    and its rest\n\n"
        "```sh\n# a remark\nmake \\\n  toast   # with butter\necho '#1'\n```\n\n"
        "```text\nmake nothing\n```\n",
        encoding="utf-8",
    )
    found = {command.text: command.place for command in pages.commands(page)}
    assert found == {
        "make toast": "page.md:9",
        "echo '#1'": "page.md:9",
        "make milk": "page.md:3",
        "make tea": "page.md",
    }


def test_the_index_has_every_page():
    index = ROOT / "docs/README.md"
    wanted = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert wanted <= {link.partition("#")[0] for link in pages.links(index)}
    assert "docs/README.md" in pages.links(ROOT / "README.md")


def test_every_picture_is_shown_and_can_be_made_again():
    shown = {
        (page.parent / link).resolve().relative_to(ROOT).as_posix()
        for page in PAGES
        for link in pages.links(page)
        if link.endswith(".png")
    }
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/images").iterdir()}
    assert shown == there
    elsewhere = {"performance"}  # made by python -m bench.training
    names = {Path(one).stem for one in there if "/mlflow-" not in one}  # python -m docs.screenshots
    of_pages = {"my-study", "fig-s5-01"}  # studies that two pages tell the reader to write
    figures = {one.stem.lower() for one in ROOT.glob("results/reference/figures/*.svg")}
    assert names - elsewhere - of_pages <= {"report", "paper"} | figures


def test_the_reference_of_keys_is_what_the_models_give():
    text = (ROOT / key_reference.PAGE).read_text(encoding="utf-8")
    assert text == key_reference.page(text), "run: make docs"
    assert text == key_reference.page(re.sub(r"(?m)^\|.*$", "| old |", text))


def test_every_key_is_described():
    text = (ROOT / key_reference.PAGE).read_text(encoding="utf-8")
    for model in key_reference.models_of(text).values():
        for key in key_reference.keys(model, lambda name: name):
            assert key.description, f"{model.__name__}.{key.name}"
            assert key.allowed


def test_examples_of_keys_fit_their_models():
    text = (ROOT / key_reference.PAGE).read_text(encoding="utf-8")
    for model in key_reference.models_of(text).values():
        for field in model.model_fields.values():
            for example in field.examples or []:
                TypeAdapter(field.rebuild_annotation()).validate_python(example)


def test_the_reference_has_every_file_that_is_read():
    headings = re.findall("(?m)^##.*", (ROOT / key_reference.PAGE).read_text(encoding="utf-8"))
    files = {path.name for path in (ROOT / "config/evidence").glob("*.yaml")}
    assert {f"{kind}.yaml" for kind in KINDS} <= files
    assert not [file for file in files if file not in " ".join(headings)]


def test_docstrings_are_read_with_those_of_the_models_above():
    class Above:
        """Above.

        Attributes:
            first, second: what both are, ``code``
                and more.
        """

    class Below(Above):
        """Below.

        Attributes:
            second: another :class:`thing`.

        More.
        """

    assert key_reference.documented(Below) == {
        "first": "what both are, `code` and more",
        "second": "another `thing`",
    }


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1}, "integer ≥ 1"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1.0}, "number > 0 and ≤ 1"),
        ({"type": "integer", "exclusiveMaximum": 2**32}, "integer < 2^32"),
        ({"enum": ["a", "b"]}, "`a`, `b`"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text, `null`"),
        (
            {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2},
            "list of 2 texts",
        ),
        (
            {"type": "object", "additionalProperties": {"type": "boolean"}},
            "mapping: name -> `true`, `false`",
        ),
        ({"$ref": "#/$defs/Thing"}, "<Thing>"),
        ({}, "anything"),
    ],
)
def test_what_is_allowed_in_words(schema, words):
    assert key_reference.allowed(schema, lambda name: f"<{name}>") == words


def test_edges_that_follow_from_others_are_left_out():
    edges = {("a", "b"), ("b", "c"), ("a", "c"), ("a", "d")}
    assert transitive_reduction(edges) == edges - {("a", "c")}


def test_a_block_of_a_page_is_replaced(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n<!-- made: x, by y -->\nold\n<!-- end: x -->\nb\n", encoding="utf-8")
    replace_block(page, "x", "new\nlines")
    assert page.read_text() == "a\n<!-- made: x, by y -->\nnew\nlines\n<!-- end: x -->\nb\n"
    assert read_block(page, "x") == "new\nlines"
    with pytest.raises(Exception, match="needs one block"):
        replace_block(page, "z", "")


def test_a_run_that_is_not_finished_has_no_outcome(tmp_path):
    with pytest.raises(Exception, match="not finished"):
        headline_results.origin(tmp_path)
    (tmp_path / "reference.json").write_text(json.dumps({"scale": "full", "commit": "abc"}))
    assert headline_results.origin(tmp_path) == ("full", "abc")


def test_pictures_of_what_is_not_there_are_left(tmp_path):
    drawn = tmp_path / "figures/FIG-A.svg"
    drawn.parent.mkdir()
    drawn.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt"/>')
    for name in ("report", "fig-a", "other"):
        (tmp_path / f"{name}.png").touch()
    said = list(pictures.make(tmp_path, tmp_path))
    assert sum("left as it is" in line for line in said) == len(said) - 1
    picture = (tmp_path / "fig-a.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    width, height = (int.from_bytes(picture[place : place + 4], "big") for place in (16, 20))
    # An inch and half an inch, with a margin of 6 points on each side.
    assert (width, height) == pytest.approx((110 * 84 / 72, 110 * 48 / 72), abs=1)


def test_the_readme_says_what_has_been_gathered():
    made = read_block(ROOT / headline_results.PAGE, headline_results.FULL_SCALE)
    assert made == headline_results.full_scale(ROOT / GATHERED), "run: make docs"
    assert made in (ROOT / GATHERED / "README.md").read_text(encoding="utf-8")


def test_a_reference_has_headlines_without_times():
    text = headline_results.headlines(ROOT / "results/reference")
    assert re.search(r"\* \d+ of \d+ claims were tested: .* decided by measured times", text)


def test_the_outcome_in_the_readme_is_a_run_s():
    text = read_block(ROOT / headline_results.PAGE, headline_results.HEADLINES)
    assert re.search(r"\* \d+ of \d+ published numbers were tested: ", text)
    assert re.search(r"commit `[0-9a-f]+`", text)
    assert Path(headline_results.PAGE).name == "README.md"
