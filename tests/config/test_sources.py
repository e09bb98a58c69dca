"""The sources are data: what is not right in their file, or not there, is told."""

from pathlib import Path

import pytest
import yaml

from restudy.common.errors import RestudyError
from restudy.config.loading import load_studies
from restudy.config.settings import Settings
from restudy.config.sources import FILE, check_sources, load_sources
from restudy.planning.plan import load_plan
from tests.config.studies import study, written

ROOT = Path(__file__).parents[2]
ROW = {"id": "S7", "title": "A report", "what": "It reports."}


def sources(folder, *rows):
    path = folder / "sources.yaml"
    path.write_text(yaml.safe_dump([ROW | row for row in rows]))
    return path


def complaint(action):
    with pytest.raises(RestudyError) as caught:
        action()
    return str(caught.value)


def test_the_repository_s_studies_name_sources_that_are_there():
    assert list(load_sources(ROOT / FILE))[:4] == ["S1", "S2", "S3", "S4"]
    check_sources(load_studies(ROOT / "config/studies").values(), ROOT / FILE)


def test_sources_come_by_id_with_what_is_known(tmp_path):
    found = load_sources(sources(tmp_path, {"authors": ["A. Uthor"], "year": 1999}, {"id": "S10"}))
    assert list(found) == ["S7", "S10"]
    assert (found["S7"].authors, found["S7"].year, found["S7"].url) == (["A. Uthor"], 1999, None)
    assert (found["S10"].authors, found["S10"].year) == ([], None)


@pytest.mark.parametrize(
    ("rows", "parts"),
    [
        ([{"id": "T7"}], ["id: 'T7'", "S and a number, as in S5"]),
        ([{"id": "S"}], ["id: 'S'", "S and a number"]),
        ([{"id": "S07"}], ["id: 'S07'", "S and a number"]),
        ([{"id": 7}], ["7: id: 7", "text"]),
        ([{}, {}], ["id: 'S7'", "each id once"]),
        ([{"auhtors": ["A"]}], ["S7: auhtors: unknown key", "did you mean 'authors'"]),
        ([{"year": "1999"}], ["S7: year: '1999'", "a whole number"]),
        ([{"title": ""}], ["S7: title: ''", "at least 1 character"]),
    ],
)
def test_a_row_that_is_not_right(tmp_path, rows, parts):
    path = sources(tmp_path, *rows)
    text = complaint(lambda: load_sources(path))
    assert text.startswith(f"{path}: ")
    assert not [part for part in parts if part not in text], text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a: 1", "a list of rows"),
        ("", "the file is empty"),
        ("- 7", "row 1"),
        ("- {id: S1, id: S2}", "stands here twice"),
        (None, "cannot be read"),
    ],
)
def test_a_file_that_is_not_right(tmp_path, content, words):
    path = tmp_path / "sources.yaml"
    if content is not None:
        path.write_text(content)
    text = complaint(lambda: load_sources(path))
    assert str(path) in text
    assert words in text


@pytest.mark.parametrize(("name", "meant"), [("s7", "'S7'"), ("S107", "'S10'"), ("Book", None)])
def test_a_source_that_is_not_there(tmp_path, name, meant):
    path = sources(tmp_path, {}, {"id": "S10"})
    made = study(tmp_path, source=name)
    text = complaint(lambda: check_sources([made], path))
    assert text.startswith(f"{made.file}: source: {name!r} is not allowed; allowed: null, or an id")
    assert f"{path} (S7, S10)" in text
    assert ("did you mean" in text) == (meant is not None)
    assert meant is None or f"did you mean {meant}" in text


def test_the_plan_asks_for_the_sources_of_its_studies_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where there is no file of sources
    (tmp_path / "studies").mkdir()
    written(tmp_path / "studies")
    assert load_plan(Settings(studies="studies")).groups
    written(tmp_path / "studies", source="S1")
    assert str(FILE) in complaint(lambda: load_plan(Settings(studies="studies")))
