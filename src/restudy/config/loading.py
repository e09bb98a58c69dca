"""From files to checked models; every complaint names file, key, value and what is allowed."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from restudy.common.errors import (
    RestudyError,
    bad_value,
    choice_error,
    closest_match,
    did_you_mean,
)
from restudy.config.figures import FIGURE_KINDS
from restudy.config.recipe import Recipe
from restudy.config.run_ids import label
from restudy.config.settings import Settings
from restudy.config.strict import EvidenceItem
from restudy.config.study import RecipePart, Scale, Study
from restudy.config.yaml import read_mapping, read_rows

Model = TypeVar("Model", bound=BaseModel)
Row = TypeVar("Row", bound=EvidenceItem)
# Where pydantic has a choice it names in a location what it chose; no key of the user's.
_CHOICES = {"levels", "named levels", "count", "list", "constrained-int", "literal['full']"}
_KINDS = {
    "bool_type": "true or false",
    "dict_type": "a mapping of keys to values",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a mapping of keys to values",
    "string_pattern_mismatch": "lower-case letters and digits, with single hyphens between them",
    "string_type": "text",
    "too_short": "at least one entry",
    "int_from_float": "a whole number",
    "tuple_type": "a list",
    "none_required": "null",
    "finite_number": "a finite number",
    "greater_than": "greater than {gt}",
    "greater_than_equal": "greater than or equal to {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "less than or equal to {le}",
    "string_too_short": "at least {min_length} character",
    "string_too_long": "at most {max_length} characters",
}
"""Type of an error of pydantic -> what is allowed, with the numbers of its context."""


class _Complaint(NamedTuple):
    """What is wrong with one value: what is ``allowed`` there, or another ``remark``."""

    key: str
    value: Any
    allowed: str = ""
    suggestion: str | None = None
    remark: str = ""


def load_settings(values: dict[str, Any], where: str = "config.yaml") -> Settings:
    """Check the run's settings, given as Snakemake hands them over.

    Raises:
        RestudyError: a key or value is not allowed, or the results folder cannot be written.
    """
    settings = validate(Settings, values, where)
    check_writable(Path(settings.results), where)
    return settings


def settings_of_scale(scale: Scale) -> Settings:
    """Read the settings that a scale has: ``config.yaml``, and what the scale's file changes.

    Raises:
        RestudyError: a file or a value in it is not right.
    """
    values = read_mapping(Path("config.yaml"))
    if scale != "default":
        _update_settings(values, read_mapping(Path(f"config/{scale}.yaml")))
    return validate(Settings, {**values, "scale": scale}, "config.yaml")


def _update_settings(values: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Change some of the values, as Snakemake does with its configuration files."""
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            _update_settings(values[key], value)
        else:
            values[key] = value


def load_study(path: Path) -> Study:
    """Read and check one study file.

    Raises:
        RestudyError: the file cannot be read, or something in it is not allowed.
    """
    study = validate(Study, read_mapping(path), str(path))
    complaints = [
        *_factor_errors(study, str(path)),
        *_exclude_errors(study, str(path)),
        *_seed_errors(study, str(path)),
        *_comparison_errors(study, str(path)),
        *_figure_errors(study, str(path)),
    ]
    if complaints:
        raise RestudyError("\n".join(complaints))
    study._file = str(path)
    return study


def load_studies(folder: Path, only: Iterable[str] = ()) -> dict[str, Study]:
    """Read all study files of a folder, in the order of their file names.

    Args:
        folder: where the ``*.yaml`` files are.
        only: names of the studies to keep; empty for all.

    Raises:
        RestudyError: a file is wrong, two studies share a name, or a name in ``only`` is unknown.
    """
    if not any(folder.glob("*.yaml")):
        raise RestudyError(
            bad_value("config.yaml", "studies", str(folder), "a folder that holds study files")
        )
    studies: dict[str, Study] = {}
    files: dict[str, Path] = {}
    for path in sorted(folder.glob("*.yaml")):
        study = load_study(path)
        if study.name in studies:
            raise RestudyError(
                bad_value(
                    str(path), "name", study.name, f"a name that {files[study.name]} does not have"
                )
            )
        studies[study.name], files[study.name] = study, path
    only = list(only)
    check_names("only", only, studies)
    return {name: study for name, study in studies.items() if not only or name in only}


def load_rows(path: Path, row_type: type[Row]) -> tuple[Row, ...]:
    """Read the rows of one file, each checked by itself.

    Raises:
        RestudyError: the file cannot be read or holds no list, a row is wrong, or an id stands
            twice.
    """
    rows: dict[str, Row] = {}
    for place, fields in enumerate(read_rows(path), start=1):
        name = fields.get("id") if isinstance(fields, dict) else None
        row = validate(row_type, fields, f"{path}: {name or f'row {place}'}")
        if row.id in rows:
            raise RestudyError(bad_value(str(path), "id", row.id, "each id once"))
        rows[row.id] = row
    return tuple(rows.values())


