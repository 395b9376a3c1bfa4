"""API clients: how their tokens are stored, what they may do, and until when."""

import hashlib
import hmac
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from threading import Barrier

import psycopg
import pytest
from structlog.testing import capture_logs

from tests.leaks import LEAKS
from tests.races import race
from wallet_api.auth import client_tokens
from wallet_api.blueprints import requests
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.errors import (
    DatabaseUnavailable,
    InsufficientScope,
    NetworkNotAllowed,
    Unauthenticated,
)
from wallet_api.models import SCOPES
from wallet_api.services.api_clients import ApiClientService

HOME = ip_address("10.1.2.3")
STATS = "/v1/stats"


@pytest.fixture
def clients(database):
    return ApiClientService(database)


def created(clients, name="engine", *, scopes=SCOPES, networks=(), expires_at=None):
    token = clients.create(
        name,
        scopes=scopes,
        allowed_networks=[ip_network(network) for network in networks],
        expires_at=expires_at,
    )
    LEAKS.secrets.add(token.reveal())
    return token


def used(clients, token):
    client = clients.identify(token)
    clients.authorize(client, scope="stats:read", ip=HOME)
    return client


def version(sql):
    """Return which version of its row the only client has: every update makes a new one."""
    return sql.execute("select xmin, ctid from api_clients").fetchone()


def last_used(sql):
    return sql.execute("select last_used_at from api_clients").fetchone()[0]


def test_of_a_token_its_hash_alone_is_kept(clients, sql):
    token = created(clients).reveal()
    row = sql.execute("select row_to_json(client)::text from api_clients as client").fetchone()[0]
    assert token not in row
    assert token.split("_", 2)[2] not in row
    assert hashlib.sha256(token.encode()).hexdigest() in row


def test_neither_a_token_nor_its_hash_is_shown_by_what_holds_it(clients, sql):
    token = created(clients)
    token_hash = sql.execute("select token_hash from api_clients").fetchone()[0]
    issued = client_tokens.issue()
    LEAKS.secrets.add(issued.secret.reveal())
    for thing in (token, clients.identify(token), clients.list_clients(), issued):
        for text in (repr(thing), str(thing), f"{thing}"):
            assert token.reveal().split("_", 2)[2] not in text
            assert issued.secret.reveal().split("_", 2)[2] not in text
            assert token_hash not in text


def test_a_token_has_256_random_bits_and_a_prefix_to_be_found_by(clients):
    tokens = [created(clients, f"engine-{number}").reveal() for number in range(20)]
    parts = [token.split("_", 2) for token in tokens]
    assert {prefix for prefix, _, _ in parts} == {"wapi"}
    assert {len(secret) for _, _, secret in parts} == {43}
    assert len({client_id for _, client_id, _ in parts}) == 20
    assert len({secret for _, _, secret in parts}) == 20


def test_a_client_is_known_by_its_token_with_what_it_was_made_with(clients):
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    token = created(
        clients,
        scopes=["stats:read", "keys:read"],
        networks=["2001:db8::/32", "10.0.0.0/8"],
        expires_at=tomorrow,
    )
    client = clients.identify(token)
    assert client.name == "engine"
    assert client.scopes == {"keys:read", "stats:read"}
    assert client.allowed_networks == (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))
    assert client.expires_at == tomorrow
    assert (client.revoked_at, client.last_used_at, client.expired) == (None, None, False)
    assert abs(datetime.now(UTC) - client.created_at) < timedelta(minutes=1)


def test_the_list_has_every_client_there_ever_was_by_name(clients):
    assert clients.list_clients() == []
    for name in ("zebra", "ant", "mule"):
        created(clients, name)
    clients.revoke("mule")
    found = clients.list_clients()
    assert [client.name for client in found] == ["ant", "mule", "zebra"]
    assert [client.revoked_at is not None for client in found] == [False, True, False]


