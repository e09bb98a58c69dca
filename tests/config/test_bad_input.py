"""Every mistake is told with file, key, value, what is allowed, and the name that was meant."""

import math
from pathlib import Path

import pytest

from restudy.common.errors import RestudyError
from restudy.common.renamed import RENAMED_KEYS, RENAMED_VALUES
from restudy.config.loading import load_settings, load_studies, load_study
from restudy.config.settings import Settings
from restudy.planning.plan import load_plan, make_plan
from tests.config.studies import study, written

HOUSES = {"dataset": "california_housing", "scaling": "standard"}
NORMS = {"norm": ["none", "batch"]}


def complaint(action):
    with pytest.raises(RestudyError) as caught:
        action()
    return str(caught.value)


def has(text, *parts):
    missing = [part for part in parts if part not in text]
    assert not missing, f"{missing} not in {text!r}"


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({"scael": "quick"}, ["scael: unknown key", "scale, results,", "did you mean 'scale'"]),
        (
            {"training": {"devcie": "cpu"}},
            ["training.devcie", "allowed: device, max_stacked_runs", "'device'"],
        ),
        ({"scale": "qick"}, ["scale: 'qick'", "quick, default or full", "did you mean 'quick'"]),
        (
            {"training": {"max_stacked_runs": 0}},
            ["training.max_stacked_runs: 0", "greater than or equal to 1"],
        ),
        (
            {"training": {"max_stacked_runs": "3"}},
            ["training.max_stacked_runs: '3'", "a whole number"],
        ),
        ({"training": None}, ["training: None", "a mapping of keys to values"]),
        ({"only": "grid"}, ["only: 'grid'", "a list"]),
        ({"results": ""}, ["results: ''", "at least 1 character"]),
        ({"results": "/proc/restudy"}, ["results: '/proc/restudy'", "can be written to"]),
        ({"data": {"split_seed": -1}}, ["data.split_seed: -1", "greater than or equal to 0"]),
    ],
)
def test_settings(settings, parts):
    has(complaint(lambda: load_settings(settings)), "config.yaml: ", *parts)


def test_results_under_a_file(tmp_path):
    (tmp_path / "file").touch()
    results = str(tmp_path / "file/results")
    text = complaint(lambda: load_settings({"results": results}))
    has(text, f"results: {results!r}", "a folder that files can be written to", "Not a directory")


def test_a_results_folder_that_is_not_there_yet_is_right(tmp_path):
    results = tmp_path / "a/b"
    assert load_settings({"results": str(results)}).results == str(results)
    assert not results.exists()


@pytest.mark.parametrize(
    ("keys", "parts"),
    [
        ({"sedes": 3}, ["sedes: unknown key", "allowed: name, title", "did you mean 'seeds'"]),
        ({"figure": "gird"}, ["figure: 'gird'", "learning_curves,", "did you mean 'grid'"]),
        ({"figure": "housing"}, ["figure: 'housing'", "a study with the factors hidden"]),
        ({"figure": "housing"}, ["recipe.dataset: 'mnist'", "california_housing, for the figure"]),
        ({"figure": "housing", "keep_weights": False}, ["keep_weights: False", "allowed: true"]),
        ({"figure": "batch_size"}, ["figure: 'batch_size'", "the factors norm, batch_size"]),
        ({"seeds": 0}, ["seeds: 0", "how many seeds, 1 or more, or a list of seeds"]),
        ({"seeds": "three"}, ["seeds: 'three'", "how many seeds"]),
        ({"seeds": []}, ["seeds: []", "at least one entry"]),
        ({"seeds": [4, 5, 4]}, ["seeds: [4, 5, 4]", "differ from each other"]),
        ({"seeds": [-1]}, ["seeds[0]: -1", "greater than or equal to 0"]),
        ({"scales": {"qick": {}}}, ["scales.qick", "quick or default", "did you mean 'quick'"]),
        (
            {"scales": {"quick": {"reciep": {}}}},
            ["scales.quick.reciep: unknown key", "did you mean 'recipe'"],
        ),
        ({"scales": {"quick": {"seeds": [1, 1]}}}, ["scales.quick.seeds: [1, 1]", "differ"]),
    ],
)
def test_study_keys(tmp_path, keys, parts):
    path = written(tmp_path, **keys)
    has(complaint(lambda: load_study(path)), f"{path}: ", *parts)


@pytest.mark.parametrize(
    "name", ["../x", "a/b", "", ".", "..", "A", "/etc/x", "a_b", "-a", "a--b", "a\n", "a b"]
)
def test_names_that_would_leave_the_results(tmp_path, name):
    text = complaint(lambda: study(tmp_path, name=name))
    has(text, f"name: {name!r}", "lower-case letters and digits, with single hyphens between them")


