"""Every operation appends its audit entry to the user's chain, in its own transaction."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count

import psycopg
import pytest

from tests.database import audited_actions, discard_rows, refuse_entries, rows
from tests.factories import ACCESS, BASE_ACCOUNT, FID, OTHER_SECRET, POSTGRES, SECRET, service
from tests.running_service import ROOT
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.database import batch_transaction
from wallet_api.errors import AuditLogBlocked, DatabaseDamaged
from wallet_api.models import AuditEvent
from wallet_api.repositories.audit import entries as audit
from wallet_api.repositories.wallets import rows as postgres
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.services.audit.append import AuditTrail
from wallet_api.services.audit.chains import EntryOutcome
from wallet_api.services.audit.verify import AuditVerification

ACTS = {
    "wallet.created": lambda w: w.ensure_trading_wallet(FID, access=ACCESS),
    "base_account.set": lambda w: w.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS),
    "key.refused": lambda w: w.refuse_key(FID, "ethereum", access=ACCESS),
    "key.read": lambda w: w.get_wallet_with_key(FID, "ethereum", access=ACCESS),
}


@pytest.fixture
def whole(database, sql):
    """See to it that every chain is intact, and return how many entries there are."""

    def verify(*secrets):
        reports = []
        encryption = EncryptionService(
            Secret(secrets[0] if secrets else SECRET), [Secret(older) for older in secrets[1:]]
        )
        AuditVerification(database, encryption, unchained_before=None, storage=POSTGRES).verify(
            reports.append
        )
        assert {report.outcome for report in reports} <= {EntryOutcome.INTACT}, reports
        return len(reports)

    return verify


def test_each_operation_appends_its_entry_and_a_repeat_without_effect_none(wallets, sql, whole):
    for act in ACTS.values():
        act(wallets)
    assert audited_actions(sql) == list(ACTS)
    ACTS["wallet.created"](wallets)
    ACTS["base_account.set"](wallets)
    assert audited_actions(sql) == list(ACTS)
    wallets.store_base_account_address(FID, "0x" + "ab" * 20, access=ACCESS)
    addresses = sql.execute("select id, address from wallet_audit_log order by id").fetchall()
    made = wallets.get_wallet_address(FID, "ethereum", access=ACCESS)
    assert addresses == [
        (1, made),
        (2, BASE_ACCOUNT),
        (3, None),
        (4, None),
        (5, "0x" + "ab" * 20),
    ]
    assert whole() == 5


@pytest.mark.parametrize("act", ACTS)
def test_without_an_audit_entry_nothing_happens(wallets, sql, act):
    if act == "key.read":
        ACTS["wallet.created"](wallets)
    refuse_entries(sql)
    before = rows(sql)
    with pytest.raises(psycopg.errors.CheckViolation):
        ACTS[act](wallets)
    assert rows(sql) == before


@pytest.mark.parametrize("act", ACTS)
def test_a_silently_discarded_entry_is_an_alarm(wallets, sql, act):
    if act == "key.read":
        ACTS["wallet.created"](wallets)
    discard_rows(sql, "wallet_audit_log")
    with pytest.raises(DatabaseDamaged):
        ACTS[act](wallets)


def test_thirty_two_threads_that_read_one_key_append_thirty_two_entries(wallets, sql, whole):
    address = wallets.ensure_trading_wallet(FID, access=ACCESS).address
    began = time.perf_counter()
    with ThreadPoolExecutor(32) as crowd:
        found = list(crowd.map(lambda _: ACTS["key.read"](wallets), range(32)))
    print(f"\n32 racing reads of one key: {time.perf_counter() - began:.2f} s")
    assert {one.wallet.address for one in found} == {address}
    assert audited_actions(sql) == ["wallet.created"] + ["key.read"] * 32
    assert whole() == 33


def test_concurrent_operations_on_one_user_leave_one_intact_chain(database, sql, whole):
    """Two processes, one of which already encrypts under the next secret. Each has both secrets."""
    earlier, later = (
        service(database, SECRET, OTHER_SECRET),
        service(database, OTHER_SECRET, SECRET),
    )
    earlier.ensure_trading_wallet(FID + 1, access=ACCESS)
    numbers = count(1)

    def act(number):
        one = later if number % 2 else earlier
        kind = number // 2 % 4
        if kind == 0:
            one.ensure_trading_wallet(FID, access=ACCESS)
        elif kind == 1:
            address = f"0x{next(numbers):040x}"
            one.store_base_account_address(FID, address, access=ACCESS)
        elif kind == 2:
            one.refuse_key(FID, "ethereum", access=ACCESS)
        else:
            one.get_wallet_with_key(FID, "ethereum", access=ACCESS)

    with ThreadPoolExecutor(16) as crowd:
        list(crowd.map(act, range(64)))
    found = audited_actions(sql)
    assert found.count("wallet.created") == 1
    assert found.count("base_account.set") == 16
    # The first of each process in this hour.
    assert found.count("key.refused") == 2
    assert found.count("key.read") <= 16
    assert whole(OTHER_SECRET, SECRET) == len(found) + 1


@pytest.mark.parametrize("moment", ["before the commit", "after the commit"])
def test_a_connection_that_is_lost_leaves_one_wallet_and_one_entry(
    wallets, sql, whole, monkeypatch, moment
):
    insert = PostgresWalletRepository.insert_if_absent_later
    calls = []

    def on_a_dying_connection(self, wallet):
        answer = insert(self, wallet)
        calls.append(self._connection.info.backend_pid)
        if len(calls) != 1:
            return answer
        if moment == "before the commit":
            sql.execute("select pg_terminate_backend(%s, 5000)", calls)
            return answer

        def lost():
            sql.execute("select pg_terminate_backend(%s, 5000)", calls)
            self._connection.execute("select 1")

        return lost

    monkeypatch.setattr(PostgresWalletRepository, "insert_if_absent_later", on_a_dying_connection)
    made = wallets.ensure_trading_wallet(FID, access=ACCESS)
    assert len(calls) == (2 if moment == "before the commit" else 1)
    assert wallets.get_wallet_address(FID, "ethereum", access=ACCESS) == made.address
    assert audited_actions(sql) == ["wallet.created"]
    assert whole() == 1


@pytest.mark.parametrize("act", ACTS)
def test_a_process_paused_between_read_and_write_reads_again(wallets, sql, whole, monkeypatch, act):
    if act == "key.read":
        ACTS["wallet.created"](wallets)
    looks = []

    def long_ago(head):
        looks.append(head.fid)
        late = timedelta(seconds=61 if len(looks) == 1 else 0)
        return replace(head, now=head.now - late)

    for repository in (audit, postgres):
        head_of = repository.head_of
        monkeypatch.setattr(repository, "head_of", lambda row, of=head_of: long_ago(of(row)))
    ACTS[act](wallets)
    assert len(looks) == 2
    assert audited_actions(sql)[-1] == act
    assert whole() == len(audited_actions(sql))


def test_a_blocked_chain_is_an_alarm_and_nothing_is_written(wallets, sql, monkeypatch):
    sql.execute(
        "insert into wallet_audit_log (fid, id, chain, action, actor, request_id)"
        " values (%s, 1, 'ethereum', 'key.read', 'nobody', 'r')",
        [FID],
    )
    with pytest.raises(AuditLogBlocked):
        wallets.ensure_trading_wallet(FID, access=ACCESS)
    assert rows(sql) == []
    assert wallets.ensure_trading_wallet(FID + 1, access=ACCESS)


def test_a_chain_whose_head_was_moved_is_an_alarm_until_the_owner_restores_it(wallets, sql):
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    # No trigger sees anything in it: ends only move on.
    sql.execute("update wallet_audit_heads set id = 9223372036854775807")
    with pytest.raises(AuditLogBlocked):
        wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS)
    assert audited_actions(sql) == ["wallet.created"]
    page = (ROOT / "docs" / "operations.md").read_text()
    (repair,) = re.findall(r"```sql\n(begin;.*?only_move_on.*?commit;)\n```", page, re.DOTALL)
    sql.execute(repair.replace("1464243", str(FID)))
    assert wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS)
    assert audited_actions(sql) == ["wallet.created", "key.read"]
    with pytest.raises(psycopg.errors.RestrictViolation):
        sql.execute("update wallet_audit_heads set id = id - 1")


def test_the_entries_of_a_batch_have_the_time_after_its_work(database, encryption, sql):
    """Another transaction may have appended before the batch locked the heads."""
    events = [
        AuditEvent(fid=fid, chain="ethereum", action="key.exported", access=ACCESS)
        for fid in (1, 2)
    ]

    def work(connection):
        with batch_transaction(connection):
            repository = audit.AuditRepository(connection)
            heads = repository.lock_heads({1, 2})
            worked_until = repository.get_time()
            AuditTrail(encryption).pending().append_many(connection, heads, events)
        return worked_until

    worked_until = database.run(work)
    rows = sql.execute("select created_at from wallet_audit_log").fetchall()
    assert len(rows) == 2
    assert all(at >= worked_until for (at,) in rows)
