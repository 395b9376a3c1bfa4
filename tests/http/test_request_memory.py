"""What a request leaves in memory."""

import gc

import pytest
from flask import Request
from werkzeug.test import create_environ, run_wsgi_app

from tests.factories import BASE_ACCOUNT, FID, signed_in

DEPOSIT = "/api/wallet/deposit"
GOOD = {"asset": "USDC", "amount": "20", "baseAddress": BASE_ACCOUNT}


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/api/wallet/user-wallets", {}, 200),
        ("GET", "/api/wallet/user-wallets", {"headers": {"Authorization": "Bearer x"}}, 401),
        ("GET", "/nothing", {}, 404),
        ("PUT", "/api/wallet/user-wallets", {}, 405),
        ("POST", DEPOSIT, {"json": GOOD}, 200),
        ("POST", DEPOSIT, {"json": {"asset": "USDC", "amount": "-20"}}, 400),
        ("POST", DEPOSIT, {"data": "{", "content_type": "application/json"}, 400),
        ("POST", DEPOSIT, {"data": "x" * 20_000}, 413),
        ("GET", f"/v1/users/{FID}/wallets", {}, 401),
    ],
)  # fmt: skip
def test_a_request_is_freed_without_the_garbage_collector(make_app, method, path, options, status):
    """It runs seldom (wallet_api/server/hooks.py), and a request holds up to 32 kB."""
    app = make_app()
    options = {"headers": signed_in(), **options}

    def answer():
        # A test client keeps the environment of a request in a cycle.
        _, said, _ = run_wsgi_app(
            app, create_environ(path, method=method, **options), buffered=True
        )
        return int(said.split()[0])

    def alive():
        return sum(isinstance(one, Request) for one in gc.get_objects())

    assert answer() == status
    gc.collect()
    before = alive()
    gc.disable()
    try:
        for _ in range(5):
            answer()
        after = alive()
    finally:
        gc.enable()
    assert after == before
