"""Rate limits per address, user and client: who is refused, with which error, and how long."""

import json
import time

import pytest
from structlog.testing import capture_logs

from tests.database import rows_of
from tests.durations import quickest
from tests.factories import DEAD_PORT, FID, authorization, new_client, signed_in
from tests.http.problems import refused
from tests.http.rate_limits import (
    BODY,
    DAY,
    DEPOSIT,
    HEADERS,
    LIST,
    asked,
    items,
    policies,
    remaining,
    too_many,
)
from wallet_api.blueprints.application import application

ADDRESSES = ("192.0.2.1", "192.0.2.2", "2001:db8::1")


@pytest.fixture
def token_for(make_app):
    """Make API clients: their header."""
    services = application(make_app())

    def make(name, *scopes):
        return authorization(new_client(services.api_clients, *scopes, name=name).reveal())

    return make


def test_the_fourth_request_of_an_address_is_refused_and_other_addresses_are_not(untouched):
    client = untouched.make_app(RATELIMIT_PER_IP="3 per day").test_client()
    for left, fid in ((2, FID), (1, FID + 7), (0, FID + 14)):
        answer = asked(client, headers=signed_in(fid))
        assert answer.status_code == 200
        assert policies(answer) == [("ip", 3, DAY), ("user", 1500, 60)]
        (_, by_address), (_, by_user) = items(answer, "RateLimit")
        assert by_address["r"] == left
        assert 1 <= by_address["t"] <= DAY
        assert by_user["r"] == 1499
        assert 1 <= by_user["t"] <= 60
        assert "Retry-After" not in answer.headers
    answer = asked(client, headers=signed_in(FID + 21))
    too_many(answer, "ip")
    assert policies(answer) == [("ip", 3, DAY)]
    for address in ADDRESSES[1:]:
        assert asked(client, headers=signed_in(), address=address).status_code == 200


def test_all_addresses_of_one_ipv6_network_share_its_limit(untouched):
    client = untouched.make_app(RATELIMIT_PER_IP="2 per day").test_client()
    for host in (":1", "ffff:ffff:ffff:ffff"):
        answer = asked(client, headers=signed_in(), address=f"2001:db8:0:1:{host}")
        assert answer.status_code == 200
    too_many(asked(client, headers=signed_in(), address="2001:db8:0:1::2"), "ip")
    assert asked(client, headers=signed_in(), address="2001:db8:0:2::1").status_code == 200


def test_the_fourth_request_of_a_user_is_refused_wherever_it_comes_from(make_app, token_for):
    client = make_app(RATELIMIT_PER_USER="3 per day").test_client()
    for left, address in zip((2, 1, 0), ADDRESSES, strict=True):
        answer = asked(client, headers=signed_in(), address=address)
        assert answer.status_code == 200
        assert policies(answer) == [("ip", 12000, 60), ("user", 3, DAY)]
        assert remaining(answer)["user"] == left
    # On every route, not on each.
    for path in (LIST, "/api/wallet/primary", DEPOSIT):
        answer = client.open(path, method="GET" if path != DEPOSIT else "POST", headers=signed_in())
        too_many(answer, "user")
        assert [name for name, *_ in policies(answer)] == ["ip", "user"]
    assert remaining(asked(client, headers=signed_in(FID + 7)))["user"] == 2
    answer = asked(client, headers=token_for("engine", "stats:read"), path="/v1/stats")
    assert answer.status_code == 200
    assert policies(answer) == [("ip", 12000, 60), ("client", 6000, 60)]


def test_the_fourth_request_of_a_client_is_refused_and_no_other_caller_notices(make_app, token_for):
    client = make_app(RATELIMIT_PER_CLIENT="3 per day").test_client()
    engine = token_for("engine", "stats:read", "audit:read")
    backup = token_for("backup", "stats:read")
    for left, address in zip((2, 1, 0), ADDRESSES, strict=True):
        answer = asked(client, headers=engine, address=address, path="/v1/stats")
        assert answer.status_code == 200
        assert remaining(answer)["client"] == left
    too_many(asked(client, headers=engine, path="/v1/audit"), "client")
    assert remaining(asked(client, headers=backup, path="/v1/stats"))["client"] == 2
    assert "client" not in remaining(asked(client, headers=signed_in()))


