"""Browsers of other origins: the ones in CORS_ORIGINS may call, all others may not."""

import pytest

from tests.factories import signed_in
from tests.http.problems import refused
from tests.http.route_map import routes

DEPOSIT = "/api/wallet/deposit"
LIST = "/api/wallet/user-wallets"
ORIGIN = "https://app.example.com"
OTHER_ORIGIN = "https://admin.example.com"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
}
STRANGERS = [
    *("https://evil.example.com", "http://app.example.com", "https://app.example.com:8443"),
    *("https://app.example.com.evil.com", "https://appXexample.com", "https://example.com", "null"),
]


@pytest.fixture(
    scope="module",
    params=[ORIGIN, f"{ORIGIN}, {OTHER_ORIGIN}"],
    ids=["one origin", "two origins"],
)
def open_client(untouched, request):
    return untouched.make_app(CORS_ORIGINS=request.param).test_client()


def cors_headers(answer):
    return {name for name, _ in answer.headers if name.startswith("Access-Control-")}


def words(text):
    return {word.strip().lower() for word in text.split(",")}


def test_an_allowed_origin_may_read_the_answer(open_client):
    answer = open_client.get(LIST, headers=signed_in() | {"Origin": ORIGIN})
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "origin" in words(answer.headers.get("Vary", ""))


def test_every_configured_origin_is_allowed(untouched):
    client = untouched.make_app(CORS_ORIGINS=f"{ORIGIN},{OTHER_ORIGIN}").test_client()
    for origin in (ORIGIN, OTHER_ORIGIN):
        answer = client.get("/healthz", headers={"Origin": origin})
        assert answer.headers["Access-Control-Allow-Origin"] == origin
        assert words(answer.headers["Vary"]) == {"origin"}


@pytest.mark.parametrize("origin", ["https://[2001:db8::1]:8443", "http://[::1]", "https://a-b.c"])
@pytest.mark.parametrize("more", ["", f",{ORIGIN}"], ids=["alone", "of two"])
def test_an_origin_is_never_used_as_a_regular_expression(untouched, origin, more):
    client = untouched.make_app(CORS_ORIGINS=f"{origin}{more}").test_client()
    answer = client.get("/healthz", headers={"Origin": origin})
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    for other in ("https://1:8443", "http://1", "https://::8443", f"{origin}0", f"{origin}.evil"):
        answer = client.get("/healthz", headers={"Origin": other})
        assert answer.headers.get("Access-Control-Allow-Origin") in (None, origin), other


def test_an_origin_in_capitals_or_with_a_slash_is_normalized(untouched):
    client = untouched.make_app(CORS_ORIGINS="https://App.Example.com:443/\n").test_client()
    answer = client.get("/healthz", headers={"Origin": ORIGIN})
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_caches_keep_responses_to_different_origins_apart(open_client):
    for headers in ({}, {"Origin": ORIGIN}, {"Origin": STRANGERS[0]}):
        answer = open_client.get("/healthz", headers=headers)
        assert "origin" in words(answer.headers.get("Vary", "")), headers


def test_an_allowed_origin_may_read_refusals(open_client):
    answer = open_client.post(DEPOSIT, json={}, headers={"Origin": ORIGIN})
    refused(answer, 401)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    answer = open_client.get("/nowhere", headers={"Origin": ORIGIN})
    refused(answer, 404)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_a_preflight_needs_no_token(open_client):
    for method, path in routes(open_client.application):
        headers = PREFLIGHT | {"Origin": ORIGIN, "Access-Control-Request-Method": method}
        answer = open_client.options(path, headers=headers)
        assert answer.status_code in (200, 204), path
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert method in answer.headers["Access-Control-Allow-Methods"]
        allowed = words(answer.headers["Access-Control-Allow-Headers"])
        assert allowed >= {"authorization", "content-type", "idempotency-key"}
        assert int(answer.headers["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize("origin", STRANGERS)
def test_another_origin_gets_no_permission(open_client, origin):
    answers = [
        open_client.get("/healthz", headers={"Origin": origin}),
        open_client.options(DEPOSIT, headers=PREFLIGHT | {"Origin": origin}),
        open_client.get(LIST, headers=signed_in() | {"Origin": origin}),
    ]
    for answer in answers:
        assert cors_headers(answer) == set()


def test_no_answer_allows_cookies(open_client):
    answer = open_client.options(DEPOSIT, headers=PREFLIGHT | {"Origin": ORIGIN})
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_scripts_may_read_the_exposed_headers(open_client):
    answer = open_client.post(DEPOSIT, headers=signed_in() | {"Origin": ORIGIN})
    exposed = words(answer.headers.get("Access-Control-Expose-Headers", ""))
    assert exposed >= {"idempotent-replayed", "retry-after", "x-request-id"}


def test_without_configured_origins_no_origin_is_allowed(refusing):
    for origin in (ORIGIN, *STRANGERS):
        for answer in (
            refusing.get("/healthz", headers={"Origin": origin}),
            refusing.options(DEPOSIT, headers=PREFLIGHT | {"Origin": origin}),
        ):
            assert cors_headers(answer) == set()
