"""WALLET_STORAGE=migrating: a wallet that is only a file becomes a row when it is asked for."""

import random
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest

from tests.commands import wait_until
from tests.conftest import ACCESS, BASE_ACCOUNT, FID
from tests.services.storage import audited, deposit_address, key_ids, rows, starter
from tests.wallet_store import EXPECTED, SAMPLES, contents, keyed, keyless, put
from wallet_api.crypto import key_pairs as keys
from wallet_api.errors import KeyUnreadable, SecretMismatch, StorageUnavailable
from wallet_api.repositories.audit import AuditRepository
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.services.wallet_files.importing import OnDemandImport

NEW_FID = 42
OTHER_ACCOUNT = "0x036cbd53842c5426634e7929541ec2318f3dcf7e"
EXPECTED_KEY = next(e for e in EXPECTED if (e["fid"], e["chain"]) == (FID, "ethereum"))
CREATED = datetime(2026, 11, 22, 10, 42, 23, 436000, tzinfo=UTC)
LOOKS = {
    "get": lambda s: s.wallets.get_wallet(FID, "ethereum", access=ACCESS).address,
    "list": lambda s: s.wallets.list_wallets(FID, access=ACCESS)[-1].address,
    "ensure": lambda s: s.wallets.ensure_trading_wallet(FID, access=ACCESS).address,
    "key": lambda s: s.wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS).wallet.address,
    "deposit": lambda s: deposit_address(s, FID),
}


@pytest.fixture
def folder(tmp_path):
    """Return a folder with every sample of the old service."""
    return shutil.copytree(SAMPLES, tmp_path / "wallets")


@pytest.fixture
def start(make_app, folder):
    return starter(make_app, folder)


def trading_rows(sql):
    return sql.execute(
        "select fid, address, created_at, updated_at from wallets where wallet_type = 'trading'"
    ).fetchall()


@pytest.mark.parametrize("look", LOOKS)
def test_a_wallet_that_is_only_a_file_becomes_a_row_in_the_same_call(
    start, folder, sql, opened, look
):
    before = contents(folder)
    services = start("migrating")
    assert rows(sql) == {}
    address = LOOKS[look](services)
    assert address == EXPECTED_KEY["address"]
    assert trading_rows(sql) == [(FID, address, CREATED, CREATED)]
    assert opened() == {FID: address}
    entries = [(FID, "ethereum", "wallet.imported", "service:migrating")]
    if look in ("list", "deposit"):
        entries.insert(0, (FID, "base-account", "wallet.imported", "service:migrating"))
    if look == "key":
        entries.append((FID, "ethereum", "key.read", ACCESS.actor))
    assert audited(sql) == entries
    # The logger's context has another request, or none.
    asked_by = sql.execute("select distinct request_id from wallet_audit_log").fetchall()
    assert asked_by == [(ACCESS.request_id,)]
    assert LOOKS[look](services) == address
    found = services.wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS)
    assert "0x" + found.private_key.reveal().hex() == EXPECTED_KEY["privateKey"]
    assert len(trading_rows(sql)) == 1
    assert contents(folder) == before


def test_a_row_that_came_from_a_file_needs_the_file_no_more(start, folder, sql):
    services = start("migrating")
    for entry in EXPECTED:
        services.wallets.list_wallets(entry["fid"], access=ACCESS)
    assert len(rows(sql)) == len(EXPECTED)
    plain = start("postgres").wallets
    for entry in EXPECTED:
        if entry["privateKey"]:
            assert (
                plain.ensure_trading_wallet(entry["fid"], access=ACCESS).address == entry["address"]
            )
        else:
            assert plain.get_base_account_address(entry["fid"], access=ACCESS) == entry["address"]


def test_files_stay_as_they_were_whatever_is_done(start, folder, sql):
    oldest = put(folder, NEW_FID, keyless(OTHER_ACCOUNT, "ethereum"))
    before = contents(folder)
    services = start("migrating")
    for fid in (NEW_FID, NEW_FID + 7, *(entry["fid"] for entry in EXPECTED)):
        services.wallets.list_wallets(fid, access=ACCESS)
        services.wallets.store_base_account_address(fid, BASE_ACCOUNT, access=ACCESS)
        deposit_address(services, fid)
        services.wallets.get_wallet_with_key(fid, "ethereum", access=ACCESS)
        services.readiness.check()
    assert contents(folder) == before
    assert oldest.name in before
    ours = {path.name for path in folder.iterdir()} - before.keys()
    assert ours <= {".lock", ".migrating"}