def test_a_client_refused_for_its_scope_is_still_rate_limited(make_app, token_for):
    client = make_app(RATELIMIT_PER_IP="3 per day").test_client()
    engine = token_for("engine", "stats:read")
    for _ in range(3):
        refused(asked(client, headers=engine, path="/v1/audit"), 403)
    too_many(asked(client, headers=engine, path="/v1/audit"), "ip")


def test_wrong_tokens_count_and_limit_the_address_for_valid_tokens_too(untouched):
    client = untouched.make_app(RATELIMIT_PER_IP="3 per day").test_client()
    for guess, left in (("nonsense", 2), (f"wapi_{'0' * 16}_{'x' * 43}", 1), ("", 0)):
        path = "/v1/stats" if guess.startswith("wapi_") else LIST
        answer = asked(client, headers={"Authorization": f"Bearer {guess}"}, path=path)
        refused(answer, 401)
        assert remaining(answer) == {"ip": left}
    too_many(asked(client, headers=signed_in()), "ip")


def test_a_rate_limited_address_does_not_reach_the_database(untouched):
    client = untouched.make_app(RATELIMIT_PER_IP="1 per day", SLOW_QUERY_MS="0").test_client()
    guess = {"Authorization": f"Bearer wapi_{'0' * 16}_{'x' * 43}"}

    def statements():
        with capture_logs() as events:
            answer = asked(client, headers=guess, path="/v1/stats")
        # The pool itself sends others meanwhile, on new connections.
        sent = [event["queries"] for event in events if event["event"] == "slow query"]
        return answer, [names for names in sent if names[0].startswith("api_clients.")]

    answer, sent = statements()
    refused(answer, 401)
    assert sent == [["api_clients.get"]]
    answer, sent = statements()
    too_many(answer, "ip")
    assert sent == []


def test_limits_hold_while_the_database_is_down(untouched):
    url = f"postgresql://app@127.0.0.1:{DEAD_PORT}/nowhere"
    limits = {"RATELIMIT_PER_IP": "2 per day", "DB_POOL_TIMEOUT": "0.1"}
    client = untouched.make_app(DATABASE_URL=url, **limits).test_client()
    for _ in range(2):
        answer = asked(client, headers=signed_in())
        assert refused(answer, 503)["code"] == "database_unavailable"
        # The pause that helps here is the database's.
        assert answer.headers["Retry-After"] == "5"
    assert quickest(lambda: too_many(asked(client, headers=signed_in()), "ip")) < 0.1


def test_health_checks_are_not_limited(untouched):
    client = untouched.make_app(RATELIMIT_PER_IP="1 per day").test_client()
    assert asked(client, headers=signed_in()).status_code == 200
    too_many(asked(client, headers=signed_in()), "ip")
    for path in ("/healthz", "/readyz") * 3:
        answer = asked(client, headers={}, path=path)
        assert answer.status_code == 200
        assert not any(name in answer.headers for name in HEADERS)
    # Their requests do not count.
    assert asked(client, headers={}, path="/healthz", address="192.0.2.2").status_code == 200
    answer = asked(client, headers=signed_in(), address="192.0.2.2")
    assert remaining(answer)["ip"] == 0


def wait_for_a_fresh_second():
    time.sleep(1.01 - time.time() % 1)


@pytest.mark.slow
def test_a_limit_ends_when_its_window_does(untouched):
    client = untouched.make_app(RATELIMIT_PER_USER="2 per 1 second").test_client()
    wait_for_a_fresh_second()
    for _ in range(2):
        answer = asked(client, headers=signed_in())
        assert answer.status_code == 200
        assert policies(answer)[1] == ("user", 2, 1)
    told = too_many(asked(client, headers=signed_in()), "user")
    assert told <= 2
    time.sleep(told)
    assert asked(client, headers=signed_in()).status_code == 200


