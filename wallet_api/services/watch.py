"""A thread of each serving process that notices faults without requests, and counts for metrics."""

import time
from collections.abc import Callable, Mapping
from threading import Event, Thread

import structlog

from wallet_api.alarms import alarm
from wallet_api.errors import ServiceUnavailable, WalletApiError
from wallet_api.services.readiness import ReadinessService

log = structlog.get_logger("wallet_api")

_READINESS_SECONDS = 10.0


class Watch:
    """Checks readiness at the start and then every 10 s, also while nobody sends a request.

    ReadinessService logs each change. `reports` set the metrics that are read from the database,
    and how many seconds pass between two calls of each.
    """

    def __init__(
        self, readiness: ReadinessService, reports: Mapping[Callable[[], None], float]
    ) -> None:
        self._readiness = readiness
        self._reports = reports
        self._due = dict.fromkeys(reports, float("-inf"))
        self._stopped = Event()

    def start(self) -> None:
        """Start the thread. Call it after the fork."""
        Thread(target=self._run, name="watch", daemon=True).start()

    def stop(self) -> None:
        """Stop the thread after its current check."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._look()
            except Exception as error:  # noqa: BLE001 (a bug must not end the watch)
                alarm("unhandled exception", "unhandled_exception", exc_info=error)
            self._stopped.wait(_READINESS_SECONDS)

    def _look(self) -> None:
        try:
            self._readiness.check()
        except ServiceUnavailable:
            # Logged by check().
            return
        for report, seconds in self._reports.items():
            if time.monotonic() < self._due[report]:
                continue
            self._due[report] = time.monotonic() + seconds
            try:
                report()
            except WalletApiError as error:
                log.warning("metrics were not counted", report=report.__qualname__, code=error.code)
