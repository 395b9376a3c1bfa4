"""WALLET_STORAGE=filesystem: the service on the old service's files, with a database."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.database import audit_entries, discard_rows, key_ids
from tests.factories import ACCESS, BASE_ACCOUNT, FID, OTHER_SECRET
from tests.services.storage import deposit_address, rows
from tests.services.storage_calls import refuses_without_its_disk
from tests.wallet_store import EXPECTED, contents, keyed, keyless, old_decrypt, put
from wallet_api.crypto.key_pairs import address_of
from wallet_api.errors import (
    DatabaseDamaged,
    DatabaseUnavailable,
    KeyUnreadable,
    SecretMismatch,
)
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository

pytestmark = pytest.mark.usefixtures("samples")

NEW_FID = 42
OTHER_ACCOUNT = "0x036cbd53842c5426634e7929541ec2318f3dcf7e"
OLDEST = [e["fid"] for e in EXPECTED if e["chain"] == "ethereum" and e["privateKey"] is None]


@pytest.mark.parametrize("mode", ["filesystem", "migrating"])
def test_every_sample_decrypts_to_the_expected_key(start_services, folder, sql, mode):
    before = contents(folder)
    wallets = start_services(mode).wallets
    for entry in EXPECTED:
        fid, chain = entry["fid"], entry["chain"]
        if entry["privateKey"] is None:
            assert wallets.get_base_account_address(fid, access=ACCESS) == entry["address"]
            assert wallets.get_wallet(fid, "base-account", access=ACCESS).encrypted_key is None
            continue
        assert wallets.get_wallet_address(fid, chain, access=ACCESS) == entry["address"]
        found = wallets.get_wallet_with_key(fid, chain, access=ACCESS)
        assert "0x" + found.private_key.reveal().hex() == entry["privateKey"]
        assert wallets.ensure_trading_wallet(fid, access=ACCESS).address == entry["address"]
    assert contents(folder) == before
    expected = {(e["fid"], "ethereum") for e in EXPECTED if e["privateKey"]}
    expected |= {(e["fid"], "base-account") for e in EXPECTED if not e["privateKey"]}
    assert rows(sql).keys() == (expected if mode == "migrating" else set())


@pytest.mark.parametrize("mode", ["filesystem", "migrating"])
def test_the_oldest_kind_is_a_base_account_and_no_trading_wallet(start_services, mode):
    wallets = start_services(mode).wallets
    assert OLDEST
    for fid in OLDEST:
        assert wallets.get_wallet(fid, "ethereum", access=ACCESS) is None
        account = wallets.get_base_account_address(fid, access=ACCESS)
        trading = wallets.ensure_trading_wallet(fid, access=ACCESS)
        assert trading.address.lower() != account
        assert [w.address for w in wallets.list_wallets(fid, access=ACCESS)] == [
            account,
            trading.address,
        ]


def test_a_new_wallet_is_a_file_that_the_old_service_reads_and_no_row(start_services, folder, sql):
    before = contents(folder)
    wallets = start_services("filesystem").wallets
    wallet = wallets.ensure_trading_wallet(NEW_FID, access=ACCESS)
    wallets.store_base_account_address(NEW_FID, BASE_ACCOUNT, access=ACCESS)
    assert rows(sql) == {}
    after = contents(folder)
    assert after.keys() - before.keys() == {
        f"wallet_{NEW_FID}_ethereum.json",
        f"wallet_{NEW_FID}_base-account.json",
    }
    assert before.items() <= after.items()
    members = json.loads(after[f"wallet_{NEW_FID}_ethereum.json"][0])
    assert members["address"] == wallet.address
    found = start_services("filesystem").wallets.get_wallet_with_key(
        NEW_FID, "ethereum", access=ACCESS
    )
    assert old_decrypt(members) == "0x" + found.private_key.reveal().hex()
    assert address_of(found.private_key) == wallet.address
    assert audit_entries(sql, "fid, chain, action, actor") == [
        (NEW_FID, "ethereum", "wallet.created", ACCESS.actor),
        (NEW_FID, "base-account", "base_account.set", ACCESS.actor),
        (NEW_FID, "ethereum", "key.read", ACCESS.actor),
    ]


def test_deposits_go_to_the_file_s_address(start_services, sql):
    services = start_services("filesystem")
    known = services.wallets.get_wallet_address(FID, "ethereum", access=ACCESS)
    assert deposit_address(services, FID) == known
    made = deposit_address(services, NEW_FID)
    assert services.wallets.get_wallet_address(NEW_FID, "ethereum", access=ACCESS) == made
    assert sql.execute("select count(*) from deposits").fetchone() == (2,)
    assert rows(sql) == {}


def test_without_an_audit_entry_there_is_no_key(start_services, sql):
    wallets = start_services("filesystem").wallets
    discard_rows(sql, "wallet_audit_log")
    with pytest.raises(DatabaseDamaged):
        wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS)


DAMAGES = {
    "empty": lambda text: "",
    "cut": lambda text: text[:-40],
    "another shape": lambda text: "[]",
    "NaN": lambda text: text.replace('"createdAt"', '"x": NaN, "createdAt"'),
    "another secret": lambda text: json.dumps(keyed(OTHER_SECRET)),
    "another address": lambda text: json.dumps(keyed(address=BASE_ACCOUNT)),
    "changed": lambda text: json.dumps(keyed(iv="00" * 16)),
    "half a key": lambda text: json.dumps(keyed(iv="")),
}


@pytest.mark.parametrize("mode", ["filesystem", "migrating"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_an_alarm_for_its_user_only_and_nothing_is_written(
    start_services,
    folder,
    sql,
    mode,
    damage,
):
    path = folder / f"wallet_{FID}_ethereum.json"
    path.write_text(DAMAGES[damage](path.read_text()))
    before = contents(folder)
    services = start_services(mode)
    wallets = services.wallets
    for fails in (
        lambda: wallets.get_wallet(FID, "ethereum", access=ACCESS),
        lambda: wallets.list_wallets(FID, access=ACCESS),
        lambda: wallets.ensure_trading_wallet(FID, access=ACCESS),
        lambda: wallets.get_wallet_with_key(FID, "ethereum", access=ACCESS),
        lambda: deposit_address(services, FID),
    ):
        with pytest.raises(KeyUnreadable) as refusal:
            fails()
        assert path.name in refusal.value.reason
    assert contents(folder) == before
    assert (FID, "ethereum") not in rows(sql)
    # The user's other file is sound, and became a row on the way.
    other = (FID, "base-account", "wallet.imported", "service:migrating")
    assert audit_entries(sql, "fid, chain, action, actor") == (
        [other] if mode == "migrating" else []
    )
    others = [e for e in EXPECTED if e["fid"] != FID and e["privateKey"]]
    for entry in others:
        assert (
            wallets.ensure_trading_wallet(entry["fid"], access=ACCESS).address == entry["address"]
        )
    assert wallets.ensure_trading_wallet(NEW_FID, access=ACCESS)


def test_the_first_start_on_an_unused_database_creates_the_folder(start_services, tmp_path, sql):
    path = tmp_path / "not" / "yet"
    services = start_services("filesystem", path)
    services.readiness.check()
    assert not path.exists()
    address = services.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS).address
    assert len(key_ids(sql)) == 1
    again = start_services("filesystem", path)
    again.readiness.check()
    assert again.wallets.get_wallet_address(NEW_FID, "ethereum", access=ACCESS) == address


@pytest.mark.parametrize("made_in", ["filesystem", "postgres"])
@pytest.mark.parametrize("path", ["missing", "empty", "other"])
def test_a_folder_without_wallets_is_refused_once_the_database_is_in_use(
    start_services,
    tmp_path,
    sql,
    made_in,
    path,
):
    start_services(made_in).wallets.ensure_trading_wallet(NEW_FID, access=ACCESS)
    elsewhere = tmp_path / path
    if path != "missing":
        elsewhere.mkdir()
    if path == "other":
        (elsewhere / "lost+found").mkdir()
    before = rows(sql), sorted(tmp_path.rglob("*"))
    services = start_services("filesystem", elsewhere)
    refuses_without_its_disk(services)
    assert (rows(sql), sorted(tmp_path.rglob("*"))) == before


@pytest.mark.parametrize("mode", ["filesystem", "migrating", "postgres"])
def test_a_lost_file_is_an_alarm_and_never_replaced(start_services, folder, sql, mode):
    start_services("filesystem").wallets.ensure_trading_wallet(NEW_FID, access=ACCESS)
    (folder / f"wallet_{NEW_FID}_ethereum.json").unlink()
    before = contents(folder)
    with pytest.raises(DatabaseDamaged):
        start_services(mode).wallets.ensure_trading_wallet(NEW_FID, access=ACCESS)
    assert (contents(folder), rows(sql)) == (before, {})


def refuse_entries(sql):
    sql.execute(
        "create function refuse() returns trigger language plpgsql as"
        " 'begin raise exception using errcode = ''57014''; end';"
        "create trigger refuse before insert on wallet_audit_log for each row"
        " execute function refuse()"
    )


def accept_entries(sql):
    sql.execute("drop function refuse cascade")


def test_a_retry_writes_the_entry_that_a_failure_after_the_file_prevented(
    start_services, folder, sql
):
    refuse_entries(sql)
    wallets = start_services("filesystem").wallets
    with pytest.raises(DatabaseUnavailable):
        wallets.ensure_trading_wallet(NEW_FID, access=ACCESS)
    assert (folder / f"wallet_{NEW_FID}_ethereum.json").exists()
    with pytest.raises(DatabaseUnavailable):
        wallets.store_base_account_address(NEW_FID, BASE_ACCOUNT, access=ACCESS)
    assert audit_entries(sql) == []
    accept_entries(sql)
    for _ in range(2):
        wallets = start_services("filesystem").wallets
        wallets.ensure_trading_wallet(NEW_FID, access=ACCESS)
        wallets.store_base_account_address(NEW_FID, BASE_ACCOUNT, access=ACCESS)
    assert audit_entries(sql) == [
        (NEW_FID, "ethereum", "wallet.created"),
        (NEW_FID, "base-account", "base_account.set"),
    ]
    actors = sql.execute("select actor from wallet_audit_log order by id").fetchall()
    assert actors == [("service:filesystem",), (ACCESS.actor,)]


def test_the_loss_of_a_returned_file_of_the_old_service_is_an_alarm(start_services, folder, sql):
    services = start_services("filesystem")
    known = deposit_address(services, FID)
    reasons = sql.execute("select action, address, reason from wallet_audit_log").fetchall()
    assert reasons == [("wallet.created", known, "the file had no entry")]
    (folder / f"wallet_{FID}_ethereum.json").unlink()
    with pytest.raises(DatabaseDamaged):
        deposit_address(services, FID)


def test_concurrent_deposits_record_a_file_once(start_services, sql):
    services = start_services("filesystem")
    with ThreadPoolExecutor(8) as pool:
        deposits = [pool.submit(deposit_address, services, FID) for _ in range(16)]
    assert len({deposit.result() for deposit in deposits}) == 1
    assert sql.execute("select count(*) from wallet_audit_log").fetchone() == (1,)


def test_a_new_file_that_another_request_finds_before_its_entry_is_recorded_once(
    start_services, sql, monkeypatch
):
    first, second = (start_services("filesystem").wallets for _ in range(2))
    write = FilesystemWalletRepository.insert_if_absent

    def write_and_be_seen(files, wallet):
        write(files, wallet)
        second.get_wallet(NEW_FID, "ethereum", access=ACCESS)

    monkeypatch.setattr(FilesystemWalletRepository, "insert_if_absent", write_and_be_seen)
    first.ensure_trading_wallet(NEW_FID, access=ACCESS)
    assert [entry[2] for entry in audit_entries(sql)] == ["wallet.created"]


@pytest.mark.parametrize("mode", ["filesystem", "migrating"])
@pytest.mark.parametrize("look", ["ensure", "get", "list", "key", "deposit"])
def test_a_copy_of_another_user_s_file_is_refused_once_the_log_has_the_user(
    start_services, folder, sql, look, mode
):
    start_services("filesystem").wallets.ensure_trading_wallet(NEW_FID, access=ACCESS)
    services = start_services(mode)
    shutil.copy(folder / f"wallet_{FID}_ethereum.json", folder / f"wallet_{NEW_FID}_ethereum.json")
    wallets = services.wallets
    looks = {
        "ensure": lambda: wallets.ensure_trading_wallet(NEW_FID, access=ACCESS),
        "get": lambda: wallets.get_wallet(NEW_FID, "ethereum", access=ACCESS),
        "list": lambda: wallets.list_wallets(NEW_FID, access=ACCESS),
        "key": lambda: wallets.get_wallet_with_key(NEW_FID, "ethereum", access=ACCESS),
        "deposit": lambda: deposit_address(services, NEW_FID),
    }
    with pytest.raises(KeyUnreadable) as refusal:
        looks[look]()
    assert "is not the one in the audit log" in refusal.value.reason
    assert rows(sql) == {}


@pytest.mark.parametrize("mode", ["filesystem", "migrating"])
def test_a_wrong_secret_on_files_creates_and_registers_nothing(start_services, folder, sql, mode):
    before = contents(folder)
    services = start_services(mode, ENCRYPTION_SECRET=OTHER_SECRET)
    for refused in (
        services.readiness.check,
        lambda: services.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS),
        lambda: services.wallets.store_base_account_address(NEW_FID, BASE_ACCOUNT, access=ACCESS),
        lambda: deposit_address(services, NEW_FID),
    ):
        with pytest.raises(SecretMismatch) as refusal:
            refused()
        assert OTHER_SECRET not in refusal.value.reason
    with pytest.raises((SecretMismatch, KeyUnreadable)):
        services.wallets.ensure_trading_wallet(FID, access=ACCESS)
    assert contents(folder) == before
    assert (rows(sql), key_ids(sql), audit_entries(sql)) == ({}, [], [])
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    right = start_services(mode)
    right.readiness.check()
    assert right.wallets.ensure_trading_wallet(NEW_FID, access=ACCESS)


def test_a_new_base_account_address_is_written_to_its_file(start_services, folder):
    put(folder, NEW_FID, keyless(OTHER_ACCOUNT, "base", note="kept"), "base")
    wallets = start_services("filesystem").wallets
    assert wallets.get_base_account_address(NEW_FID, access=ACCESS) == OTHER_ACCOUNT
    wallets.store_base_account_address(NEW_FID, BASE_ACCOUNT, access=ACCESS)
    for spelling in ("base-account", "base", "ethereum-base"):
        assert wallets.get_wallet_address(NEW_FID, spelling, access=ACCESS) == BASE_ACCOUNT
    text = (folder / f"wallet_{NEW_FID}_base-account.json").read_text()
    assert json.loads(text)["note"] == "kept"
