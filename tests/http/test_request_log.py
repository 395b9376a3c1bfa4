"""The log line of each request: the caller, the route, and no secret."""

import json
import uuid

import pytest
import structlog

from tests.factories import FID, calling, signed_in
from tests.http.problems import refused
from tests.leaks import LEAKS
from wallet_api.auth import client_tokens
from wallet_api.blueprints import client_addresses

LIST = "/api/wallet/user-wallets"
METRICS_TOKEN = "a token of Prometheus that only the tests know"
LEAKS.secrets.add(METRICS_TOKEN)


def log_lines_with(needle):
    """Return the lines of the log that hold a text, as they were written."""
    return [line for line in LEAKS.logs[0].read_text().splitlines() if needle in line]


def line_of(request_id):
    """Return the one line that a request left, without the circumstances that differ each time."""
    lines = [json.loads(line) for line in log_lines_with(request_id)]
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line.pop("request_id") == request_id
    assert line.pop("timestamp").endswith("Z")
    assert isinstance(line["duration_ms"], float)
    assert 0 <= line.pop("duration_ms") < 10_000
    assert (line.pop("event"), line.pop("level")) == ("request", "info")
    assert line.pop("logger") == "wallet_api.request"
    return line


class Caller:
    """Sends requests under ids of its own, and keeps the last answer."""

    def __init__(self, client):
        self.client = client

    def line(self, method, path, headers=(), **options):
        request_id = uuid.uuid4().hex
        headers = {**dict(headers), "X-Request-Id": request_id}
        self.answer = self.client.open(path, method=method, headers=headers, **options)
        return line_of(request_id)


@pytest.fixture
def caller(make_app):
    return Caller(make_app(METRICS_TOKEN=METRICS_TOKEN, ALLOW_KEY_EXPORT="true").test_client())


@pytest.fixture
def engine(caller):
    """Return the header of an API client that may read wallets and keys."""
    return calling(caller.client.application, "wallets:read", "keys:read", name="engine")


def test_each_kind_of_caller_is_named(caller, engine):
    scraper = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    for headers, method, path, route, actor in (
        (signed_in(), "GET", LIST, LIST, f"user:{FID}"),
        (signed_in(FID + 7), "POST", LIST, LIST, f"user:{FID + 7}"),
        (engine, "GET", "/v1/wallets", "/v1/wallets", "client:engine"),
        ({}, "GET", "/healthz", "/healthz", "anybody"),
        ({}, "HEAD", "/healthz", "/healthz", "anybody"),
        (scraper, "GET", "/metrics", "/metrics", "metrics"),
    ):
        line = caller.line(method, path, headers)
        assert line == {"method": method, "route": route, "status": 200, "actor": actor}


def test_addresses_are_not_logged_except_that_one_is_unknown(make_app):
    """With --allow-ip such a caller is refused, and its operator looks for the reason here."""
    caller = Caller(make_app(TRUSTED_PROXY_HOPS="1").test_client())
    plain = {"method": "GET", "route": LIST, "status": 200, "actor": f"user:{FID}"}
    for forwarded in (None, "", "garbage", "198.51.100.79,"):
        headers = signed_in() | ({} if forwarded is None else {"X-Forwarded-For": forwarded})
        assert caller.line("GET", LIST, headers) == {**plain, "client_ip": "unknown"}
    headers = signed_in() | {"X-Forwarded-For": "198.51.100.79"}
    assert caller.line("GET", LIST, headers) == plain
    assert not log_lines_with("198.51.100.79")


def test_a_too_long_address_is_unknown_and_not_kept(make_app):
    caller = Caller(make_app(TRUSTED_PROXY_HOPS="1").test_client())
    kept = client_addresses._parse_ip.cache_info().currsize
    for forwarded in ("x" * 8000, "fe80::1%" + "x" * 8000):
        headers = signed_in() | {"X-Forwarded-For": forwarded}
        assert caller.line("GET", LIST, headers)["client_ip"] == "unknown"
    assert client_addresses._parse_ip.cache_info().currsize == kept
    longest = "[2001:0db8:0000:0000:0000:0000:198.51.100.179%abcdefghijklmno]:65535"
    headers = signed_in() | {"X-Forwarded-For": longest}
    assert "client_ip" not in caller.line("GET", LIST, headers)