def test_a_name_is_used_once_and_for_ever(clients, sql):
    first = created(clients)
    row = sql.execute("select * from api_clients").fetchall()
    options = {"scopes": ["keys:read"], "allowed_networks": [], "expires_at": None}
    assert clients.create("engine", **options) is None
    assert sql.execute("select * from api_clients").fetchall() == row
    assert clients.identify(first).scopes == set(SCOPES)
    clients.revoke("engine")
    assert clients.create("engine", **options) is None
    with pytest.raises(Unauthenticated):
        clients.identify(first)


def test_one_of_ten_concurrent_creations_gets_the_name(clients, sql):
    def create(_):
        return clients.create("engine", scopes=["stats:read"], allowed_networks=[], expires_at=None)

    tokens = [token for token in race(create, range(10)) if token is not None]
    LEAKS.secrets.update(token.reveal() for token in tokens)
    assert len(tokens) == 1
    assert clients.identify(tokens[0]).name == "engine"
    assert sql.execute("select count(*) from api_clients").fetchone() == (1,)


@pytest.mark.parametrize(
    "change",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: token + "\n",
        lambda token: " " + token,
        lambda token: token.upper(),
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token.replace("wapi_", "wapi-"),
        lambda token: token.split("_", 2)[2],
        lambda token: "wapi_" + "0" * 16 + token[21:],
        lambda token: token[:22] + "\u00e9" + token[23:],
        lambda token: token[:22] + "\ud800" + token[23:],
        lambda token: token[:22] + "\x00" + token[23:],
    ],
)
def test_a_token_that_is_not_exactly_the_one_is_nobodys(clients, change):
    token = created(clients).reveal()
    with pytest.raises(Unauthenticated):
        clients.identify(Secret(change(token)))
    assert clients.identify(Secret(token)).name == "engine"


def test_the_hash_in_the_table_opens_nothing(clients, sql):
    """Someone who has read the table still has no token."""
    token = created(clients).reveal()
    client_id, token_hash = sql.execute("select id, token_hash from api_clients").fetchone()
    for guess in (token_hash, f"wapi_{client_id}_{token_hash}", f"wapi_{client_id}_{token[22:]}x"):
        with pytest.raises(Unauthenticated):
            clients.identify(Secret(guess))


@pytest.mark.parametrize("verdict", [True, False])
def test_a_comparison_in_constant_time_decides_and_nothing_else_does(
    clients, sql, monkeypatch, verdict
):
    token = created(clients)
    stored = sql.execute("select token_hash from api_clients").fetchone()[0]
    compared = []

    def compare(one, other):
        compared.append({one, other})
        return verdict

    monkeypatch.setattr(hmac, "compare_digest", compare)
    other = Secret(token.reveal()[:22] + "A" * 43)
    # A wrong secret passes and the right one fails, if that is what the comparison says.
    if verdict:
        assert clients.identify(other).name == "engine"
    else:
        with pytest.raises(Unauthenticated):
            clients.identify(token)
    given = other if verdict else token
    assert compared == [{stored, hashlib.sha256(given.reveal().encode()).hexdigest()}]


CLOCK = """
create schema clock;
create function clock.now() returns timestamptz language sql as
$$ select pg_catalog.now() + interval '{ahead}' $$;
"""
# Set by us: what the database sets, a new connection corrects.
LATE = "set search_path = clock, public, pg_catalog"


@pytest.mark.parametrize(("ahead", "over"), [("29 minutes", False), ("31 minutes", True)])
def test_the_clock_of_the_database_says_whether_a_client_is_expired(
    clients, sql, database_url, ahead, over
):
    token = created(clients, expires_at=datetime.now(UTC) + timedelta(minutes=30))
    sql.execute(CLOCK.format(ahead=ahead).encode())
    with closing(Database(Secret(database_url), min_size=1, max_size=1, timeout_seconds=5)) as late:
        late.open()
        late.run(lambda connection: connection.execute(LATE))
        later = ApiClientService(late)
        assert later.list_clients()[0].expired == over
        if over:
            with pytest.raises(Unauthenticated):
                later.identify(token)
        else:
            assert later.identify(token).name == "engine"
    assert clients.identify(token).name == "engine"


