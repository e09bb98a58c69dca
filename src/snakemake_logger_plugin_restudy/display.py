"""What the person who waits sees: messages, and how far the run is.

On a terminal there is one line at the bottom that is always up to date. Elsewhere a line is
printed now and then while jobs run: in a file or in the log of a server nothing can be taken away.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from restudy.progress import training_progress
from restudy.progress.time_left import Run
from restudy.runtime.terminal import BottomLine, is_terminal

# In seconds.
LOOK = 2.0
"""How often jobs that run are looked at, and the line at the bottom is drawn."""
TELL = 300.0
"""Elsewhere: time after a line until the next, if no job ends before."""


class Display:
    """Prints messages, and shows progress.

    Snakemake's messages come in one thread; another, which does not keep the process alive, looks
    at the jobs that run. Trouble with the progress, of whatever kind, ends the display of it and
    nothing else.
    """

    def __init__(
        self, stream: TextIO, *, live: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with no job.

        Args:
            stream: where to print.
            live: whether to show anything between two messages.
            clock: tells the time in seconds.
        """
        self._stream, self._clock = stream, clock
        self._live = live
        self._run = Run()
        self._watcher: training_progress.Watcher | None = None
        self._bottom = BottomLine(stream) if live and is_terminal(stream) else None
        self._when_told = clock()
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def print(self, line: str) -> None:
        """Print a message."""
        with self._lock:
            if self._bottom:
                self._bottom.print(line)
            else:
                print(line, file=self._stream, flush=True)

    def expect(self, *, jobs: int | None = None, cores: int | None = None) -> None:
        """Note how many jobs there are, or how many of them may run at once."""
        with self._lock:
            self._run.jobs = (0, self._run.jobs[1] if jobs is None else jobs)
            self._run.cores = self._run.cores if cores is None else cores

    def began(self, job: int, name: str, trains: str | None = None) -> None:
        """Note that a job has begun.

        Args:
            job: its number.
            name: what it is called.
            trains: its name among the jobs that train, if it does.
        """
        with self._guarded():
            if self._watcher is None and (watcher := training_progress.get_watcher()):
                self._watcher = watcher
                self._run.expect(watcher.groups, watcher.jobs.values())
            groups = self._watcher.jobs.get(trains, ()) if self._watcher and trains else ()
            self._run.begin(job, name, groups, self._clock())
            self._draw()
            if self._thread is None and self._live:
                self._thread = threading.Thread(target=self._keep_looking, daemon=True)
                self._thread.start()

    def ended(self, job: int, *, well: bool) -> None:
        """Note that a job has ended."""
        with self._guarded():
            self._run.end(job, self._clock(), well=well)
            self._draw()

    def counted(self, done: int, total: int) -> None:
        """Note how many jobs have ended, and how many there are."""
        with self._guarded():
            self._run.jobs = (done, total)
            # On a terminal the line at the bottom says so, until it goes.
            if not self._bottom or done == total:
                self._tell(self._run.describe(self._clock()))

    def look(self) -> None:
        """Look at the jobs that run, and show what is new."""
        with self._guarded():
            if self._stop.is_set() or not self._run.is_running:
                return
            now = self._clock()
            for group in self._watcher.finished() if self._watcher else ():
                self._run.finish(group, now)
            self._draw()
            if not self._bottom and now - self._when_told >= TELL:
                self._tell(f"{self._run.describe(now)}; now {self._run.running()}")

    def close(self) -> None:
        """Show no progress any more."""
        self._stop.set()
        with self._lock:
            bottom, self._bottom = self._bottom, None
            if bottom:
                bottom.show("")

    def _keep_looking(self) -> None:
        while not self._stop.wait(LOOK):
            self.look()

    def _draw(self) -> None:
        if self._bottom and not self._stop.is_set():
            running = self._run.is_running
            self._bottom.show(self._run.describe_briefly(self._clock()) if running else "")

    def _tell(self, text: str) -> None:
        self._when_told = self._clock()
        self.print(text)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Hold the lock; on trouble show no progress any more."""
        with self._lock:
            try:
                yield
            except Exception as error:
                if not self._stop.is_set():
                    with suppress(Exception):
                        self.close()
                        self.print(
                            f"warning: no progress is shown: {type(error).__name__}: {error}"
                        )
