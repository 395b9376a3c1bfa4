"""API clients: how their tokens are stored, what they may do, and until when."""

import hashlib
import hmac
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from threading import Barrier

import psycopg
import pytest
from structlog.testing import capture_logs

from tests.factories import ACCESS, client_changes, revoke_client
from tests.leaks import LEAKS
from tests.services.clients import HOME, STATS, created, last_used
from wallet_api.auth import client_tokens
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.errors import (
    DatabaseUnavailable,
    InsufficientScope,
    Unauthenticated,
)
from wallet_api.models import SCOPES, PageRequest
from wallet_api.services.api_clients import ApiClientService


def used(clients, token):
    client = clients.identify(token)
    clients.authorize(client, scope="stats:read", ip=HOME)
    return client


def version(sql):
    """Return which version of its row the only client has: every update makes a new one."""
    return sql.execute("select xmin, ctid from api_clients").fetchone()


def test_only_the_hash_of_a_token_is_stored(clients, sql):
    token = created(clients).reveal()
    row = sql.execute("select row_to_json(client)::text from api_clients as client").fetchone()[0]
    assert token not in row
    assert token.split("_", 2)[2] not in row
    assert hashlib.sha256(token.encode()).hexdigest() in row


def test_no_object_shows_a_token_or_its_hash(clients, sql):
    token = created(clients)
    token_hash = sql.execute("select token_hash from api_clients").fetchone()[0]
    issued = client_tokens.issue()
    LEAKS.secrets.add(issued.secret.reveal())
    for thing in (token, clients.identify(token), clients.list_clients(), issued):
        for text in (repr(thing), str(thing), f"{thing}"):
            assert token.reveal().split("_", 2)[2] not in text
            assert issued.secret.reveal().split("_", 2)[2] not in text
            assert token_hash not in text


def test_a_token_has_256_random_bits_and_a_searchable_prefix(clients):
    tokens = [created(clients, f"engine-{number}").reveal() for number in range(20)]
    parts = [token.split("_", 2) for token in tokens]
    assert {prefix for prefix, _, _ in parts} == {"wapi"}
    assert {len(secret) for _, _, secret in parts} == {43}
    assert len({client_id for _, client_id, _ in parts}) == 20
    assert len({secret for _, _, secret in parts}) == 20


def test_a_token_identifies_its_client_with_all_its_attributes(clients):
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


def test_the_list_has_every_client_ever_created_by_name(clients):
    assert clients.list_clients() == []
    for name in ("zebra", "ant", "mule"):
        created(clients, name)
    revoke_client(clients, "mule")
    found = clients.list_clients()
    assert [client.name for client in found] == ["ant", "mule", "zebra"]
    assert [client.revoked_at is not None for client in found] == [False, True, False]


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
def test_a_modified_token_identifies_no_client(clients, change):
    token = created(clients).reveal()
    with pytest.raises(Unauthenticated):
        clients.identify(Secret(change(token)))
    assert clients.identify(Secret(token)).name == "engine"


def test_the_hash_in_the_table_is_not_accepted_as_a_token(clients, sql):
    """Someone who has read the table still has no token."""
    token = created(clients).reveal()
    client_id, token_hash = sql.execute("select id, token_hash from api_clients").fetchone()
    for guess in (token_hash, f"wapi_{client_id}_{token_hash}", f"wapi_{client_id}_{token[22:]}x"):
        with pytest.raises(Unauthenticated):
            clients.identify(Secret(guess))


@pytest.mark.parametrize("verdict", [True, False])
def test_tokens_are_compared_only_in_constant_time(clients, sql, monkeypatch, verdict):
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
        client_changes(pool).revoke("engine", access=ACCESS)
    with pytest.raises(Unauthenticated):
        clients.identify(token)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_client_may_do_only_what_its_scopes_allow(clients, sql, scope):
    client = clients.identify(created(clients, scopes=[scope]))
    for other in set(SCOPES) - {scope}:
        with pytest.raises(InsufficientScope) as refusal:
            clients.authorize(client, scope=other, ip=HOME)
        assert other in refusal.value.hint
    assert last_used(sql) is None
    clients.authorize(client, scope=scope, ip=HOME)
    assert last_used(sql) is not None


def test_the_first_use_is_recorded_and_none_for_a_minute_after_it(clients, sql):
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
def test_a_use_is_recorded_again_after_a_minute(clients, sql, seconds, again):
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


def test_a_token_is_not_reported_as_wrong_while_the_database_is_down(clients, make_app, sql):
    token = created(clients)
    url = f"postgresql://{sql.info.user}@127.0.0.1:1/{sql.info.dbname}"
    with closing(Database(Secret(url), min_size=0, max_size=1, timeout_seconds=0.1)) as dead:
        dead.open()
        down = ApiClientService(dead)
        for ask in (
            lambda: down.identify(token),
            down.list_clients,
            lambda: down.find(PageRequest(after=None, limit=1)),
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


def test_a_missing_table_of_clients_is_not_reported_as_a_wrong_token(clients, sql):
    token = created(clients)
    sql.execute("alter table api_clients rename to mislaid")
    with pytest.raises(DatabaseUnavailable):
        clients.identify(token)


def test_a_client_whose_row_is_locked_does_not_wait(clients, database_url):
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