def test_a_revocation_applies_at_once_to_a_client_that_was_identified_before(clients, database_url):
    token = created(clients)
    used(clients, token)
    with closing(Database(Secret(database_url), min_size=1, max_size=1, timeout_seconds=5)) as pool:
        pool.open()
        other_process = ApiClientService(pool)
        assert other_process.revoke("engine") is not None
    with pytest.raises(Unauthenticated):
        clients.identify(token)


def test_the_first_revocation_stays(clients, sql):
    created(clients)
    first = clients.revoke("engine")
    row = sql.execute("select * from api_clients").fetchall()
    assert [clients.revoke("engine") for _ in range(3)] == [first] * 3
    assert sql.execute("select * from api_clients").fetchall() == row
    assert clients.list_clients()[0].revoked_at == first


def test_a_revocation_ends_one_client_and_no_other(clients):
    tokens = {name: created(clients, name) for name in ("engine", "engine2")}
    clients.revoke("engine")
    assert clients.identify(tokens["engine2"]).name == "engine2"
    assert clients.revoke("nobody") is None


@pytest.mark.parametrize("scope", SCOPES)
def test_a_client_may_do_what_its_scopes_say_and_nothing_else(clients, sql, scope):
    client = clients.identify(created(clients, scopes=[scope]))
    for other in set(SCOPES) - {scope}:
        with pytest.raises(InsufficientScope) as refusal:
            clients.authorize(client, scope=other, ip=HOME)
        assert other in refusal.value.hint
    assert last_used(sql) is None
    clients.authorize(client, scope=scope, ip=HOME)
    assert last_used(sql) is not None


NETWORKS = ["10.1.0.0/16", "192.0.2.7", "2001:db8:1::/48", "fd00::1"]
INSIDE = [
    *("10.1.0.0", "10.1.255.255", "192.0.2.7", "2001:db8:1::", "fd00::1"),
    *("2001:db8:1:ffff:ffff:ffff:ffff:ffff", "::ffff:10.1.2.3", "::ffff:192.0.2.7"),
]
OUTSIDE = [
    *("10.0.255.255", "10.2.0.0", "192.0.2.8", "2001:db8:2::", "fd00::2", "127.0.0.1", "::1"),
    *("::ffff:10.2.0.0", "::10.1.2.3", "64:ff9b::10.1.2.3", "", "unix:", "10.1.2.3.4"),
]


@pytest.mark.parametrize("address", INSIDE + OUTSIDE)
def test_a_client_calls_from_its_networks_alone(clients, client, address):
    token = created(clients, networks=NETWORKS).reveal()
    answer = client.get(
        STATS,
        headers={"Authorization": f"Bearer {token}"},
        environ_overrides={"REMOTE_ADDR": address},
    )
    assert answer.status_code == (200 if address in INSIDE else 403), answer.text
    if address in OUTSIDE:
        assert answer.get_json(force=True)["code"] == "network_not_allowed"


FORWARDED = {
    **dict.fromkeys(("X-Forwarded-For", "X-Real-IP", "X-Client-IP", "Client-IP"), "203.0.113.9"),
    **dict.fromkeys(("CF-Connecting-IP", "True-Client-IP", "Fly-Client-IP"), "203.0.113.9"),
    **dict.fromkeys(("CF-Connecting-IPv6", "X-Envoy-External-Address"), "2001:db8::9"),
    **dict.fromkeys(("X-Cluster-Client-IP", "Fastly-Client-IP", "X-Remote-Addr"), "10.1.2.3"),
    **dict.fromkeys(("X-Original-Forwarded-For", "X-Azure-ClientIP"), ""),
    "Forwarded": "for=203.0.113.9",
    "X-Forwarded-Proto": "https",
    "Via": "1.1 proxy",
    "CDN-Loop": "cloudflare",
}