def check_names(key: str, names: Iterable[str], studies: Iterable[str]) -> None:
    """Complain about the first name that is no study's.

    Args:
        key: of the settings, that holds the names.
        names: of studies.
        studies: the names there are.

    Raises:
        RestudyError: a name is unknown.
    """
    for name in names:
        if name not in studies:
            raise RestudyError(choice_error("config.yaml", key, name, studies))


def validate(model: type[Model], values: dict[str, Any], where: str, base: str = "") -> Model:
    """Return ``values`` as a model.

    Args:
        model: the model.
        values: what a file holds, or a part of it.
        where: the file, for messages.
        base: the path of the one value, in place of its key, if it stands elsewhere in the file.

    Raises:
        RestudyError: with one line for each wrong value.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        complaints = [_complaint(model, problem, base) for problem in error.errors()]
    # Complaints about one value in the order of its first one: all that it could have been.
    grouped: dict[tuple[str, str], list[_Complaint]] = {}
    for complaint in complaints:
        grouped.setdefault((complaint.key, complaint.remark), []).append(complaint)
    raise RestudyError("\n".join(_line(where, group) for group in grouped.values()))


def check_writable(folder: Path, where: str) -> None:
    """Complain if files cannot be written below ``folder``, which need not exist yet.

    Raises:
        RestudyError: the folder, or the nearest one above it that exists, takes no new files.
    """
    existing = folder.absolute()
    while not existing.exists():
        existing = existing.parent
    try:
        # Tried and not asked for: permissions alone do not tell what a file system will do.
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        allowed = f"a folder that files can be written to ({existing}: {error.strerror})"
        raise RestudyError(bad_value(where, "results", str(folder), allowed)) from None


def _complaint(model: type[BaseModel], problem: Any, base: str) -> _Complaint:
    """Return the message about one error of pydantic, by its type and context."""
    chosen = problem["loc"][-1] if problem["loc"] else ""
    location, fields = _place(model, problem["loc"])
    key = _dotted([base, *location[1:]] if base else location)
    value = problem["input"]
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "extra_forbidden":
        remark = f"unknown key; allowed: {', '.join(fields)}"
        return _Complaint(key, value, remark=remark + did_you_mean(str(location[-1]), fields))
    if kind == "missing":
        return _Complaint(key, value, remark="is missing")
    if kind == "value_error":
        return _Complaint(key, value, remark=str(context["error"]))
    if kind == "literal_error":
        options = re.findall(r"'([^']*)'", context["expected"]) or [context["expected"]]
        allowed = " or ".join(filter(None, [", ".join(options[:-1]), options[-1]]))
        suggestion = closest_match(value, options) if isinstance(value, str) else None
        return _Complaint(key, value, allowed, suggestion)
    if chosen == "named levels" and kind == "dict_type":
        return _Complaint(key, value, "a list of levels, or a mapping of names to recipe fields")
    if chosen == "count":
        return _Complaint(key, value, "how many seeds, 1 or more, or a list of seeds")
    numbers = {
        name: int(number) if isinstance(number, float) and number.is_integer() else number
        for name, number in context.items()
    }
    allowed = _KINDS[kind].format(**numbers) if kind in _KINDS else problem["msg"]
    return _Complaint(key, value, allowed)


def _line(where: str, group: list[_Complaint]) -> str:
    """Put all complaints about one value into one line."""
    first = group[0]
    if first.remark:
        place = f"{where}: {first.key}" if first.key else where
        return f"{place}: {first.remark}"
    allowed = " or ".join(dict.fromkeys(complaint.allowed for complaint in group))
    suggestion = next((found.suggestion for found in group if found.suggestion), None)
    return bad_value(where, first.key or "(the whole file)", first.value, allowed, suggestion)


def _dotted(location: list[Any]) -> str:
    """Return a location as a user would write it: ``compare[0].factor``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "".join(parts).removeprefix(".")


