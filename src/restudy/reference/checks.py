"""Checks of a run: whether it is finished, clean, and was asked the same as the reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from restudy.common.errors import RestudyError
from restudy.planning.plan import Plan
from restudy.provenance.training_version import TRAINING_VERSION
from restudy.provenance.versions import commit
from restudy.reference.records import plan_digest, read_configuration
from restudy.results.declarations import TIMED
from restudy.results.group_record import RECORD, read_record
from restudy.results.run_record import PAGE, PAPER, RUN_RECORD, processor, read_run_record

_TARGETS = (PAGE, PAPER, RUN_RECORD, "mlflow/finish.json")
_STUDY_TARGETS = (
    "studies/{0}/study.json",
    *("tables/{0}/summary.csv", "tables/{0}/comparison.csv", "tables/{0}/winners.csv"),
    *("figures/{0}.svg", "figures/{0}.csv"),
)
_SHOWN = 5


def check_finished(plan: Plan, results: Path) -> None:
    """Check that a results folder holds all that a plan asks for, made by the present code.

    Raises:
        RestudyError: something is missing, or was made by other code or before the last tables.
    """
    if problems := [*_missing(plan, results), *_stale(plan, results)]:
        found = _first(problems)
        raise RestudyError(f"{results}: the run is not finished: {found}; run it to its end")


def check_clean(results: Path) -> None:
    """Check that the code and the report of a run are those of a commit.

    Raises:
        RestudyError: there are changes that are in no commit, or no commit at all.
    """
    now, report = commit(), read_run_record(results)
    if now["git_commit"] is None:
        raise RestudyError("the code is no git checkout: nobody could get the reference's code")
    if now["git_dirty"]:
        raise RestudyError("there are uncommitted changes: commit them, and run the pipeline again")
    if report.commit is None or report.dirty:
        raise RestudyError(
            f"the report is of commit {report.commit_in_words()}: run the pipeline again"
        )


def check_same(origin: Mapping[str, Any], results: Path) -> None:
    """Check that a run is finished and was asked the same as the reference.

    Studies that the reference does not have are allowed.

    Raises:
        RestudyError: there is no run, or it is not finished, of another scale, or of other studies.
    """
    own = read_configuration(results)
    if own["scale"] != origin["scale"]:
        raise RestudyError(
            f"{results}: a run of scale {own['scale']}; the reference is of scale {origin['scale']}"
        )
    if not (results / PAGE).is_file():
        raise RestudyError(f"{results}: the run is not finished ({PAGE} is missing); run it on")
    split = _splits(results)
    problems = [
        *(f"study {name} is not in it" for name in origin["studies"] if name not in own["studies"]),
        *(
            f"study {name} has other levels, recipes or seeds"
            for name, digest in origin["studies"].items()
            if own["studies"].get(name, digest) != digest
        ),
        *(
            f"experiment {name} is not in it"
            for name in origin["experiments"]
            if name not in own["experiments"]
        ),
        *(
            f"{name} is split with seed {split[name][0]} instead of {data['split_seed']}"
            for name, data in origin.get("data", {}).items()
            if name in split and split[name][0] != data["split_seed"]
        ),
    ]
    if problems:
        found = _first(problems)
        raise RestudyError(f"{results}: another configuration than the reference's: {found}")


def remarks(origin: Mapping[str, Any], results: Path) -> Iterator[str]:
    """Yield further differences from the reference's run: reasons for other numbers."""
    own = read_configuration(results)["studies"]
    if new := [name for name in own if name not in origin["studies"]]:
        yield f"studies that the reference does not have are passed over: {', '.join(new)}"
    if origin.get("training_version") != TRAINING_VERSION:
        yield "the code that trains is not the reference's"
    for name, before in origin.get("versions", {}).items():
        try:
            now = version(name)
        except PackageNotFoundError:  # Python itself
            continue
        if name in ("torch", "numpy") and now != before:
            yield f"{name} is {now} here, {before} there"
    if (here := processor()) != origin.get("machine", {}).get("processor", ""):
        yield f"another processor: {here}"
    split = _splits(results)
    for name, data in origin.get("data", {}).items():
        if name in split and split[name][1] != data["sha256"]:
            yield f"the prepared data of {name} are not the same bytes"


def _missing(plan: Plan, results: Path) -> Iterator[str]:
    own = (target.format(name) for name in plan.studies for target in _STUDY_TARGETS)
    yield from (
        f"{name} is missing" for name in (*_TARGETS, *own) if not (results / name).is_file()
    )


def _stale(plan: Plan, results: Path) -> Iterator[str]:
    for group in plan.groups:
        record = read_record(results, group)
        if record is None:
            yield f"group {group} is missing"
        elif record.get("training_version") != TRAINING_VERSION:
            yield f"group {group} was trained by other code"
    found = read_configuration(results)["studies"]
    for name, study in plan.studies.items():
        if name not in found:
            yield f"study {name} is not in the last run"
        elif found[name] != plan_digest(study):
            yield f"study {name} was collected for another plan"
    page = results / PAGE
    if page.is_file():
        made = page.stat().st_mtime
        for path in sorted(results.glob("tables/*.*")):
            if path.stem not in TIMED and path.stat().st_mtime > made:
                yield f"{PAGE} is older than {path.name}"


def _splits(results: Path) -> dict[str, tuple[int, str]]:
    """Return data set -> seed of its split and checksum, as the groups of a run record them."""
    records = (
        read_record(results, path.parent.name) for path in results.glob(f"groups/*/{RECORD}")
    )
    data = [record["data"] for record in records if record and "data" in record]
    return {one["dataset"]: (int(one["split_seed"]), str(one["sha256"])) for one in data}


def _first(problems: Sequence[str]) -> str:
    """Return the first problems of a run, and how many more there are."""
    more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    return "; ".join(problems[:_SHOWN]) + more