def test_new_wallets_are_rows_and_no_files(start, folder, sql, opened):
    before = contents(folder)
    wallets = start("migrating").wallets
    address = wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address
    wallets.store_base_account_address(NEW_FID, BASE_ACCOUNT, access=ACCESS)
    assert opened() == {NEW_FID: address}
    assert rows(sql)[NEW_FID, "base-account"] == BASE_ACCOUNT
    assert contents(folder) == before


def test_a_new_base_account_keeps_the_date_of_the_file_s(start, folder, sql):
    put(folder, NEW_FID, keyless(OTHER_ACCOUNT, "base"), "base")
    wallets = start("migrating").wallets
    wallets.store_base_account_address(NEW_FID, BASE_ACCOUNT, access=ACCESS)
    found = wallets.get_wallet(NEW_FID, "base-account", access=ACCESS)
    assert (found.address, found.created_at) == (BASE_ACCOUNT, CREATED)
    assert found.updated_at > CREATED


def test_a_row_wins_over_a_file_with_another_address(start, folder, sql):
    first = start("postgres").wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address
    put(folder, NEW_FID, keyed())
    before = rows(sql)
    services = start("migrating")
    assert services.wallets.get_wallet_address(NEW_FID, "ethereum", access=ACCESS) == first
    assert services.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address == first
    assert deposit_address(services, NEW_FID) == first
    assert rows(sql) == before


@pytest.mark.parametrize("damage", ["", "{", "another key"])
def test_a_row_is_served_whatever_became_of_its_file(start, folder, sql, damage):
    services = start("migrating")
    put(folder, NEW_FID, keyed())
    address = services.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address
    path = put(folder, NEW_FID, keyed(address=BASE_ACCOUNT))
    if damage != "another key":
        path.write_text(damage)
    assert services.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address == address
    key = services.wallets.get_wallet_with_key(NEW_FID, "ethereum", access=ACCESS).private_key
    assert keys.address_of(key) == address
    assert [w.address for w in services.wallets.list_wallets(NEW_FID, access=ACCESS)] == [address]
    assert deposit_address(services, NEW_FID) == address


def test_fifty_threads_on_one_file_get_one_row_and_one_address(start, folder, sql):
    processes = [start("migrating") for _ in range(2)]
    everybody = threading.Barrier(50)
    looks = list(LOOKS.values())

    def look(number):
        everybody.wait()
        return looks[number % len(looks)](processes[number % 2])

    with ThreadPoolExecutor(50) as crowd:
        answered = set(crowd.map(look, range(50)))
    assert answered == {EXPECTED_KEY["address"]}
    assert [row[:2] for row in trading_rows(sql)] == [(FID, EXPECTED_KEY["address"])]
    entries = [entry[1:3] for entry in audited(sql)]
    assert entries.count(("ethereum", "key.read")) == 10
    # Each of the user's two files became a row once.
    assert sorted(set(entries)) == sorted(
        [
            ("base-account", "wallet.imported"),
            ("ethereum", "wallet.imported"),
            ("ethereum", "key.read"),
        ]
    )
    assert len(entries) == 12


@pytest.mark.parametrize("path", ["missing", "empty", "other", "a file"])
def test_a_folder_without_wallets_makes_nothing_and_readiness_says_why(start, tmp_path, sql, path):
    elsewhere = tmp_path / path
    if path == "a file":
        elsewhere.touch()
    elif path != "missing":
        elsewhere.mkdir()
    if path == "other":
        (elsewhere / "lost+found").mkdir()
    before = sorted(tmp_path.rglob("*"))
    services = start("migrating", elsewhere)
    for refused in (
        services.readiness.check,
        lambda: services.wallets.get_wallet(FID, "ethereum", access=ACCESS),
        lambda: services.wallets.ensure_trading_wallet(FID, access=ACCESS),
        lambda: services.wallets.list_wallets(FID, access=ACCESS),
        lambda: services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS),
        lambda: deposit_address(services, FID),
    ):
        with pytest.raises(StorageUnavailable) as refusal:
            refused()
        assert "mount its disk" in refusal.value.reason
        assert str(elsewhere) in refusal.value.reason
    assert (rows(sql), key_ids(sql)) == ({}, [])
    assert sorted(tmp_path.rglob("*")) == before