@pytest.mark.parametrize(
    ("fields", "parts"),
    [
        ({"learing_rate": 1}, ["learing_rate: unknown key", "did you mean 'learning_rate'"]),
        ({"dataset": "mnits"}, ["dataset: 'mnits'", "fashion_mnist or", "did you mean 'mnist'"]),
        ({"activation": "rleu"}, ["activation: 'rleu'", "sigmoid, tanh", "did you mean 'relu'"]),
        ({"optimiser": "adma"}, ["optimiser: 'adma'", "sgd, momentum", "did you mean 'adam'"]),
        ({"learning_rate": -0.1}, ["learning_rate: -0.1", "greater than 0"]),
        ({"learning_rate": 0}, ["learning_rate: 0", "greater than 0"]),
        ({"learning_rate": math.nan}, ["learning_rate: nan", "a finite number"]),
        ({"learning_rate": math.inf}, ["learning_rate: inf", "a finite number"]),
        ({"learning_rate": "fast"}, ["learning_rate: 'fast'", "a number"]),
        ({"learning_rate": None}, ["learning_rate: None", "a number"]),
        ({"hidden": [0]}, ["hidden[0]: 0", "greater than or equal to 1"]),
        ({"hidden": 8}, ["hidden: 8", "a list"]),
        ({"dropout": 1.0}, ["dropout: 1.0", "less than 1"]),
        ({"epochs": 0}, ["epochs: 0", "greater than or equal to 1"]),
        ({"batch_size": 0}, ["batch_size: 0", "greater than or equal to 1 or full"]),
        ({"batch_size": "ful"}, ["batch_size: 'ful'", "a whole number or full", "mean 'full'"]),
    ],
)
def test_recipe_fields(tmp_path, fields, parts):
    path = written(tmp_path, recipe=fields)
    text = complaint(lambda: load_study(path))
    has(text, f"{path}: recipe.", *parts)
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize(
    ("fields", "parts"),
    [
        ({"steps": 5}, ["steps: 5", "allowed: exactly one of the two"]),
        ({"epochs": None}, ["epochs: None", "allowed: exactly one of the two"]),
        (
            {"train_samples": 40},
            ["batch_size: 50 is larger than the training set of 40", "1 to 40"],
        ),
        (HOUSES, ["loss: 'cross_entropy' does not fit", "'california_housing'", "allowed: mse"]),
        ({"loss": "mse"}, ["loss: 'mse' does not fit", "'mnist'", "allowed: cross_entropy"]),
        (HOUSES | {"loss": "mse", "scaling": "zero_one"}, ["scaling: 'zero_one'", "standard, raw"]),
        ({"target_scaling": "standard"}, ["target_scaling: 'standard'", "allowed for 'mnist'"]),
        (
            {"norm": "batch", "train_samples": 101},
            ["batch_size: 50 leaves a batch of one sample of 101", "at least 2"],
        ),
        ({"train_samples": 59_000}, ["train_samples: 59000 is more than", "1 to 54000"]),
        (
            {"train_samples": 59_000, "validation_samples": 1001},
            ["train_samples: 59000", "1 to 58999", "1001 for validation"],
        ),
        ({"validation_samples": 60_000}, ["validation_samples: 60000", "1 to 59999"]),
        (
            HOUSES | {"loss": "mse", "diagnostics": ["train_sample"]},
            ["diagnostics: 'train_sample' needs classes", "batch_loss, test, gradients"],
        ),
        (
            {"diagnostics": ["robustness"], "validation_samples": 0},
            ["diagnostics: 'robustness' is measured on validation samples"],
        ),
        ({"diagnostics": ["batch_loss", "batch_loss"]}, ["diagnostics: ", "each once"]),
    ],
)
def test_recipes_that_do_not_fit_together(tmp_path, fields, parts):
    made = study(tmp_path, recipe=fields)
    text = complaint(lambda: make_plan({"tiny": made}, "full"))
    has(text, str(tmp_path / "tiny.yaml"), *parts)


@pytest.mark.parametrize("fields", [{"validation_samples": 0}, {"diagnostics": ["test"]}])
def test_what_an_honest_study_does_not_do(tmp_path, fields):
    (key,) = fields
    made = study(tmp_path, recipe=fields)
    text = complaint(lambda: make_plan({"tiny": made}, "full"))
    has(text, f"tiny.yaml: {key}: {fields[key]!r}", "only with as_published: true")
    assert make_plan({"tiny": study(tmp_path, recipe=fields, as_published=True)}, "full").groups


def test_the_combination_of_levels_that_does_not_fit_is_told(tmp_path):
    made = study(tmp_path, factors=NORMS, recipe={"train_samples": 101})
    text = complaint(lambda: make_plan({"tiny": made}, "full"))
    has(text, "tiny.yaml (norm = batch): batch_size: 50")


