"""HTTP benchmark of the service and of an empty Flask route under the same gunicorn settings."""

import json
import statistics
from collections.abc import Callable

from benchmarks.http_load import LoadResult, Server, all_at_once, load, request_text, running
from benchmarks.processes import CpuTime
from benchmarks.stores import Rows, environ_of
from wallet_api.auth.user_tokens import UserTokens
from wallet_api.config import read_token_settings

DEPOSIT = {"asset": "USDC", "amount": "20", "baseAddress": "0x" + "5a" * 20}
"""The body of a first deposit."""
UNIT = "empty, gunicorn's own worker"
"""An empty route without any code of this service."""

CONNECTIONS = 32
TURNS = 5
_WORKERS, _THREADS = 2, 8
_LIMIT = "100000000 per minute"


class Requests:
    """Builders of requests by users with a wallet and by new users."""

    def __init__(self, rows: Rows, environ: dict[str, str]) -> None:
        self._rows = rows
        self._tokens = UserTokens(read_token_settings(environ))

    def empty(self, _: int) -> bytes:
        """Build a request for the empty route."""
        return request_text("GET", "/")

    def read(self, _: int) -> bytes:
        """Build a request for the address of a user's wallet."""
        return self._of("GET", "/api/wallet/primary", self._rows.some_fid())

    def wallets(self, _: int) -> bytes:
        """Build a request for all wallets of a user."""
        return self._of("GET", "/api/wallet/user-wallets", self._rows.some_fid())

    def key(self, _: int) -> bytes:
        """Build a request for the key of a user's wallet."""
        return self._of("GET", "/api/wallet/primary-with-key", self._rows.some_fid())

    def first_deposit(self, _: int) -> bytes:
        """Build the first deposit of a new user, which creates a wallet."""
        body = json.dumps(DEPOSIT)
        return self._of("POST", "/api/wallet/deposit", self._rows.new_fid(), body)

    def _of(self, method: str, path: str, fid: int, body: str = "") -> bytes:
        headers = {"Authorization": f"Bearer {self._tokens.issue(fid).reveal()}"}
        if body:
            headers["Content-Type"] = "application/json"
        return request_text(method, path, headers, body)


def environ_under_load(rows: Rows, workers: int, threads: int) -> dict[str, str]:
    """Return the environment of a service with rate limits that are never reached."""
    return environ_of(
        rows.url,
        ALLOW_KEY_EXPORT="true",
        WEB_CONCURRENCY=str(workers),
        WEB_THREADS=str(threads),
        # The default: a log line per request.
        LOG_LEVEL="INFO",
        **{f"RATELIMIT_PER_{who}": _LIMIT for who in ("IP", "USER", "CLIENT")},
    )


def measure_http(rows: Rows, crowds: tuple[int, ...], requests: int) -> dict[str, object]:
    """Return requests per second and CPU per request by kind, and results of concurrent bursts."""
    environ = environ_under_load(rows, _WORKERS, _THREADS)
    make = Requests(rows, environ)
    empty_app = ("-c", "python:benchmarks.empty_app", "benchmarks.empty_app:app")
    with (
        running(environ, "wsgi:app") as service,
        running(environ, *empty_app) as empty,
        running(environ, *empty_app, "--worker-class", "gthread") as gthread,
    ):
        kinds = {
            "empty": (empty, make.empty),
            "read": (service, make.read),
            "key": (service, make.key),
            "first deposit": (service, make.first_deposit),
        }
        # No code of this project: the unit of CPU time on this machine in this hour.
        units = {UNIT: (gthread, make.empty)}
        part = requests // TURNS
        cells: dict[str, list[tuple[LoadResult, float]]] = {name: [] for name in kinds | units}
        for server, one in (kinds | units).values():
            loaded(server, one, part // 2)
        for _ in range(TURNS):
            for name, (server, one) in (kinds | units).items():
                cells[name].append(loaded(server, one, part))
        return {
            "settings": {
                "workers": _WORKERS,
                "threads": _THREADS,
                "connections": CONNECTIONS,
            },
            "per_second": {
                name: round(statistics.median(turn.per_second for turn, _ in cells[name]), 1)
                for name in kinds
            },
            "cpu_ms": {
                name: round(statistics.median(cpu for _, cpu in turns) / part * 1000, 4)
                for name, turns in cells.items()
            },
            "failed": {
                name: sum(turn.failed for turn, _ in turns) for name, turns in cells.items()
            },
            "crowds": [
                {name: _at_once(server, one, crowd) for name, (server, one) in kinds.items()}
                for crowd in crowds
            ],
        }


def loaded(server: Server, one: Callable[[int], bytes], requests: int) -> tuple[LoadResult, float]:
    """Send requests, and return the responses and the seconds of CPU of the server."""
    # Build the requests first, so that issuing tokens is not measured.
    made = [one(number) for number in range(requests)]
    cpu = CpuTime(server.pid)
    found = load(server.port, made.__getitem__, connections=CONNECTIONS, requests=requests)
    return found, cpu.seconds()


def _at_once(server: Server, one: Callable[[int], bytes], crowd: int) -> dict[str, object]:
    made = [one(number) for number in range(crowd)]
    return all_at_once(server.port, made.__getitem__, crowd).as_json()
