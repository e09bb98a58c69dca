from __future__ import annotations

import hashlib
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import numpy as np
import pytest

from restudy.data.registry import DATASETS, Form, Item, Mirror, RawFile, Source


def idx_bytes(array: np.ndarray) -> bytes:
    """Write an array of unsigned bytes as an IDX file, independently of the reader."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def to_idx() -> Callable[[np.ndarray], bytes]:
    return idx_bytes


class Server:
    """A web server on loopback: ``pages`` by path, ``requests`` as they came in.

    A page is (status, declared length or None for the true one, body); without an entry: 404.
    A declared length above the true one makes the transfer break off; ``hang`` makes it stall.
    """

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, int | None, bytes]] = {}
        self.requests: list[str] = []
        self.hang: set[str] = set()
        self.over = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests.append(self.path)
                status, length, body = outer.pages.get(self.path, (404, None, b""))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()
                if self.path in outer.hang:
                    outer.over.wait(20)

            def log_message(self, *arguments: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.over.set()
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running = Server()
    yield running
    running.close()


class Tiny:
    """A data set of two small files, ``a`` and ``b``, put into the registry for one test."""

    contents: ClassVar[dict[str, bytes]] = {"a": b"content of a " * 50, "b": b"content of b " * 70}

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def mirror(self, base: str, suffix: str = "") -> Mirror:
        return Mirror(tuple(Item(n, f"{base}/{n}{suffix}", Form(n)) for n in self.contents))

    def register(self, *sources: Source) -> None:
        files = tuple(
            RawFile(name, hashlib.sha256(content).hexdigest(), (Form(name),))
            for name, content in self.contents.items()
        )
        dataset = replace(DATASETS["mnist"], name="tiny", files=files, sources=sources)
        self.monkeypatch.setitem(DATASETS, "tiny", dataset)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Tiny:
    return Tiny(monkeypatch)
