"""Exports to a folder with files: conflicts, changed addresses, locks and interrupted exports."""

import json
import threading

import pytest

from benchmarks import wallet_store as generator
from tests.commands import is_one_line, wait_until
from tests.database import audit_entries, empty, table
from tests.factories import ACCESS, BASE_ACCOUNT, service
from tests.migration.exports import ALL, wallet_files
from tests.wallet_store import contents, keyed, keyless, old_decrypt, put
from wallet_api.errors import StorageUnavailable
from wallet_api.repositories.wallet_files.directory import WalletDirectory

OTHER_ACCOUNT = "0x036cbd53842c5426634e7929541ec2318f3dcf7e"


def without_ciphertexts(folder):
    """Return the members of each file with its key, without what differs from export to export."""
    return {
        key: {**members, "iv": ..., "encryptedPrivateKey": old_decrypt(members)}
        for key, members in wallet_files(folder).items()
    }


def test_a_file_with_another_key_is_a_conflict_and_never_replaced(command, imported, exported, sql):
    exported.mkdir(parents=True)
    other = put(exported, 1464243, keyed())
    unreadable = put(exported, 1464250, {})
    before = contents(exported)
    done = command("export", exported, "--json")
    assert done.status == 1
    assert (done.figures["conflict"], done.figures["exported"]) == (2, ALL - 2)
    address = json.loads(other.read_text())["address"]
    assert sorted(done.err.splitlines()) == [
        f"{other.name}: conflict: there is a file with {address}",
        f"{unreadable.name}: conflict: there is a file, but its member address is missing",
    ]
    assert before.items() <= contents(exported).items()
    assert not {(1464243, "ethereum", "key.exported"), (1464250, "ethereum", "key.exported")} & set(
        audit_entries(sql)
    )


def test_a_base_account_that_its_user_changed_is_changed_with_every_unknown_member_kept(
    exporter, database, exported, importer, folder, sql
):
    original = keyless(BASE_ACCOUNT, "base-account", note={"who": "knows"})
    put(folder, 5, original, "base-account")
    importer(folder)
    service(database).store_base_account_address(5, OTHER_ACCOUNT, access=ACCESS)
    assert exporter(folder)["wallet_5_base-account.json"].outcome == "exported"
    members = wallet_files(folder)[5, "base-account"]
    assert members["address"] == OTHER_ACCOUNT
    assert members["note"] == {"who": "knows"}
    assert members["createdAt"] == original["createdAt"]
    assert old_decrypt(members) == ""
    assert exporter(folder)["wallet_5_base-account.json"].outcome == "present"
    assert importer(folder)["wallet_5_base-account.json"].outcome == "present"


def test_a_changed_base_account_takes_the_dates_of_its_row(
    exporter, database, exported, importer, folder, sql
):
    """An older file's updatedAt would not be the row's."""
    service(database).store_base_account_address(5, OTHER_ACCOUNT, access=ACCESS)
    stale = keyless(BASE_ACCOUNT, "base-account", updatedAt="2026-11-22T11:00:00.000Z")
    put(folder, 5, stale, "base-account")
    exporter(folder)
    rows = table(sql)
    empty(sql)
    importer(folder)
    assert table(sql) == rows


def test_a_newer_address_in_a_file_is_not_replaced(exporter, database, folder):
    service(database).store_base_account_address(5, OTHER_ACCOUNT, access=ACCESS)
    newer = keyless(BASE_ACCOUNT, "base-account", updatedAt="2200-01-01T00:00:00.000Z")
    path = put(folder, 5, newer, "base-account")
    before = path.read_bytes()
    assert exporter(folder)[path.name].outcome == "conflict"
    assert path.read_bytes() == before


def test_a_file_of_the_oldest_kind_is_renamed_for_a_trading_wallet(
    exporter, database, importer, folder, sql
):
    """Exported to where it came from, a new wallet meets the user's old address under its name."""
    path = put(folder, 5, keyless(BASE_ACCOUNT, "ethereum", note="kept"))
    importer(folder)
    address = service(database).ensure_trading_wallet(5, access=ACCESS).address
    assert exporter(folder)[path.name].outcome == "exported"
    trading = json.loads(path.read_text())
    account = json.loads((folder / "wallet_5_base-account.json").read_text())
    assert (trading["address"], trading["note"]) == (address, "kept")
    assert (account["address"], account["note"]) == (BASE_ACCOUNT, "kept")
    assert (5, "ethereum", "key.exported") in audit_entries(sql)
    rows = table(sql)
    empty(sql)
    importer(folder)
    assert table(sql) == rows


