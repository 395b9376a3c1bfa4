"""`wallet-api wallets export`: wallets as files that the old service reads."""

import json
import os
import stat

import pytest

from tests.commands import is_one_line, lines_of
from tests.database import audit_entries, discard_rows, plant
from tests.migration.exports import ALL, KEYED, wallet_files
from tests.wallet_store import EXPECTED, SAMPLES, contents, keyed, old_decrypt, put
from wallet_api.errors import DatabaseUnavailable
from wallet_api.repositories.wallet_files.directory import WalletDirectory


@pytest.mark.slow
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
        assert old_decrypt(members) == (entry["privateKey"] or "")
        assert members["chain"] == chain
        assert members["createdAt"] == original["createdAt"]
    lines = lines_of(report)
    assert lines.keys() == {f"wallet_{fid}_{chain}.json" for fid, chain in files}
    assert {line["outcome"] for line in lines.values()} == {"exported"}


def test_only_the_owner_can_read_the_folder_and_its_files(command, imported, exported):
    previous = os.umask(0)
    try:
        assert command("export", exported).status == 0
    finally:
        os.umask(previous)
    assert stat.S_IMODE(exported.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in exported.iterdir()} == {0o600}


def test_no_key_material_is_printed(command, imported, exported, tmp_path):
    report = tmp_path / "report.jsonl"
    done = command("export", exported, "--report", report)
    told = (done.out + done.err + report.read_text()).lower()
    hidden = [entry["privateKey"][2:] for entry in KEYED.values()]
    for members in wallet_files(exported).values():
        hidden += [members["encryptedPrivateKey"], members["iv"]]
    for value in hidden:
        assert not any(value[at : at + 12] in told for at in range(len(value) - 11))


def exports(sql):
    return [entry for entry in audit_entries(sql) if entry[2] == "key.exported"]


def test_every_exported_key_has_an_audit_entry_and_a_second_export_adds_none(
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


def test_without_an_audit_entry_no_file_is_written(exporter, imported, exported, sql):
    sql.execute("alter table wallet_audit_log rename to elsewhere")
    with pytest.raises(DatabaseUnavailable):
        exporter(exported)
    assert wallet_files(exported) == {}


def test_a_silently_discarded_audit_entry_prevents_the_file(exporter, imported, exported, sql):
    discard_rows(sql, "wallet_audit_log")
    try:
        exporter(exported)
    except Exception as error:  # noqa: BLE001 (any of them reports it)
        print(error)
    assert [key for key in wallet_files(exported) if key[1] == "ethereum"] == []


def test_an_audit_log_that_cannot_be_written_is_reported_in_one_line(
    command, imported, exported, sql
):
    sql.execute("alter table wallet_audit_log rename to elsewhere")
    assert is_one_line(command("export", exported))
    assert wallet_files(exported) == {}
    assert list(exported.glob(".new-*")) == []


@pytest.mark.parametrize("damage", ["{", "", '{"address": "0x12"}'])
def test_a_written_file_is_read_back_and_compared(
    exporter, imported, exported, monkeypatch, damage
):
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


def test_a_file_with_another_key_is_detected_when_it_is_read_back(
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


def test_rows_that_do_not_decrypt_are_reported_and_not_exported(command, imported, exported, sql):
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
    assert (1464243, "ethereum", "key.exported") not in audit_entries(sql)
