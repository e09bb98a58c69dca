from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import signal
import socket
import subprocess
import sys
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from restudy.common import files
from restudy.common.errors import RestudyError
from restudy.data import downloads
from restudy.data.fetch import default_cache, fetch
from restudy.data.registry import DATASETS, Form, Item, Package, RawFile


def checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def serve(server, tiny, prefix: str = "", suffix: str = "") -> None:
    for name, content in tiny.contents.items():
        body = gzip.compress(content) if suffix == ".gz" else content
        server.pages[f"{prefix}/{name}{suffix}"] = (200, None, body)


def assert_fetched(paths: dict[str, Path], tiny) -> None:
    assert {name: path.read_bytes() for name, path in paths.items()} == tiny.contents
    [folder] = {path.parent for path in paths.values()}
    assert sorted(path.name for path in folder.iterdir()) == sorted(tiny.contents)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_files_come_from_a_mirror_once_and_then_from_the_cache(
    server, tiny, tmp_path, suffix
) -> None:
    serve(server, tiny, suffix=suffix)
    tiny.register(tiny.mirror(server.url, suffix))
    paths = fetch("tiny", tmp_path)
    assert_fetched(paths, tiny)
    assert server.requests == [f"/a{suffix}", f"/b{suffix}"]

    before = paths["a"].stat().st_mtime_ns
    assert fetch("tiny", tmp_path) == paths
    assert len(server.requests) == 2
    assert paths["a"].stat().st_mtime_ns == before


def test_the_environment_variable_names_the_cache(server, tiny, tmp_path, monkeypatch) -> None:
    serve(server, tiny)
    tiny.register(tiny.mirror(server.url))
    monkeypatch.setenv("RESTUDY_DATA", str(tmp_path))
    assert default_cache() == tmp_path
    assert_fetched(fetch("tiny"), tiny)
    assert (tmp_path / "tiny" / "a").is_file()


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ((404, None, b""), "HTTP status 404"),
        ((200, None, b"altered"), f"checksum differs: expected .*, found {checksum(b'altered')}"),
        ((200, 10_000, b"content of a"), "IncompleteRead|bytes read"),
        ((200, None, gzip.compress(b"content of a" * 99)[:-9]), "truncated or altered gzip"),
    ],
)
def test_a_bad_mirror_is_noted_and_the_next_one_taken(
    server, tiny, tmp_path, capsys, page, reason
) -> None:
    serve(server, tiny, "/good")
    server.pages["/bad/a"] = page
    tiny.register(tiny.mirror(f"{server.url}/bad"), tiny.mirror(f"{server.url}/good"))
    assert_fetched(fetch("tiny", tmp_path), tiny)
    note = capsys.readouterr().err
    assert re.search(rf"/bad/a: .*({reason})", note)


def test_what_a_failing_mirror_did_deliver_is_kept(server, tiny, tmp_path) -> None:
    serve(server, tiny, "/good")
    server.pages["/bad/a"] = (200, None, tiny.contents["a"])
    tiny.register(tiny.mirror(f"{server.url}/bad"), tiny.mirror(f"{server.url}/good"))
    assert_fetched(fetch("tiny", tmp_path), tiny)
    assert server.requests == ["/bad/a", "/bad/b", "/good/b"]


