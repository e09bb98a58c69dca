from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from restudy.common.errors import RestudyError
from restudy.data.formats import (
    HOUSING_COLUMNS,
    decode,
    read_idx,
    read_parquet,
    read_statlib,
    read_table,
    tar_members,
)
from restudy.data.registry import Form

shared_fixture = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
byte_arrays = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=3, max_side=6))

# Two districts as StatLib writes them, and what is derived from them, worked out by hand.
STATLIB = (
    b"-122.5,37.25,40.0,800.0,160.0,300.0,100.0,8.5,450000.0\n"
    b"-118.0,34.0,10.0,1000.0,250.0,900.0,200.0,2.25,150000.0\n"
)
DERIVED = np.array(
    [
        [8.5, 40.0, 8.0, 1.6, 300.0, 3.0, 37.25, -122.5, 4.5],
        [2.25, 10.0, 5.0, 1.25, 900.0, 4.5, 34.0, -118.0, 1.5],
    ],
    np.float32,
)


@shared_fixture
@given(array=byte_arrays)
def test_an_idx_file_comes_back_as_it_was_written(
    to_idx: Callable[[np.ndarray], bytes], array: np.ndarray
) -> None:
    read = read_idx(to_idx(array), "x", array.ndim)
    np.testing.assert_array_equal(read, array)
    assert read.dtype == np.uint8


@shared_fixture
@given(array=byte_arrays, data=st.data())
def test_an_idx_file_of_any_other_length_is_refused(
    to_idx: Callable[[np.ndarray], bytes], array: np.ndarray, data: st.DataObject
) -> None:
    content = to_idx(array)
    kept = data.draw(st.integers(0, len(content) - 1))
    for damaged in (content[:kept], content + b"\0"):
        with pytest.raises(RestudyError, match=r"^some/file: "):
            read_idx(damaged, "some/file", array.ndim)


@pytest.mark.parametrize("start", [b"\0\0\x08\x01", b"\0\0\x0d\x03", b"\x1f\x8b\x08\x00", b"<htm"])
def test_a_wrong_magic_number_is_named(to_idx: Callable[[np.ndarray], bytes], start: bytes) -> None:
    content = start + to_idx(np.zeros((1, 2, 2)))[4:]
    with pytest.raises(RestudyError, match=rf"x: not an IDX .*{start.hex()} instead of 00000803"):
        read_idx(content, "x", 3)


def test_statlib_rows_give_the_derived_columns() -> None:
    table = read_statlib(STATLIB, "cal_housing.data")
    assert table.dtype == np.dtype("<f4")
    np.testing.assert_array_equal(table, DERIVED)


def test_line_ends_do_not_matter() -> None:
    np.testing.assert_array_equal(read_statlib(STATLIB.replace(b"\n", b"\r\n"), "x"), DERIVED)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"<html>blocked</html>", "not a table"),
        (b"1,2,3\n4,5,6\n", "3 columns instead of 9"),
        (STATLIB[:-30], "not a table"),
        (STATLIB.replace(b"100.0,8.5", b"0.0,8.5"), "not finite"),
        (STATLIB.replace(b"8.5", b"\xff"), "not a table"),
    ],
)
def test_a_damaged_statlib_file_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(RestudyError, match=f"^some/file: .*{reason}"):
        read_statlib(content, "some/file")


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, compression="brotli")
    return buffer.getvalue()


def test_a_parquet_file_gives_the_same_table_whatever_its_column_order() -> None:
    frame = pd.DataFrame(DERIVED.astype(np.float64), columns=list(HOUSING_COLUMNS))
    content = parquet_bytes(frame[list(reversed(HOUSING_COLUMNS))])
    np.testing.assert_array_equal(read_parquet(content, "x"), DERIVED)


def test_a_damaged_parquet_file_is_refused() -> None:
    frame = pd.DataFrame(DERIVED, columns=list(HOUSING_COLUMNS))
    with pytest.raises(RestudyError, match=r"^x: not a readable parquet"):
        read_parquet(parquet_bytes(frame)[:-20], "x")
    with pytest.raises(RestudyError, match=r"^x: columns .*'Income'"):
        read_parquet(parquet_bytes(frame.rename(columns={"MedInc": "Income"})), "x")
    frame.loc[0, "MedInc"] = np.nan
    with pytest.raises(RestudyError, match=r"^x: .*missing"):
        read_parquet(parquet_bytes(frame), "x")


