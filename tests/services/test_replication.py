"""What a service knows about the write-ahead log of its database."""

import os
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import psycopg
import pytest

from tests.factories import ACCESS, FID, service
from tests.round_trips import traced
from wallet_api import metrics
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database, replication
from wallet_api.database.replication import _DATABASE as DATABASE
from wallet_api.database.replication import Replication
from wallet_api.errors import DatabaseWentBack

FAR_AHEAD = 1 << 60
# Round trips and statements of a read that waits for the standby, and of one that need not.
WAITED, KNOWN = (3, 3), (1, 1)


def read_replication_state(database):
    """Do what the pool does with each new connection."""
    database.run(database.replication.read_state)


@pytest.fixture
def standby_is_configured(monkeypatch):
    """Have every process believe that commits wait for a standby, if requested before a pool."""
    queries = replication._QUERIES

    def believe(query):
        return lambda connection: {**query(connection), "has_standby": True}

    believed = SimpleNamespace(
        read_state=believe(queries.read_state),
        wait=believe(queries.wait),
        position=queries.position,
    )
    monkeypatch.setattr(replication, "_QUERIES", believed)


def test_a_position_before_the_last_acknowledged_wallet_refuses_new_ones(database, wallets):
    made = wallets.ensure_trading_wallet(FID, access=ACCESS)
    read_replication_state(database)
    assert wallets.ensure_trading_wallet(FID + 1, access=ACCESS)
    database.replication._acknowledge(FAR_AHEAD)
    read_replication_state(database)
    with pytest.raises(DatabaseWentBack):
        wallets.ensure_trading_wallet(FID + 2, access=ACCESS)
    assert wallets.ensure_trading_wallet(FID, access=ACCESS) == made
    assert wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS)


def test_processes_that_were_forked_from_one_share_what_they_know(database, wallets):
    child = os.fork()
    if child == 0:
        database.replication._acknowledge(FAR_AHEAD)
        os._exit(0)
    os.waitpid(child, 0)
    read_replication_state(database)
    with pytest.raises(DatabaseWentBack):
        wallets.ensure_trading_wallet(FID, access=ACCESS)


def test_another_database_of_the_server_is_not_a_later_state_of_this_one(clone, wallets, database):
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    with clone("another") as url:
        other = Database(Secret(url), min_size=0, max_size=1, timeout_seconds=5)
        other.open()
        other.run(database.replication.read_state)
        other.close()
        with pytest.raises(DatabaseWentBack):
            wallets.ensure_trading_wallet(FID + 1, access=ACCESS)


def test_wallets_that_are_acknowledged_while_others_connect_are_no_alarm(database_url):
    """A look that began before an acknowledgment sees an earlier position."""
    database = Database(Secret(database_url), min_size=0, max_size=8, timeout_seconds=10)
    database.open()
    wallets = service(database)

    def act(number):
        if number % 4 == 0:
            database._pool.drain()
        return wallets.ensure_trading_wallet(number + 1, access=ACCESS)

    with ThreadPoolExecutor(8) as crowd:
        assert len(list(crowd.map(act, range(200)))) == 200
    database.close()


def test_a_process_that_created_no_wallet_accepts_any_database(database):
    database.replication._write(DATABASE, 12345)
    read_replication_state(database)
    assert service(database).ensure_trading_wallet(FID, access=ACCESS)


def test_an_acknowledgment_does_not_clear_the_alarm(database, wallets):
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    database.replication._acknowledge(FAR_AHEAD)
    read_replication_state(database)
    database.replication._acknowledge(FAR_AHEAD + 1)
    with pytest.raises(DatabaseWentBack):
        wallets.ensure_trading_wallet(FID + 1, access=ACCESS)
    metric = "wallet_api_database_went_back"
    metrics.WENT_BACK.set(0)
    read_replication_state(database)
    assert metrics.REGISTRY.get_sample_value(metric) == 1


def costs(database, call):
    with traced(database) as traffic:
        call()
    return traffic.round_trips, traffic.statements