def test_after_a_mirror_that_hangs_packages_go_before_other_mirrors(
    server, tiny, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(downloads, "SILENCE_SECONDS", 0.2)
    server.pages["/slow/a"] = (200, 10_000, b"content of a")
    server.hang.add("/slow/a")
    install(tmp_path / "bin", monkeypatch, "npm", 'echo "npm error code E401" >&2; exit 1')
    serve(server, tiny, "/good")
    package = Package("npm", "tiny-data", "1.0.0", tiny.mirror("package").items)
    tiny.register(tiny.mirror(f"{server.url}/slow"), tiny.mirror(f"{server.url}/good"), package)
    order = []
    monkeypatch.setattr(
        "restudy.data.fetch.take",
        lambda source, wanted: (
            order.append(type(source).__name__) or downloads.take(source, wanted)
        ),
    )
    start = time.monotonic()
    assert_fetched(fetch("tiny", tmp_path / "cache"), tiny)
    assert time.monotonic() - start < 5
    assert order == ["Mirror", "Package", "Mirror"]


def test_the_failure_of_every_source_is_told_in_one_error(
    server, tiny, tmp_path, monkeypatch
) -> None:
    with socket.socket() as closed:  # a port that nobody listens on
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    server.pages["/a"] = (200, None, b"altered")
    complaint = 'echo "npm warn noise" >&2; echo "npm error code E404" >&2; echo log >&2; exit 1'
    install(tmp_path / "bin", monkeypatch, "npm", complaint)
    items = tiny.mirror("package").items
    tiny.register(
        tiny.mirror(nobody),
        tiny.mirror(server.url),
        Package("npm", "tiny-data", "1.0.0", items),
        Package("apt-get", "dataset-tiny", "", items),
    )
    with pytest.raises(RestudyError) as caught:
        fetch("tiny", tmp_path / "cache")
    message = str(caught.value)
    expected, found = checksum(tiny.contents["a"]), checksum(b"altered")
    for part in (
        "tiny: no source has",
        f"{nobody}/a: Connection refused",
        f"{server.url}/a: checksum differs: expected {expected}, found {found}",
        "npm package tiny-data 1.0.0: npm failed: npm error code E404\n",
        "apt-get package dataset-tiny: apt-get is not installed",
        str(tmp_path / "cache" / "tiny"),
        f"a (SHA-256 of a: {expected})",
        f"b (SHA-256 of b: {checksum(tiny.contents['b'])})",
    ):
        assert part in message
    assert not (tmp_path / "cache" / "tiny").exists()


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    """Put a shell script on a PATH that holds no other client."""
    folder.mkdir()
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def npm_tarball(contents: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in (*contents.items(), ("../../escape", b"never written")):
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def test_one_download_of_a_package_brings_all_files(tiny, tmp_path, monkeypatch) -> None:
    (tmp_path / "tiny-data.tgz").write_bytes(npm_tarball(tiny.contents))
    script = f'echo "$@" >> {tmp_path}/calls; /bin/cp {tmp_path}/tiny-data.tgz .'
    install(tmp_path / "bin", monkeypatch, "npm", script)
    tiny.register(Package("npm", "tiny-data", "1.0.0", tiny.mirror("package").items))
    assert_fetched(fetch("tiny", tmp_path / "cache"), tiny)
    [call] = (tmp_path / "calls").read_text().splitlines()
    assert call.endswith("tiny-data@1.0.0")
    assert not list(tmp_path.rglob("escape"))


@pytest.mark.parametrize(
    ("contents", "reason"),
    [({"a": Path(__file__).read_bytes()}, "'package/b' not found"), (None, "not a whole tar")],
)
def test_a_package_without_the_files_is_a_failed_source(
    tiny, tmp_path, monkeypatch, contents, reason
) -> None:
    body = b"<html>" if contents is None else npm_tarball(contents)
    (tmp_path / "tiny-data.tgz").write_bytes(body)
    script = f"/bin/cp {tmp_path}/tiny-data.tgz ."
    install(tmp_path / "bin", monkeypatch, "npm", script)
    tiny.register(Package("npm", "tiny-data", "1.0.0", tiny.mirror("package").items))
    with pytest.raises(RestudyError, match=reason):
        fetch("tiny", tmp_path / "cache")


@pytest.mark.parametrize("damage", [lambda c: c[:-1], lambda c: b"X" + c[1:], lambda c: b""])
def test_a_damaged_cached_file_is_noticed_and_fetched_again(
    server, tiny, tmp_path, capsys, damage
) -> None:
    serve(server, tiny)
    tiny.register(tiny.mirror(server.url))
    path = fetch("tiny", tmp_path)["a"]
    path.write_bytes(damage(path.read_bytes()))
    server.requests.clear()
    assert_fetched(fetch("tiny", tmp_path), tiny)
    assert server.requests == ["/a"]
    assert f"{path}: checksum differs" in capsys.readouterr().err


def test_files_put_into_the_cache_by_hand_are_used(tiny, tmp_path) -> None:
    tiny.register()
    home = tmp_path / "tiny"
    home.mkdir()
    (home / "a").write_bytes(tiny.contents["a"])
    (home / "b.gz").write_bytes(gzip.compress(tiny.contents["b"]))
    assert fetch("tiny", tmp_path)["b"].read_bytes() == tiny.contents["b"]


@pytest.mark.parametrize("below", ["", "tiny"])
def test_a_folder_of_the_user_is_the_only_source(server, tiny, tmp_path, below) -> None:
    serve(server, tiny)
    tiny.register(tiny.mirror(server.url))
    folder = tmp_path / "mine" / below
    folder.mkdir(parents=True)
    (folder / "a").write_bytes(tiny.contents["a"])
    with pytest.raises(RestudyError, match=r"mine: files are missing") as caught:
        fetch("tiny", tmp_path / "cache", tmp_path / "mine")
    assert f"b (SHA-256 of b: {checksum(tiny.contents['b'])})" in str(caught.value)

    (folder / "b.gz").write_bytes(gzip.compress(tiny.contents["b"]))
    assert_fetched(fetch("tiny", tmp_path / "cache", tmp_path / "mine"), tiny)
    assert server.requests == []


def test_an_altered_file_in_the_users_folder_is_an_error_that_names_it(tiny, tmp_path) -> None:
    tiny.register()
    (tmp_path / "a").write_bytes(b"altered")
    with pytest.raises(RestudyError) as caught:
        fetch("tiny", tmp_path / "cache", tmp_path)
    message = str(caught.value)
    for part in (str(tmp_path / "a"), checksum(tiny.contents["a"]), checksum(b"altered")):
        assert part in message


def test_an_interrupted_write_leaves_nothing_behind(server, tiny, tmp_path, monkeypatch) -> None:
    serve(server, tiny)
    tiny.register(tiny.mirror(server.url))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fetch("tiny", tmp_path)
    assert list((tmp_path / "tiny").iterdir()) == []
    assert_fetched(fetch("tiny", tmp_path), tiny)


def test_a_killed_write_leaves_nothing_under_the_final_name(tmp_path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from restudy.common import files\n"
        "files.os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "files.write_atomically(Path(sys.argv[1]), b'half')"
    )
    path = tmp_path / "file"
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not path.exists()
    assert all(left.name.startswith(".") for left in tmp_path.iterdir())


def test_two_fetches_at_once_do_not_hurt(server, tiny, tmp_path) -> None:
    serve(server, tiny)
    tiny.register(tiny.mirror(server.url))
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: fetch("tiny", tmp_path), range(8)))
    for paths in results:
        assert_fetched(paths, tiny)


