"""Alarms: log lines of the level `critical`, which an operator must see, and their number."""

from typing import Any

import structlog

from wallet_api import metrics

NOT_READY = (
    "database_unreachable",
    "password_refused",
    "too_many_connections",
    "database_unavailable",
    "migrations_missing",
    "rights_missing",
    "session_unfit",
    "read_only",
    "secret_mismatch",
    "storage_unavailable",
)
"""The reasons why a process cannot serve."""

CODES = (
    *NOT_READY,
    "audit_log_blocked",
    "database_damaged",
    "database_went_back",
    "key_unreadable",
    "signature_mismatch",
    "unhandled_exception",
)
"""The codes of all alarms."""

log = structlog.get_logger("wallet_api")

# Prometheus sees no increase in a counter that appears with its first event.
for _code in CODES:
    metrics.ALARMS.labels(_code)


def alarm(event: str, code: str, **members: Any) -> None:
    """Log and count an alarm. `code` is one of CODES."""
    metrics.ALARMS.labels(code).inc()
    log.critical(event, code=code, **members)
