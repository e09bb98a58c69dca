"""Archives that want to write elsewhere: they are read member by member, never unpacked."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from restudy.common.errors import RestudyError
from restudy.data import downloads
from restudy.data.formats import tar_members
from restudy.data.registry import Form, Item, Package

NAME = "data/file"
CONTENT = b"what is wanted"


def entry(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, bytes]:
    found = tarfile.TarInfo(name)
    found.size = len(content)
    for key, value in fields.items():
        setattr(found, key, value)
    return found, content


def tar(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for info, content in entries:
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def outside(folder: Path) -> list[tuple[tarfile.TarInfo, bytes]]:
    """Members that would be written outside of the folder they are unpacked in."""
    return [
        entry("../escaped", b"x"),
        entry(str(folder / "escaped"), b"x"),
        entry("link", type=tarfile.SYMTYPE, linkname=str(folder)),
        entry("link/escaped", b"x"),
        entry("device", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
        entry("owner", b"x", uid=0, mode=0o4755),
    ]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is also where the process is; nothing may appear in it or beside it."""
    inside = tmp_path / "outer" / "inside"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    return inside


def untouched(folder: Path) -> bool:
    return sorted(path.name for path in folder.parents[1].rglob("*")) == ["inside", "outer"]


def test_a_tar_archive_that_wants_out_writes_nothing(empty: Path) -> None:
    content = tar(*outside(empty.parent), entry(NAME, CONTENT))
    assert tar_members(content, [NAME], "x") == [CONTENT]
    assert untouched(empty)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../../../etc/passwd"])
def test_a_link_out_of_a_tar_archive_is_not_followed(empty: Path, kind: bytes, target: str) -> None:
    content = tar(entry(NAME, type=kind, linkname=target))
    with pytest.raises(RestudyError, match=r"^x: "):
        tar_members(content, [NAME], "x")
    assert untouched(empty)


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, CONTENT)
    return buffer.getvalue()


def test_a_zip_archive_that_wants_out_writes_nothing(empty: Path, tmp_path: Path) -> None:
    path = tmp_path / "outer" / "archive.whl"
    path.write_bytes(zipped("../escaped", str(empty.parent / "escaped"), NAME))
    assert downloads._zip_members(path, [NAME], "x") == [CONTENT]
    path.unlink()
    assert untouched(empty)


@pytest.mark.parametrize(
    "name", ["file; touch owned", "$(touch owned)", "`touch owned`", "a b'\"c"]
)
def test_a_package_s_file_with_a_name_like_a_command_is_only_a_name(
    empty: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The client leaves a file of this name; ``dpkg-deb`` is handed it, as one word."""
    seen = []

    def run(command: list[str], folder: str, where: str) -> bytes:
        seen.append(list(command))
        if command[0] == "apt-get":
            (Path(folder) / f"{name}.deb").write_bytes(b"")
        return tar(entry(NAME, CONTENT))

    monkeypatch.setattr(downloads, "_run", run)
    package = Package("apt-get", "p", "", (Item(NAME, NAME, Form(NAME)),))
    assert downloads._unpack(package, package.items) == [CONTENT]
    assert seen[1] == ["dpkg-deb", "--fsys-tarfile", f"{name}.deb"]
    assert untouched(empty)
