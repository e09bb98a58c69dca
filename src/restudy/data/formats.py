"""Strict readers of the file formats that the data sets come in.

Every reader takes the content of a file and ``where``, the name to use in complaints, and raises
RestudyError if the content is truncated or not what it should be.
"""

from __future__ import annotations

import gzip
import io
import math
import struct
import tarfile
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restudy.common.errors import RestudyError
from restudy.data.registry import Form

HOUSING_COLUMNS = (
    "MedInc",
    "HouseAge",
    "AveRooms",
    "AveBedrms",
    "Population",
    "AveOccup",
    "Latitude",
    "Longitude",
    "MedHouseVal",
)
"""Columns of the derived housing table; the last is the target, in units of 100,000 US dollars."""

_STATLIB_COLUMNS = 9
_GZIP_MAGIC = b"\x1f\x8b"


def gunzip(content: bytes, where: str) -> bytes:
    """Return ``content`` unpacked if it is gzip data, else as it is."""
    if not content.startswith(_GZIP_MAGIC):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise RestudyError(f"{where}: truncated or altered gzip data ({error})") from error


def tar_members(content: bytes, names: Sequence[str], where: str) -> list[bytes]:
    """Return the content of the named members of an unpacked tar archive, extracting nothing.

    Raises:
        RestudyError: it is no whole archive, or a member is missing or no plain file: a link may
            lead to itself, and a device has no content.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            members = [archive.getmember(name) for name in names]
            streams = [archive.extractfile(one) if one.isreg() else None for one in members]
            contents = [stream.read() if stream else None for stream in streams]
    except KeyError as error:
        raise RestudyError(f"{where}: {error.args[0]}") from error
    except (tarfile.TarError, OSError, EOFError, ValueError, OverflowError) as error:
        # Numbers in a header that are none, or larger than any file.
        raise RestudyError(f"{where}: not a whole tar archive ({error})") from error
    found = [one for one in contents if one is not None]
    if len(found) < len(contents):
        raise RestudyError(f"{where}: {', '.join(names)}: no plain file")
    return found


def decode(content: bytes, form: Form, where: str) -> bytes:
    """Return the content of a raw file, given what a source handed out.

    Args:
        content: what was downloaded or read, gzipped or not.
        form: the form it has.
        where: its name in complaints.

    Raises:
        RestudyError: it does not have that form.
    """
    content = gunzip(content, where)
    if form.member is not None:
        [content] = tar_members(content, [form.member], where)
    if form.encoding == "statlib":
        return read_statlib(content, where).tobytes()
    if form.encoding == "parquet":
        return read_parquet(content, where).tobytes()
    return content


def read_idx(content: bytes, where: str, dimensions: int) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes: 3 dimensions for images, 1 for labels.

    Returns:
        An array of the shape that the header states.

    Raises:
        RestudyError: wrong magic number or number of dimensions, or the length is not the one
            that the header implies.
    """
    magic = bytes([0, 0, 8, dimensions])
    if content[:4] != magic:
        raise RestudyError(
            f"{where}: not an IDX file of unsigned bytes in {dimensions} dimensions "
            f"(starts with {content[:4].hex() or 'nothing'} instead of {magic.hex()})"
        )
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise RestudyError(f"{where}: truncated inside its header of {header} bytes")
    shape = struct.unpack(f">{dimensions}I", content[4:header])
    expected = header + math.prod(shape)
    if len(content) != expected:
        raise RestudyError(
            f"{where}: truncated or altered: {len(content)} bytes, "
            f"but its header (shape {shape}) asks for {expected}"
        )
    try:
        return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
    except ValueError as error:  # no rows of an impossible size
        raise RestudyError(f"{where}: its header (shape {shape}) makes no sense") from error


def read_table(content: bytes, where: str) -> NDArray[np.float32]:
    """Read the derived housing table, ``(n, 9)`` float32, from its little-endian bytes.

    Raises:
        RestudyError: the bytes are no whole number of rows.
    """
    row = 4 * len(HOUSING_COLUMNS)
    if not content or len(content) % row:
        raise RestudyError(f"{where}: {len(content)} bytes are no whole number of {row}-byte rows")
    return np.frombuffer(content, "<f4").reshape(-1, len(HOUSING_COLUMNS))


def read_statlib(content: bytes, where: str) -> NDArray[np.float32]:
    """Derive the housing table, ``(n, 9)`` float32, from StatLib's ``cal_housing.data``.

    Raises:
        RestudyError: a line does not hold nine numbers, or a derived value is not finite.
    """
    if not content.strip():
        raise RestudyError(f"{where}: empty")
    try:
        columns = np.loadtxt(io.StringIO(content.decode("ascii")), delimiter=",", ndmin=2).T
    except ValueError as error:
        raise RestudyError(f"{where}: not a table of numbers ({error})") from error
    if len(columns) != _STATLIB_COLUMNS:
        raise RestudyError(f"{where}: {len(columns)} columns instead of {_STATLIB_COLUMNS}")
    longitude, latitude, age, rooms, bedrooms, population, households, income, value = columns
    with np.errstate(divide="ignore", invalid="ignore"):  # no households: refused just below
        derived = (
            income,
            age,
            rooms / households,
            bedrooms / households,
            population,
            population / households,
            latitude,
            longitude,
            value / 100_000,
        )
    return _finite_table(np.stack(derived, axis=1), where)


def read_parquet(content: bytes, where: str) -> NDArray[np.float32]:
    """Read the housing table, ``(n, 9)`` float32, from a parquet file of the derived columns.

    Raises:
        RestudyError: no readable parquet file, other columns, or a value that is not finite.
    """
    import pandas as pd  # takes a second to import, and most runs never come here

    try:
        frame = pd.read_parquet(io.BytesIO(content))
    except Exception as error:  # of damaged files pyarrow and pandas raise nearly everything
        raise RestudyError(f"{where}: not a readable parquet file ({error})") from error
    if set(frame.columns) != set(HOUSING_COLUMNS):
        raise RestudyError(
            f"{where}: columns {sorted(map(str, frame.columns))} "
            f"instead of {sorted(HOUSING_COLUMNS)}"
        )
    try:
        table = frame[list(HOUSING_COLUMNS)].to_numpy(np.float64)
    except (ValueError, TypeError) as error:
        raise RestudyError(f"{where}: holds values that are no numbers ({error})") from error
    return _finite_table(table, where)


def _finite_table(table: NDArray[Any], where: str) -> NDArray[np.float32]:
    if not np.isfinite(table).all():
        raise RestudyError(f"{where}: holds values that are missing or not finite")
    return np.ascontiguousarray(table, "<f4")
