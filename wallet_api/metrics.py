"""Prometheus metrics. Labels name API clients, which are few, but no users or addresses.

The workers of a gunicorn master store their metrics in PROMETHEUS_MULTIPROC_DIR, so that each of
them can report the metrics of all.
"""

import os
import platform

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    exposition,
    multiprocess,
    values,
)

from wallet_api import __version__

_writer: str | None = None


def set_writer(name: str) -> None:
    """Store the metrics of this process in the files of `name`, and continue their values.

    No other running process may use the same name.
    """
    global _writer  # noqa: PLW0603 (prometheus_client has one set of files for each process)
    _writer = name


if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    values.ValueClass = values.MultiProcessValue(  # type: ignore[no-untyped-call]
        lambda: _writer or os.getpid()
    )

# Up to 30 s, the timeout of Heroku's router.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REQUESTS = Histogram(
    "wallet_api_http_request_duration_seconds",
    "Time from the arrival of a request to its response, by route pattern and status.",
    ["method", "route", "status"],
    buckets=_SECONDS,
)
# Without labels, they are 0 from the start of a process, and an alert sees the first failure.
REQUESTS_WITHOUT_PROBES = Counter(
    "wallet_api_requests", "Requests, except /healthz, /readyz and /metrics."
)
FAILURES = Counter(
    "wallet_api_request_failures", "Responses 5xx, except to /healthz, /readyz and /metrics."
)
POOL_WAIT = Histogram(
    "wallet_api_db_pool_wait_seconds",
    "Time that work waited for a pooled connection.",
    ["pool"],
    buckets=_SECONDS,
)
POOL_TIMEOUTS = Counter(
    "wallet_api_db_pool_timeouts",
    "Work that failed because no connection became available in time.",
    ["pool"],
)
POOL_REFUSALS = Counter(
    "wallet_api_db_pool_refusals",
    "Work that was rejected at once: database unreachable, or queue full.",
    ["pool"],
)
POOL_IN_USE = Gauge(
    "wallet_api_db_pool_connections_in_use",
    "Connections in use.",
    ["pool"],
    multiprocess_mode="livesum",
)
POOL_MAX = Gauge(
    "wallet_api_db_pool_connections_max",
    "Maximum number of connections.",
    ["pool"],
    multiprocess_mode="livesum",
)
SLOW_QUERIES = Counter("wallet_api_db_slow_queries", "Statements that were logged as slow.")
WALLETS_CREATED = Counter("wallet_api_wallets_created", "Trading wallets that were created.")
KEY_READS = Counter("wallet_api_key_reads", "Private keys that were returned.", ["caller"])
SIGNATURES = Counter(
    "wallet_api_signatures", "Signatures that were made and recorded.", ["method", "client"]
)
SIGNING_REFUSALS = Counter(
    "wallet_api_signing_refusals",
    "Requests to sign that were refused.",
    ["method", "reason", "client"],
)
FAILED_DECRYPTIONS = Counter(
    "wallet_api_failed_opens", "Keys that did not decrypt to that of their address. Alert on this."
)
WENT_BACK = Gauge(
    "wallet_api_database_went_back",
    "1 after the database lost an acknowledged wallet. Alert on this.",
    multiprocess_mode="livemax",
)
OVERLOADED = Counter(
    "wallet_api_overloaded", "Requests that were rejected after a long wait for a thread."
)
RATE_LIMITED = Counter("wallet_api_rate_limited", "Requests that were rejected with 429.", ["per"])


ALARMS = Counter("wallet_api_alarms", "Log lines of the level critical. Alert on each.", ["code"])
NOT_READY = Gauge(
    "wallet_api_processes_not_ready",
    "Processes that cannot serve, by the reason.",
    ["code"],
    multiprocess_mode="livesum",
)
BUILD_INFO = Gauge(
    "wallet_api_build_info",
    "1; the labels are the versions of the service and of Python.",
    ["version", "python"],
    multiprocess_mode="max",
)
# The counters of the workers of a master begin with its files, at its start. A worker, which is
# forked, has its start time as 0.
START_TIME = Gauge(
    "wallet_api_start_time_seconds",
    "Unix time of the start of the process, or of the master: its counters were 0.",
    multiprocess_mode="max",
)
WALLETS = Gauge(
    "wallet_api_wallets",
    "Wallets in PostgreSQL, counted a few times an hour.",
    ["type"],
    multiprocess_mode="livemostrecent",
)
# With a label, it does not exist before the first count: 0 would look like a change.
CLIENTS = Gauge(
    "wallet_api_clients",
    "API clients that were ever created and revoked, counted every minute. Alert on a new one.",
    ["event"],
    multiprocess_mode="livemostrecent",
)
DEPOSITS = Gauge(
    "wallet_api_deposits_prepared_last_day",
    "Deposits that were prepared in the last 24 hours, counted a few times an hour.",
    ["asset"],
    multiprocess_mode="livemostrecent",
)

# Prometheus sees no increase in a counter that appears with its first event.
for _caller in ("user", "client"):
    KEY_READS.labels(_caller)
for _limit in ("ip", "user", "writes", "client"):
    RATE_LIMITED.labels(_limit)
START_TIME.set_to_current_time()
BUILD_INFO.labels(__version__, platform.python_version()).set(1)


def render(accept: str) -> tuple[bytes, str]:
    """Render all metrics in the format of an Accept header. Return text and content type."""
    try:
        encode, content_type = exposition.choose_encoder(accept)
    except (TypeError, ValueError):
        # The header contains a malformed version.
        encode, content_type = exposition.choose_encoder("")
    return encode(_registry()), content_type


def values_by(name: str, label: str) -> dict[str, int]:
    """Return the values of a metric in all workers, by its label. The name is that of a sample."""
    return {
        sample.labels[label]: int(sample.value)
        for family in _registry().collect()
        for sample in family.samples
        if sample.name == name
    }


def _registry() -> CollectorRegistry:
    """Return the metrics of all workers."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
