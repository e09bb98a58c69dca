"""Pack a finished run as a Workflow Run RO-Crate: ``python -m restudy.lineage.crate``.

Profile: https://w3id.org/ro/wfrun/workflow/0.5 on RO-Crate 1.1 (S. Leo and others: Recording
provenance of workflow runs with RO-Crate. PLoS ONE 19(9), 2024).
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from restudy.common.errors import RestudyError
from restudy.common.files import folder_replacement
from restudy.data.registry import DATASETS, Mirror
from restudy.results.group_record import read_record
from restudy.results.run_record import PAGE, PAPER, VIEW, read_run_record

METADATA = "ro-crate-metadata.json"
WORKFLOW = (
    *("Snakefile", "config.yaml", "config", "workflow", "profiles", "src", "experiments"),
    *("envs", "Makefile", "pyproject.toml", "requirements.lock"),
    *("README.md", "LICENSE", "CITATION.cff"),
)
"""What runs the workflow again, and its terms of use."""
_PARTS = {
    "report": (
        "The report, as a page, as a paper and as data",
        (PAGE, PAPER, "report/paper.json", VIEW),
    ),
    "tables": ("Tables: the catalogue with its statuses, summaries, tests", ("tables/**/*.*",)),
    "figures": ("Figures, with the numbers drawn", ("figures/*.*",)),
    "studies": (
        "One row per run of each study",
        ("studies/*/runs.parquet", "studies/*/study.json"),
    ),
    "experiments": ("Tables of the small experiments", ("experiments/*.parquet",)),
    "groups": (
        "Records of the training jobs: code, data, versions, machine",
        ("groups/*/group.json",),
    ),
}
"""Folder of the results -> what it is, and which of its files belong to a crate.

What is left out is large and can be made again: weights, histories, prepared data, MLflow.
"""
_DESCRIPTION = (
    "{title}: the workflow, what it was run with, and the tables, figures and report that it made. "
    "Left out, since they are large and can be made again: weights, histories, prepared data."
)
_SBOM = "sbom.cdx.json"
_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
_LICENCE = "https://spdx.org/licenses/MIT"
_FORMATS = {
    **{".csv": "text/csv", ".html": "text/html", ".json": "application/json"},
    **{".md": "text/markdown", ".parquet": "application/vnd.apache.parquet"},
    **{".pdf": "application/pdf", ".svg": "image/svg+xml", ".yaml": "application/yaml"},
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the crate, in the place of an earlier one, and print its size."""
    parser = argparse.ArgumentParser(prog="python -m restudy.lineage.crate", description=__doc__)
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--into", type=Path, help="(default: crate, in the results)")
    parser.add_argument("--agent", help="name of the person who did the run (default: none)")
    options = parser.parse_args(arguments)
    folder = options.into or options.results / "crate"
    try:
        if folder.exists() and not (folder / METADATA).is_file():
            raise RestudyError(f"{folder}: is no crate ({METADATA} is missing); remove it first")
        with tempfile.TemporaryDirectory() as checkout:
            crate = build(options.results, Path.cwd(), Path(checkout), options.agent)
            with folder_replacement(folder) as part:
                crate.write(part)
    except RestudyError as error:
        sys.exit(f"error: {error}")
    number = sum(path.is_file() for path in folder.rglob("*"))
    commit, started = crate.mainEntity["version"], crate.get("#run")["startTime"]
    print(f"{folder}: {number:,} files; commit {commit}, {started[:16].replace('T', ' ')} UTC on")