def test_rows_are_served_while_the_files_cannot_be_reached(start, tmp_path, folder, sql):
    address = start("migrating").wallets.ensure_trading_wallet(FID, access=ACCESS).address
    services = start("migrating", tmp_path / "missing")
    assert services.wallets.get_wallet_address(FID, "ethereum", access=ACCESS) == address
    with pytest.raises(StorageUnavailable):
        services.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS)


@pytest.mark.parametrize("first", [*LOOKS, "nobody's", "base account"])
def test_a_process_on_files_makes_nothing_once_another_makes_or_looks_for_rows(
    start, folder, sql, first
):
    on_files, migrating = start("filesystem"), start("migrating")
    made = on_files.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address
    looks = LOOKS | {
        "nobody's": lambda s: s.wallets.get_wallet(NEW_FID + 1, "ethereum", access=ACCESS),
        "base account": lambda s: s.wallets.store_base_account_address(
            NEW_FID + 1, BASE_ACCOUNT, access=ACCESS
        ),
    }
    looks[first](migrating)
    before = contents(folder)
    for refused in (
        lambda: on_files.wallets.ensure_trading_wallet(NEW_FID + 2, access=ACCESS),
        lambda: on_files.wallets.store_base_account_address(NEW_FID, BASE_ACCOUNT, access=ACCESS),
        lambda: deposit_address(on_files, NEW_FID + 2),
        lambda: start("filesystem").wallets.ensure_trading_wallet(NEW_FID + 2, access=ACCESS),
    ):
        with pytest.raises(StorageUnavailable) as refusal:
            refused()
        assert "handed over" in refusal.value.reason
    assert contents(folder) == before
    assert on_files.wallets.get_wallet_address(NEW_FID, "ethereum", access=ACCESS) == made
    assert migrating.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address == made
    # Whoever has a wallet is served until the last process on files is gone, by new ones too.
    for late in (on_files, start("filesystem")):
        late.readiness.check()
        assert late.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address == made
        late.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)


def test_a_process_on_files_makes_no_wallet_for_somebody_who_has_a_row(start, folder, sql):
    address = start("migrating").wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address
    (folder / ".migrating").unlink()
    before = contents(folder)
    on_files = start("filesystem").wallets
    for ask in (
        lambda: on_files.ensure_trading_wallet(NEW_FID, access=ACCESS),
        # Nor is anybody told that this user has no wallet.
        lambda: on_files.get_wallet(NEW_FID, "ethereum", access=ACCESS),
        lambda: on_files.list_wallets(NEW_FID, access=ACCESS),
        lambda: on_files.get_wallet_with_key(NEW_FID, "ethereum", access=ACCESS),
    ):
        with pytest.raises(StorageUnavailable) as refusal:
            ask()
        assert "export it first" in refusal.value.reason
    assert contents(folder) == before
    assert (
        start("migrating").wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address == address
    )


def test_a_row_that_somebody_made_since_a_process_on_files_looked_is_no_lost_wallet(
    start, folder, monkeypatch
):
    on_files = start("filesystem").wallets
    on_files.store_base_account_address(NEW_FID, BASE_ACCOUNT, access=ACCESS)
    look, made = AuditRepository.get_trading_address, []

    def looked(audit, fid):
        if not made:
            made.append(fid)
            start("migrating").wallets.ensure_trading_wallet(fid, access=ACCESS)
        return look(audit, fid)

    monkeypatch.setattr(AuditRepository, "get_trading_address", looked)
    with pytest.raises(StorageUnavailable) as refusal:
        on_files.ensure_trading_wallet(NEW_FID, access=ACCESS)
    assert "export it first" in refusal.value.reason


