"""`wallet-api wallets export`: the way back, in files that the old service reads."""

import json
import os
import shutil
import stat
import threading

import pytest

from benchmarks import wallet_store as generator
from tests.commands import wait_until
from tests.conftest import ACCESS, BASE_ACCOUNT
from tests.migration.conftest import audited, empty, is_one_line, lines_of, plant, table
from tests.services.conftest import service
from tests.wallet_store import EXPECTED, SAMPLES, contents, keyed, keyless, old_open, put
from wallet_api.errors import DatabaseUnavailable, StorageUnavailable
from wallet_api.models import AuditContext
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.services.wallet_files.exporting import WalletExport
from wallet_api.services.wallet_files.verifying import StoredWallets

OTHER_ACCOUNT = "0x036cbd53842c5426634e7929541ec2318f3dcf7e"
KEYED = {entry["fid"]: entry for entry in EXPECTED if entry["privateKey"]}
ALL = len(EXPECTED)


@pytest.fixture
def imported(folder, importer):
    """Import every sample; return the folder."""
    shutil.copytree(SAMPLES, folder, dirs_exist_ok=True)
    importer(folder)
    return folder


@pytest.fixture
def exported(tmp_path):
    """Return the path of a folder that is not there yet."""
    return tmp_path / "not" / "yet"


@pytest.fixture
def exporter(database, encryption):
    """Export by the service, in this process: exporter(folder) returns the reports by file."""

    def run(folder):
        files = FilesystemWalletRepository(WalletDirectory(folder), encryption)
        files.directory.create()
        access = AuditContext(actor="cli:a-test", request_id="a-test")
        work = WalletExport(database, files, encryption, access)
        with files.directory.locked():
            pages = StoredWallets(database).pages(500)
            return {report.file: report for page in pages for report in work.run(page)}

    return run


def wallet_files(folder):
    """Return the members of each file by its FID and chain."""
    found = {}
    for path in folder.glob("wallet_*"):
        _, fid, chain = path.stem.split("_")
        found[int(fid), chain] = json.loads(path.read_text())
    return found


def unsealed(folder):
    """Return the members of each file with its key, without what differs from export to export."""
    return {
        key: {**members, "iv": ..., "encryptedPrivateKey": old_open(members)}
        for key, members in wallet_files(folder).items()
    }


def test_the_old_service_reads_what_is_exported(shell, imported, exported, tmp_path, sql):
    report = tmp_path / "report.jsonl"
    done = shell("export", exported, "--report", report)
    assert (done.status, done.err) == (0, "")
    assert f"{ALL} exported, 0 present" in done.out
    files = wallet_files(exported)
    assert len(files) == ALL
    for entry in EXPECTED:
        chain = "ethereum" if entry["privateKey"] else "base-account"
        members = files[entry["fid"], chain]
        original = json.loads(
            (SAMPLES / f"wallet_{entry['fid']}_{entry['chain']}.json").read_text()
        )
        assert list(members) == list(original)
        assert members["address"] == entry["address"]
        assert old_open(members) == (entry["privateKey"] or "")
        assert members["chain"] == chain
        assert members["createdAt"] == original["createdAt"]
    lines = lines_of(report)
    assert lines.keys() == {f"wallet_{fid}_{chain}.json" for fid, chain in files}
    assert {line["outcome"] for line in lines.values()} == {"exported"}


def test_folder_and_files_are_for_their_owner_alone(command, imported, exported):
    previous = os.umask(0)
    try:
        assert command("export", exported).status == 0
    finally:
        os.umask(previous)
    assert stat.S_IMODE(exported.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in exported.iterdir()} == {0o600}


def test_nothing_that_helps_to_find_a_key_is_told(command, imported, exported, tmp_path):
    report = tmp_path / "report.jsonl"
    done = command("export", exported, "--report", report)
    told = (done.out + done.err + report.read_text()).lower()
    hidden = [entry["privateKey"][2:] for entry in KEYED.values()]
    for members in wallet_files(exported).values():
        hidden += [members["encryptedPrivateKey"], members["iv"]]
    for value in hidden:
        assert not any(value[at : at + 12] in told for at in range(len(value) - 11))


def exports(sql):
    return [entry for entry in audited(sql) if entry[2] == "key.exported"]


def test_every_key_that_leaves_has_an_audit_row_and_a_second_export_none(
    command, imported, exported, sql
):
    assert command("export", exported).status == 0
    rows = [(fid, "ethereum", "key.exported") for fid in sorted(KEYED)]
    assert exports(sql) == rows
    actors = sql.execute(
        "select distinct actor, request_id from wallet_audit_log where action = 'key.exported'"
    ).fetchall()
    assert len(actors) == 1
    assert actors[0][0].startswith("cli:")
    before = contents(exported)
    again = command("export", exported)
    assert again.status == 0
    assert f"0 exported, {ALL} present" in again.out
    assert contents(exported) == before
    assert exports(sql) == rows
    (exported / "wallet_1464243_ethereum.json").unlink()
    assert "1 exported" in command("export", exported).out
    assert len(exports(sql)) == len(rows) + 1