@pytest.mark.parametrize("name", FORWARDED)
def test_the_address_of_a_proxy_that_nobody_configured_is_in_no_network(clients, client, name):
    """TRUSTED_PROXY_HOPS is 0, and the header shows that there is a proxy."""
    near = created(clients, "near", networks=["127.0.0.1/32", *NETWORKS]).reveal()
    anywhere = created(clients, "anywhere").reveal()
    for address in ("127.0.0.1", "10.1.2.3", "203.0.113.9"):
        environ = {"REMOTE_ADDR": address}
        for token, status in ((near, 403), (anywhere, 200)):
            headers = {"Authorization": f"Bearer {token}", name: FORWARDED[name]}
            answer = client.get(STATS, headers=headers, environ_overrides=environ)
            assert answer.status_code == status, answer.text


@pytest.mark.parametrize("name", ["X-Request-Id", "Zip", "Description", "X-Clip", "User-Agent"])
def test_a_header_that_shows_no_proxy_changes_no_address(clients, client, name):
    token = created(clients, networks=NETWORKS).reveal()
    headers = {"Authorization": f"Bearer {token}", name: "1"}
    answer = client.get(STATS, headers=headers, environ_overrides={"REMOTE_ADDR": "10.1.2.3"})
    assert answer.status_code == 200, answer.text


def test_a_proxy_that_nobody_configured_is_logged_once(clients, make_app, caplog):
    client, token = make_app().test_client(), created(clients).reveal()
    requests.report_unexpected_proxy.cache_clear()
    for _ in range(3):
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "203.0.113.9"}
        assert client.get(STATS, headers=headers).status_code == 200
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert sum("TRUSTED_PROXY_HOPS" in line for line in said) == 1
    assert "203.0.113.9" not in caplog.text


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        ("10.1.2.3", 200),
        ("::ffff:10.1.2.3", 200),
        ("2001:db8:1::5", 200),
        ("203.0.113.9, 10.1.2.3", 200),
        ("10.1.2.3, 203.0.113.9", 403),
        ("nonsense", 403),
    ],
)
def test_behind_a_proxy_that_is_trusted_what_it_adds_is_the_address(
    clients, make_app, forwarded, status
):
    token = created(clients, networks=NETWORKS).reveal()
    answer = (
        make_app(TRUSTED_PROXY_HOPS="1")
        .test_client()
        .get(STATS, headers={"Authorization": f"Bearer {token}", "X-Forwarded-For": forwarded})
    )
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("hops", "forwarded"),
    [
        *((1, text) for text in (None, "", " ", ",", "10.1.2.3,", "unknown", '"10.1.2.3"')),
        *((1, f"10.1.2.3%{zone}") for zone in ("", "eth0")),
        *((2, text) for text in (None, "", "10.1.2.3", "10.1.2.3,203.0.113.9,10.1.2.3")),
        # One word to a parser that knows quoted strings, so that the first would count.
        (2, '10.1.2.3, ", 203.0.113.9, 10.1.2.3'),
        (10, "10.1.2.3, 10.1.2.3"),
    ],
)
def test_the_address_of_the_proxy_itself_never_passes_for_the_client_s(
    clients, make_app, hops, forwarded
):
    """The proxy's own address is in the client's networks; the client's is not, or not known."""
    token = created(clients, networks=NETWORKS).reveal()
    headers = {"Authorization": f"Bearer {token}"}
    if forwarded is not None:
        headers["X-Forwarded-For"] = forwarded
    answer = (
        make_app(TRUSTED_PROXY_HOPS=str(hops))
        .test_client()
        .get(STATS, headers=headers, environ_overrides={"REMOTE_ADDR": "10.1.2.3"})
    )
    assert answer.status_code == 403, answer.text
    assert answer.get_json(force=True)["code"] == "network_not_allowed"


def test_a_client_without_networks_calls_from_anywhere_even_from_nowhere_known(clients):
    client = clients.identify(created(clients))
    for ip in (HOME, ip_address("2001:db8::1"), None):
        clients.authorize(client, scope="keys:read", ip=ip)


