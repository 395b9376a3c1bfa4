"""Every answer below /api and /v1 is JSON, whether a view, Flask or the server worker made it."""

import itertools
import json

import pytest

from tests.http.problems import MEMBERS
from tests.http.route_map import routes
from tests.running_service import send_raw

pytestmark = pytest.mark.slow

ORIGIN = "https://app.example.com"
HOST = "Host: wallets.example.com\r\n"
PREFLIGHT = f"{HOST}Origin: {ORIGIN}\r\nAccess-Control-Request-Method: POST\r\n"
IN_THE_CLEAR = f"{HOST}X-Forwarded-Proto: http\r\n"

# Paths that lead to no route, each in another way.
PATHS = {
    "unknown": "{}/nowhere",
    "the prefix only": "{}",
    "a slash behind the prefix": "{}/",
    "two slashes": "{}//wallet/deposit",
    "two slashes in the middle of a route": "{}/wallet//deposit",
    "two slashes in a route of clients": "{}//users/1/wallets",
    "a slash at the end": "{}/wallet/deposit/",
    "two slashes at the beginning": "/{}/wallet/deposit",
    "a percent sign only": "{}/%",
    "no hexadecimal digits": "{}/%zz",
    "not UTF-8": "{}/%e9%ff",
    "an encoded NUL": "{}/%00",
    "an encoded slash": "{}/wallet%2fdeposit",
    "the absolute form": "http://wallets.example.com{}/wallet/deposit",
    "the absolute form with two slashes": "http://wallets.example.com{}//wallet/deposit",
    "too long": "{}/" + "x" * 5000,
    "too long by far": "{}/" + "x" * 20_000,
}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get"]

# Headers, then a body. What is refused before Flask sees it, and what Flask and Werkzeug refuse.
REQUESTS = {
    "no host": "\r\n",
    "a host that is none": "Host: a b\r\n\r\n",
    "a host that is not ASCII": "Host: \xe9\r\n\r\n",
    "half an IPv6 address": "Host: [::1\r\n\r\n",
    "a body that is too large": f"{HOST}Content-Length: 20000\r\n\r\n" + "x" * 20_000,
    "a body that is announced too large": f"{HOST}Content-Length: 99999999999\r\n\r\n",
    "a negative length": f"{HOST}Content-Length: -1\r\n\r\n",
    "an unknown transfer coding": f"{HOST}Transfer-Encoding: gzip\r\n\r\n",
    "a chunk without a length": f"{HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a header that is too long": f"{HOST}X: {'y' * 9000}\r\n\r\n",
    "too many headers": HOST + "X: y\r\n" * 150 + "\r\n",
    "a header without a colon": f"{HOST}X\r\n\r\n",
    "an expectation": f"{HOST}Expect: tea\r\n\r\n",
    "not JSON": f"{HOST}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nab",
}


@pytest.fixture(scope="module")
def calls(untouched):
    """Every request, as (what it is, text)."""
    ours = [
        (method, path)
        for method, path in routes(untouched.make_app())
        if path.startswith(("/api/", "/v1/"))
    ]
    odd = {
        f"{name} below {prefix}": path.format(prefix)
        for (name, path), prefix in itertools.product(PATHS.items(), ("/api", "/v1"))
    }
    made = [
        (f"{method} {name}", f"{method} {path} HTTP/1.1\r\n{HOST}\r\n")
        for method, (name, path) in itertools.product(METHODS, odd.items())
    ]
    made += [
        (f"{name}, {kind}", f"OPTIONS {path} HTTP/1.1\r\n{headers}\r\n")
        for name, path in [*odd.items(), *((path, path) for _, path in ours)]
        for kind, headers in [("preflight", PREFLIGHT), ("preflight in the clear", IN_THE_CLEAR)]
    ]
    made += [
        (f"{method} {path}, {kind}", f"{method} {path} HTTP/1.1\r\n{headers}\r\n")
        for path in {path for _, path in ours}
        for method in METHODS
        for kind, headers in [("nobody", HOST), ("in the clear", IN_THE_CLEAR)]
    ]
    made += [
        (f"{method} {path}, {name}", f"{method} {path} {version}\r\n{rest}")
        for method, path in ours
        for name, rest in REQUESTS.items()
        for version in ("HTTP/1.1", "HTTP/1.0", "HTTP/9.9")
    ]
    return made


def fault_of(method, answer):
    """Return the fault of a response, if it has one."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    status, media_type = int(first.split()[1]), headers.get("content-type")
    if status == 204:
        return media_type and f"204 and {media_type}"
    if media_type not in ("application/json", "application/problem+json"):
        return f"{status} {media_type}"
    if status >= 500:
        return str(status)
    if method == "HEAD":
        return None
    members = json.loads(body)
    if status != 200 and (members.keys() - {"fid"} != MEMBERS or members["status"] != status):
        return f"{status} {members}"
    return None


def test_every_response_below_api_and_v1_is_json(serve, calls):
    """Redirects, preflights and what the framework or the worker refuses are answers as well."""
    service = serve(
        WEB_CONCURRENCY="1",
        TRUSTED_PROXY_HOPS="1",
        CORS_ORIGINS=ORIGIN,
        RATELIMIT_ENABLED="false",
    )
    faults = {
        name: fault
        for name, text in calls
        if (fault := fault_of(text.partition(" ")[0], send_raw(service.port, text)))
    }
    assert faults == {}


@pytest.mark.parametrize("path", ["/api//wallet/deposit", "/v1//stats", "/api/wallet//deposit"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_path_with_two_slashes_is_404_and_not_redirected(refusing, method, path):
    answer = refusing.open(path, method=method)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert "Location" not in answer.headers


def test_no_route_has_a_second_spelling_that_would_be_redirected(refusing):
    for rule in refusing.application.url_map.iter_rules():
        assert rule.redirect_to is None
        assert not rule.merge_slashes
        assert rule.rule == "/" or rule.is_leaf, rule.rule


def test_a_preflight_is_answered_without_content(refusing):
    answer = refusing.options("/api/wallet/deposit")
    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}
