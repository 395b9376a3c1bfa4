"""What a request leaves in memory."""

import gc
import weakref

import pytest
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
    """It runs rarely (wallet_api/server/hooks.py), and a request holds up to 32 kB."""
    app = make_app()
    options = {"headers": signed_in(), **options}
    requests = []

    class Watched(app.request_class):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            requests.append(weakref.ref(self))

    app.request_class = Watched
    gc.disable()
    try:
        for _ in range(5):
            # A test client would keep the environment of a request in a cycle.
            environ = create_environ(path, method=method, **options)
            _, answered, _ = run_wsgi_app(app, environ, buffered=True)
            assert int(answered.split()[0]) == status
        del environ
        alive = [request for request in requests if request() is not None]
    finally:
        gc.enable()
    assert len(requests) == 5
    assert alive == []