@pytest.mark.slow
def test_of_several_limits_each_one_holds(untouched):
    client = untouched.make_app(RATELIMIT_PER_USER="3 per day; 2 per second").test_client()
    wait_for_a_fresh_second()
    answer = asked(client, headers=signed_in())
    assert policies(answer)[1:] == [("user-1", 2, 1), (f"user-{DAY}", 3, DAY)]
    assert [given["r"] for _, given in items(answer, "RateLimit")] == [11999, 1, 2]
    assert asked(client, headers=signed_in()).status_code == 200
    answer = asked(client, headers=signed_in())
    assert too_many(answer, "user-1") <= 2
    time.sleep(2)
    # What the second refused did not use up the day.
    assert asked(client, headers=signed_in()).status_code == 200
    answer = asked(client, headers=signed_in())
    assert too_many(answer, f"user-{DAY}") > 2
    assert policies(answer)[-1] == (f"user-{DAY}", 3, DAY)
    assert items(answer, "RateLimit")[-1][1] == {"r": 0, "t": int(answer.headers["Retry-After"])}


def test_a_too_large_body_counts_and_gets_the_limit_headers(untouched):
    client = untouched.make_app(RATELIMIT_PER_IP="2 per day").test_client()
    for left in (1, 0):
        answer = client.post(LIST, data=b"x" * 20_000, headers=signed_in())
        refused(answer, 413)
        assert remaining(answer) == {"ip": left}
    assert too_many(client.post(LIST, data=b"x" * 20_000), "ip")


def test_without_limits_nothing_is_counted_and_there_are_no_limit_headers(untouched):
    tight = {f"RATELIMIT_PER_{per}": "1 per day" for per in ("IP", "USER", "CLIENT")}
    client = untouched.make_app(RATELIMIT_ENABLED="false", **tight).test_client()
    for _ in range(5):
        answer = asked(client, headers=signed_in())
        assert answer.status_code == 200
        assert not any(name in answer.headers for name in HEADERS)
        assert not any(name.lower().startswith("x-ratelimit") for name, _ in answer.headers)


def through(client, *forwarded, address="10.0.0.1"):
    environ = {"REMOTE_ADDR": address, "HTTP_X_FORWARDED_FOR": ", ".join(forwarded)}
    return client.get(LIST, headers=signed_in(), environ_overrides=environ)


def test_behind_a_proxy_each_caller_has_a_limit_and_cannot_choose_its_address(untouched):
    hops = {"TRUSTED_PROXY_HOPS": "1", "RATELIMIT_PER_IP": "2 per day"}
    client = untouched.make_app(**hops).test_client()
    for invented in ("203.0.113.1", "203.0.113.2"):
        assert through(client, invented, "192.0.2.1").status_code == 200
    too_many(through(client, "203.0.113.3", "192.0.2.1"), "ip")
    # Another caller behind the same proxy.
    assert through(client, "192.0.2.2").status_code == 200
    # One caller, written in two ways.
    assert through(client, "::ffff:192.0.2.2").status_code == 200
    too_many(through(client, "192.0.2.2"), "ip")


def test_with_two_proxies_the_address_is_the_second_from_the_end(untouched):
    hops = {"TRUSTED_PROXY_HOPS": "2", "RATELIMIT_PER_IP": "2 per day"}
    client = untouched.make_app(**hops).test_client()
    for inner in ("198.51.100.1", "198.51.100.2"):
        assert through(client, "203.0.113.1", "192.0.2.1", inner).status_code == 200
    too_many(through(client, "203.0.113.9", "192.0.2.1", "198.51.100.3"), "ip")


def test_without_a_proxy_forwarded_addresses_are_ignored(untouched):
    client = untouched.make_app(RATELIMIT_PER_IP="2 per day").test_client()
    for invented in ("203.0.113.1", "203.0.113.2"):
        assert through(client, invented).status_code == 200
    too_many(through(client, "203.0.113.3"), "ip")
    assert through(client, "203.0.113.3", address="10.0.0.2").status_code == 200


def test_a_caller_without_an_address_is_limited_too(untouched):
    client = untouched.make_app(RATELIMIT_PER_IP="2 per day").test_client()
    for address in ("", "unix:"):
        assert asked(client, headers=signed_in(), address=address).status_code == 200
    too_many(asked(client, headers=signed_in(), address="unknown"), "ip")


def test_callers_without_a_forwarded_address_share_one_limit(untouched):
    """Neither the proxy's address nor the text in the header is an address to count by."""
    hops = {"TRUSTED_PROXY_HOPS": "2", "RATELIMIT_PER_IP": "3 per day"}
    client = untouched.make_app(**hops).test_client()
    for number, forwarded in enumerate(((), ("192.0.2.1",), ("invented", "10.0.0.1"))):
        address = f"10.0.0.{number + 1}"
        assert through(client, *forwarded, address=address).status_code == 200
    too_many(through(client, "also invented", "10.0.0.1"), "ip")
    for known in ("10.0.0.1", "192.0.2.1"):
        assert through(client, known, "10.0.0.9").status_code == 200