def test_a_cache_that_cannot_be_written_to_is_named_with_the_way_out(
    server, tiny, tmp_path
) -> None:
    serve(server, tiny)
    tiny.register(tiny.mirror(server.url), tiny.mirror(server.url))
    (tmp_path / "tiny").write_bytes(b"a file where the folder should be")
    with pytest.raises(RestudyError, match=r"cannot be written .*RESTUDY_DATA"):
        fetch("tiny", tmp_path)
    assert server.requests == ["/a"]


def test_an_unknown_data_set_is_named_with_the_nearest() -> None:
    with pytest.raises(RestudyError, match=r"did you mean 'fashion_mnist'"):
        fetch("fashion-mnist")


def test_a_derived_form_is_cached_as_the_canonical_content(tmp_path, monkeypatch) -> None:
    """What the user gives as cal_housing.data is stored as the table derived from it."""
    line = b"-122.5,37.25,40.0,800.0,160.0,300.0,100.0,8.5,450000.0\n"
    table = np.array([[8.5, 40, 8, 1.6, 300, 3, 37.25, -122.5, 4.5]], "<f4").tobytes()
    file = RawFile("t", checksum(table), (Form("t"), Form("cal_housing.data", "statlib")))
    dataset = replace(DATASETS["california_housing"], name="one", files=(file,), sources=())
    monkeypatch.setitem(DATASETS, "one", dataset)
    (tmp_path / "cal_housing.data").write_bytes(line)
    assert fetch("one", tmp_path / "cache", tmp_path)["t"].read_bytes() == table


def test_the_registry_imports_nothing_heavy() -> None:
    code = (
        "import sys, restudy.data.registry as registry\n"
        "heavy = {'numpy', 'pandas', 'pooch', 'torch', 'requests'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": ""})


def test_nothing_here_imports_torch() -> None:
    code = (
        "import sys, restudy.data.fetch, restudy.data.prepare, restudy.data.load\n"
        "sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_source_of_a_registered_data_set_names_known_files() -> None:
    for dataset in DATASETS.values():
        names = {file.name for file in dataset.files}
        for source in dataset.sources:
            assert {item.file for item in source.items} == names
            forms = {form for file in dataset.files for form in file.forms}
            assert all(isinstance(item, Item) and item.form in forms for item in source.items)