def test_a_damaged_base_account_is_a_conflict_of_its_user_only(
    exporter, database, importer, folder, sql
):
    """The oldest file stores the address too, but the damaged one may have a newer address."""
    oldest = put(folder, 5, keyless(BASE_ACCOUNT, "ethereum"))
    importer(folder)
    for fid in (5, 6):
        service(database).ensure_trading_wallet(fid, access=ACCESS)
    damaged = put(folder, 5, keyless(OTHER_ACCOUNT, "base-account"), "base-account")
    damaged.write_bytes(damaged.read_bytes()[:40])
    before = contents(folder)
    reports = exporter(folder)
    report = reports[oldest.name]
    assert (report.outcome, report.reason.split(":")[0]) == ("conflict", damaged.name)
    assert reports["wallet_6_ethereum.json"].outcome == "exported"
    assert before.items() <= contents(folder).items()
    assert [entry for entry in audit_entries(sql) if entry[2] == "key.exported"] == [
        (6, "ethereum", "key.exported")
    ]


def test_an_import_of_an_export_finds_everything_present(importer, exporter, imported, exported):
    exporter(exported)
    assert {report.outcome for report in importer(exported).values()} == {"present"}


@pytest.mark.slow
def test_exports_and_imports_are_a_fixed_point(
    command, importer, exporter, generate, exported, database, sql, stored_keys
):
    made = generate(900)
    importer(exported.parent.parent / "wallets")
    service(database).store_base_account_address(made[2][0], OTHER_ACCOUNT, access=ACCESS)
    service(database).ensure_trading_wallet(7, access=ACCESS)
    rows, keys = table(sql), stored_keys()
    assert any(row[6] != row[7] for row in rows)
    assert any(row[6].microsecond % 1000 for row in rows)
    assert command("export", exported).status == 0
    empty(sql)
    assert command("import", exported).status == 0
    assert (table(sql), stored_keys()) == (rows, keys)
    assert {fid: keys[fid] for fid, chain in made if chain == "ethereum"} == {
        fid: generator.private_key(fid).hex() for fid, chain in made if chain == "ethereum"
    }
    again = exported.with_name("again")
    exporter(again)
    assert without_ciphertexts(again) == without_ciphertexts(exported)
    assert len(wallet_files(again)) == len(rows)


def test_an_export_resumes_an_interrupted_one(exporter, imported, exported, sql):
    exporter(exported)
    before = contents(exported)
    missing = ["wallet_1464243_ethereum.json", "wallet_1464257_base-account.json"]
    for name in missing:
        (exported / name).unlink()
    reports = exporter(exported)
    assert {name for name, one in reports.items() if one.outcome == "exported"} == set(missing)
    after = contents(exported)
    assert after.keys() == before.keys()
    assert all(after[name] == before[name] for name in before if name not in missing)


def test_temporary_files_of_a_killed_export_are_removed(command, imported, exported):
    exported.mkdir(parents=True)
    (exported / ".new-0123456789abcdef").write_text("{")
    (exported / ".new-someone-else-s").write_text("{")
    assert command("export", exported).status == 0
    assert [path.name for path in exported.glob(".new-*")] == [".new-someone-else-s"]


@pytest.mark.slow
def test_a_second_export_to_the_same_folder_is_refused_in_one_line(
    command, imported, exported, encryption
):
    directory = WalletDirectory(exported)
    directory.create()
    held, done = threading.Event(), threading.Event()

    def hold():
        with directory.locked():
            held.set()
            done.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    refused = command("export", exported)
    done.set()
    holder.join()
    assert is_one_line(refused), refused
    assert "is locked by another process" in refused.err
    assert wallet_files(exported) == {}
    assert command("export", exported).status == 0


def test_the_folder_is_locked_while_an_export_runs(
    start_slowly, generate, importer, folder, exported, monkeypatch
):
    monkeypatch.setattr("wallet_api.repositories.wallet_files.directory._LOCK_SECONDS", 0)
    generate(200)
    importer(folder)
    one = start_slowly("export", exported)
    wait_until(lambda: list(exported.glob("wallet_*")))
    other = WalletDirectory(exported)
    with pytest.raises(StorageUnavailable), other.locked():
        pass
    assert one.is_running()
    assert one.finish().status == 0
    with other.locked():
        pass


def test_a_folder_that_was_handed_over_is_reported(command, imported, exported):
    exported.mkdir(parents=True)
    (exported / ".migrating").write_text("")
    done = command("export", exported)
    assert done.status == 0
    assert "contains the file .migrating" in done.err


def test_a_read_only_folder_is_reported_in_one_line(command, imported):
    done = command("export", "/proc/wallets")
    assert is_one_line(done), done
    assert "/proc/wallets" in done.err
