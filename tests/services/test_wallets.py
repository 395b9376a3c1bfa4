"""The wallet service: one wallet per user, verified before it is returned."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import Barrier

import pytest

from tests.database import plant, rows
from tests.factories import ACCESS, BASE_ACCOUNT, FID, OTHER_SECRET, SECRET, service
from tests.races import race
from tests.round_trips import traced
from wallet_api.crypto import key_pairs as keys
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.database import one_round_trip
from wallet_api.errors import DatabaseDamaged, KeyUnreadable
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.services import wallets as base_account_wallets

OF_ANOTHER_ROW = (
    "(encrypted_private_key, iv) = (select encrypted_private_key, iv from wallets where fid = 2)"
)


def test_the_first_request_creates_the_wallet_and_later_ones_return_it(wallets, opened):
    first = wallets.ensure_trading_wallet(FID, access=ACCESS)
    assert wallets.ensure_trading_wallet(FID, access=ACCESS) == first
    assert opened() == {FID: first.address}
    assert (first.chain, first.wallet_type) == ("ethereum", "trading")


def test_fifty_racing_first_requests_get_one_wallet(wallets, opened):
    def ensure(_):
        return wallets.ensure_trading_wallet(FID, access=ACCESS).address

    answers = set(race(ensure, range(50)))
    assert {FID: answers.pop()} == opened()
    assert not answers


def test_two_services_that_race_for_a_new_database_under_one_secret_both_work(database, opened):
    racers = [service(database) for _ in range(8)]

    def ensure(fid):
        return racers[fid].ensure_trading_wallet(fid + 1, access=ACCESS).address

    answers = race(ensure, range(8))
    assert opened() == dict(enumerate(answers, start=1))


def test_an_existing_wallet_takes_one_round_trip(wallets, database):
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    with traced(database) as traffic:
        wallets.ensure_trading_wallet(FID, access=ACCESS)
    assert traffic.round_trips == 1
    assert traffic.commits == 0


def test_a_new_wallet_takes_two_round_trips_and_one_commit(wallets, database):
    wallets.ensure_trading_wallet(1, access=ACCESS)
    with traced(database) as traffic:
        wallets.ensure_trading_wallet(FID, access=ACCESS)
    assert traffic.round_trips == 2
    assert traffic.commits == 1


def test_the_first_new_wallet_of_a_process_takes_one_round_trip_more(database):
    service(database).ensure_trading_wallet(1, access=ACCESS)
    another_process = service(database)
    with traced(database) as traffic:
        another_process.ensure_trading_wallet(FID, access=ACCESS)
    assert traffic.round_trips == 3
    assert traffic.commits == 1


def test_a_crash_before_the_commit_leaves_nothing_and_the_retry_creates_the_wallet(
    wallets, opened, monkeypatch
):
    insert = PostgresWalletRepository.insert_if_absent_later

    def insert_and_crash(self, wallet):
        insert(self, wallet)
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(PostgresWalletRepository, "insert_if_absent_later", insert_and_crash)
        with pytest.raises(ZeroDivisionError):
            wallets.ensure_trading_wallet(FID, access=ACCESS)
    assert opened() == {}
    wallet = wallets.ensure_trading_wallet(FID, access=ACCESS)
    assert opened() == {FID: wallet.address}


def test_a_crash_after_the_commit_loses_nothing(wallets, opened, monkeypatch):
    @contextmanager
    def crash_behind_it(connection):
        with one_round_trip(connection):
            yield
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(base_account_wallets, "one_round_trip", crash_behind_it)
        with pytest.raises(ZeroDivisionError):
            wallets.ensure_trading_wallet(FID, access=ACCESS)
    committed = opened()
    assert wallets.ensure_trading_wallet(FID, access=ACCESS).address == committed[FID]
    assert opened() == committed


def test_a_wallet_that_was_stored_differently_is_not_returned(wallets, sql):
    sql.execute(
        "create function alter_it() returns trigger language plpgsql as"
        " 'begin new.iv = repeat(''ab'', 12); return new; end'"
    )
    sql.execute(
        "create trigger alter_it before insert on wallets for each row execute function alter_it()"
    )
    with pytest.raises(KeyUnreadable):
        wallets.ensure_trading_wallet(FID, access=ACCESS)


def test_a_connection_that_is_lost_in_the_middle_is_repeated_without_a_second_wallet(
    wallets, opened, sql, monkeypatch
):
    """The outcome of the first commit is unknown to us; the primary key knows it."""
    wallets.ensure_trading_wallet(1, access=ACCESS)
    insert = PostgresWalletRepository.insert_if_absent_later
    cut = []

    def insert_on_a_dying_connection(self, wallet):
        if not cut:
            cut.append(self._connection.info.backend_pid)
            sql.execute("select pg_terminate_backend(%s, 5000)", cut)
        return insert(self, wallet)

    monkeypatch.setattr(
        PostgresWalletRepository, "insert_if_absent_later", insert_on_a_dying_connection
    )
    wallet = wallets.ensure_trading_wallet(FID, access=ACCESS)
    assert cut
    assert opened()[FID] == wallet.address


def test_a_pool_of_dead_connections_recovers(wallets, database, sql):
    wallet = wallets.ensure_trading_wallet(FID, access=ACCESS)
    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(partial(wallets.ensure_trading_wallet, access=ACCESS), [FID] * 64))
    sql.execute(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    assert wallets.ensure_trading_wallet(FID, access=ACCESS) == wallet


@pytest.mark.parametrize(
    "damage",
    [
        "encrypted_private_key = reverse(encrypted_private_key)",
        "iv = reverse(iv)",
        "key_id = 'ffffffffffffffff'",
        OF_ANOTHER_ROW,
    ],
)
@pytest.mark.parametrize(
    "use",
    [
        lambda wallets: wallets.ensure_trading_wallet(1, access=ACCESS),
        lambda wallets: wallets.get_wallet(1, "ethereum", access=ACCESS),
        lambda wallets: wallets.get_wallet_address(1, "ethereum", access=ACCESS),
        lambda wallets: wallets.list_wallets(1, access=ACCESS),
        lambda wallets: wallets.get_wallet_with_key(1, "ethereum", access=ACCESS),
    ],
)
def test_a_key_that_does_not_decrypt_is_an_alarm_and_never_replaced(wallets, sql, damage, use):
    wallets.ensure_trading_wallet(1, access=ACCESS)
    wallets.ensure_trading_wallet(2, access=ACCESS)
    sql.execute("set session_replication_role = replica")
    sql.execute(f"update wallets set {damage} where fid = 1 and chain = 'ethereum'")
    before = rows(sql)
    with pytest.raises(KeyUnreadable):
        use(wallets)
    assert rows(sql) == before


def test_a_decrypted_key_of_another_address_is_an_alarm(wallets, database, sql):
    """Sealed properly for this row, so only deriving the address can tell."""
    address = wallets.ensure_trading_wallet(FID, access=ACCESS).address
    encryption = EncryptionService(Secret(SECRET))
    another_key = keys.generate().private_key
    encrypted = encryption.encrypt(another_key, fid=FID, chain="ethereum", address=address)
    sql.execute("set session_replication_role = replica")
    sql.execute(
        "update wallets set encrypted_private_key = %s, iv = %s",
        [encrypted.ciphertext, encrypted.iv],
    )
    with pytest.raises(KeyUnreadable):
        wallets.ensure_trading_wallet(FID, access=ACCESS)


def test_an_encrypted_key_is_decrypted_before_it_is_stored(wallets, sql, monkeypatch):
    wallets.ensure_trading_wallet(1, access=ACCESS)
    encrypt = EncryptionService.encrypt

    def encrypt_wrongly(self, private_key, *, fid, chain, address):
        return encrypt(self, private_key, fid=fid + 1, chain=chain, address=address)

    monkeypatch.setattr(EncryptionService, "encrypt", encrypt_wrongly)
    with pytest.raises(KeyUnreadable):
        wallets.ensure_trading_wallet(FID, access=ACCESS)
    assert len(rows(sql)) == 1


def test_a_trading_wallet_without_a_key_is_an_alarm(wallets, sql):
    wallets.ensure_trading_wallet(1, access=ACCESS)
    sql.execute("alter table wallets drop constraint wallets_trading_wallet_has_a_key")
    sql.execute(
        "insert into wallets (fid, chain, wallet_type, address)"
        " values (%s, 'ethereum', 'trading', %s)",
        [FID, BASE_ACCOUNT],
    )
    with pytest.raises(KeyUnreadable):
        wallets.ensure_trading_wallet(FID, access=ACCESS)


def test_a_missing_wallet_is_an_alarm_and_never_replaced(wallets, sql):
    """The audit log still records it."""
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    plant(sql, "delete from wallets")
    for _ in range(2):
        with pytest.raises(DatabaseDamaged) as refusal:
            wallets.ensure_trading_wallet(FID, access=ACCESS)
        assert "records a trading wallet" in refusal.value.reason
    assert rows(sql) == []


def test_a_request_that_races_with_a_creation_returns_that_wallet(wallets, database, monkeypatch):
    """Of a user whose chain has begun, so that the log is asked whether there ever was one."""
    wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    look, firsts = PostgresWalletRepository.get_with_head, []

    def looked(repository, *of):
        found = look(repository, *of)
        if not firsts:
            firsts.append(None)
            firsts[0] = service(database).ensure_trading_wallet(FID, access=ACCESS)
        return found

    monkeypatch.setattr(PostgresWalletRepository, "get_with_head", looked)
    assert wallets.ensure_trading_wallet(FID, access=ACCESS) == firsts[0]


def test_reads_create_no_wallet(wallets, sql):
    assert wallets.get_wallet(FID, "ethereum", access=ACCESS) is None
    assert wallets.get_wallet_address(FID, "ethereum", access=ACCESS) is None
    assert wallets.list_wallets(FID, access=ACCESS) == []
    assert wallets.get_base_account_address(FID, access=ACCESS) is None
    assert rows(sql) == []


@pytest.mark.parametrize("spelling", ["base", "base-account", "ethereum-base"])
def test_the_base_account_is_found_under_every_spelling_of_its_chain(wallets, spelling):
    wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    wallet = wallets.get_wallet(FID, spelling, access=ACCESS)
    assert (wallet.address, wallet.wallet_type, wallet.encrypted_key) == (
        BASE_ACCOUNT,
        "base-account",
        None,
    )


def test_a_new_base_account_address_replaces_the_old_one_and_nothing_else(wallets, sql):
    trading = wallets.ensure_trading_wallet(FID, access=ACCESS)
    wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    before = wallets.get_wallet(FID, "base", access=ACCESS)
    wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    assert wallets.get_wallet(FID, "base", access=ACCESS) == before
    other = "0x" + "ab" * 20
    wallets.store_base_account_address(FID, other, access=ACCESS)
    after = wallets.get_wallet(FID, "base", access=ACCESS)
    assert after.address == other == wallets.get_base_account_address(FID, access=ACCESS)
    assert after.updated_at > before.updated_at
    assert after.created_at == before.created_at
    assert wallets.list_wallets(FID, access=ACCESS) == [after, trading]


def test_two_concurrent_writes_of_one_base_account_leave_one_entry(wallets, sql, monkeypatch):
    look, both = wallets.get_base_account_address, Barrier(2)

    def look_together(fid, **access):
        found = look(fid, **access)
        both.wait()
        return found

    monkeypatch.setattr(wallets, "get_base_account_address", look_together)
    with ThreadPoolExecutor(2) as crowd:
        store = partial(wallets.store_base_account_address, access=ACCESS)
        list(crowd.map(store, [FID] * 2, [BASE_ACCOUNT] * 2))
    assert sql.execute("select action from wallet_audit_log").fetchall() == [("base_account.set",)]


def test_the_largest_fid_has_a_wallet_like_any_other(wallets):
    assert wallets.ensure_trading_wallet(2**63 - 1, access=ACCESS).fid == 2**63 - 1


def test_a_previous_secret_still_decrypts_and_new_wallets_use_the_new_one(database, sql):
    old = service(database, SECRET).ensure_trading_wallet(1, access=ACCESS)
    renewed = service(database, OTHER_SECRET, SECRET)
    assert renewed.ensure_trading_wallet(1, access=ACCESS) == old
    renewed.ensure_trading_wallet(2, access=ACCESS)
    key_ids = [key_id for (key_id,) in sql.execute("select key_id from wallets order by fid")]
    assert key_ids == [
        EncryptionService(Secret(SECRET)).key_id,
        EncryptionService(Secret(OTHER_SECRET)).key_id,
    ]
