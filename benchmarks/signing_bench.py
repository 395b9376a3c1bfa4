"""Times of signatures beside key reads: the service's methods in alternation, and over HTTP."""

import json
import statistics
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from benchmarks.http_bench import CONNECTIONS, TURNS, environ_under_load, loaded
from benchmarks.http_load import request_text, running
from benchmarks.stores import ACCESS, Rows
from benchmarks.timing import take_turns
from wallet_api.blueprints.schemas.signing import TRANSACTION, TYPED_DATA
from wallet_api.ethereum.messages import read_text_message
from wallet_api.ethereum.typed_data import read_typed_data

_WORKERS, _THREADS = 2, 8
_CHAIN_ID = 8453
_TEXT = "Sign in to example.com"
_ENGINE = replace(ACCESS, actor="client:benchmark", unrestricted=True)


def measure_signing(rows: Rows, rounds: int, requests: int) -> dict[str, Any]:
    """Return the times of key reads and signatures, and requests per second over HTTP."""
    timings = take_turns(_operations(rows), rounds, warm_up=100)
    return {
        "operations": {name: asdict(timing) for name, timing in timings.items()},
        "http": _measure_http(rows, requests),
    }


def _operations(rows: Rows) -> dict[str, Callable[[int], object]]:
    """Return a key read, and signatures of each kind of request, read as a route reads them."""
    sign = rows.signing
    by_method = {"chain_id": _CHAIN_ID, "method": "personal_sign", "access": _ENGINE}
    return {
        "key": rows.operations()["key"],
        "message": lambda _: sign.sign_message(
            rows.some_fid(), read_text_message(_TEXT, "message"), address=None, **by_method
        ),
        "permit": lambda _: sign.sign_typed_data(
            rows.some_fid(),
            read_typed_data(TYPED_DATA, chain_id=_CHAIN_ID),
            address=None,
            **by_method,
        ),
        "transaction": lambda _: sign.sign_transaction(rows.some_fid(), TRANSACTION, **by_method),
    }


def _measure_http(rows: Rows, requests: int) -> dict[str, Any]:
    """Return requests per second and CPU per request of one client, by kind."""
    token = rows.create_client("benchmark", scopes=("keys:read", "wallets:sign"))
    bodies: dict[str, tuple[str, dict[str, object]]] = {
        "key": ("key", {"reason": "benchmark"}),
        "message": ("sign/message", {"message": _TEXT}),
        "permit": ("sign/typed-data", {"chainId": _CHAIN_ID, "typedData": TYPED_DATA}),
        "transaction": ("sign/transaction", {"chainId": _CHAIN_ID, "transaction": TRANSACTION}),
    }
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def one(path: str, body: dict[str, object], _: int) -> bytes:
        place = f"/v1/users/{rows.some_fid()}/wallets/ethereum/{path}"
        return request_text("POST", place, headers, json.dumps(body))

    kinds = {name: partial(one, *body) for name, body in bodies.items()}
    part = requests // TURNS
    environ = environ_under_load(rows, _WORKERS, _THREADS)
    with running(environ, "wsgi:app") as service:
        for make in kinds.values():
            loaded(service, make, part // 2)
        turns = [
            {name: loaded(service, make, part) for name, make in kinds.items()}
            for _ in range(TURNS)
        ]
    return {
        "settings": {"workers": _WORKERS, "threads": _THREADS, "connections": CONNECTIONS},
        "per_second": {
            name: round(statistics.median(turn[name][0].per_second for turn in turns), 1)
            for name in kinds
        },
        "cpu_ms": {
            name: round(statistics.median(turn[name][1] for turn in turns) / part * 1000, 4)
            for name in kinds
        },
        "failed": {name: sum(turn[name][0].failed for turn in turns) for name in kinds},
    }
