"""Bodies and calls that the service must refuse."""

import io

from tests.factories import BASE_ACCOUNT
from tests.http.problems import refused
from tests.http.route_map import routes

DEPOSIT = "/api/wallet/deposit"
WALLETS = "/api/wallet/user-wallets"
SIGN_IN = "/api/auth/base-account"
GOOD = {"asset": "USDC", "amount": "20", "baseAddress": BASE_ACCOUNT}
JSON = {"Content-Type": "application/json"}
ONE_MEGABYTE = 1024 * 1024
# Routes that answer POST without reading a body.
BODILESS = {SIGN_IN, "/api/trading/create-fallback-wallet"}


def deposit_text(amount='"20"', *, more=""):
    """Write a deposit's body by hand; only what the caller passes can be wrong with it."""
    return f'{{"amount": {amount}, "baseAddress": "{BASE_ACCOUNT}"{more}}}'


class Endless(io.RawIOBase):
    """A body without an end; it counts what was read of it."""

    def __init__(self):
        self.taken = 0

    def readable(self):
        return True

    def readinto(self, buffer):
        buffer[:] = b" " * len(buffer)
        self.taken += len(buffer)
        return len(buffer)


def every_call(client):
    calls = routes(client.application)
    assert len(calls) >= 11
    return calls


def is_too_large(answer):
    refused(answer, 413, "The request body is too large.")
