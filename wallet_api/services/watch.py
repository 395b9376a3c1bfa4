"""A thread of each serving process that notices faults without requests, and counts for metrics."""

import time
from collections.abc import Callable, Sequence
from threading import Event, Thread

import structlog

from wallet_api.alarms import alarm
from wallet_api.errors import ServiceUnavailable, WalletApiError
from wallet_api.services.readiness import ReadinessService

log = structlog.get_logger("wallet_api")

_READINESS_SECONDS = 10.0
# The figures read the indexes of all wallets.
_FIGURES_SECONDS = 15 * 60.0


class Watch:
    """Checks readiness at the start and then every 10 s, also while nobody sends a request.

    ReadinessService logs each change. `reports` read from the database what metrics report, at the
    start and four times an hour; there are none if nobody reads the metrics.
    """

    def __init__(
        self, readiness: ReadinessService, reports: Sequence[Callable[[], None]] = ()
    ) -> None:
        self._readiness = readiness
        self._reports = reports
        self._counted_at = float("-inf")
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
        if time.monotonic() - self._counted_at < _FIGURES_SECONDS:
            return
        self._counted_at = time.monotonic()
        try:
            for report in self._reports:
                report()
        except WalletApiError as error:
            log.warning("figures for metrics were not read", code=error.code)
