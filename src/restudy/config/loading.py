"""From files to checked models; every complaint names file, key, value and what is allowed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from restudy.config.recipe import Recipe
from restudy.config.settings import Settings
from restudy.config.study import RecipePart, Study
from restudy.config.yaml import read_mapping
from restudy.errors import RestudyError, describe, nearest

Model = TypeVar("Model", bound=BaseModel)
_TAGS = {"levels", "named levels", "count", "list"}


def load_settings(values: dict[str, Any], where: str = "config.yaml") -> Settings:
    """Check the run's settings, given as Snakemake hands them over.

    Raises:
        RestudyError: a key or value is not allowed, or the results folder cannot be written.
    """
    settings = validate(Settings, values, where)
    check_writable(Path(settings.results), where)
    return settings


def load_study(path: Path) -> Study:
    """Read and check one study file.

    Raises:
        RestudyError: the file cannot be read, or something in it is not allowed.
    """
    study = validate(Study, read_mapping(path), str(path))
    complaints = [
        *_factor_complaints(study, str(path)),
        *_seed_complaints(study, str(path)),
        *_comparison_complaints(study, str(path)),
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
    if not folder.is_dir():
        raise RestudyError(
            describe("config.yaml", "studies", str(folder), "a folder that holds study files")
        )
    studies: dict[str, Study] = {}
    files: dict[str, Path] = {}
    for path in sorted(folder.glob("*.yaml")):
        study = load_study(path)
        if study.name in studies:
            raise RestudyError(
                describe(
                    str(path), "name", study.name, f"a name that {files[study.name]} does not have"
                )
            )
        studies[study.name], files[study.name] = study, path
    for name in only:
        if name not in studies:
            allowed = ", ".join(studies) or "none, the folder holds no study"
            raise RestudyError(
                describe("config.yaml", "only", name, allowed, nearest(name, studies))
            )
    return {name: study for name, study in studies.items() if not only or name in only}


def validate(model: type[Model], values: dict[str, Any], where: str) -> Model:
    """Return ``values`` as a model, or complain about everything that is wrong with them at once.

    Raises:
        RestudyError: with one line for each wrong value.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        lines = [_line(model, where, problem) for problem in error.errors()]
        raise RestudyError("\n".join(dict.fromkeys(lines))) from None


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
        raise RestudyError(describe(where, "results", str(folder), allowed)) from None


def _line(model: type[BaseModel], where: str, problem: Any) -> str:
    """Word one of pydantic's complaints."""
    location = [part for part in problem["loc"] if part not in _TAGS]
    key = ".".join(str(part) for part in location if part != "[key]") or "(the whole file)"
    value, kind, context = problem["input"], problem["type"], problem.get("ctx", {})
    if kind == "extra_forbidden":
        fields = _fields_at(model, location[:-1])
        return f"{where}: {key}: unknown key; allowed: {', '.join(fields)}" + _did_you_mean(
            str(location[-1]), fields
        )
    if kind == "missing":
        return f"{where}: {key}: is missing"
    if kind == "literal_error":
        allowed = context["expected"].replace("'", "")
        options = [option.strip() for option in allowed.replace(" or ", ",").split(",")]
        suggestion = nearest(value, options) if isinstance(value, str) else None
        return describe(where, key, value, allowed, suggestion)
    if kind == "value_error":
        return f"{where}: {key}: {context['error']}" if location else f"{where}: {context['error']}"
    if kind == "string_pattern_mismatch":
        allowed = "lower-case letters and digits, with single hyphens between them"
        return describe(where, key, value, allowed)
    if kind in ("too_short",):
        return describe(where, key, value, "at least one entry")
    return describe(where, key, value, problem["msg"].removeprefix("Input should be ").lower())


def _did_you_mean(name: str, allowed: Iterable[str]) -> str:
    suggestion = nearest(name, allowed)
    return f" (did you mean {suggestion!r}?)" if suggestion else ""


def _fields_at(model: type[BaseModel], location: list[Any]) -> list[str]:
    """Return the field names of the model that lies at ``location`` inside ``model``."""
    current: Any = model
    for part in location:
        field = current.model_fields.get(part) if _is_model(current) else None
        current = _model_in(field.annotation) if field else current
    return list(current.model_fields)


def _model_in(annotation: Any) -> Any:
    """Return the first model inside an annotation such as ``dict[str, Model] | None``."""
    if _is_model(annotation):
        return annotation
    found = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in found if model is not None), None)


def _is_model(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, BaseModel)


def _factor_complaints(study: Study, where: str) -> list[str]:
    """Check that factors are recipe fields with good levels, wherever a study names them."""
    found = []
    places = {"factors": study.factors} | {
        f"scales.{scale}.factors": cut.factors for scale, cut in study.scales.items()
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
                continue
            if name not in fields:
                found.append(
                    f"{where}: {place}.{name}: no recipe field; allowed: {', '.join(fields)}, or "
                    f"any other name with named levels" + _did_you_mean(name, fields)
                )
                continue
            if name == "seed":
                found.append(f"{where}: {place}.seed: seeds are no factor; allowed: the key seeds")
            for index, level in enumerate(levels):
                try:
                    validate(RecipePart, {name: level}, where)
                except RestudyError as error:
                    found.append(str(error).replace(name, f"{place}.{name}[{index}]", 1))
            if len({repr(level) for level in levels}) < len(levels):
                found.append(
                    describe(where, f"{place}.{name}", levels, "levels that differ from each other")
                )
    for scale, cut in study.scales.items():
        for name in cut.factors.keys() - study.factors.keys():
            found.append(
                f"{where}: scales.{scale}.factors.{name}: no factor of the study; allowed: "
                f"{', '.join(study.factors) or 'none'}" + _did_you_mean(name, study.factors)
            )
    excludes = {"exclude": study.exclude} | {
        f"scales.{scale}.exclude": cut.exclude or [] for scale, cut in study.scales.items()
    }
    for place, patterns in excludes.items():
        for pattern in patterns:
            for name in pattern.keys() - study.factors.keys():
                found.append(
                    f"{where}: {place}: {name!r} is no factor of the study; allowed: "
                    f"{', '.join(study.factors) or 'none'}" + _did_you_mean(name, study.factors)
                )
    return found


def _seed_complaints(study: Study, where: str) -> list[str]:
    seeds = {"seeds": study.seeds} | {
        f"scales.{scale}.seeds": cut.seeds for scale, cut in study.scales.items()
    }
    return [
        describe(where, place, value, "seeds that differ from each other")
        for place, value in seeds.items()
        if isinstance(value, list) and len(set(value)) < len(value)
    ]


def _comparison_complaints(study: Study, where: str) -> list[str]:
    found = []
    for index, comparison in enumerate(study.compare):
        levels = study.factors.get(comparison.factor)
        place = f"compare[{index}]"
        if levels is None:
            allowed = ", ".join(study.factors) or "none, the study has no factors"
            found.append(
                describe(
                    where,
                    f"{place}.factor",
                    comparison.factor,
                    allowed,
                    nearest(comparison.factor, study.factors),
                )
            )
        elif comparison.baseline not in list(levels):
            allowed = ", ".join(str(level) for level in levels)
            found.append(describe(where, f"{place}.baseline", comparison.baseline, allowed))
    return found
