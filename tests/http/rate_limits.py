"""Requests that count towards a rate limit, and the headers of their responses."""

import re

from tests.factories import BASE_ACCOUNT
from tests.http.problems import refused
from wallet_api.errors import TooManyRequests

LIST = "/api/wallet/user-wallets"
DEPOSIT = "/api/wallet/deposit"
BODY = {"amount": "20", "baseAddress": BASE_ACCOUNT}
DAY = 24 * 60 * 60
HEADERS = ("RateLimit", "RateLimit-Policy", "Retry-After")
# An item of either header: a name and two whole numbers (RFC 9651).
ITEM = re.compile(r'"((?:ip|user|client|writes)(?:-\d+)?)";(q|r)=(\d+);(w|t)=(\d+)')


def items(answer, header):
    """Return the items of a header: [("ip", {"q": 3, "w": 60}), …]."""
    found = []
    for item in answer.headers[header].split(", "):
        name, one, first, other, second = ITEM.fullmatch(item).groups()
        found.append((name, {one: int(first), other: int(second)}))
    return found


def policies(answer):
    return [(name, given["q"], given["w"]) for name, given in items(answer, "RateLimit-Policy")]


def remaining(answer):
    return {name: given["r"] for name, given in items(answer, "RateLimit")}


def too_many(answer, per):
    """Check a refusal field by field, and return the seconds after which it ends."""
    problem = refused(answer, 429, TooManyRequests.sentence())
    assert problem["code"] == "too_many_requests"
    assert problem["type"] == "urn:problem-type:wallet-api:too_many_requests"
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r"[1-9]\d*", answer.headers["Retry-After"])
    seconds = int(answer.headers["Retry-After"])
    assert (per, {"r": 0, "t": seconds}) in items(answer, "RateLimit")
    # Told in whole seconds, so that it may be a little longer than the window.
    assert any(name == per and seconds <= window + 1 for name, _, window in policies(answer))
    return seconds


def asked(client, *, headers, address="192.0.2.1", path=LIST):
    return client.get(path, headers=headers, environ_overrides={"REMOTE_ADDR": address})
