"""What the machine does while a group trains: load, memory, disk, network, as MLflow measures it.

On request only (``tracking.system_metrics``). A thread of its own asks psutil; training is not
told, so no number of it changes.
"""

from __future__ import annotations

from contextlib import suppress
from threading import Event, Thread
from typing import Any

SECONDS = 2.0
"""Between two samples; MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL, if set, goes before it."""


class Machine:
    """The measurements of one run, from now until :meth:`stop`.

    MLflow's own thread would take its first sample at once, when the load since the last one is
    that of no time at all, and ask the store before each whether the run goes on.
    """

    def __init__(self, uri: str, run_id: str) -> None:
        """Start measuring.

        Args:
            uri: the store.
            run_id: a run that goes on; its metrics ``system/...`` are what is measured.
        """
        from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

        untyped: Any = SystemMetricsMonitor
        self._monitor = untyped(run_id, SECONDS, tracking_uri=uri)
        # The load is one since the sample before, so there has to be one.
        self._monitor.collect_metrics()
        for part in self._monitor.monitors:
            part.clear_metrics()
        self._stopped = Event()
        self._thread = Thread(target=self._measure, daemon=True, name="system metrics")
        self._thread.start()

    def stop(self) -> None:
        """Take the last sample, send what was not sent yet, and end; once."""
        if not self._stopped.is_set():
            self._stopped.set()
            self._thread.join()
            self._sample()
            self._monitor.mlflow_logger.flush()

    def _measure(self) -> None:
        # Trouble with the store is told by whoever trains.
        with suppress(Exception):
            while not self._stopped.wait(self._monitor.sampling_interval):
                self._sample()

    def _sample(self) -> None:
        self._monitor.collect_metrics()
        self._monitor.publish_metrics(self._monitor.aggregate_metrics())
