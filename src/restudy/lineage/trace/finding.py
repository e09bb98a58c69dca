"""From what was typed to what is meant: an id, a study, a metric, a run, a row of a table."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import pandas as pd

from restudy.common.errors import RestudyError, closest_match
from restudy.config.reductions import in_words, of_plain
from restudy.experiments.project import project
from restudy.lineage.trace import ledger
from restudy.lineage.trace.subject import Subject, Use, said, study_file, table_rows
from restudy.results.collect import DESCRIPTION, RUNS

_MLFLOW_ID = re.compile(r"[0-9a-f]{32}")
_ID_COLUMNS = ("id", "claim", "erratum", "puzzle")


class Finder:
    """Finds what is meant in one folder of results."""

    def __init__(self, results: Path) -> None:
        """Look into ``results``.

        Raises:
            RestudyError: there is no run in it.
        """
        self.results = results
        if not any(results.glob(f"studies/*/{DESCRIPTION}")):
            raise RestudyError(f"{results}: there is no run here; start one with `make run`")

    @cached_property
    def studies(self) -> list[str]:
        """The names of the studies of the run."""
        found = self.results.glob(f"studies/*/{DESCRIPTION}")
        return sorted(path.parent.name for path in found)

    @cached_property
    def places(self) -> dict[tuple[str, str], list[str]]:
        """Cell and lane of each run -> the studies that ask for it."""
        found: dict[tuple[str, str], list[str]] = {}
        for study in self.studies:
            path = self.results / "studies" / study / RUNS
            runs = pd.read_parquet(path, columns=["cell", "lane"])
            for cell, lane in runs.itertuples(index=False, name=None):
                found.setdefault((cell, lane), []).append(study)
        return found

    def find(self, what: str) -> Subject:
        """Return what is meant.

        Raises:
            RestudyError: nothing has this name; the nearest one is told.
        """
        name = what.strip().removeprefix(f"{self.results}/").removeprefix("./")
        for look in (self._id, self._file, self._study, self._experiment, self._run):
            found = look(name)
            if found is not None:
                return found
        guess = closest_match(name, self._names(name))
        raise RestudyError(
            f"{self.results}: nothing here is called {what!r}"
            + (f" (did you mean {guess!r}?)" if guess else "")
            + "; allowed: the id of a row of the evidence, a study, STUDY/METRIC, "
            "a file below tables/ (with :LINE for a row) or figures/, an experiment, "
            "a cell, CELL/LANE, a lane, an MLflow run id"
        )

    def _names(self, like: str) -> Iterator[str]:
        yield from ledger.names(self.results)
        yield from self.studies
        yield from project().experiments
        if "/" in like:
            yield from (f"{study}/{one}" for study in self.studies for one in self._metrics(study))
            for folder in ("tables", "figures"):
                paths = (self.results / folder).rglob("*.*")
                yield from (path.relative_to(self.results).as_posix() for path in paths)
        for cell, lane in self.places:
            yield from (f"{cell}/{lane}",) if "/" in like else (cell, lane)

    def _id(self, name: str) -> Subject | None:
        return ledger.subject(name, self.results)

    def _study(self, name: str) -> Subject | None:
        study, _, metric = name.partition("/")
        if study not in self.studies:
            return None
        text = (self.results / "studies" / study / DESCRIPTION).read_text(encoding="utf-8")
        told = json.loads(text)
        says = said(told, {"title": "title", "question": "question", "scale": "scale"})
        if told["reductions"]:
            says["this scale cuts"] = in_words(of_plain(told["reductions"]))
        places = (study_file(study), str(self.results / "studies" / study / RUNS))
        if not metric:
            return Subject(name, "study", says, places, (Use("", study),))
        if metric not in self._metrics(study):
            return None
        use = Use("", study, number=metric, column=metric)
        return Subject(name, "metric of a study", says, places, (use,))

    def _metrics(self, study: str) -> list[str]:
        table = self.results / f"tables/{study}/summary.csv"
        return list(dict.fromkeys(row["metric"] for _, row in table_rows(table)))

    def _file(self, name: str) -> Subject | None:
        file, _, line = name.partition(":")
        path = self.results / file
        parts = Path(file).parts
        if ".." in parts or not path.is_file():
            return None
        if parts[0] == "figures":
            stem = path.stem
            return self._id(stem) or self._study(stem)
        if parts[0] != "tables":
            return None
        if len(parts) == 3:
            return self._row_of_study(parts[1], path.with_suffix(".csv"), line)
        for number, row in table_rows(path.with_suffix(".csv")):
            if str(number) == line:
                named = next((row[key] for key in _ID_COLUMNS if row.get(key)), "")
                return self._id(named)
        return None

    def _row_of_study(self, study: str, path: Path, line: str) -> Subject | None:
        """Return the runs behind a row of a study's table: those at its levels."""
        if study not in self.studies:
            return None
        if not line:
            return self._study(study)
        text = (self.results / "studies" / study / DESCRIPTION).read_text(encoding="utf-8")
        factors = json.loads(text)["factors"]
        for number, row in table_rows(path):
            if str(number) != line:
                continue
            where: dict[str, str | list[str]] = {
                key: row[key] for key, levels in factors.items() if row.get(key) in levels
            }
            if row.get("factor") in factors:  # a comparison: both sides
                where[row["factor"]] = [row["level"], row["baseline"]]
            metric = row.get("metric", "")
            runs = pd.read_parquet(self.results / "studies" / study / RUNS)
            column = metric if metric in runs else None
            says = {key: value for key, value in row.items() if value and key not in where}
            use = Use("", study, where, metric, column=column)
            places = (study_file(study), f"{path}:{line}")
            return Subject(f"{path}:{line}", "row of a table", says, places, (use,))
        return None

    def _experiment(self, name: str) -> Subject | None:
        if name not in project().experiments:
            return None
        table = self.results / f"experiments/{name}.parquet"
        says = {"title": project().experiments[name].title}
        places = (str(table),) if table.is_file() else ()
        if not places:
            says["status"] = "not in this run"
        return Subject(name, "experiment", says, places, experiments=(name,))

    def _run(self, name: str) -> Subject | None:
        if _MLFLOW_ID.fullmatch(name):
            return Subject(name, "MLflow run")
        cell, _, lane = name.partition("/")
        runs = tuple(
            place for place in self.places if place == (cell, lane) or (not lane and name in place)
        )
        if not runs:
            return None
        kind = "cell" if name in {one for one, _ in runs} else "run"
        studies = sorted({study for place in runs for study in self.places[place]})
        says = {"studies": ", ".join(studies)}
        places = tuple(str(self.results / "cells" / one / "cell.json") for one, _ in runs)
        return Subject(name, kind, says, tuple(dict.fromkeys(places)), runs=runs)