def test_a_refused_request_writes_nothing(make_app, sql):
    client = make_app(RATELIMIT_PER_USER="1 per day", ALLOW_KEY_EXPORT="true").test_client()
    assert client.post(DEPOSIT, json=BODY, headers=signed_in()).status_code == 200
    before = rows_of(sql)
    for method, path in (
        ("POST", DEPOSIT),
        ("POST", LIST),
        ("GET", "/api/wallet/primary-with-key"),
        ("POST", "/api/trading/create-fallback-wallet"),
    ):
        body = BODY if path == DEPOSIT else None
        answer = client.open(path, method=method, json=body, headers=signed_in())
        too_many(answer, "user")
    assert rows_of(sql) == before
    # A new address: no wallet is created for a request that is refused.
    alone = make_app(RATELIMIT_PER_IP="1 per day").test_client()
    assert alone.get(LIST, headers=signed_in(FID + 7)).status_code == 200
    too_many(alone.post(DEPOSIT, json=BODY, headers=signed_in(FID + 7)), "ip")
    assert rows_of(sql) == before


def test_every_route_that_appends_is_limited_per_user(untouched, farcaster, sql):
    settings = farcaster.settings(RATELIMIT_WRITES_PER_USER="3 per day", ALLOW_KEY_EXPORT="true")
    client = untouched.make_app(**settings).test_client()
    made = client.post(DEPOSIT, json=BODY, headers=signed_in())
    assert ("writes", 3, DAY) in policies(made)
    sign_in = "/api/auth/base-account?address="
    assert client.get(sign_in + "0x" + "ab" * 20, headers=farcaster.bearer()).status_code == 200
    assert client.get("/api/wallet/primary-with-key", headers=signed_in()).status_code == 200
    before = rows_of(sql)
    too_many(client.post(DEPOSIT, json=BODY, headers=signed_in()), "writes")
    too_many(client.get("/api/wallet/primary-with-key", headers=signed_in()), "writes")
    too_many(client.get(sign_in + "0x" + "cd" * 20, headers=farcaster.bearer()), "writes")
    assert rows_of(sql) == before
    # Requests that append nothing are still served, and so are other users.
    reading = asked(client, headers=signed_in())
    assert reading.status_code == 200
    assert "writes" not in remaining(reading)
    assert client.post(LIST, headers=signed_in()).status_code == 200
    other = client.post(DEPOSIT, json=BODY, headers=signed_in(FID + 7))
    assert other.status_code == 200


def test_a_rate_limited_request_uses_no_idempotency_key(make_app):
    client = make_app(RATELIMIT_PER_USER="1 per day").test_client()
    key = {"Idempotency-Key": "once"}
    assert client.get(LIST, headers=signed_in()).status_code == 200
    too_many(client.post(DEPOSIT, json=BODY, headers=signed_in() | key), "user")
    later = make_app().test_client()
    answer = later.post(DEPOSIT, json=BODY, headers=signed_in() | key)
    assert answer.status_code == 200
    assert "Idempotent-Replayed" not in answer.headers


def test_a_frontend_of_another_origin_can_read_the_limit_headers(untouched):
    origin = {"Origin": "https://app.example.com"}
    changes = {"CORS_ORIGINS": origin["Origin"], "RATELIMIT_PER_USER": "1 per day"}
    client = untouched.make_app(**changes).test_client()
    answers = [client.get(LIST, headers=signed_in() | origin) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    for answer in answers:
        assert answer.headers["Access-Control-Allow-Origin"] == origin["Origin"]
        exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
        assert set(exposed) >= set(HEADERS)


def test_the_429_is_documented_on_every_limited_route(described, untouched):
    client = untouched.make_app().test_client()
    document = json.loads(client.get("/openapi.json").data)
    assert len(document["paths"]) > 15
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in {"get", "post", "put"} and path not in {"/healthz", "/readyz"}:
                assert "429" in operation["responses"], path
