"""What Prometheus can ask of this service. No label names a user, a client or an address.

The workers of a gunicorn master write their numbers into PROMETHEUS_MULTIPROC_DIR, so that
whichever of them answers /metrics tells of all.
"""

import os

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

_writer: str | None = None


def set_writer(name: str) -> None:
    """Keep this process's numbers in the files of `name`, and go on with what is in them.

    No other living process may write as `name`.
    """
    global _writer  # noqa: PLW0603 (prometheus_client has one set of files for each process)
    _writer = name


if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    values.ValueClass = values.MultiProcessValue(  # type: ignore[no-untyped-call]
        lambda: _writer or os.getpid()
    )

# Up to the 30 s after which routers give up.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REQUESTS = Histogram(
    "wallet_api_http_request_duration_seconds",
    "Time from the arrival of a request to its answer, by route pattern and status.",
    ["method", "route", "status"],
    buckets=_SECONDS,
)
POOL_WAIT = Histogram(
    "wallet_api_db_pool_wait_seconds",
    "Time that work waited for a connection of the pool.",
    ["pool"],
    buckets=_SECONDS,
)
POOL_TIMEOUTS = Counter(
    "wallet_api_db_pool_timeouts", "Work that was given up for want of a connection.", ["pool"]
)
POOL_REFUSALS = Counter(
    "wallet_api_db_pool_refusals",
    "Work that was refused at once: no database in reach, or too much waits for it.",
    ["pool"],
)
POOL_IN_USE = Gauge(
    "wallet_api_db_pool_connections_in_use",
    "Connections that work is using now.",
    ["pool"],
    multiprocess_mode="livesum",
)
POOL_MAX = Gauge(
    "wallet_api_db_pool_connections_max",
    "Connections that may be open.",
    ["pool"],
    multiprocess_mode="livesum",
)
SLOW_QUERIES = Counter("wallet_api_db_slow_queries", "Statements that were logged as slow.")
WALLETS_CREATED = Counter("wallet_api_wallets_created", "Trading wallets that were made.")
KEY_READS = Counter("wallet_api_key_reads", "Private keys that left the service.", ["caller"])
FAILED_OPENS = Counter(
    "wallet_api_failed_opens", "Sealed keys that did not open, or not to their address: an alarm."
)
WENT_BACK = Gauge(
    "wallet_api_database_went_back",
    "1 once the database was found to have lost an acknowledged wallet: an alarm.",
    multiprocess_mode="livemax",
)
OVERLOADED = Counter(
    "wallet_api_overloaded", "Requests that were refused after a long wait for a thread."
)
RATE_LIMITED = Counter("wallet_api_rate_limited", "Requests that were refused with 429.", ["per"])


def render(accept: str) -> tuple[bytes, str]:
    """Return all numbers in the format that an Accept header asks for, and its content type."""
    registry: CollectorRegistry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    try:
        encode, content_type = exposition.choose_encoder(accept)
    except (TypeError, ValueError):
        # A version that is none.
        encode, content_type = exposition.choose_encoder("")
    return encode(registry), content_type
