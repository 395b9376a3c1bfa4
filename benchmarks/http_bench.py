"""HTTP benchmark of the service and of an empty Flask route under the same gunicorn settings."""

import json
import statistics
from collections.abc import Callable

from benchmarks.http_load import LoadResult, all_at_once, load, request_text, running
from benchmarks.stores import Rows, environ_of
from wallet_api.auth.user_tokens import UserTokens
from wallet_api.config import read_token_settings

_BASE_ACCOUNT = "0x" + "5a" * 20
_CONNECTIONS = 32
_TURNS = 5
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

    def key(self, _: int) -> bytes:
        """Build a request for the key of a user's wallet."""
        return self._of("GET", "/api/wallet/primary-with-key", self._rows.some_fid())

    def first_deposit(self, _: int) -> bytes:
        """Build the first deposit of a new user, which creates a wallet."""
        body = {"asset": "USDC", "amount": "20", "baseAddress": _BASE_ACCOUNT}
        return self._of("POST", "/api/wallet/deposit", self._rows.new_fid(), json.dumps(body))

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
    """Return requests per second by kind, and the results of concurrent bursts."""
    environ = environ_under_load(rows, _WORKERS, _THREADS)
    make = Requests(rows, environ)
    with (
        running(environ, "wsgi:app") as service,
        running(environ, "-c", "python:benchmarks.empty_app", "benchmarks.empty_app:app") as empty,
    ):
        kinds = {
            "empty": (empty, make.empty),
            "read": (service, make.read),
            "key": (service, make.key),
            "first deposit": (service, make.first_deposit),
        }
        part = requests // _TURNS
        for port, one in kinds.values():
            load(port, one, connections=_CONNECTIONS, requests=part // 2)
        answered: dict[str, list[LoadResult]] = {name: [] for name in kinds}
        for _ in range(_TURNS):
            for name, (port, one) in kinds.items():
                # Build the requests first, so that issuing tokens is not measured.
                made = [one(number) for number in range(part)]
                answered[name].append(
                    load(port, made.__getitem__, connections=_CONNECTIONS, requests=part)
                )
        return {
            "settings": {
                "workers": _WORKERS,
                "threads": _THREADS,
                "connections": _CONNECTIONS,
            },
            "per_second": {
                name: round(statistics.median(turn.per_second for turn in turns), 1)
                for name, turns in answered.items()
            },
            "failed": {
                name: sum(turn.failed for turn in turns) for name, turns in answered.items()
            },
            "crowds": [
                {name: _at_once(port, one, crowd) for name, (port, one) in kinds.items()}
                for crowd in crowds
            ],
        }


def _at_once(port: int, one: Callable[[int], bytes], crowd: int) -> dict[str, object]:
    made = [one(number) for number in range(crowd)]
    return all_at_once(port, made.__getitem__, crowd).as_json()
