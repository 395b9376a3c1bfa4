"""Reading a private key: never without an audit row."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.commands import wait_until
from tests.database import discard_rows, refuse_entries, rows
from tests.factories import ACCESS, BASE_ACCOUNT, FID
from tests.races import race
from tests.round_trips import traced
from wallet_api.crypto import key_pairs as keys
from wallet_api.errors import DatabaseDamaged
from wallet_api.repositories.wallets.rows import PostgresWalletRepository


def test_a_key_read_and_its_audit_row_take_two_round_trips_and_one_commit(wallets, database):
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    with traced(database) as traffic:
        wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS)
    assert traffic.round_trips == 2
    assert traffic.commits == 1


def test_a_key_read_moves_the_end_of_a_chain_without_touching_an_index(wallets, database, sql):
    """A heap-only update (HOT), as long as no index knows more of a head than whose it is."""
    look = "select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = %s"

    def count():
        return sql.execute(look, ["wallet_audit_heads"]).fetchone()

    wallets.ensure_trading_wallet(FID, access=ACCESS)
    # Of the tests before this one.
    moved, without_index = count()
    for _ in range(20):
        wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS)
    # PostgreSQL's processes tell what they did when they end.
    database.close()
    wait_until(lambda: count()[0] >= moved + 20)
    assert count() == (moved + 20, without_index + 20)


def test_racing_key_reads_take_turns_and_none_is_repeated(wallets, sql, monkeypatch):
    """Each waits for the lock of the user's chain, and its entry follows the one before."""
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    lock, locked = PostgresWalletRepository.lock_with_head_later, []

    def counted(repository, *of):
        locked.append(None)
        return lock(repository, *of)

    monkeypatch.setattr(PostgresWalletRepository, "lock_with_head_later", counted)
    race(lambda _: wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS), range(16))
    assert len(locked) == 16
    ids = sql.execute("select id from wallet_audit_log where action = 'key.read' order by id")
    assert ids.fetchall() == [(number,) for number in range(2, 18)]


def test_an_entry_is_dated_after_the_wait_for_the_chain(wallets, sql, database_url):
    """A checkpoint of the time before the wait must not miss it."""
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    with ThreadPoolExecutor(1) as reader, psycopg.connect(database_url) as holder:
        holder.execute("select from wallet_audit_heads where fid = %s for update", [FID])
        reading = reader.submit(wallets.get_wallet_with_key, FID, "ethereum", access=ACCESS)
        waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        wait_until(lambda: sql.execute(waits).fetchone()[0])
        (held,) = sql.execute("select clock_timestamp()").fetchone()
        holder.rollback()
        reading.result()
    (dated,) = sql.execute(
        "select created_at from wallet_audit_log where action = 'key.read'"
    ).fetchone()
    assert dated > held


def test_the_key_that_is_returned_is_the_key_of_the_address(wallets, sql):
    address = wallets.ensure_trading_wallet(FID, access=ACCESS).address
    found = wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS)
    assert found.wallet.address == address == keys.address_of(found.private_key)
    audit = sql.execute("select chain, action, actor, request_id from wallet_audit_log order by id")
    assert audit.fetchall() == [
        ("ethereum", "wallet.created", "user:1464243", "a-test"),
        ("ethereum", "key.read", "user:1464243", "a-test"),
    ]


def test_without_an_audit_entry_there_is_no_key(wallets, sql):
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    refuse_entries(sql)
    with pytest.raises(psycopg.errors.CheckViolation):
        wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS)


def test_a_silently_discarded_audit_entry_prevents_the_key_read(wallets, sql):
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    discard_rows(sql, "wallet_audit_log")
    with pytest.raises(DatabaseDamaged):
        wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS)


def test_a_wallet_created_during_a_key_read_is_not_read_without_an_entry(wallets, sql):
    """Each statement has a snapshot of its own; the wallet appears between the two."""
    wallets.ensure_trading_wallet(1, access=ACCESS)
    sql.execute(
        "create function dawdle() returns trigger language plpgsql as"
        " 'begin perform pg_sleep(0.5); return null; end';"
        "create trigger dawdle after insert on wallet_audit_log for each statement"
        " execute function dawdle()"
    )
    with ThreadPoolExecutor(1) as reader:
        reading = reader.submit(wallets.get_wallet_with_key, FID, "ethereum", access=ACCESS)
        wallets.ensure_trading_wallet(FID, access=ACCESS)
        found = reading.result()
    (reads,) = sql.execute(
        "select count(*) from wallet_audit_log where action = 'key.read'"
    ).fetchone()
    assert reads == (0 if found is None else 1)


def test_reading_a_missing_key_returns_none_and_writes_nothing(wallets, sql):
    wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    before = rows(sql)
    assert wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS) is None
    assert wallets.get_wallet_with_key(FID, "base-account", access=ACCESS) is None
    assert rows(sql) == before
    assert sql.execute("select action from wallet_audit_log").fetchall() == [("base_account.set",)]


def test_a_refused_key_is_recorded_even_for_a_user_without_a_wallet(wallets, sql):
    wallets.refuse_key(FID, "ethereum", access=ACCESS)
    audit = sql.execute("select fid, action, actor from wallet_audit_log").fetchall()
    assert audit == [(FID, "key.refused", "user:1464243")]
