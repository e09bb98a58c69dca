"""The files in config/ and config.yaml: they agree with the models and are explained."""

import re
from pathlib import Path

import jsonschema
import pytest

from restudy.config.loading import load_studies, validate
from restudy.config.schema import schemas, settings_schema, study_schema
from restudy.config.settings import Settings
from restudy.config.yaml import read_mapping
from restudy.planning.plan import make_plan
from tests.config.studies import STUDY, written

ROOT = Path(__file__).parents[2]
STUDIES = sorted((ROOT / "config/studies").glob("*.yaml"))
SETTINGS = [ROOT / "config.yaml", ROOT / "config/quick.yaml", ROOT / "config/full.yaml"]


def named(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


def check(content, schema):
    jsonschema.Draft202012Validator(schema).validate(content)


@pytest.mark.parametrize("path", schemas(), ids=lambda path: path.name)
def test_schema_files_are_what_the_models_give(path):
    made = schemas()[path]
    assert (ROOT / path).read_bytes() == made, "run: python -m restudy.config.schema"
    assert schemas()[path] == made


def test_schemas_are_right_and_describe_every_key():
    for schema in (settings_schema(), study_schema()):
        jsonschema.Draft202012Validator.check_schema(schema)
        for part in (schema, *schema["$defs"].values()):
            if "properties" in part and part.get("additionalProperties") is False:
                for key, value in part["properties"].items():
                    target = schema["$defs"].get(value.get("$ref", "").rpartition("/")[2], {})
                    assert value.get("description") or target.get("description"), key


@named([*STUDIES, *SETTINGS])
def test_files_name_the_schema_that_they_fit(path):
    schema, name = (study_schema(), "study") if path in STUDIES else (settings_schema(), "settings")
    check(read_mapping(path), schema)
    first = path.read_text().splitlines()[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert found, first
    assert (path.parent / found[1]).resolve() == ROOT / f"config/{name}.schema.json"


@pytest.mark.parametrize(
    "keys",
    [
        {"sedes": 3},
        {"name": "../x"},
        {"seeds": 0},
        {"recipe": {"learing_rate": 1}},
        {"recipe": {"dataset": "mnits"}},
        {"recipe": {"dropout": 1}},
        {"factors": {"nrom": ["none"]}},
        {"factors": {"norm": []}},
        {"factors": {"norm": ["none", "bacth"]}},
        {"factors": {"norm": ["none", "none"]}},
        {"factors": {"penalty": {"weak": {"lamda1": 1}}}},
        {"scales": {"quick": {"factors": {"norm": ["bacth"]}}}},
        {"scales": {"qick": {}}},
    ],
)
def test_the_study_schema_finds_mistakes(tmp_path, keys):
    check(STUDY, study_schema())
    content = read_mapping(written(tmp_path, **keys))
    with pytest.raises(jsonschema.ValidationError):
        check(content, study_schema())


def test_the_repository_s_studies_load_and_plan_at_every_scale():
    studies = load_studies(ROOT / "config/studies")
    assert len(studies) == len(STUDIES)
    for scale in ("quick", "default", "full"):
        assert make_plan(studies, scale).groups


def test_config_yaml_has_every_key_with_its_default():
    content = read_mapping(ROOT / "config.yaml")
    project = {"title": content["title"]}
    assert content == Settings().model_dump() | project
    assert list(content) == list(Settings.model_fields)


def test_every_key_of_config_yaml_is_explained():
    lines = (ROOT / "config.yaml").read_text().splitlines()
    keys = [index for index, line in enumerate(lines) if re.match(r" *[a-z_]+: +\S", line)]
    assert len(keys) == len(list(leaves(Settings().model_dump())))
    for index in keys:
        above = index - 1
        while above in keys:  # keys that stand together share their comment
            above -= 1
        indent = re.match(r" *", lines[index])[0]
        assert lines[above].startswith(f"{indent}# "), lines[index]


@named(SETTINGS[1:])
def test_scale_files_write_to_a_folder_of_their_own(path):
    settings = validate(Settings, read_mapping(path), path.name)
    assert (settings.scale, settings.results) == (path.stem, f"results/{path.stem}")


def leaves(content):
    for value in content.values():
        yield from leaves(value) if isinstance(value, dict) else [value]
