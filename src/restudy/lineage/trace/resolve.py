"""From a name to its target: an id, a study, a metric, a run, a file, a row of a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from restudy.common.errors import RestudyError, did_you_mean
from restudy.config.reductions import in_words, of_plain
from restudy.experiments.project import project
from restudy.lineage.trace import evidence
from restudy.lineage.trace.mlflow_runs import run_of
from restudy.lineage.trace.targets import Target, Use, read_study, study_file, table_rows
from restudy.results.collect import DESCRIPTION, RUNS
from restudy.results.group_record import RECORD

_MLFLOW_ID = re.compile(r"[0-9a-f]{32}")


def resolve(what: str, results: Path, uri: str | None = None) -> Target:
    """Return the target of a name.

    Args:
        what: the name.
        results: folder of the run.
        uri: MLflow store, for the id of a run in MLflow.

    Raises:
        RestudyError: there is no run, or nothing has this name; the nearest name is given.
    """
    if not any(results.glob(f"studies/*/{DESCRIPTION}")):
        raise RestudyError(f"{results}: there is no run here; start one with `make run`")
    name = what.strip().removeprefix(f"{results}/").removeprefix("./")
    if _MLFLOW_ID.fullmatch(name):
        name = run_of(name, results, uri)
    for find in (evidence.find, _file, _study, _experiment, _run):
        if (found := find(name, results)) is not None:
            return found
    hint = did_you_mean(name, _names(name, results))
    raise RestudyError(
        f"{results}: nothing here is called {what!r}{hint}; allowed: the id of a row of the "
        "evidence, a study, STUDY/METRIC, a file below tables/ (with :LINE for a row) or figures/, "
        "an experiment, a group, GROUP/RUN, a run, an MLflow run id"
    )


def _names(like: str, results: Path) -> Iterator[str]:
    studies = [path.parent.name for path in sorted(results.glob(f"studies/*/{DESCRIPTION}"))]
    yield from (*evidence.names(results), *studies, *project().experiments)
    if "/" in like:
        yield from (f"{study}/{name}" for study in studies for name in _metrics(study, results))
        for folder in ("tables", "figures"):
            paths = (results / folder).rglob("*.*")
            yield from (path.relative_to(results).as_posix() for path in paths)
    for group, run in _runs(results):
        yield from (f"{group}/{run}",) if "/" in like else (group, run)


def _metrics(study: str, results: Path) -> list[str]:
    rows = table_rows(results / f"tables/{study}/summary.csv")
    return list(dict.fromkeys(row["metric"] for _, row in rows))


def _runs(results: Path) -> dict[tuple[str, str], list[str]]:
    """Return group and run of each run -> the studies that have it."""
    found: dict[tuple[str, str], list[str]] = {}
    for path in sorted(results.glob(f"studies/*/{RUNS}")):
        for group, run in pd.read_parquet(path, columns=["group", "run"]).to_numpy():
            found.setdefault((group, run), []).append(path.parent.name)
    return found


def _study(name: str, results: Path) -> Target | None:
    study, _, metric = name.partition("/")
    description = read_study(study, results) if study else None
    if description is None or (metric and metric not in _metrics(study, results)):
        return None
    says = {key: description[key] for key in ("title", "question", "scale") if description.get(key)}
    if reductions := in_words(of_plain(description["reductions"])):
        says["this scale reduces"] = reductions
    places = (study_file(study), str(results / "studies" / study / RUNS))
    if not metric:
        return Target(name, "study", says, places, (Use("", study),))
    use = Use("", study, number=metric, column=metric)
    return Target(name, "metric of a study", says, places, (use,))


def _file(name: str, results: Path) -> Target | None:
    file, _, line = name.partition(":")
    path, parts = results / file, Path(file).parts
    if ".." in parts or not path.is_file():
        return None
    if parts[0] == "figures":
        return evidence.find(path.stem, results) or _study(path.stem, results)
    if parts[0] != "tables":
        return None
    table = path.with_suffix(".csv")
    row = next((row for number, row in table_rows(table) if str(number) == line), None)
    if len(parts) == 3:
        description = read_study(parts[1], results)
        if description is None or not line:
            return _study(parts[1], results)
        if row is None:
            return None
        return _study_row(parts[1], f"{table}:{line}", row, description["factors"], results)
    named = (row[key] for key in evidence.TABLES if row.get(key)) if row else iter(())
    return evidence.find(next(named, ""), results)


def _study_row(
    study: str, place: str, row: dict[str, str], factors: dict[str, list[str]], results: Path
) -> Target:
    """Return a row of a study's table, with the runs at its levels."""
    where: dict[str, str | list[str]] = {
        key: row[key] for key, levels in factors.items() if row.get(key) in levels
    }
    if row.get("factor") in factors:  # a comparison: both sides
        where[row["factor"]] = [row["level"], row["baseline"]]
    metric = row.get("metric", "")
    column = metric if metric in pd.read_parquet(results / "studies" / study / RUNS) else None
    says = {key: value for key, value in row.items() if value and key not in where}
    use = Use("", study, where, metric, column=column)
    return Target(place, "row of a table", says, (study_file(study), place), (use,))


def _experiment(name: str, results: Path) -> Target | None:
    if name not in project().experiments:
        return None
    table = results / f"experiments/{name}.parquet"
    says = {"title": project().experiments[name].title}
    if not table.is_file():
        return Target(name, "experiment", says | {"status": "not in this run"}, experiments=(name,))
    return Target(name, "experiment", says, (str(table),), experiments=(name,))


def _run(name: str, results: Path) -> Target | None:
    group, _, run = name.partition("/")
    studies = _runs(results)
    runs = tuple(one for one in studies if one == (group, run) or (not run and name in one))
    if not runs:
        return None
    kind = "group" if name in {one for one, _ in runs} else "run"
    says = {"studies": ", ".join(sorted({study for run in runs for study in studies[run]}))}
    places = dict.fromkeys(str(results / "groups" / one / RECORD) for one, _ in runs)
    return Target(name, kind, says, tuple(places), runs=runs)