def build(results: Path, root: Path, checkout: Path, agent: str | None = None) -> ROCrate:
    """Describe a finished run.

    Args:
        results: folder of the run.
        root: the checkout that it was done in, or one that has its commit.
        checkout: folder for the workflow's files, which stay there until the crate is written.
        agent: name of the person who did the run, if it is to be given.

    Raises:
        RestudyError: there is no run, or it is not finished, or its commit is not here.
    """
    record = read_run_record(results)
    commit, scale = record.commit_in_words(), record.scale
    for name in (VIEW, PAGE, PAPER):
        if not (results / name).is_file():
            raise RestudyError(f"{results / name}: is missing: the run is not finished")
    groups, (started, ended) = _groups(results), _times(results)
    check_out(root, commit, checkout)

    crate = ROCrate(version="1.1")
    crate.metadata.extra_terms["sha256"] = "https://w3id.org/ro/terms/workflow-run#sha256"
    title = json.loads((results / VIEW).read_bytes())["title"]
    crate.name = f"A run of restudy at the scale {scale}"
    crate.description = _DESCRIPTION.format(title=title)
    crate.license = _add(crate, _LICENCE, "CreativeWork", name="MIT License")
    authors = _add(crate, "#authors", "Organization", name="The restudy authors")
    dataset = crate.root_dataset
    dataset["author"] = dataset["publisher"] = authors
    dataset["datePublished"] = ended
    dataset["conformsTo"] = [
        _add(crate, id_, "CreativeWork", name=name, version=number)
        for id_, (name, number) in _PROFILES.items()
    ]
    workflow = _add_workflow(crate, checkout, commit)
    workflow["author"] = authors
    settings = ("config.yaml", *(["config/" + scale + ".yaml"] if scale != "default" else []))
    files = [
        crate.get(name) or _add_file(crate, checkout / name, name)
        for name in settings
        if (checkout / name).is_file()
    ]
    data = {one["data"]["dataset"]: one["data"] for one in groups}
    raw = [file for _, one in sorted(data.items()) for file in _add_data(crate, workflow, one)]
    _connect(crate, workflow, "input", "settings", "File", "The settings of the run", files)
    _connect(crate, workflow, "input", "raw data", "File", "The raw files of the data sets", raw)
    run = {
        "name": f"The run at the scale {scale}",
        "description": _origin(groups, commit),
        "startTime": started,
        "endTime": ended,
        "actionStatus": "http://schema.org/CompletedActionStatus",
    }
    outputs = list(_add_outputs(crate, workflow, results))
    action = crate.add_action(workflow, "#run", [*files, *raw], outputs, run)
    if agent:
        action["agent"] = _add(crate, "#agent", "Person", name=agent)
    dataset["mentions"] = action
    if (readme := crate.get("README.md")) is not None:
        readme["about"] = dataset
    packages = {("snakemake", version("snakemake"))}
    packages |= {one for group in groups for one in group["versions"].items()}
    workflow["softwareRequirements"] = [
        _add_software(crate, name, number) for name, number in sorted(packages) if name != "restudy"
    ]
    if (results / _SBOM).is_file():
        bill = _add_file(crate, results / _SBOM, _SBOM)
        bill["name"], bill["about"] = "Software bill of materials (CycloneDX)", workflow
    return crate


def check_out(root: Path, commit: str, folder: Path) -> None:
    """Write the workflow's files, as they were when the run was done, into a folder.

    Args:
        root: the checkout.
        commit: commit in the run's record; if it is unknown there was no git checkout, and the
            files are those of ``root`` as they are.
        folder: the folder.

    Raises:
        RestudyError: this checkout does not have the commit, or there is no workflow in it.
    """
    if commit.startswith("unknown"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        for path in [root / name for name in WORKFLOW if (root / name).exists()]:
            if path.is_dir():
                shutil.copytree(path, folder / path.name, ignore=ignored)
            else:
                folder.mkdir(exist_ok=True)
                shutil.copy(path, folder)
    else:
        digest = commit.partition(" ")[0]
        try:
            if not re.fullmatch(r"[0-9a-f]{7,64}", digest):
                raise ValueError(digest)
            archive = subprocess.run(  # noqa: S603
                ["git", "-C", str(root), "archive", "--format=tar", digest],  # noqa: S607
                capture_output=True,
                check=True,
                timeout=60,
            ).stdout
        except (OSError, ValueError, subprocess.SubprocessError):
            raise RestudyError(
                f"the run is of commit {digest}, which this checkout does not have; fetch it, or "
                "make the crate in the checkout that the run was done in"
            ) from None
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            for member in opened:
                parts = Path(member.name).parts
                if member.isfile() and parts[0] in WORKFLOW and ".." not in parts:
                    path, content = folder / member.name, opened.extractfile(member)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content.read() if content else b"")
    if not (folder / "Snakefile").is_file():
        raise RestudyError(f"commit {commit} has no Snakefile")


def _groups(results: Path) -> list[dict[str, Any]]:
    """Return the records of the groups that the run's studies ask for."""
    paths = results.glob("studies/*/runs.parquet")
    names = {group for path in paths for group in pd.read_parquet(path, columns=["group"])["group"]}
    records = {name: read_record(results, name) for name in sorted(names)}
    if missing := [name for name, record in records.items() if record is None]:
        place = results / "groups" / missing[0]
        raise RestudyError(f"{place}: has no record: the run is not finished")
    return [record for record in records.values() if record is not None]


def _times(results: Path) -> tuple[str, str]:
    """Return when the first job began and the last one ended.

    By the files in which Snakemake notes a job's seconds, written when it ends. A run done in
    several sittings spans them all; a job that was done again counts when it was done last.
    """
    ends = {path: path.stat().st_mtime for path in results.glob("benchmarks/**/*.tsv")}
    if not ends:
        raise RestudyError(
            f"{results / 'benchmarks'}: is empty: nobody knows when the run was done"
        )
    began = min(end - float(pd.read_csv(path, sep="\t")["s"].sum()) for path, end in ends.items())
    first, last = (datetime.fromtimestamp(one, UTC) for one in (began, max(ends.values())))
    return first.isoformat(timespec="seconds"), last.isoformat(timespec="seconds")


def _origin(groups: list[dict[str, Any]], commit: str) -> str:
    machines = sorted({f"{group['machine']}; {group['device']}" for group in groups})
    versions = sorted({str(group.get("training_version", "unknown")) for group in groups})
    commits = sorted({str(group["git_commit"] or "unknown") for group in groups})
    return (
        f"{len(groups)} groups trained, on {' and '.join(machines)}. Report of commit {commit}; "
        f"training code of commit {', '.join(commits)}, version {', '.join(versions)}."
    )