def test_a_key_under_the_wrong_chain_makes_no_other_wallet(start, folder, sql):
    (folder / f"wallet_{FID}_ethereum.json").rename(folder / f"wallet_{FID}_base.json")
    (folder / f"wallet_{FID}_base-account.json").unlink()
    for work in (LOOKS["ensure"], LOOKS["deposit"]):
        with pytest.raises(KeyUnreadable) as refusal:
            work(start("migrating"))
        assert "holds a private key" in refusal.value.reason
    assert sql.execute("select count(*) from wallets").fetchone() == (0,)


def test_processes_on_files_and_on_rows_that_race_never_answer_two_addresses(
    start, folder, sql, opened
):
    on_files = [start("filesystem") for _ in range(2)]
    on_rows = [start("migrating") for _ in range(2)]
    fids = range(1, 51)
    answered = {fid: set() for fid in fids}
    refused = []
    begun = threading.Event()

    def ask(services, seed):
        mine = random.Random(seed).sample(fids, len(fids))
        for count, fid in enumerate(mine):
            if services in on_rows:
                begun.wait(10)
            elif count == 6:
                begun.set()
            try:
                answered[fid].add(
                    services.wallets.ensure_trading_wallet(fid, access=ACCESS).address
                )
            except StorageUnavailable:
                refused.append(fid)
                assert services in on_files

    crowd = [(services, seed) for seed in range(4) for services in (*on_files, *on_rows)]
    with ThreadPoolExecutor(len(crowd)) as threads:
        list(threads.map(ask, *zip(*crowd, strict=True)))
    assert [fid for fid, addresses in answered.items() if len(addresses) != 1] == []
    stored = opened()
    assert stored == {fid: address for fid, (address,) in answered.items()}
    files = [fid for fid in fids if (folder / f"wallet_{fid}_ethereum.json").exists()]
    # Both made some, or there was no race.
    assert 0 < len(files) < len(fids)
    assert refused


def test_a_wrong_secret_leaves_the_folder_to_those_who_have_the_right_one(start, folder, sql):
    wrong = start("migrating", ENCRYPTION_SECRET="quite another secret, and long enough")
    with pytest.raises((SecretMismatch, KeyUnreadable)):
        wrong.wallets.ensure_trading_wallet(FID, access=ACCESS)
    assert not (folder / ".migrating").exists()
    assert start("filesystem").wallets.ensure_trading_wallet(NEW_FID, access=ACCESS)


def test_a_busy_user_s_file_becomes_a_row_at_the_first_attempt(
    start, sql, database_url, monkeypatch
):
    services = start("migrating")
    services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    attempts, keep = [], OnDemandImport.run

    def noted(self, connection, access, wallet):
        attempts.append(wallet.chain)
        return keep(self, connection, access, wallet)

    monkeypatch.setattr(OnDemandImport, "run", noted)
    with ThreadPoolExecutor() as pool, psycopg.connect(database_url) as other:
        other.execute("select from wallet_audit_heads where fid = %s for update", [FID])
        running = pool.submit(services.wallets.ensure_trading_wallet, FID, access=ACCESS)
        waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        wait_until(lambda: sql.execute(waiting).fetchone() == (1,))
        # What an append does.
        other.execute(
            "insert into wallet_audit_log (fid, id, chain, action, actor, request_id)"
            " select fid, id + 1, 'ethereum', 'key.refused', 'nobody', 'r' from wallet_audit_heads"
        )
        other.execute("update wallet_audit_heads set id = id + 1")
        other.commit()
        assert running.result().address == EXPECTED_KEY["address"]
    assert attempts == ["ethereum"]


def test_a_wallet_that_somebody_makes_before_the_folder_is_marked_is_found(
    start, folder, sql, monkeypatch
):
    """The first attempt to mark it fails; before the second one another process makes a wallet."""
    made, hand_over, attempts = keyed(), WalletDirectory.hand_over, []

    def late(directory, **options):
        attempts.append(options)
        if len(attempts) == 1:
            raise StorageUnavailable("the folder is locked by another process")
        put(folder, NEW_FID, made)
        hand_over(directory, **options)

    monkeypatch.setattr(WalletDirectory, "hand_over", late)
    wallets = start("migrating").wallets
    assert wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address == made["address"]
    assert len(attempts) == 2
