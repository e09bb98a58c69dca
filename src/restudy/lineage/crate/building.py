"""Writing the crate: entities and their properties, by the profile's rules."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import uuid
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rocrate.model.contextentity import ContextEntity
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from restudy.common.errors import RestudyError
from restudy.data.registry import DATASETS, Mirror
from restudy.lineage.crate.run import PARTS, SBOM, Run
from restudy.reference.contents import PAGE

METADATA = "ro-crate-metadata.json"
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
_TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
"""As the profile has it: RO-Crate 1.1 does not know the word."""
_BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
_LICENCE = "https://spdx.org/licenses/MIT"
_FORMATS = {
    **{".csv": "text/csv", ".html": "text/html", ".json": "application/json"},
    **{".md": "text/markdown", ".parquet": "application/vnd.apache.parquet"},
    **{".pdf": "application/pdf", ".svg": "image/svg+xml", ".txt": "text/plain"},
    **{".yaml": "application/yaml"},
}
_HOMES = {
    "snakemake": "https://snakemake.github.io",
    "python": "https://www.python.org",
    "torch": "https://pytorch.org",
    "numpy": "https://numpy.org",
    "pytorch-lightning": "https://lightning.ai",
}


def write_crate(
    run: Run, workflow: Mapping[str, bytes], folder: Path, agent: str | None = None
) -> int:
    """Write a crate in the place of an earlier one, as a whole or not at all.

    Args:
        run: the run.
        workflow: path -> content of the workflow's files.
        folder: of the crate.
        agent: name of the person who did the run, if it is to be told.

    Returns:
        The number of files in it.

    Raises:
        RestudyError: ``folder`` is something else than an earlier crate.
    """
    if folder.exists() and not (folder / METADATA).is_file():
        raise RestudyError(f"{folder}: is no crate ({METADATA} is missing); remove it first")
    part = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.part")
    try:
        with tempfile.TemporaryDirectory() as staged:
            _build(run, workflow, Path(staged), agent).write(part)
        shutil.rmtree(folder, ignore_errors=True)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return sum(path.is_file() for path in folder.rglob("*"))


def _build(run: Run, workflow: Mapping[str, bytes], staged: Path, agent: str | None) -> ROCrate:
    crate = ROCrate(version="1.1")
    crate.metadata.extra_terms.update(_TERMS)
    crate.name = f"A run of restudy at the scale {run.scale}"
    crate.description = (
        "Four reports on fully connected networks, run again on real data: the workflow, what it "
        "was run with, and the tables, figures and report that it made. Left out, since they are "
        "large and can be made again: weights, histories, prepared data."
    )
    crate.license = _thing(crate, _LICENCE, "CreativeWork", name="MIT License")
    authors = _thing(crate, "#authors", "Organization", name="The restudy authors")
    crate.root_dataset["author"] = crate.root_dataset["publisher"] = authors
    crate.root_dataset["datePublished"] = _iso(run.ended)
    crate.root_dataset["conformsTo"] = [
        _thing(crate, id_, "CreativeWork", name=name, version=number)
        for id_, (name, number) in _PROFILES.items()
    ]
    main = _workflow(crate, run, workflow, staged)
    main["author"] = authors
    inputs = [*_settings(crate, run, main, staged), *_data(crate, run, main)]
    outputs = _outputs(crate, run, main)
    action = crate.add_action(
        main,
        "#run",
        inputs,
        outputs,
        {
            "name": f"The run at the scale {run.scale}",
            "description": _made_with(run),
            "startTime": _iso(run.started),
            "endTime": _iso(run.ended),
            "actionStatus": "http://schema.org/CompletedActionStatus",
        },
    )
    if agent:
        action["agent"] = _thing(crate, "#agent", "Person", name=agent)
    crate.root_dataset["mentions"] = action
    if (readme := crate.get("README.md")) is not None:
        readme["about"] = crate.root_dataset
    _software(crate, run, main)
    return crate


def _workflow(crate: ROCrate, run: Run, files: Mapping[str, bytes], staged: Path) -> Entity:
    for name, content in files.items():
        path = staged / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if "Snakefile" not in files:
        raise RestudyError(f"commit {run.commit} has no Snakefile")
    main = crate.add_workflow(
        staged / "Snakefile",
        "Snakefile",
        main=True,
        lang="snakemake",
        lang_version=version("snakemake"),
        properties={
            "name": "restudy",
            "description": "From raw data to tables, figures, an HTML page and a paper",
            "version": run.commit,
            "url": "https://snakemake.github.io",
            "encodingFormat": "text/plain",
            "conformsTo": {"@id": _BIOSCHEMAS},
        },
    )
    main["license"] = {"@id": _LICENCE}
    parts = []
    for top in sorted({name.partition("/")[0] for name in files} - {"Snakefile"}):
        if top in files:
            parts.append(_file(crate, staged / top, top))
        else:
            told = f"Part of the workflow, at commit {run.commit}"
            parts.append(
                crate.add_dataset(staged / top, f"{top}/", properties={"description": told})
            )
    main["hasPart"] = [
        one for one in parts if one.id.startswith(("src", "experiments", "workflow", "config"))
    ]
    return main


def _settings(crate: ROCrate, run: Run, main: Entity, staged: Path) -> list[Entity]:
    """Return the files with the settings of the run."""
    parameter = _parameter(crate, main, "input", "settings", "File", "The settings of the run")
    names = ["config.yaml", *([] if run.scale == "default" else [f"config/{run.scale}.yaml"])]
    there = [name for name in names if (staged / name).is_file()]
    kept = [crate.get(name) or _file(crate, staged / name, name) for name in there]
    for one in kept:
        one["exampleOfWork"] = parameter
    parameter["workExample"] = _one_or_all(kept)
    return kept


def _data(crate: ROCrate, run: Run, main: Entity) -> list[Entity]:
    """Return the raw files, where they can be had; none of them is in the crate."""
    parameter = _parameter(
        crate, main, "input", "raw data", "File", "The raw files of the data sets"
    )
    found = []
    for told in run.different("data"):
        dataset = DATASETS[told["dataset"]]
        sums = {file.name: file.sha256 for file in dataset.files}
        mirror = next((one for one in dataset.sources if isinstance(one, Mirror)), None)
        raw = []
        for item in mirror.items if mirror else ():
            sum_ = _thing(
                crate,
                f"#sha256-{item.file}-{dataset.name}",
                "PropertyValue",
                name="SHA-256 of the content, unpacked",
                value=sums[item.file],
            )
            raw.append(
                crate.add_file(
                    item.place,
                    properties={
                        "name": f"{dataset.title}: {item.form.name}",
                        "description": "One of the places that have it",
                        "encodingFormat": "application/gzip",
                        "identifier": sum_,
                        "exampleOfWork": parameter,
                    },
                )
            )
        prepared = _thing(
            crate,
            f"#sha256-{dataset.name}",
            "PropertyValue",
            name=f"SHA-256 of the prepared file, split with seed {told['split_seed']}",
            value=told["sha256"],
        )
        _thing(
            crate,
            f"#{dataset.name}",
            "CreativeWork",
            name=dataset.title,
            license=dataset.licence,
            citation=dataset.citation,
            identifier=prepared,
            **({"hasPart": _one_or_all(raw)} if raw else {}),
        )
        main.append_to("mentions", crate.get(f"#{dataset.name}"))
        found += raw
    if found:
        parameter["workExample"] = _one_or_all(found)
    return found


def _outputs(crate: ROCrate, run: Run, main: Entity) -> list[Entity]:
    """Return the folders of the results, each with its files and their digests."""
    found = []
    for part, paths in run.files.items():
        title = PARTS[part][0]
        parameter = _parameter(crate, main, "output", part, "Dataset", title)
        folder = crate.add_dataset(
            None, f"results/{part}/", properties={"name": part, "description": title}
        )
        folder["exampleOfWork"] = parameter
        folder["hasPart"] = _one_or_all(
            [
                _file(crate, path, f"results/{path.relative_to(run.results).as_posix()}")
                for path in paths
            ]
        )
        parameter["workExample"] = folder
        found.append(folder)
    page = crate.get(f"results/{PAGE}")
    if page is not None:
        page["name"] = "The report"
    return found


def _software(crate: ROCrate, run: Run, main: Entity) -> None:
    """Add the packages whose versions the records name, and the bill of materials."""
    versions = {"snakemake": [version("snakemake")]}
    for names in run.different("versions"):
        for name, number in names.items():
            if number not in versions.setdefault(name, []):
                versions[name].append(number)
    versions.pop("restudy", None)
    main["softwareRequirements"] = [
        _thing(
            crate,
            f"{_HOMES.get(name, 'https://pypi.org/project/' + name)}#{number}",
            "SoftwareApplication",
            name=name,
            softwareVersion=number,
            url=_HOMES.get(name, f"https://pypi.org/project/{name}"),
        )
        for name, numbers in versions.items()
        for number in numbers
    ]
    bill = run.results / SBOM
    if bill.is_file():
        entity = _file(crate, bill, SBOM)
        entity["name"] = "Software bill of materials (CycloneDX)"
        entity["about"] = main


def _made_with(run: Run) -> str:
    machines = sorted(
        {f"{record['machine']}; {record['device']}" for record in run.records.values()}
    )
    found = {str(record.get("training_version", "unknown")) for record in run.records.values()}
    versions = ", ".join(sorted(found))
    commits = ", ".join(str(one or "unknown") for one in run.different("git_commit"))
    return (
        f"{len(run.records)} cells trained, on {' and '.join(machines)}. Report of commit "
        f"{run.commit}; training code of commit {commits}, version {versions}."
    )


def _file(crate: ROCrate, path: Path, place: str) -> Entity:
    content = path.read_bytes()
    properties = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "contentSize": str(len(content)),
        "encodingFormat": _FORMATS.get(path.suffix, "text/plain"),
    }
    return crate.add_file(path, place, properties=properties)


def _parameter(crate: ROCrate, main: Entity, way: str, name: str, kind: str, told: str) -> Entity:
    id_ = f"#{way}-{name.replace(' ', '-')}"
    found = crate.add_formal_parameter(name, kind, id_, told)
    main.append_to(way, found)
    return found


def _thing(crate: ROCrate, id_: str, kind: str, **properties: Any) -> Entity:
    references: dict[str, Any] = {
        key: value for key, value in properties.items() if not _is_entity(value)
    }
    found = crate.add(ContextEntity(crate, id_, properties={"@type": kind, **references}))
    for key, value in properties.items():
        if _is_entity(value):
            found[key] = value
    return found


def _one_or_all(entities: list[Entity]) -> Entity | list[Entity]:
    """Return one entity as itself: RO-Crate wants no lists of one."""
    return entities[0] if len(entities) == 1 else entities


def _is_entity(value: Any) -> bool:
    one = value[0] if isinstance(value, list) and value else value
    return isinstance(one, Entity)


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="seconds")