def _add_workflow(crate: ROCrate, checkout: Path, commit: str) -> Entity:
    properties = {
        "name": "restudy",
        "description": "From raw data to tables, figures, an HTML page and a paper",
        "version": commit,
        "url": "https://snakemake.github.io",
        "encodingFormat": "text/plain",
        "license": {"@id": _LICENCE},
        "conformsTo": {"@id": "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"},
    }
    workflow = crate.add_workflow(
        *(checkout / "Snakefile", "Snakefile"),
        **{"main": True, "lang": "snakemake", "lang_version": version("snakemake")},
        properties=properties,
    )
    part = {"description": f"Part of the workflow, at commit {commit}"}
    for path in sorted(checkout.iterdir()):
        if path.is_dir():
            folder = crate.add_dataset(path, f"{path.name}/", properties=dict(part))
            if path.name in ("src", "experiments", "workflow", "config"):
                workflow.append_to("hasPart", folder)
        elif path.name != "Snakefile":
            added = _add_file(crate, path, path.name)
            if path.name == "config.yaml":
                workflow.append_to("hasPart", added)
    return workflow


def _add_data(crate: ROCrate, workflow: Entity, prepared: dict[str, Any]) -> list[Entity]:
    """Add a data set and its raw files by their addresses; they are not in the crate."""
    dataset = DATASETS[prepared["dataset"]]
    sums = {file.name: file.sha256 for file in dataset.files}
    mirror = next((one for one in dataset.sources if isinstance(one, Mirror)), None)
    raw = [
        crate.add_file(
            item.place,
            properties={
                "name": f"{dataset.title}: {item.form.name}",
                "description": "One of the places that have it",
                "encodingFormat": "application/gzip",
                "identifier": _add(
                    *(crate, f"#sha256-{item.file}-{dataset.name}", "PropertyValue"),
                    name="SHA-256 of the content, unpacked",
                    value=sums[item.file],
                ),
            },
        )
        for item in (mirror.items if mirror else ())
    ]
    checksum = _add(
        *(crate, f"#sha256-{dataset.name}", "PropertyValue"),
        name=f"SHA-256 of the prepared file, split with seed {prepared['split_seed']}",
        value=prepared["sha256"],
    )
    texts = {"name": dataset.title, "license": dataset.licence, "citation": dataset.citation}
    work = _add(crate, f"#{dataset.name}", "CreativeWork", **texts, identifier=checksum)
    if raw:
        work.append_to("hasPart", raw, compact=True)
    workflow.append_to("mentions", work)
    return raw


def _add_outputs(crate: ROCrate, workflow: Entity, results: Path) -> Iterator[Entity]:
    """Add the folders of the results, each with its files and their digests."""
    for part, (title, patterns) in _PARTS.items():
        paths = sorted(path for one in patterns for path in results.glob(one) if path.is_file())
        if paths:
            properties = {"name": part, "description": title}
            folder = crate.add_dataset(None, f"results/{part}/", properties=properties)
            for path in paths:
                place = f"results/{path.relative_to(results).as_posix()}"
                folder.append_to("hasPart", _add_file(crate, path, place), compact=True)
            _connect(crate, workflow, "output", part, "Dataset", title, [folder])
            yield folder
    if (page := crate.get(f"results/{PAGE}")) is not None:
        page["name"] = "The report"


def _add_software(crate: ROCrate, name: str, number: str) -> Entity:
    url = f"https://pypi.org/project/{name}" if name != "python" else "https://www.python.org"
    properties = {"name": name, "softwareVersion": number, "url": url}
    return _add(crate, f"{url}#{number}", "SoftwareApplication", **properties)


def _add(crate: ROCrate, id_: str, kind: str, **properties: Any) -> Entity:
    return crate.add_jsonld({"@id": id_, "@type": kind, **properties})


def _add_file(crate: ROCrate, path: Path, place: str) -> Entity:
    content = path.read_bytes()
    properties = {
        "sha256": hashlib.sha256(content).hexdigest(),
        "contentSize": str(len(content)),
        "encodingFormat": _FORMATS.get(path.suffix, "text/plain"),
    }
    return crate.add_file(path, place, properties=properties)


def _connect(
    crate: ROCrate,
    workflow: Entity,
    way: str,
    name: str,
    kind: str,
    description: str,
    examples: list[Entity],
) -> None:
    """Add a parameter of the workflow, and the entities that were its value in this run."""
    id_ = f"#{way}-{name.replace(' ', '-')}"
    parameter = crate.add_formal_parameter(name, kind, id_, description)
    workflow.append_to(way, parameter)
    for example in examples:
        example["exampleOfWork"] = parameter
        parameter.append_to("workExample", example, compact=True)


if __name__ == "__main__":
    main()
