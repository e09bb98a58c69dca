"""Whether a run was asked for the same as the reference, and what else is not alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from restudy.common.errors import RestudyError
from restudy.provenance.training_version import TRAINING_VERSION
from restudy.reference.configuration import first_of, read_configuration
from restudy.reference.contents import PAGE
from restudy.reference.finished import read_record
from restudy.results.group_files import RECORD
from restudy.results.run_record import processor


def check_same(origin: Mapping[str, Any], results: Path) -> None:
    """See to it that a run is whole and was asked for what the reference was asked for.

    Studies that the reference does not have are no hindrance: they are passed over.

    Raises:
        RestudyError: there is no run, or it is not finished, of another scale, or of other studies.
    """
    if not results.is_dir():
        raise RestudyError(f"{results}: there is no run here; start one with `make run`")
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
        told = first_of(problems)
        raise RestudyError(f"{results}: another configuration than the reference's: {told}")


def remarks(origin: Mapping[str, Any], results: Path) -> Iterator[str]:
    """Yield what else is not as it was in the reference's run: reasons for other numbers."""
    own = read_configuration(results)["studies"]
    new = [name for name in own if name not in origin["studies"]]
    if new:
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
    here, there = processor(), origin.get("machine", {}).get("processor", "")
    if here != there:
        yield f"another processor: {here}"
    found = _splits(results)
    for name, data in origin.get("data", {}).items():
        if name in found and found[name][1] != data["sha256"]:
            yield f"the prepared data of {name} are not the same bytes"


def _splits(results: Path) -> dict[str, tuple[int, str]]:
    """Return data set -> seed of its split and checksum, as the cells of a run record them."""
    records = (read_record(results, path.parent.name) for path in results.glob(f"cells/*/{RECORD}"))
    data = [record["data"] for record in records if record and "data" in record]
    return {one["dataset"]: (int(one["split_seed"]), str(one["sha256"])) for one in data}
