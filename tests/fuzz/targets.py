"""Every reader of what others write. Each may return, or raise RestudyError, and nothing else."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from safetensors.numpy import save

from restudy.config.loading import load_settings, load_study
from restudy.config.settings import DataSettings, Settings, TrainingSettings
from restudy.config.sources import load_sources
from restudy.data.downloads import _zip_members
from restudy.data.formats import HOUSING_COLUMNS, decode, read_idx, read_table
from restudy.data.load import load
from restudy.data.prepare import METADATA_KEY
from restudy.data.registry import Form
from restudy.evidence import schema
from restudy.planning.plan import make_plan
from restudy.results import group_files
from tests.fuzz.inputs import damaged_bytes, damaged_text, mappings

ROOT = Path(__file__).parents[2]
EVIDENCE = ROOT / "config/evidence"
MOST_SEEDS = 100


@dataclass(frozen=True)
class Target:
    """A reader and what it is tried on.

    Attributes:
        inputs: strategy for what is read.
        read: hands one of them to the reader; the second argument is a folder to write it to.
    """

    inputs: st.SearchStrategy[Any]
    read: Callable[[Any, Path], object]


def from_file(reader):
    """Return ``read`` for a reader that wants a path."""

    def read(content, folder):
        path = folder / "content"
        path.write_bytes(content)
        return reader(path)

    return read


def study(path):
    """A study that can be read has a plan at each scale, or a complaint about it."""
    found = load_study(path)
    seeds = found.seeds if isinstance(found.seeds, int) else 0
    for scale in ("quick", "default", "full"):
        cut = found.scales.get(scale)
        if max(seeds, cut.seeds if cut and isinstance(cut.seeds, int) else 0) <= MOST_SEEDS:
            make_plan({found.name: found}, scale)


def texts(*paths):
    return [path.read_text(encoding="utf-8") for path in paths]


def rows(name, most=6):
    """Return the first rows of a file of the catalogue, as texts of one or two rows each."""
    text = (EVIDENCE / f"{name}.yaml").read_text(encoding="utf-8")
    parts = ["- id:" + part for part in text.split("\n- id:")[1:]]
    step = max(1, len(parts) // most)
    return [parts[place] + "\n" + parts[place - 1] for place in range(0, len(parts), step)]


def idx_file(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.tobytes()


def tar_file(content, mode="w"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=tarfile.PAX_FORMAT) as archive:
        for name, headers in (("é" * 120, {"comment": "x" * 200}), ("in/side", {})):
            entry = tarfile.TarInfo(name)
            entry.size, entry.pax_headers = len(content), headers
            archive.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "in/side"
        archive.addfile(link)
    return buffer.getvalue()


def zip_file(content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("in/side", content)
    return buffer.getvalue()


def housing(rows=3):
    return pd.DataFrame(np.ones((rows, len(HOUSING_COLUMNS))), columns=list(HOUSING_COLUMNS))


def parquet_file(frame, compression):
    buffer = io.BytesIO()
    frame.to_parquet(buffer, compression=compression, index=False)
    return buffer.getvalue()


def prepared_file():
    arrays = {
        "x_train": np.zeros((4, 3), np.uint8),
        "y_train": np.arange(4),
        "x_test": np.zeros((2, 3), np.uint8),
        "y_test": np.arange(2),
        "order": np.arange(4),
    }
    metadata = {"name": "mnist", "split_seed": 0, "raw": {"a": "0" * 64}}
    return save(arrays, metadata={METADATA_KEY: json.dumps(metadata)})


def group(content, folder):
    """A group's record that is damaged is no record: the group is trained again."""
    for name in group_files.FILES:
        (folder / name).write_bytes(b"")
    (folder / group_files.RECORD).write_bytes(content)
    return group_files.read(folder)


STATLIB = b"-122.5,37.25,40.0,800.0,160.0,300.0,100.0,8.5,450000.0\n" * 3
IMAGES, LABELS = np.zeros((2, 3, 3), np.uint8), np.zeros(4, np.uint8)
PARQUET = [parquet_file(housing(), kind) for kind in ("brotli", "snappy", None)]
RECORD = json.dumps({"seeds": {"a": 0}, "files": dict.fromkeys(group_files.FILES[:-1], "0" * 64)})
STUDIES = sorted((ROOT / "config/studies").glob("*.yaml"))
SETTINGS = {*Settings.model_fields, *DataSettings.model_fields, *TrainingSettings.model_fields}


def form(encoding, member=None):
    return lambda content, _: decode(content, Form("t", encoding, member), "x")


def zip_members(content, folder):
    path = folder / "archive.whl"
    path.write_bytes(content)
    return _zip_members(path, ["in/side"], "x")


TARGETS = {
    "settings": Target(
        mappings({*SETTINGS, "uri", "flush_interval_s"}),
        lambda values, _: load_settings(values),
    ),
    "study": Target(damaged_text(texts(*STUDIES)), from_file(study)),
    "study of bytes": Target(
        damaged_bytes([path.read_bytes() for path in STUDIES[:4]]) | st.binary(max_size=60),
        from_file(study),
    ),
    **{
        f"catalogue: {name}": Target(
            damaged_text(rows(name)), from_file(partial(schema.load_rows, row_type=kind))
        )
        for name, kind in schema.KINDS.items()
    },
    "catalogue of bytes": Target(
        damaged_bytes([row.encode() for row in rows("published", 2)]) | st.binary(max_size=60),
        from_file(partial(schema.load_rows, row_type=schema.Published)),
    ),
    "sources": Target(damaged_text(texts(EVIDENCE / "sources.yaml")), from_file(load_sources)),
    "idx images": Target(
        damaged_bytes([idx_file(IMAGES)]) | st.binary(max_size=30),
        lambda content, _: read_idx(content, "x", 3),
    ),
    "idx labels": Target(
        damaged_bytes([idx_file(LABELS)]) | st.binary(max_size=30),
        lambda content, _: read_idx(content, "x", 1),
    ),
    "idx, gzipped": Target(damaged_bytes([gzip.compress(idx_file(IMAGES))]), form("content")),
    "housing table": Target(st.binary(max_size=80), lambda content, _: read_table(content, "x")),
    "housing, StatLib": Target(
        damaged_bytes([STATLIB]) | damaged_text([STATLIB.decode()]), form("statlib")
    ),
    "housing, tar": Target(damaged_bytes([tar_file(STATLIB)]), form("statlib", "in/side")),
    "housing, tar, link": Target(damaged_bytes([tar_file(STATLIB)]), form("statlib", "link")),
    "housing, tgz": Target(damaged_bytes([tar_file(STATLIB, "w:gz")]), form("statlib", "in/side")),
    "housing, parquet": Target(damaged_bytes(PARQUET) | st.binary(max_size=60), form("parquet")),
    "wheel": Target(damaged_bytes([zip_file(STATLIB)]), zip_members),
    "prepared file": Target(
        damaged_bytes([prepared_file()]) | st.binary(max_size=60), from_file(load)
    ),
    "record of a group": Target(damaged_bytes([RECORD.encode()]), group),
}
