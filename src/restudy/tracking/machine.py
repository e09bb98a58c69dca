"""What the machine does while a cell trains: load, memory, disk, network, as MLflow measures it.

On request only (``tracking.system_metrics``). A thread of its own asks psutil; training is not
told, so no number of it changes.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

SECONDS = 2.0
"""Between two samples; MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL, if set, goes before it."""


class Machine:
    """The measurements of one run, from now until :meth:`stop`."""

    def __init__(self, uri: str, run_id: str) -> None:
        """Start measuring.

        Args:
            uri: the store.
            run_id: a run that goes on; its metrics ``system/...`` are what is measured.
        """
        from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

        # It announces start and end; trouble with the store is told by whoever trains.
        logging.getLogger("mlflow.system_metrics").setLevel(logging.ERROR)
        monitor = SystemMetricsMonitor(run_id, SECONDS, tracking_uri=uri)
        # The load is one since the last sample, and the first has none before it.
        monitor.collect_metrics()
        for part in monitor.monitors:
            part.clear_metrics()
        monitor.start()
        self._monitor: SystemMetricsMonitor | None = monitor

    def stop(self) -> None:
        """Send what was not sent yet, and end; a second time does nothing."""
        monitor, self._monitor = self._monitor, None
        if monitor is None:
            return
        monitor.finish()
        monitor.publish_metrics(monitor.aggregate_metrics())
        monitor.mlflow_logger.flush()
