"""Headless Chromium, controlled over a pipe: no driver and no other package is needed.

The DevTools protocol (chromedevtools.github.io/devtools-protocol): JSON messages that end with a
zero byte, in on file descriptor 3 and out on 4.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from restudy.common.errors import RestudyError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OPTIONS = (
    *("--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu"),
    *("--disable-dev-shm-usage", "--no-first-run", "--disable-extensions", "--hide-scrollbars"),
)
SECONDS = 90
"""Longest wait for a message; after that the browser hangs."""

# Hands two descriptors on as 3 and 4.
LAUNCH = "import os, sys; r, w = map(int, sys.argv[1:3]); os.dup2(r, 3); os.dup2(w, 4); "
LAUNCH += "os.execv(sys.argv[3], sys.argv[3:])"


def chromium() -> str | None:
    """Return where Chromium is, if it is installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Tab:
    """One page in the browser.

    Attributes:
        messages: lines on its console, and errors.
    """

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back, self._buffer, self._number = to, back, b"", 0
        self._session: str | None = None
        self.messages: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def open(self, address: str) -> None:
        """Open an address, and wait until all pictures are there."""
        self._loaded = False
        self._call("Page.navigate", url=address)
        while not self._loaded:
            self._receive()
        self.run("Promise.all([...document.images].map((each) => each.decode()))")

    def run(self, script: str) -> Any:
        """Return the value of an expression in the page; a promise is awaited."""
        found = self._call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise RestudyError(f"Chromium: {found['exceptionDetails']}")
        return found["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key and let it go: its name, its number, and what it writes."""
        about = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
        for event in (down, {"type": "keyUp"}):
            self._call("Input.dispatchKeyEvent", **event, **about)

    def screen(self, width: int, height: int, *, dark: bool = False, mobile: bool = False) -> None:
        """Set the size of the window, in pixels of the page, and the colour scheme."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self._call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])

    def media(self, name: str) -> None:
        """Show the page as on a medium, such as print; on the screen without one."""
        self._call("Emulation.setEmulatedMedia", media=name)

    def scripts(self, *, on: bool) -> None:
        """Switch scripts on or off."""
        self._call("Emulation.setScriptExecutionDisabled", value=not on)

    def shot(self) -> bytes:
        """Return the visible part of the page as PNG."""
        return base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"])

    def pdf(self) -> bytes:
        """Return the page, printed, as PDF."""
        found = self._call("Page.printToPDF", printBackground=False, preferCSSPageSize=True)
        return base64.b64decode(found["data"])

    def _call(self, method: str, **params: Any) -> Any:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RestudyError(f"Chromium: {method}: {answer['error']}")
                return answer["result"]

    def _receive(self) -> Any:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._back], [], [], SECONDS)
            part = os.read(self._back, 1 << 20) if ready else b""
            if not part:
                raise RestudyError("Chromium has ended, or hangs")
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        event = json.loads(message)
        params = event.get("params", {})
        match event.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Runtime.consoleAPICalled":
                self.messages.append(str(params["args"]))
            case "Runtime.exceptionThrown":
                self.messages.append(str(params["exceptionDetails"]))
            case "Log.entryAdded":
                self.messages.append(params["entry"]["text"])
        return event


@contextmanager
def browser(path: str) -> Iterator[Tab]:
    """Start Chromium with one tab, and end it."""
    ends = [*os.pipe(), *os.pipe()]
    # Away from 3 and 4, which they are copied to.
    theirs_in, ours_out, ours_in, theirs_out = (
        fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends
    )
    for end in ends:
        os.close(end)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        arguments = [sys.executable, "-c", LAUNCH, str(theirs_in), str(theirs_out)]
        process = subprocess.Popen(  # noqa: S603
            [*arguments, path, *OPTIONS, f"--user-data-dir={profile}"],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Tab(ours_out, ours_in)
        finally:
            os.close(ours_out)  # Chromium ends when nobody speaks to it any more
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            os.close(ours_in)