@pytest.mark.usefixtures("standby_is_configured")
def test_only_a_row_written_since_the_last_wait_waits(database, wallets, sql):
    wallets.ensure_trading_wallet(FID, access=ACCESS)

    def read():
        return wallets.get_wallet(FID, "ethereum", access=ACCESS)

    assert costs(database, read) == WAITED
    assert costs(database, read) == KNOWN
    # Even if its dates are old, as those of a wallet from a file are.
    sql.execute("update wallets set key_id = key_id, updated_at = '2020-01-01'")
    assert costs(database, read) == WAITED
    assert costs(database, read) == KNOWN
    assert costs(database, lambda: wallets.list_wallets(FID, access=ACCESS)) == KNOWN


@pytest.fixture
def confirmed(standby_is_configured, database, wallets):
    """Return what a read of a wallet costs that is known to be replicated."""
    wallets.ensure_trading_wallet(FID, access=ACCESS)

    def read():
        return costs(database, lambda: wallets.get_wallet(FID, "ethereum", access=ACCESS))

    assert read() == WAITED
    read_replication_state(database)
    assert read() == KNOWN
    return read


def test_nothing_is_confirmed_for_a_server_with_another_history(database, confirmed):
    database.replication._confirmed = "another", database.replication._confirmed[1]
    assert confirmed() == WAITED
    assert confirmed() == KNOWN


@pytest.mark.parametrize("ahead", [1000, -(2**30)])
def test_reused_and_wrapped_transaction_ids_are_not_confirmed(database, confirmed, ahead):
    def pretend(connection):
        now = connection.execute(
            "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as id"
        )
        database.replication._confirmed = connection.history, now.fetchone()["id"] + ahead

    database.run(pretend)
    read_replication_state(database)
    assert confirmed() == WAITED


@pytest.mark.parametrize(
    ("written", "confirmed_before", "known"),
    [
        (99, 100, True),
        (100, 100, False),
        (101, 100, False),
        # Across the end of 32 bits, and in a later epoch.
        (2**32 - 1, 2**32 + 5, True),
        (4, 2**32 + 5, True),
        (5, 2**32 + 5, False),
        (6, 2**32 - 1, False),
        (3, 7 * 2**32 + 2, False),
        (1, 7 * 2**32 + 2, True),
        # Rows that were frozen keep their ids: these are older by 2^31, and by three times 2^30.
        (100 + 2**31, 100, True),
        (100 + 2**30, 100, True),
        (99 + 2**30, 100, False),
        (None, 100, True),
    ],
)
def test_transactions_are_compared_across_id_wraparound(database, written, confirmed_before, known):
    def compare(connection):
        replication = Replication()
        replication._confirmed = connection.history, confirmed_before
        return replication._is_confirmed(connection, written)

    assert database.run(compare) == known


@pytest.mark.usefixtures("standby_is_configured")
def test_nothing_is_confirmed_with_a_transaction_that_is_too_old(database, wallets, monkeypatch):
    wait = replication._QUERIES.wait

    def too_old(connection):
        row = wait(connection)
        return {**row, "oldest_running": row["next_transaction"] - 2**30}

    monkeypatch.setattr(replication._QUERIES, "wait", too_old)
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    for _ in range(2):
        cost = costs(database, lambda: wallets.get_wallet(FID, "ethereum", access=ACCESS))
        assert cost == (2, 2)


def test_without_a_standby_a_new_wallet_needs_no_confirmation(database, wallets):
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    assert costs(database, lambda: wallets.get_wallet(FID, "ethereum", access=ACCESS)) == (1, 1)


@pytest.mark.usefixtures("standby_is_configured")
def test_what_was_read_from_a_server_that_is_lost_is_read_again(
    database, wallets, sql, monkeypatch
):
    """The one that took over may lack it, and has nothing to wait for."""
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    wait = Replication.wait
    reads = {
        "get": lambda: wallets.get_wallet(FID, "ethereum", access=ACCESS),
        "list": lambda: wallets.list_wallets(FID, access=ACCESS),
        "ensure": lambda: wallets.ensure_trading_wallet(FID, access=ACCESS),
    }
    for name, read in reads.items():
        sql.execute("update wallets set key_id = key_id")

        def taken_over(self, connection):
            monkeypatch.setattr(Replication, "wait", wait)
            sql.execute("update wallets set updated_at = '2020-01-01'")
            connection.pgconn.finish()
            raise psycopg.OperationalError

        monkeypatch.setattr(Replication, "wait", taken_over)
        found = read()
        found = found[0] if name == "list" else found
        assert found.updated_at.year == 2020, name