def test_a_recipe_field_without_default_that_is_not_given(tmp_path):
    path = written(tmp_path)
    path.write_text(path.read_text().replace("learning_rate: 0.1", ""))
    made = load_study(path)
    text = complaint(lambda: make_plan({"tiny": made}, "full"))
    has(text, f"{path}: learning_rate: is missing", "a value in recipe or a factor")


@pytest.mark.parametrize(
    ("factors", "parts"),
    [
        ({"norm": []}, ["factors.norm: []", "at least one entry"]),
        ({"penalty": {}}, ["factors.penalty: {}", "at least one entry"]),
        ({"norm": "batch"}, ["factors.norm: 'batch'", "a list of levels, or a mapping of names"]),
        ({"nrom": ["none"]}, ["factors.nrom: no recipe field", "did you mean 'norm'"]),
        ({"norm": {"a": {}}}, ["factors.norm", "a list of levels, or another name"]),
        ({"norm": ["none", "bacth"]}, ["factors.norm[1]: 'bacth'", "did you mean 'batch'"]),
        ({"hidden": [[8], [8, 0]]}, ["factors.hidden[1][1]: 0", "greater than or equal to 1"]),
        ({"norm": ["none", "none"]}, ["factors.norm: ['none', 'none']", "differ from each other"]),
        ({"learning_rate": [1, 1.0]}, ["factors.learning_rate: [1, 1.0]", "differ"]),
        ({"seed": [1, 2]}, ["factors.seed", "the key seeds"]),
        ({"penalty": {"L1": {}}}, ["factors.penalty: a column of the result tables"]),
        ({"l1": {"weak": {"lamda1": 1}}}, ["factors.l1.weak.lamda1: unknown", "mean 'lambda1'"]),
        ({"l1": {"weak": {"lambda1": -1}}}, ["factors.l1.weak.lambda1: -1", "equal to 0"]),
    ],
)
def test_factors(tmp_path, factors, parts):
    path = written(tmp_path, factors=factors)
    has(complaint(lambda: load_study(path)), f"{path}: ", *parts)


def test_a_level_is_named_right_where_the_file_has_the_factor_s_name(tmp_path):
    path = written(tmp_path, file="norm.yaml", factors={"norm": ["bacth"]})
    has(complaint(lambda: load_study(path)), f"{path}: factors.norm[0]: 'bacth'")


@pytest.mark.parametrize(
    ("keys", "parts"),
    [
        ({"exclude": [{"nrm": "none"}]}, ["exclude: 'nrm'", "allowed: norm", "mean 'norm'"]),
        ({"exclude": [{"norm": "bacth"}]}, ["exclude.norm: 'bacth'", "did you mean 'batch'"]),
        ({"exclude": [{"norm": ["none", "bn"]}]}, ["exclude.norm: 'bn'", "allowed: none, batch"]),
        (
            {"compare": [{"factor": "nrom", "baseline": "none"}]},
            ["compare[0].factor: 'nrom'", "did you mean 'norm'"],
        ),
        (
            {"compare": [{"factor": "norm", "baseline": "layer"}]},
            ["compare[0].baseline: 'layer'", "allowed: none, batch"],
        ),
        (
            {"compare": [{"factor": "norm", "baseline": "none", "metric": "test_acuracy"}]},
            ["compare[0].metric: 'test_acuracy'", "did you mean 'test_accuracy'"],
        ),
        (
            {
                "compare": [{"factor": "norm", "baseline": "none"}],
                "scales": {"quick": {"factors": {"norm": ["batch"]}}},
            },
            ["compare[0].baseline: 'none'", "allowed: batch at scale quick"],
        ),
        (
            {"scales": {"quick": {"factors": {"nrom": ["none"]}}}},
            ["scales.quick.factors.nrom: no", "did you mean 'norm'"],
        ),
    ],
)
def test_what_names_factors_and_levels(tmp_path, keys, parts):
    path = written(tmp_path, factors=NORMS, **keys)
    has(complaint(lambda: load_study(path)), f"{path}: ", *parts)


def test_excluding_everything(tmp_path):
    made = study(tmp_path, factors=NORMS, exclude=[{"norm": ["none", "batch"]}])
    has(complaint(lambda: make_plan({"tiny": made}, "full")), "exclude: leaves no combination")


def test_all_mistakes_are_told_at_once(tmp_path):
    text = complaint(lambda: study(tmp_path, recipe={"epochs": 0, "dropout": 2}, sedes=1))
    has(text, "recipe.epochs", "recipe.dropout", "sedes")
    assert len(text.splitlines()) == 3


