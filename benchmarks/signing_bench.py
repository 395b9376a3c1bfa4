"""Times of signatures and key reads: the service's methods in alternation, and over HTTP."""

import json
import os
import statistics
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from itertools import cycle
from typing import Any

from benchmarks.http_bench import CONNECTIONS, TURNS, environ_under_load, loaded
from benchmarks.http_load import load, request_text, running
from benchmarks.processes import CpuTime
from benchmarks.stores import ACCESS, Rows
from benchmarks.timing import Timing, take_turns
from wallet_api.blueprints.schemas.signing import TRANSACTION, TYPED_DATA
from wallet_api.crypto.checksum import to_checksum_address
from wallet_api.ethereum import signatures
from wallet_api.ethereum.messages import read_text_message
from wallet_api.ethereum.typed_data import read_typed_data
from wallet_api.models import TRADING_CHAIN
from wallet_api.services.api_client_changes import CreatedClient

_WORKERS, _THREADS = 2, 8
_WALLETS = 199
"""Not a multiple of the number of operations, so that each operation uses all wallets."""
_CHAIN_ID = 8453
_TEXT = "Sign in to example.com"
_BLOCK = 20
_KEY = bytes.fromhex("ab" * 32)


class _Requests:
    """Requests of one API client about some wallets, which sign again and again."""

    def __init__(self, rows: Rows, client: CreatedClient) -> None:
        self.client = client
        self.access = replace(
            ACCESS, actor=f"client:{client.name}", client_id=client.id, unrestricted=True
        )
        fids = [rows.some_fid() for _ in range(_WALLETS)]
        self._wallets = cycle([(fid, rows.population.trading_address(fid)) for fid in fids])

    def some_fid(self) -> int:
        """Return a user."""
        return next(self._wallets)[0]

    def some_permit(self) -> tuple[int, dict[str, Any]]:
        """Return a user, and a Permit of the user's wallet: only that spends something of it."""
        fid, address = next(self._wallets)
        return fid, TYPED_DATA | {"message": TYPED_DATA["message"] | {"owner": address}}


def measure_signing(rows: Rows, rounds: int, requests: int) -> dict[str, Any]:
    """Return the times of key reads and signatures, and requests per second over HTTP."""
    made = _Requests(rows, rows.create_client("benchmark", scopes=("keys:read", "wallets:sign")))
    operations = _operations(rows, made)
    timings = take_turns(operations, rounds, warm_up=100)
    library = take_turns(_library(), rounds, warm_up=100)
    return {
        "operations": {name: asdict(timing) for name, timing in timings.items()},
        "cpu_ms": _measure_cpu(operations, rounds),
        "library": {name: asdict(timing) for name, timing in library.items()},
        "http": _measure_http(rows, made, requests),
    }


def _operations(rows: Rows, made: _Requests) -> dict[str, Callable[[int], object]]:
    """Return a key read, and signatures of each kind of request, read as a route reads them."""
    sign = rows.signing
    by_method = {"chain_id": _CHAIN_ID, "method": "personal_sign", "access": made.access}

    def sign_permit(_: int) -> object:
        fid, permit = made.some_permit()
        read = read_typed_data(permit, chain_id=_CHAIN_ID)
        return sign.sign_typed_data(fid, read, address=None, **by_method)

    return {
        "key": lambda _: rows.service.get_wallet_with_key(
            made.some_fid(), TRADING_CHAIN, access=made.access
        ),
        "message": lambda _: sign.sign_message(
            made.some_fid(), read_text_message(_TEXT, "message"), address=None, **by_method
        ),
        "permit": sign_permit,
        "transaction": lambda _: sign.sign_transaction(made.some_fid(), TRANSACTION, **by_method),
    }


def _library() -> dict[str, Callable[[int], object]]:
    """Return what eth-account alone does for the same signatures, without any check."""
    eth_account = signatures.load()
    account, messages = eth_account.Account, eth_account.messages
    recipient = to_checksum_address(TRANSACTION["to"])
    transaction = TRANSACTION | {"chainId": _CHAIN_ID, "to": recipient}
    return {
        "a digest": lambda _: account.unsafe_sign_hash(bytes(32), _KEY),
        "a message": lambda _: account.sign_message(messages.encode_defunct(text=_TEXT), _KEY),
        "a Permit": lambda _: account.sign_message(
            messages.encode_typed_data(full_message=TYPED_DATA), _KEY
        ),
        "a transaction": lambda _: account.sign_transaction(transaction, _KEY),
    }


def _measure_cpu(operations: dict[str, Callable[[int], object]], rounds: int) -> dict[str, float]:
    """Return the CPU of an operation in this process and in PostgreSQL, its child, in ms.

    It is that of the least disturbed of many blocks, because other programs only add to it.
    """
    used: dict[str, list[float]] = {name: [] for name in operations}
    for _ in range(rounds // _BLOCK):
        for name, operation in operations.items():
            cpu = CpuTime(os.getpid())
            for number in range(_BLOCK):
                operation(number)
            used[name].append(cpu.seconds() / _BLOCK * 1000)
    return {name: round(min(seconds), 4) for name, seconds in used.items()}


def _measure_http(rows: Rows, made: _Requests, requests: int) -> dict[str, Any]:
    """Return times and requests per second over HTTP, and CPU per request, by kind."""

    def one(path: str, body: dict[str, object], _: int) -> bytes:
        return _request(made, made.some_fid(), path, body)

    def permit(_: int) -> bytes:
        fid, typed_data = made.some_permit()
        return _request(
            made, fid, "sign/typed-data", {"chainId": _CHAIN_ID, "typedData": typed_data}
        )

    transaction: dict[str, object] = {"chainId": _CHAIN_ID, "transaction": TRANSACTION}
    kinds: dict[str, Callable[[int], bytes]] = {
        "key": partial(one, "key", {"reason": "benchmark"}),
        "message": partial(one, "sign/message", {"message": _TEXT}),
        "permit": permit,
        "transaction": partial(one, "sign/transaction", transaction),
    }
    part = requests // TURNS
    environ = environ_under_load(rows, _WORKERS, _THREADS)
    with running(environ, "wsgi:app") as service:
        for make in kinds.values():
            loaded(service, make, part // 2)
        turns = [
            {name: loaded(service, make, part) for name, make in kinds.items()}
            for _ in range(TURNS)
        ]
        alone: dict[str, list[float]] = {name: [] for name in kinds}
        for _ in range(part):
            for name, make in kinds.items():
                found = load(service.port, make, connections=1, requests=2)
                # The first of a connection includes the time in which its worker accepts it.
                alone[name] += found.taken[1:]
    return {
        "settings": {"workers": _WORKERS, "threads": _THREADS, "connections": CONNECTIONS},
        "alone": {name: asdict(Timing.of(taken)) for name, taken in alone.items()},
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


def _request(made: _Requests, fid: int, path: str, body: dict[str, object]) -> bytes:
    headers = {
        "Authorization": f"Bearer {made.client.token.reveal()}",
        "Content-Type": "application/json",
    }
    place = f"/v1/users/{fid}/wallets/ethereum/{path}"
    return request_text("POST", place, headers, json.dumps(body))
