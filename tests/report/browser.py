"""Headless Chromium for tests, spoken to over a pipe: no driver and no other package is needed.

The DevTools protocol (chromedevtools.github.io/devtools-protocol): JSON messages that end with a
zero byte, in on file descriptor 3 and out on 4.
"""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OPTIONS = (
    *("--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu"),
    *("--disable-dev-shm-usage", "--no-first-run", "--disable-extensions", "--hide-scrollbars"),
)
# Hands two descriptors on as 3 and 4.
LAUNCH = "import os, sys; r, w = map(int, sys.argv[1:3]); os.dup2(r, 3); os.dup2(w, 4); "
LAUNCH += "os.execv(sys.argv[3], sys.argv[3:])"


def chromium() -> str | None:
    """Return where Chromium is, if it is installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Tab:
    """One page in the browser; ``messages`` is what its console said, and errors."""

    def __init__(self, to, back) -> None:
        self._to, self._back, self._buffer, self._number = to, back, b"", 0
        self._session = None
        self.messages: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def open(self, address: str) -> None:
        self._loaded = False
        self._call("Page.navigate", url=address)
        while not self._loaded:
            self._receive()
        self.run("Promise.all([...document.images].map((each) => each.decode()))")

    def run(self, script: str):
        """Return the value of an expression in the page; what it promises is awaited."""
        found = self._call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key and let it go: its name, its number, and what it writes."""
        about = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        down = {"type": "keyDown", "text": text} if text else {"type": "rawKeyDown"}
        for event in (down, {"type": "keyUp"}):
            self._call("Input.dispatchKeyEvent", **event, **about)

    def screen(self, width: int, height: int, *, dark: bool = False, mobile: bool = False) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self._call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])

    def media(self, name: str) -> None:
        """Show the page as on a medium, such as print; on the screen without one."""
        self._call("Emulation.setEmulatedMedia", media=name)

    def scripts(self, *, on: bool) -> None:
        self._call("Emulation.setScriptExecutionDisabled", value=not on)

    def shot(self, path: Path, **clip: float) -> None:
        asked = {"clip": {**clip, "scale": 1}, "captureBeyondViewport": True} if clip else {}
        found = self._call("Page.captureScreenshot", format="png", **asked)
        path.write_bytes(base64.b64decode(found["data"]))

    def pdf(self, path: Path) -> None:
        found = self._call("Page.printToPDF", printBackground=False, preferCSSPageSize=True)
        path.write_bytes(base64.b64decode(found["data"]))

    def _call(self, method: str, **params):
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def _receive(self):
        while b"\0" not in self._buffer:
            part = os.read(self._back, 1 << 20)
            assert part, "Chromium has ended"
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        told = json.loads(message)
        params = told.get("params", {})
        match told.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Runtime.consoleAPICalled":
                self.messages.append(str(params["args"]))
            case "Runtime.exceptionThrown":
                self.messages.append(str(params["exceptionDetails"]))
            case "Log.entryAdded":
                self.messages.append(params["entry"]["text"])
        return told


@contextmanager
def browser(path: str):
    """Start Chromium with one tab, and end it."""
    ends = [*os.pipe(), *os.pipe()]
    # Away from 3 and 4, which they are copied to.
    theirs_in, ours_out, ours_in, theirs_out = (
        fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends
    )
    for end in ends:
        os.close(end)
    with tempfile.TemporaryDirectory() as profile:
        arguments = [sys.executable, "-c", LAUNCH, str(theirs_in), str(theirs_out)]
        process = subprocess.Popen(
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