def test_two_studies_of_one_name(tmp_path):
    first, second = (written(tmp_path, file=file) for file in ("a.yaml", "b.yaml"))
    text = complaint(lambda: load_studies(tmp_path))
    has(text, f"{second}: name: 'tiny'", f"a name that {first} does not have")


def test_unknown_name_in_only(tmp_path):
    written(tmp_path)
    text = complaint(lambda: load_studies(tmp_path, ["tny"]))
    has(text, "config.yaml: only: 'tny'", "allowed: tiny", "did you mean 'tiny'")


def test_unknown_name_in_full(tmp_path):
    written(tmp_path)
    text = complaint(lambda: load_plan(Settings(studies=str(tmp_path), full=["tny"])))
    has(text, "config.yaml: full: 'tny'", "allowed: tiny", "did you mean 'tiny'")


def test_no_studies(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        text = complaint(lambda folder=folder: load_studies(folder))
        has(text, "config.yaml: studies: ", str(folder), "a folder that holds study files")


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"", ["the file is empty", "a mapping of keys to values"]),
        (b"# only a comment\n", ["the file is empty"]),
        (b"- a\n- b\n", ["holds a list", "a mapping of keys to values"]),
        (b"hello", ["holds a str", "a mapping of keys to values"]),
        (b"\xff\xfe\x00", ["cannot be read", "utf-8"]),
        (b"a: \x00", ["no valid YAML", "#x0000"]),
        (b"name: a\ntitle: b\nname: c\n", ["line 3, column 1", "the key 'name' stands here twice"]),
        (b"recipe: {epochs: 1, epochs: 2}\n", ["line 1", "the key 'epochs' stands here twice"]),
        (b"a: [1,\nb: 2\n", ["line 3", "no valid YAML"]),
        (b"? [a]\n: 1\n", ["line 1", "a list or mapping cannot be a key"]),
        (b"a: !!python/name:os.system\n", ["line 1", "no valid YAML"]),
    ],
)
def test_files_that_hold_no_study(tmp_path, content, parts):
    path = tmp_path / "study.yaml"
    path.write_bytes(content)
    has(complaint(lambda: load_study(path)), str(path), *parts)


def test_files_that_cannot_be_read(tmp_path, monkeypatch):
    missing = tmp_path / "missing.yaml"
    has(complaint(lambda: load_study(missing)), str(missing), "cannot be read: No such file")
    has(complaint(lambda: load_study(tmp_path)), str(tmp_path), "cannot be read: Is a directory")

    def forbidden(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    path = written(tmp_path)
    monkeypatch.setattr(Path, "read_text", forbidden)  # chmod does not keep root out
    has(complaint(lambda: load_study(path)), str(path), "cannot be read: Permission denied")


def test_a_switch_may_be_text_as_the_command_line_hands_it_over():
    """Snakemake takes ``--config experiments=False`` for a boolean, ``false`` for text."""
    assert load_settings({"experiments": "false"}).experiments is False
    assert load_settings({"experiments": "true"}).experiments is True
    text = complaint(lambda: load_settings({"experiments": "no"}))
    has(text, "config.yaml: experiments: 'no' is not allowed; allowed: true or false")


@pytest.mark.parametrize(
    ("keys", "parts"),
    [
        ({"draws": 3}, ["draws: unknown key", "did you mean 'seeds'"]),
        ({"recipe": {"widths": [8]}}, ["recipe.widths: unknown key", "did you mean 'hidden'"]),
        ({"recipe": {"norm": "bn"}}, ["recipe.norm: 'bn'", "did you mean 'batch'"]),
        ({"factors": {"norm": ["bn"]}}, ["factors.norm[0]: 'bn'", "did you mean 'batch'"]),
        ({"factors": {"widths": [[8]]}}, ["factors.widths: ", "did you mean 'hidden'"]),
        (
            {"factors": NORMS, "compare": [{"factor": "norm", "baseline": "bn"}]},
            ["compare[0].baseline: 'bn'", "did you mean 'batch'"],
        ),
    ],
)
def test_an_old_name_gets_the_new_one_however_different(tmp_path, monkeypatch, keys, parts):
    monkeypatch.setitem(RENAMED_KEYS, "draws", "seeds")
    monkeypatch.setitem(RENAMED_KEYS, "widths", "hidden")
    monkeypatch.setitem(RENAMED_VALUES, "norm", {"bn": "batch"})
    path = written(tmp_path, **keys)
    has(complaint(lambda: load_study(path)), f"{path}: ", *parts)


def test_a_new_name_is_suggested_only_where_it_is_allowed(tmp_path, monkeypatch):
    monkeypatch.setitem(RENAMED_KEYS, "draws", "seeds")
    text = complaint(lambda: load_study(written(tmp_path, recipe={"draws": 3})))
    assert "did you mean" not in text
