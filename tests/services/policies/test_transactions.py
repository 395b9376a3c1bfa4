"""The locks and the round trips of signatures under policies."""

from datetime import UTC, datetime, timedelta

import psycopg

from tests.factories import ACCESS, FID
from tests.policies import (
    EVERYTHING,
    FEES,
    payments,
)
from tests.round_trips import traced
from tests.services.policies.outcomes import (
    DAY,
    sign_message,
)


def test_signatures_of_two_wallets_do_not_wait_for_each_other(policies, wallets, pay, database_url):
    other = FID + 1
    wallets.ensure_trading_wallet(other, access=ACCESS)
    policies.put_service(payments((DAY, 100)), FEES)
    pay(1)
    pay(1, fid=other)
    with psycopg.connect(database_url) as holding:
        for table in ("wallet_audit_heads", "signing_accounts"):
            holding.execute(f"select from {table} where fid = %s for update", [FID])
        began = datetime.now(UTC)
        pay(1, fid=other)
        assert datetime.now(UTC) - began < timedelta(seconds=1)


def test_a_signature_without_a_window_takes_two_round_trips(policies, pay, database):
    policies.put_wallet(payments(max_amount="10"), FEES)
    pay(1)
    with traced(database) as traffic:
        pay(1)
    # begin, wallet with chain, account, policies; two spends, entry, head, commit.
    assert (traffic.round_trips, traffic.statements, traffic.commits) == (2, 9, 1)


def test_the_first_spend_on_a_chain_takes_one_more_round_trip(policies, pay, database, sql):
    policies.put_wallet(payments(max_amount="10"), FEES)
    with traced(database) as traffic:
        pay(1)
    assert (traffic.round_trips, traffic.commits) == (3, 1)
    assert len(sql.execute("select from signing_accounts").fetchall()) == 1


def test_a_window_costs_one_round_trip_for_all_sums(policies, pay, database):
    policies.put_wallet(payments((1, 10), (60, 20), (DAY, 30)), FEES)
    policies.put_user(payments((3600, 10)), FEES)
    pay(1)
    with traced(database) as traffic:
        pay(1)
    assert (traffic.round_trips, traffic.statements, traffic.commits) == (3, 10, 1)


def test_a_message_locks_no_account(policies, signing, address, database, sql):
    policies.put_wallet(EVERYTHING)
    sign_message(signing)
    with traced(database) as traffic:
        sign_message(signing)
    # begin, wallet with chain, policies; entry, head, commit.
    assert (traffic.round_trips, traffic.statements, traffic.commits) == (2, 6, 1)
    assert sql.execute("select count(*) from signing_accounts").fetchone() == (0,)
