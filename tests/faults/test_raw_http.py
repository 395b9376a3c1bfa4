"""Malformed HTTP over a real socket: a short 4xx in JSON that quotes nothing, and no 500."""

import json

import pytest

from tests.factories import BASE_ACCOUNT, FID
from tests.leaks import LEAKS
from tests.running_service import send_raw

pytestmark = pytest.mark.slow

TOKEN = "a-token-that-nobody-may-quote"
DEPOSIT = "POST /api/wallet/deposit HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
PRIMARY = "GET /api/wallet/primary HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"

CASES = {
    "a path that is not there": (f"GET /{TOKEN} HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    "not HTTP at all": ("nonsense\r\n\r\n", 400),
    "a method in lower case": (f"get /{TOKEN} HTTP/1.1\r\n\r\n", 400),
    "a version of the future": ("GET / HTTP/9.9\r\n\r\n", 400),
    "a NUL in the path": (f"GET /{TOKEN}\x00 HTTP/1.1\r\n\r\n", 400),
    "an endless path": ("GET /" + "x" * 9000 + " HTTP/1.1\r\n\r\n", 414),
    "an endless token": (f"{PRIMARY}Authorization: Bearer {'x' * 9000}\r\n\r\n", 431),
    "too many headers": (PRIMARY + "X: y\r\n" * 150 + "\r\n", 431),
    "a control character in a token": (f"{PRIMARY}Authorization: Bearer {TOKEN}\x01\r\n\r\n", 400),
    "a token that is not ASCII": (f"{PRIMARY}Authorization: Bearer {TOKEN}\xe9\r\n\r\n", 401),
    "an expectation": (f"{PRIMARY}Expect: tea\r\n\r\n", 417),
    "a length that is no number": (f"{DEPOSIT}Content-Length: abc\r\n\r\nabc", 400),
    "a negative length": (f"{DEPOSIT}Content-Length: -1\r\n\r\nabc", 400),
    "two ways to end": (
        f"{DEPOSIT}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "a chunk whose length is no number": (
        f"{DEPOSIT}Transfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n",
        400,
    ),
    "a chunk that ends early": (f"{DEPOSIT}Transfer-Encoding: chunked\r\n\r\n5\r\nab", 400),
    "chunks without an end": (
        f"{DEPOSIT}Transfer-Encoding: chunked\r\n\r\n" + f"1000\r\n{' ' * 4096}\r\n" * 8,
        413,
    ),
}


def test_malformed_http_is_refused_in_json_and_not_quoted(serve):
    LEAKS.secrets.add(TOKEN)
    service = serve(WEB_CONCURRENCY="1", GUNICORN_CMD_ARGS="--access-logfile -")
    for name, (text, status) in CASES.items():
        head, _, body = send_raw(service.port, text).partition(b"\r\n\r\n")
        assert head.split(b" ")[1] == str(status).encode(), name
        assert b"Content-Type: application/problem+json" in head, name
        problem = json.loads(body)
        assert problem.keys() == {
            *("type", "title", "status", "detail", "code", "request_id", "error")
        }, name
        assert problem["status"] == status, name
        assert f"X-Request-Id: {problem['request_id']}".encode() in head, name
        assert TOKEN.encode() not in body, name


def test_a_body_that_ends_before_its_length_is_not_a_deposit(serve, sql):
    """What came is good JSON; that more was announced says that something got lost."""
    service = serve(WEB_CONCURRENCY="1")
    body = json.dumps({"amount": "20", "baseAddress": BASE_ACCOUNT})
    token = service.bearer(FID)["Authorization"]
    headers = f"Authorization: {token}\r\nContent-Type: application/json\r\n"
    whole = f"{DEPOSIT}{headers}Content-Length: {len(body)}\r\n\r\n{body}"
    cut = f"{DEPOSIT}{headers}Content-Length: {len(body) + 5}\r\n\r\n{body}"
    assert send_raw(service.port, cut).startswith(b"HTTP/1.1 400 ")
    assert sql.execute("select count(*) from wallets").fetchone() == (0,)
    assert send_raw(service.port, whole).startswith(b"HTTP/1.1 200 ")
