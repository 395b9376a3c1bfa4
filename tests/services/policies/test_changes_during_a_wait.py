"""Changes that are committed while a request waits for the locks of its wallet."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.commands import wait_until
from tests.database import audited_actions
from tests.factories import FID, new_client, revoke_client
from tests.policies import CLIENT, EVERYTHING, FEES, OPERATOR, payments
from wallet_api.errors import PolicyRefused, Unauthenticated

NEVER = payments(max_amount="0")
UNRESTRICTED = replace(CLIENT, unrestricted=True)


@pytest.fixture
def wait_for(sql):
    """Start work that has to wait for a lock, and return its future: wait_for(work)."""
    waiting = (
        "select exists(select from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock')"
    )
    with ThreadPoolExecutor(1) as thread:

        def start(work):
            future = thread.submit(work)
            wait_until(lambda: sql.execute(waiting).fetchone()[0])
            return future

        yield start


@pytest.fixture
def held(database_url):
    """Hold the lock that every use of FID's key takes: with held(): …"""
    return lambda: _holding(database_url)


@contextmanager
def _holding(database_url):
    with psycopg.connect(database_url) as other:
        other.execute("select from wallet_audit_heads where fid = %s for update", [FID])
        yield
        other.commit()


@pytest.fixture
def make_client(policies):
    """Create an API client that may do anything, and return its access."""

    def make(**options):
        token = new_client(policies.clients, "wallets:sign", "keys:read", **options)
        return replace(UNRESTRICTED, client_id=policies.clients.identify(token).id)

    return make


def test_a_policy_of_the_client_that_is_set_during_the_wait_applies(
    policies, pay, wait_for, held, make_client
):
    client, never = make_client(), policies.create(NEVER, FEES)
    pay(1, client)
    with held():
        waiting = wait_for(lambda: pay(1, client))
        policies.assignments.assign_to_client("engine", never, access=OPERATOR)
    with pytest.raises(PolicyRefused) as refused:
        waiting.result(10)
    assert (refused.value.layer, refused.value.policy) == ("client", str(never))


def test_a_policy_of_the_service_and_a_new_version_that_come_during_the_wait_apply(
    policies, pay, wait_for, held
):
    pay(1, UNRESTRICTED)
    with held():
        waiting = wait_for(lambda: pay(1, UNRESTRICTED))
        policy = policies.put_service(EVERYTHING)
        policies.change(policy, NEVER, FEES)
    with pytest.raises(PolicyRefused) as refused:
        waiting.result(10)
    assert (refused.value.layer, refused.value.version) == ("service", 2)


@pytest.fixture(params=["pay", "read_key"])
def use_key(request, pay, wallets):
    """Use the key of FID's wallet in one of the ways: use_key(access)."""
    ways = {
        "pay": lambda access: pay(1, access),
        "read_key": lambda access: wallets.get_wallet_with_key(FID, "ethereum", access=access),
    }
    return ways[request.param]


def test_a_client_that_is_revoked_during_the_wait_gets_nothing(
    policies, use_key, wait_for, held, make_client, sql
):
    client = make_client()
    use_key(client)
    before = audited_actions(sql, FID)
    with held():
        waiting = wait_for(lambda: use_key(client))
        revoke_client(policies.clients)
    with pytest.raises(Unauthenticated):
        waiting.result(10)
    assert audited_actions(sql, FID) == before


@pytest.mark.slow
def test_a_client_that_expires_during_the_wait_gets_nothing(
    use_key, wait_for, held, make_client, sql
):
    client = make_client(expires_at=datetime.now(UTC) + timedelta(seconds=1.5))
    use_key(client)
    before = audited_actions(sql, FID)
    with held():
        waiting = wait_for(lambda: use_key(client))
        time.sleep(1.5)
    with pytest.raises(Unauthenticated):
        waiting.result(10)
    assert audited_actions(sql, FID) == before


def test_a_client_that_ends_before_a_repeat_does_not_get_the_signature_again(
    policies, pay, make_client
):
    client = replace(make_client(), idempotency_key="once")
    pay(1, client)
    assert pay(1, client).repeated
    revoke_client(policies.clients)
    with pytest.raises(Unauthenticated):
        pay(1, client)


def test_all_that_is_decided_after_a_change_has_returned_is_decided_by_it(
    policies, pay, make_client, sql
):
    """Each of 100 requests knows the client from before the change, and waits for the others."""
    client, policy = make_client(), policies.create(payments(), FEES)
    with ThreadPoolExecutor(20) as crowd:
        requests = [crowd.submit(pay, number + 1, client) for number in range(100)]
        requests[10].result(30)
        policies.assignments.assign_to_client("engine", policy, access=OPERATOR)
        (changed_at,) = sql.execute("select clock_timestamp()").fetchone()
        for request in requests:
            request.result(30)
    found = sql.execute(
        "select created_at >= %s, jsonb_array_length((details ->> 'policies')::jsonb)"
        " from wallet_audit_log where action = 'transaction.signed'",
        [changed_at],
    ).fetchall()
    assert len(found) == 100
    assert {(False, 0), (True, 1)} <= set(found)
    assert (True, 0) not in found


def test_a_signature_that_waits_for_a_change_sees_it(policies, pay, database_url, sql, wait_for):
    """The change holds the user's chain until it commits."""
    policies.put_wallet(EVERYTHING)
    never = policies.create(payments(max_amount="0"), FEES)
    with psycopg.connect(database_url) as change:
        change.execute("select from wallet_audit_heads where fid = %s for update", [FID])
        change.execute(
            "insert into wallet_policies (fid, version, policy_id, created_by)"
            " values (%s, 2, %s, 'cli:operator')",
            [FID, never],
        )
        waiting = wait_for(lambda: pay(1))
        change.commit()
        with pytest.raises(PolicyRefused):
            waiting.result(10)


@pytest.mark.parametrize("table", ["wallet_audit_heads", "signing_accounts"])
def test_the_time_of_a_spend_is_later_than_the_locks(pay, database_url, sql, wait_for, table):
    """Otherwise a spend could be older than one that another request counted."""
    pay(1, access=UNRESTRICTED)
    with psycopg.connect(database_url) as other:
        other.execute(f"select from {table} where fid = %s for update", [FID])
        waiting = wait_for(lambda: pay(2, access=UNRESTRICTED))
        (until,) = other.execute("select clock_timestamp()").fetchone()
        other.commit()
        waiting.result(10)
    (times,) = sql.execute(
        "select array_agg(created_at) from wallet_spends where amount = 2"
    ).fetchone()
    assert min(times) > until
