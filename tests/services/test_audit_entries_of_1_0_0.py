"""Entries as 1.0.0 writes them, in text, and as this version does, in bytes, are one log.

tests/data/queries_1_0_0/ holds the queries of that release. The Python code around them is the
same.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from tests.database import plant
from tests.factories import ACCESS, BASE_ACCOUNT, FID, append_events, service
from tests.running_service import ROOT
from tests.services.audit_faults import TO_TEXT
from wallet_api.database import sql as loader
from wallet_api.errors import DatabaseDamaged
from wallet_api.models import AuditEvent, PageRequest
from wallet_api.repositories.audit import entries as audit
from wallet_api.services.audit import checkpoints as audit_checkpoints
from wallet_api.services.audit.append import AuditTrail
from wallet_api.services.audit.read import AuditFilters, AuditLog

A_UUID = "54ed0d9f1a504ed4801ddb06b16b9977"


class Releases:
    """The queries of either release, as the current thread chooses."""

    def __init__(self, old, new):
        self._releases = {"old": old, "new": new}
        self._chosen = threading.local()

    def choose(self, release):
        self._chosen.release = release

    def __getattr__(self, name):
        return getattr(self._releases[getattr(self._chosen, "release", "new")], name)


@pytest.fixture
def releases(monkeypatch):
    new = audit._QUERIES
    with monkeypatch.context() as patch:
        patch.setattr(loader, "QUERIES", ROOT / "tests" / "data" / "queries_1_0_0")
        old = loader.load("audit/entries")
    found = Releases(old, new)
    monkeypatch.setattr(audit, "_QUERIES", found)
    return found


def access(request_id=A_UUID):
    return replace(ACCESS, request_id=request_id)


def forms(sql, fid=FID):
    """Return for each entry of a chain whether it is stored as text."""
    return sql.execute(
        "select mac is not null, key_id is not null, mac_bytes is null, request_id is null"
        " from wallet_audit_log where fid = %s order by id",
        [fid],
    ).fetchall()


def test_either_release_continues_the_chain_of_the_other(releases, database, sql, verify):
    wallets = service(database)
    for release in ("old", "new", "old", "old", "new"):
        releases.choose(release)
        wallets.ensure_trading_wallet(FID, access=access())
        wallets.get_wallet_with_key(FID, "ethereum", access=access())
    as_text, as_bytes = (True, True, True, False), (False, False, False, True)
    assert forms(sql) == [as_text, as_text, as_bytes, as_text, as_text, as_bytes]
    assert verify() == ([], 6)


@pytest.mark.parametrize("first", ["old", "new"])
def test_the_other_release_does_not_create_a_second_wallet(releases, database, sql, first):
    """The entry of a wallet whose row was deleted is found in either form."""
    releases.choose(first)
    service(database).ensure_trading_wallet(FID, access=access())
    plant(sql, "delete from wallets")
    releases.choose({"old": "new", "new": "old"}[first])
    with pytest.raises(DatabaseDamaged):
        service(database).ensure_trading_wallet(FID, access=access())


def test_both_releases_may_race_for_one_chain(releases, database, sql, verify):
    wallets = service(database)
    wallets.ensure_trading_wallet(FID, access=access())

    def read(n):
        releases.choose(("old", "new")[n % 2])
        wallets.get_wallet_with_key(FID, "ethereum", access=access(uuid4().hex))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read, range(40)))
    assert verify() == ([], 41)
    assert sql.execute(
        "select count(*), count(mac), count(mac_bytes) from wallet_audit_log where id > 1"
    ).fetchone() == (40, 20, 20)


@pytest.mark.parametrize("first", ["old", "new"])
def test_a_batch_continues_a_chain_of_the_other_release(
    releases, database, encryption, verify, first
):
    other = {"old": "new", "new": "old"}[first]
    event = AuditEvent(fid=FID, chain="ethereum", action="key.exported", access=access())
    releases.choose(first)
    service(database).ensure_trading_wallet(FID, access=access())

    def append(connection):
        # lock_heads() of 1.0.0 returned no heads.
        heads = audit.AuditRepository(connection).list_heads([FID])
        AuditTrail(encryption).pending().append_many(connection, heads, [event, event])

    for release in (other, first):
        releases.choose(release)
        database.run(append)
    assert verify() == ([], 5)


@pytest.mark.parametrize("committed_by", ["old", "new"])
def test_an_unconfirmed_entry_is_recognized_in_either_form(releases, database, committed_by):
    """After a lost connection the log shows whether the entry was committed."""
    releases.choose(committed_by)
    service(database).ensure_trading_wallet(FID, access=access())
    (entry,) = AuditLog(database).find(AuditFilters(), PageRequest(after=None, limit=10)).items
    releases.choose("new")
    found = database.run(lambda connection: audit.AuditRepository(connection).is_written(entry))
    assert found is True


REQUEST_IDS = {
    A_UUID: True,
    "0" * 32: True,
    "f" * 32: True,
    A_UUID.upper(): False,
    "54ed0d9f-1a50-4ed4-801d-db06b16b9977": False,
    f"{A_UUID}0": False,
    A_UUID[:31]: False,
    f"{A_UUID[:31]}g": False,
    "r": False,
    "x" * 64: False,
}


@pytest.mark.parametrize(("request_id", "is_uuid"), REQUEST_IDS.items())
@pytest.mark.parametrize("batch", [False, True])
def test_every_request_id_is_returned_unchanged(
    database, sql, encryption, verify, request_id, is_uuid, batch
):
    wallets = service(database)
    wallets.ensure_trading_wallet(FID, access=access(request_id))
    if batch:
        event = AuditEvent(fid=FID, chain="ethereum", action="key.read", access=access(request_id))
        database.run(lambda connection: append_events(connection, encryption, event))
    else:
        wallets.get_wallet_with_key(FID, "ethereum", access=access(request_id))
    found = AuditLog(database).find(AuditFilters(), PageRequest(after=None, limit=10)).items
    assert [entry.request_id for entry in found] == [request_id] * 2
    stored = sql.execute("select distinct request_uuid is not null from wallet_audit_log")
    assert stored.fetchall() == [(is_uuid,)]
    assert verify() == ([], 2)


def test_every_query_returns_the_same_for_both_forms(
    database, sql, verification, verify, monkeypatch
):
    monkeypatch.setattr(audit_checkpoints, "_SETTLED", timedelta(0))
    wallets = service(database)
    for fid in range(1, 6):
        request_id = uuid4().hex if fid % 2 else f"r-{fid}"
        wallets.ensure_trading_wallet(fid, access=access(request_id))
        wallets.store_base_account_address(fid, BASE_ACCOUNT, access=access(request_id))
        wallets.get_wallet_with_key(fid, "ethereum", access=access(request_id))
    filters = [
        AuditFilters(),
        AuditFilters(fid=3),
        AuditFilters(actions=("key.read",)),
        AuditFilters(actor=ACCESS.actor),
        AuditFilters(actor=ACCESS.actor, actions=("key.read",)),
        AuditFilters(fid=3, actor=ACCESS.actor),
    ]
    log = AuditLog(database)

    def answers():
        taken = verification().take_checkpoint(lambda _: None)
        pages = [log.find(one, PageRequest(after=None, limit=100)).items for one in filters]
        assert sum(taken.entries) == 15
        return (taken.entries, taken.digests), pages, verify()

    now = answers()
    assert [len(page) for page in now[1]] == [15, 3, 5, 15, 5, 3]
    plant(sql, TO_TEXT)
    assert sql.execute("select count(mac) from wallet_audit_log").fetchone() == (15,)
    assert answers() == now
