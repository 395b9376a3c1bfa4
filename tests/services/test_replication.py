"""What a service knows about the write-ahead log of its database."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import ACCESS, FID
from tests.round_trips import traced
from tests.services.conftest import service
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.database.replication import Replication
from wallet_api.errors import DatabaseWentBack

FAR_AHEAD = 1 << 60


def look(database):
    """Do what the pool does with each new connection."""
    database.run(database.replication.look)


@pytest.fixture
def standby_is_configured(monkeypatch):
    """Have every process believe that commits wait for a standby, whatever it sees."""
    always = property(lambda self: True, lambda self, value: None)
    monkeypatch.setattr(Replication, "has_standby", always, raising=False)


def test_a_position_behind_the_last_acknowledged_wallet_refuses_new_ones(database, wallets):
    made = wallets.ensure_trading_wallet(FID, access=ACCESS)
    look(database)
    assert wallets.ensure_trading_wallet(FID + 1, access=ACCESS)
    database.replication._acknowledge(FAR_AHEAD)
    look(database)
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
    look(database)
    with pytest.raises(DatabaseWentBack):
        wallets.ensure_trading_wallet(FID, access=ACCESS)


def test_another_database_of_the_server_is_no_later_state_of_this_one(clone, wallets, database):
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    with clone("another") as url:
        other = Database(Secret(url), min_size=0, max_size=1, timeout_seconds=5)
        other.open()
        other.run(database.replication.look)
        other.close()
        with pytest.raises(DatabaseWentBack):
            wallets.ensure_trading_wallet(FID + 1, access=ACCESS)


def test_wallets_that_are_acknowledged_while_others_connect_are_no_alarm(database_url):
    """A look that began before an acknowledgement sees an earlier position."""
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


def test_a_process_that_made_no_wallet_accepts_any_database(database):
    database.replication._remember(0, 12345, 0)
    look(database)
    assert service(database).ensure_trading_wallet(FID, access=ACCESS)


@pytest.mark.usefixtures("standby_is_configured")
def test_a_young_wallet_waits_for_the_standby_and_an_old_one_does_not(database, wallets, sql):
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    with traced(database) as young:
        wallets.get_wallet(FID, "ethereum")
    assert (young.round_trips, young.statements) == (2, 2)
    sql.execute("update wallets set updated_at = now() - interval '10 minutes'")
    with traced(database) as old:
        wallets.get_wallet(FID, "ethereum")
    assert (old.round_trips, old.statements) == (1, 1)


@pytest.mark.usefixtures("standby_is_configured")
def test_nothing_is_confirmed_before_the_first_wait(database, wallets, sql):
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    sql.execute("update wallets set updated_at = now() - interval '10 minutes'")
    assert not database.replication.covers(datetime.now(UTC) - timedelta(days=1))
    with traced(database) as first:
        wallets.get_wallet(FID, "ethereum")
    assert first.statements == 2


def test_without_a_standby_a_young_wallet_costs_nothing(database, wallets):
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    with traced(database) as young:
        wallets.get_wallet(FID, "ethereum")
    assert (young.round_trips, young.statements) == (1, 1)