def test_a_client_with_networks_does_not_call_from_nowhere_known(clients, sql):
    client = clients.identify(created(clients, networks=["0.0.0.0/0", "::/0"]))
    with pytest.raises(NetworkNotAllowed):
        clients.authorize(client, scope="keys:read", ip=None)
    assert last_used(sql) is None


def test_the_first_use_is_noted_and_then_none_for_a_minute(clients, sql):
    token = created(clients)
    unused = version(sql)
    clients.identify(token)
    assert version(sql) == unused
    used(clients, token)
    first, noted = version(sql), last_used(sql)
    assert first != unused
    assert abs(datetime.now(UTC) - noted) < timedelta(minutes=1)
    for _ in range(5):
        assert used(clients, token).last_used_at == noted
    assert (version(sql), last_used(sql)) == (first, noted)


@pytest.mark.parametrize(("seconds", "again"), [(50, False), (61, True)])
def test_a_use_is_noted_again_after_a_minute(clients, sql, seconds, again):
    token = created(clients)
    used(clients, token)
    set_back = f"update api_clients set last_used_at = now() - interval '{seconds} s'"
    sql.execute(set_back.encode())
    before, noted = version(sql), last_used(sql)
    used(clients, token)
    assert (version(sql) != before) == again
    assert (last_used(sql) > noted) == again


def test_twenty_first_uses_at_once_write_one_version_of_the_row(clients, sql):
    token = created(clients)
    sql.execute(
        "create table versions (last_used_at timestamptz);"
        "create function count_it() returns trigger language plpgsql as"
        " 'begin insert into versions values (new.last_used_at); return null; end';"
        "create trigger count_it after update on api_clients for each row"
        " execute function count_it()"
    )
    together = Barrier(20)

    def use(_):
        client = clients.identify(token)
        together.wait()
        clients.authorize(client, scope="stats:read", ip=HOME)
        return client.use_is_stale

    with ThreadPoolExecutor(20) as crowd:
        assert list(crowd.map(use, range(20))) == [True] * 20
    assert sql.execute("select * from versions").fetchall() == [(last_used(sql),)]


def test_no_token_is_called_wrong_while_the_database_is_down(clients, make_app, sql):
    token = created(clients)
    url = f"postgresql://{sql.info.user}@127.0.0.1:1/{sql.info.dbname}"
    with closing(Database(Secret(url), min_size=0, max_size=1, timeout_seconds=0.1)) as dead:
        dead.open()
        down = ApiClientService(dead)
        for ask in (
            lambda: down.identify(token),
            down.list_clients,
            lambda: down.revoke("engine"),
            lambda: created(down, "another"),
        ):
            with pytest.raises(DatabaseUnavailable):
                ask()
        # That it is in use is not worth a refusal.
        with capture_logs() as events:
            down.authorize(clients.identify(token), scope="stats:read", ip=HOME)
        assert [event["event"] for event in events] == ["last use not recorded"]
    client = make_app(DATABASE_URL=url, DB_POOL_TIMEOUT="0.1").test_client()
    answer = client.get(STATS, headers={"Authorization": f"Bearer {token.reveal()}"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "WWW-Authenticate" not in answer.headers


def test_a_table_of_clients_that_is_missing_is_no_wrong_token(clients, sql):
    token = created(clients)
    sql.execute("alter table api_clients rename to mislaid")
    with pytest.raises(DatabaseUnavailable):
        clients.identify(token)


def test_a_client_whose_row_is_locked_waits_for_nobody(clients, database_url):
    token = created(clients)
    client = clients.identify(token)
    with psycopg.connect(database_url) as other, capture_logs() as events:
        other.execute("select id from api_clients for update")
        began = time.monotonic()
        clients.authorize(client, scope="stats:read", ip=HOME)
        assert time.monotonic() - began < 2
    assert [event["event"] for event in events if event["event"] != "slow query"] == [
        "last use not recorded"
    ]