def test_the_derived_table_comes_back_and_half_a_row_is_refused() -> None:
    np.testing.assert_array_equal(read_table(DERIVED.tobytes(), "x"), DERIVED)
    for damaged in (b"", DERIVED.tobytes()[:-1]):
        with pytest.raises(RestudyError, match=r"^x: "):
            read_table(damaged, "x")


def tar_gz(member: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        entry = tarfile.TarInfo(member)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def test_every_form_of_the_housing_data_decodes_to_the_same_bytes() -> None:
    frame = pd.DataFrame(DERIVED.astype(np.float64), columns=list(HOUSING_COLUMNS))
    forms = [
        (DERIVED.tobytes(), Form("t")),
        (gzip.compress(DERIVED.tobytes()), Form("t")),
        (STATLIB, Form("t", "statlib")),
        (tar_gz("in/side", STATLIB), Form("t", "statlib", "in/side")),
        (parquet_bytes(frame), Form("t", "parquet")),
    ]
    assert {decode(content, form, "x") for content, form in forms} == {DERIVED.tobytes()}


@pytest.mark.parametrize(
    "content",
    [
        tar_gz("other", STATLIB),
        tar_gz("in/side", STATLIB)[:-60],
        b"<html>blocked</html>",
        gzip.compress(b"<html>blocked</html>"),
        b"",
    ],
    # Names: the bytes of an archive hold the time, and all workers must collect the same tests.
    ids=["another-name", "cut-short", "a-page", "a-page-gzipped", "empty"],
)
def test_a_damaged_archive_is_refused(content: bytes) -> None:
    with pytest.raises(RestudyError, match=r"^some/file: "):
        decode(content, Form("t", "statlib", "in/side"), "some/file")


def tar_of(*members: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"1\n" * 4))
    return buffer.getvalue()


def member(name: str, **fields: object) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    for key, value in fields.items():
        setattr(found, key, value)
    return found


LINK = {"type": tarfile.SYMTYPE}


@pytest.mark.parametrize(
    "members",
    [
        [member("a", **LINK, linkname="a")],
        [member("a", **LINK, linkname="b"), member("b", **LINK, linkname="a")],
        [member("a", type=tarfile.DIRTYPE)],
        [member("a", type=tarfile.FIFOTYPE)],
        [member("a", size=8, pax_headers={"size": "9" * 30})],
        [member("a", size=8, pax_headers={"GNU.sparse.map": "a,b", "GNU.sparse.size": "5"})],
        [member("a", size=8, pax_headers={"GNU.sparse.size": "x", "GNU.sparse.numbytes": "1"})],
    ],
    ids=["self", "circle", "folder", "pipe", "too large", "sparse map", "sparse size"],
)
def test_a_member_that_is_no_plain_file_is_refused(members: list[tarfile.TarInfo]) -> None:
    with pytest.raises(RestudyError, match=r"^some/file: "):
        tar_members(tar_of(*members), ["a"], "some/file")


def test_no_rows_of_an_impossible_size_are_refused() -> None:
    header = bytes([0, 0, 8, 3]) + bytes(4) + b"\xff" * 8
    with pytest.raises(RestudyError, match=r"^x: its header .* makes no sense"):
        read_idx(header, "x", 3)


# Two numbers: a list of one is taken for that number by the oldest NumPy that is allowed.
@pytest.mark.parametrize("value", ["a", b"x", [1.0, 2.0], {"a": 1.0}])
def test_a_parquet_file_of_other_things_than_numbers_is_refused(value: object) -> None:
    frame = pd.DataFrame([[value] * 9], columns=list(HOUSING_COLUMNS))
    with pytest.raises(RestudyError, match=r"^x: holds values that are no numbers"):
        read_parquet(parquet_bytes(frame), "x")


@pytest.mark.parametrize("metadata", ["{}", "[]", '{"index_columns": ["no"], "columns": []}'])
def test_a_parquet_file_with_a_wrong_index_is_refused(metadata: str) -> None:
    table = pa.table([pa.array([1.0])] * 9, names=list(HOUSING_COLUMNS))
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({"pandas": metadata}), buffer)
    with pytest.raises(RestudyError, match=r"^x: not a readable parquet"):
        read_parquet(buffer.getvalue(), "x")