def _place(model: type[BaseModel], location: Iterable[Any]) -> tuple[list[Any], list[str]]:
    """Return the keys that lead to a place in a model, and the keys that may stand there.

    Pydantic names in a location also the alternative of a union that it has tried.
    """
    keys: list[Any] = []
    there: list[type[BaseModel]] = [model]
    below = there
    for part in location:
        alternative = [one for one in below if one.__name__ == part]
        if alternative:
            below = alternative
        elif part not in _CHOICES and part != "[key]":
            keys.append(part)
            if isinstance(part, str):
                there = below
                field = there[0].model_fields.get(part)
                below = (_models_in(field.annotation) if field else []) or there
    return keys, list(there[0].model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that a type is made of: those of its parts, or itself."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


# Columns that the result tables have beside the recipe's fields.
_COLUMNS = (
    *("study", "group", "run", "digest", "status", "diverged_epoch", "parameters"),
    *("n_train", "n_validation", "n_test", "epochs_done", "steps_done", "penalty"),
    *("epoch", "step", "split", "metric", "value", "n", "mean", "sd", "ci_low", "ci_high", "level"),
)


def _factor_errors(study: Study, where: str) -> list[str]:
    """Check that factors are recipe fields with good levels, wherever a study names them."""
    found = []
    places = {"factors": study.factors} | {
        f"scales.{scale}.factors": change.factors for scale, change in study.scales.items()
    }
    fields = list(Recipe.model_fields)
    for place, factors in places.items():
        for name, levels in factors.items():
            if isinstance(levels, dict):
                if name in fields:
                    found.append(
                        f"{where}: {place}.{name}: named levels need a name that is no recipe "
                        f"field; allowed: a list of levels, or another name"
                    )
                if name in _COLUMNS:
                    found.append(
                        f"{where}: {place}.{name}: a column of the result tables has this name; "
                        f"allowed: any name but {', '.join(_COLUMNS)}"
                    )
                continue
            if name not in fields:
                found.append(
                    f"{where}: {place}.{name}: no recipe field; allowed: {', '.join(fields)}, or "
                    f"any other name with named levels" + did_you_mean(name, fields)
                )
                continue
            if name == "seed":
                found.append(f"{where}: {place}.seed: seeds are no factor; allowed: the key seeds")
            values = []
            for index, level in enumerate(levels):
                here = f"{place}.{name}[{index}]"
                try:
                    values.append(getattr(validate(RecipePart, {name: level}, where, here), name))
                except RestudyError as error:
                    found.append(str(error))
            # As the recipe has them: 1 and 1.0 are one learning rate.
            if any(value in values[:index] for index, value in enumerate(values)):
                found.append(
                    bad_value(
                        where, f"{place}.{name}", levels, "levels that differ from each other"
                    )
                )
    for scale, change in study.scales.items():
        for name in change.factors.keys() - study.factors.keys():
            found.append(
                f"{where}: scales.{scale}.factors.{name}: no factor of the study; allowed: "
                f"{', '.join(study.factors) or 'none'}" + did_you_mean(name, study.factors)
            )
    return found


def _exclude_errors(study: Study, where: str) -> list[str]:
    """Check that what is left out names factors and levels of the study."""
    found = []
    places = {"exclude": study.exclude} | {
        f"scales.{scale}.exclude": change.exclude or [] for scale, change in study.scales.items()
    }
    patterns = [(place, pattern) for place, patterns in places.items() for pattern in patterns]
    for place, pattern in patterns:
        for name, wanted in pattern.items():
            if name not in study.factors:
                found.append(
                    f"{where}: {place}: {name!r} is no factor of the study; allowed: "
                    f"{', '.join(study.factors) or 'none'}" + did_you_mean(name, study.factors)
                )
                continue
            known = study.labels(name)
            found += [
                bad_value(
                    where, f"{place}.{name}", x, ", ".join(known), closest_match(label(x), known)
                )
                for x in study.excluded(name, wanted)
                if label(x) not in known
            ]
    return found


def _seed_errors(study: Study, where: str) -> list[str]:
    seeds = {"seeds": study.seeds} | {
        f"scales.{scale}.seeds": change.seeds for scale, change in study.scales.items()
    }
    return [
        bad_value(where, place, value, "seeds that differ from each other")
        for place, value in seeds.items()
        if isinstance(value, list) and len(set(value)) < len(value)
    ]


def _comparison_errors(study: Study, where: str) -> list[str]:
    found = []
    for index, comparison in enumerate(study.compare):
        place, factor, baseline = f"compare[{index}]", comparison.factor, comparison.baseline
        if factor not in study.factors:
            none = "" if study.factors else "none, the study has no factors"
            found.append(choice_error(where, f"{place}.factor", factor, study.factors, none))
            continue
        changes = {
            f" at scale {scale}": change.factors[factor]
            for scale, change in study.scales.items()
            if factor in change.factors
        }
        for scale, levels in ({"": study.factors[factor]} | changes).items():
            if baseline not in list(levels):
                allowed = ", ".join(map(label, levels)) + scale
                suggestion = closest_match(label(baseline), map(label, levels))
                found.append(bad_value(where, f"{place}.baseline", baseline, allowed, suggestion))
    return found


def _figure_errors(study: Study, where: str) -> list[str]:
    """Check that the study has what its figure shows, and nothing that it would pool."""
    found = []
    kind = FIGURE_KINDS[study.figure]
    needed = set(kind.factors)
    if needed and not needed - {"dataset"} <= study.factors.keys() <= needed:
        allowed = f"learning_curves, or a study with the factors {', '.join(kind.factors)}"
        found.append(bad_value(where, "figure", study.figure, allowed))
    changes = (change.keep_weights is False for change in study.scales.values())
    if "predictions" in kind.arguments and (not study.keep_weights or any(changes)):
        allowed = f"true, for the figure {study.figure}"
        found.append(bad_value(where, "keep_weights", False, allowed))
    dataset = getattr(study.recipe, "dataset", None)
    if kind.dataset not in (None, dataset):
        allowed = f"{kind.dataset}, for the figure {study.figure}"
        found.append(bad_value(where, "recipe.dataset", dataset, allowed))
    return found