def test_no_audit_row_no_file(exporter, imported, exported, sql):
    sql.execute("alter table wallet_audit_log rename to elsewhere")
    with pytest.raises(DatabaseUnavailable):
        exporter(exported)
    assert wallet_files(exported) == {}


def test_an_audit_row_that_is_swallowed_is_no_audit_row(exporter, imported, exported, sql):
    sql.execute(
        "create function lose_it() returns trigger language plpgsql as 'begin return null; end';"
        "create trigger lose_it before insert on wallet_audit_log for each row"
        " execute function lose_it()"
    )
    try:
        exporter(exported)
    except Exception as error:  # noqa: BLE001 (whichever says so)
        print(error)
    assert [key for key in wallet_files(exported) if key[1] == "ethereum"] == []


def test_an_audit_log_that_cannot_be_written_is_said_in_one_line(command, imported, exported, sql):
    sql.execute("alter table wallet_audit_log rename to elsewhere")
    assert is_one_line(command("export", exported))
    assert wallet_files(exported) == {}
    assert list(exported.glob(".new-*")) == []


@pytest.mark.parametrize("damage", ["{", "", '{"address": "0x12"}'])
def test_what_was_written_is_read_back(exporter, imported, exported, monkeypatch, damage):
    """A disk may lie: what it gives back is what counts."""
    add_all = WalletDirectory.add_all

    def spoil(directory, files):
        added = add_all(directory, files)
        (directory.path / "wallet_1464243_ethereum.json").write_text(damage)
        return added

    monkeypatch.setattr(WalletDirectory, "add_all", spoil)
    reports = exporter(exported)
    spoilt = reports.pop("wallet_1464243_ethereum.json")
    assert spoilt.outcome == "conflict"
    assert spoilt.reason.startswith("there is a file, but it")
    assert {report.outcome for report in reports.values()} == {"exported"}


def test_a_file_with_the_key_of_another_is_found_when_it_is_read_back(
    exporter, imported, exported, monkeypatch
):
    other = keyed()
    add_all = WalletDirectory.add_all

    def swap(directory, files):
        added = add_all(directory, files)
        put(directory.path, 1464243, other)
        return added

    monkeypatch.setattr(WalletDirectory, "add_all", swap)
    report = exporter(exported)["wallet_1464243_ethereum.json"]
    assert report.outcome == "conflict"
    assert report.reason == f"there is a file with {other['address']}"


def test_rows_that_do_not_open_are_named_and_not_exported(command, imported, exported, sql):
    plant(
        sql,
        "update wallets set encrypted_private_key = repeat('00', 48)"
        " where fid = 1464243 and chain = 'ethereum'",
    )
    done = command("export", exported)
    assert done.status == 1
    assert "wallet_1464243_ethereum.json: invalid: The stored key does not decrypt." in done.out
    assert f"{ALL - 1} exported, 0 present, 0 conflict, 1 invalid" in done.out
    assert (1464243, "ethereum") not in wallet_files(exported)
    assert (1464243, "ethereum", "key.exported") not in audited(sql)


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
        audited(sql)
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
    assert old_open(members) == ""
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


def test_the_oldest_kind_of_file_makes_room_for_its_user_s_trading_wallet(
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
    assert (5, "ethereum", "key.exported") in audited(sql)
    rows = table(sql)
    empty(sql)
    importer(folder)
    assert table(sql) == rows


def test_an_import_of_an_export_finds_everything_present(importer, exporter, imported, exported):
    exporter(exported)
    assert {report.outcome for report in importer(exported).values()} == {"present"}


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
    assert unsealed(again) == unsealed(exported)
    assert len(wallet_files(again)) == len(rows)


def test_an_export_takes_up_what_another_one_left(exporter, imported, exported, sql):
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


def test_what_a_killed_export_left_beside_its_place_is_removed(command, imported, exported):
    exported.mkdir(parents=True)
    (exported / ".new-0123456789abcdef").write_text("{")
    (exported / ".new-someone-else-s").write_text("{")
    assert command("export", exported).status == 0
    assert [path.name for path in exported.glob(".new-*")] == [".new-someone-else-s"]


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


def test_the_folder_is_locked_as_long_as_an_export_runs(
    start, generate, importer, folder, exported
):
    generate(900)
    importer(folder)
    one = start("export", exported)
    wait_until(lambda: list(exported.glob("wallet_*")))
    other = WalletDirectory(exported)
    with pytest.raises(StorageUnavailable), other.locked(0):
        pass
    assert one.is_running()
    assert one.finish().status == 0
    with other.locked(0):
        pass


def test_a_folder_that_was_handed_over_is_said(command, imported, exported):
    exported.mkdir(parents=True)
    (exported / ".migrating").write_text("")
    done = command("export", exported)
    assert done.status == 0
    assert "contains the file .migrating" in done.err


def test_a_folder_that_cannot_be_written_to_is_said_in_one_line(command, imported):
    done = command("export", "/proc/wallets")
    assert is_one_line(done), done
    assert "/proc/wallets" in done.err