def test_a_route_is_a_pattern_and_never_a_path(caller, engine):
    caller.line("POST", LIST, signed_in())
    route = "/v1/users/<fid>/wallets"
    line = caller.line("GET", f"/v1/users/{FID}/wallets", engine)
    assert (line["route"], line["status"]) == (route, 200)
    line = caller.line("GET", "/v1/users/0xC0FFEE/wallets/solana", engine)
    assert (line["route"], line["status"]) == (f"{route}/<chain>", 400)
    line = caller.line("GET", "/v1/hunter2")
    assert (line["route"], line["status"]) == (None, 404)
    assert line.get("actor", "anybody") == "anybody"


@pytest.mark.parametrize("guess", ["nonsense", f"wapi_{'0' * 16}_{'x' * 43}", ""])
def test_a_caller_without_a_valid_token_is_logged_as_nobody(caller, engine, guess):
    for path in (LIST, "/v1/wallets", "/metrics"):
        line = caller.line("GET", path, {"Authorization": f"Bearer {guess}"})
        assert (line["route"], line["status"]) == (path, 401)
        assert line.get("actor", "anybody") == "anybody"


def test_a_client_without_the_scope_is_named(caller, engine):
    line = caller.line("GET", "/v1/audit", engine)
    assert line == {
        "method": "GET",
        "route": "/v1/audit",
        "status": 403,
        "actor": "client:engine",
    }


def test_a_rate_limited_request_is_logged_too(make_app):
    caller = Caller(make_app(RATELIMIT_PER_USER="1 per day").test_client())
    assert caller.line("GET", LIST, signed_in())["status"] == 200
    line = caller.line("GET", LIST, signed_in())
    refused(caller.answer, 429)
    assert line == {"method": "GET", "route": LIST, "status": 429, "actor": f"user:{FID}"}


def test_no_line_of_a_request_holds_a_token_a_key_a_path_or_a_query(caller, engine):
    token = engine["Authorization"].removeprefix("Bearer ")
    caller.line("POST", "/api/trading/create-fallback-wallet", signed_in())
    address = caller.answer.get_json()["walletAddress"]
    key = f"/v1/users/{FID}/wallets/ethereum/key"
    query = f"/v1/wallets?address={address}&fid={FID}&hunter2=1"
    ids = []
    for method, path, body in (
        ("POST", key, {"reason": "hunter2 wants it"}),
        ("GET", query, None),
        ("GET", f"/v1/users/{FID}/wallets?hunter2={token}", None),
        ("GET", f"/hunter2/{token}", None),
        ("POST", key, {"reason": "hunter2", "recipientPublicKey": "hunter2"}),
    ):
        ids.append(uuid.uuid4().hex)
        headers = engine | {"X-Request-Id": ids[-1], "Referer": "https://hunter2.example"}
        answer = caller.client.open(path, method=method, json=body, headers=headers)
        if path == key and answer.status_code == 200:
            private_key = answer.get_json()["privateKey"].removeprefix("0x")
    lines = [line for request_id in ids for line in log_lines_with(request_id)]
    assert len(lines) >= len(ids)
    for line in lines:
        for secret in (token, private_key, "hunter2", "/v1/users/1", "address=", address, "?"):
            assert secret not in line


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", LIST, "/v1/wallets"])
def test_the_log_context_of_a_request_ends_with_it(caller, path):
    assert caller.line("GET", LIST, signed_in())["actor"] == f"user:{FID}"
    assert caller.line("GET", path).get("actor", "anybody") == "anybody"


def test_a_clients_token_is_redacted_wherever_it_stands():
    token = client_tokens.issue().secret.reveal()
    LEAKS.secrets.add(token)
    mark = uuid.uuid4().hex
    log = structlog.get_logger("tests")
    log.info(f"{mark} {token}")
    log.info("%s in an argument: %s", mark, f"Bearer {token}")
    log.info(mark, header=f'"{token}"', nested={"a": [token, (token, {token: token})]})
    log.info(mark, after=f"é{token}", before=f"{token}.", url=f"https://h/?token={token}&a=1")
    log.info(mark, raw=token.encode(), error=ValueError(token))
    structlog.stdlib.get_logger("tests").warning(mark, x=token)
    lines = log_lines_with(mark)
    assert len(lines) == 6
    assert not any(token in line for line in lines)
    # Nor a part of it that would help.
    assert not any(token[-43:] in line for line in lines)
    assert sum(line.count("[redacted]") for line in lines) == 12
