"""`wallet-api wallets import`: every key is verified, none is lost, overwritten or printed."""

import hashlib
import json
import os
import shutil
import stat

import pytest

from benchmarks import wallet_store as generator
from tests.commands import lines_of
from tests.database import key_ids, table
from tests.factories import ACCESS, BASE_ACCOUNT, OTHER_SECRET, SECRET, service
from tests.wallet_store import EXPECTED, SAMPLES, contents, keyed, keyless, put
from wallet_api.blueprints.application import application

OTHER_ACCOUNT = "0x036cbd53842c5426634e7929541ec2318f3dcf7e"
ALL = len(EXPECTED)
MEMBERS = ["file", "fid", "chain", "address", "outcome", "reason", "sha256"]


def snapshot(folder):
    """Return everything about a folder's files that an import must not change."""
    states = {path.name: path.stat() for path in folder.iterdir()}
    return contents(folder), {
        name: (state.st_mode, state.st_mtime_ns, state.st_ino) for name, state in states.items()
    }


def test_every_sample_decrypts_to_the_expected_key(shell, app, samples, sql):
    before = snapshot(samples)
    done = shell("import", samples)
    assert (done.status, done.err) == (0, "")
    assert f"{ALL} files in " in done.out
    assert f"{ALL} imported" in done.out
    assert snapshot(samples) == before
    assert len(table(sql)) == ALL == len(before[0])
    wallets = application(app).wallets
    for entry in EXPECTED:
        if entry["privateKey"]:
            found = wallets.get_wallet_with_key(entry["fid"], entry["chain"], access=ACCESS)
            assert found.wallet.address == entry["address"]
            assert "0x" + found.private_key.reveal().hex() == entry["privateKey"]
        else:
            # The oldest kind of file keeps it under ethereum.
            assert wallets.get_base_account_address(entry["fid"], access=ACCESS) == entry["address"]
            if entry["chain"] == "ethereum":
                assert wallets.get_wallet(entry["fid"], "ethereum", access=ACCESS) is None


@pytest.mark.slow
def test_a_generated_store_is_imported_key_by_key_by_several_processes(
    command, generate, folder, sql, stored_keys
):
    made = generate(1800)
    done = command("import", folder, "--processes", "3", "--json")
    assert done.status == 0
    assert done.figures["imported"] == done.figures["files"] == 1800
    keyed_fids = [fid for fid, chain in made if chain == "ethereum"]
    assert stored_keys() == {fid: generator.private_key(fid).hex() for fid in keyed_fids}
    assert [(row[0], row[1]) for row in table(sql)] == sorted(made, key=lambda w: (w[0], w[1]))
    for fid, chain, _, address, _, _, created_at, updated_at in table(sql):
        keyed_file = chain == "ethereum"
        assert address == (generator.address if keyed_file else generator.base_account)(fid)
        assert created_at == updated_at == generator.created_at(fid)


def test_a_second_import_finds_everything_present_and_writes_nothing(importer, samples, sql):
    assert {report.outcome for report in importer(samples).values()} == {"imported"}
    rows = sql.execute("select * from wallets").fetchall()
    again = importer(samples)
    assert {(report.outcome, report.reason) for report in again.values()} == {("present", None)}
    assert sql.execute("select * from wallets").fetchall() == rows


def test_a_dry_run_reports_the_outcomes_and_writes_nothing(command, importer, samples, sql):
    put(samples, 5, keyed(address=BASE_ACCOUNT))
    importer(samples, names=["wallet_1464243_ethereum.json"])
    rows, ids, before = table(sql), key_ids(sql), snapshot(samples)
    done = command("import", samples, "--dry-run", "--json")
    assert done.status == 1
    assert {name: done.figures[name] for name in ("importable", "present", "conflict")} == {
        "importable": ALL - 1,
        "present": 1,
        "conflict": 0,
    }
    assert done.figures["invalid"] == 1
    assert "imported" not in done.figures
    assert (table(sql), key_ids(sql), snapshot(samples)) == (rows, ids, before)


def test_a_dry_run_on_an_empty_database_registers_no_secret(command, samples, sql):
    assert command("import", samples, "--dry-run").status == 0
    assert (table(sql), key_ids(sql)) == ([], [])


def test_another_address_for_a_trading_wallet_is_a_conflict_and_the_row_stays(
    command, database, samples, sql
):
    row = service(database).ensure_trading_wallet(1464243, access=ACCESS)
    before = sql.execute("select * from wallets").fetchall()
    done = command("import", samples, "--json")
    assert done.status == 1
    assert done.figures["conflict"] == 1
    assert done.figures["imported"] == ALL - 1
    assert done.err.splitlines() == [
        f"wallet_1464243_ethereum.json: conflict: PostgreSQL has {row.address} for this user"
    ]
    kept = sql.execute("select * from wallets where fid = 1464243 and chain = 'ethereum'")
    assert kept.fetchall() == before


@pytest.mark.parametrize("dry_run", [True, False])
def test_an_address_that_differs_from_the_audit_log_is_a_conflict(
    importer, database, make_app, folder, sql, dry_run
):
    """The wallet was served from its file (WALLET_STORAGE=filesystem), and then replaced."""
    app = make_app(WALLET_STORAGE="filesystem", WALLET_STORAGE_PATH=str(folder))
    served = application(app).wallets.ensure_trading_wallet(1464243, access=ACCESS)
    shutil.copy(SAMPLES / "wallet_1464243_ethereum.json", folder)
    (report,) = importer(folder, dry_run=dry_run).values()
    assert (report.outcome, report.reason) == (
        "conflict",
        f"the audit log has {served.address} for this user",
    )
    assert table(sql) == []


def test_a_base_account_that_the_user_has_replaced_is_present_with_a_reason(
    importer, database, folder, sql
):
    name = put(folder, 5, keyless(BASE_ACCOUNT, "base-account"), "base-account").name
    assert importer(folder)[name].outcome == "imported"
    service(database).store_base_account_address(5, OTHER_ACCOUNT, access=ACCESS)
    report = importer(folder)[name]
    assert report.outcome == "present"
    assert report.reason == "imported before, and replaced by the user since"
    assert table(sql)[0][3] == OTHER_ACCOUNT


def test_a_newer_base_account_in_a_file_is_a_conflict(importer, folder, sql):
    """Between two imports the user may change it where the files are still what counts."""
    first = keyless(BASE_ACCOUNT, "base-account", updatedAt="2026-11-23T00:00:00.000Z")
    name = put(folder, 5, first, "base-account").name
    assert importer(folder)[name].outcome == "imported"
    newer = {**first, "address": OTHER_ACCOUNT, "updatedAt": "2026-11-24T00:00:00.000Z"}
    put(folder, 5, newer, "base-account")
    report = importer(folder)[name]
    assert report.outcome == "conflict"
    assert table(sql)[0][3] == BASE_ACCOUNT


@pytest.mark.parametrize("together", [False, True])
def test_a_file_that_was_copied_to_another_user_is_a_conflict(
    importer, folder, generate, sql, together
):
    """Nothing in an old file says whose it is, but its name."""
    fid = next(fid for fid, chain in generate(2) if chain == "ethereum")
    mine = f"wallet_{fid}_ethereum.json"
    for path in folder.iterdir():
        if path.name != mine:
            path.unlink()
    if not together:
        importer(folder)
    theirs = f"wallet_{fid + 1}_ethereum.json"
    shutil.copy(folder / mine, folder / theirs)
    reports = importer(folder)
    assert reports[theirs].outcome == "conflict"
    assert reports[theirs].reason == f"FID {fid} has the same key: one is a copy of the other"
    assert reports[mine].outcome == ("conflict" if together else "present")
    owners = sql.execute("select fid from wallets where chain = 'ethereum'").fetchall()
    assert owners == ([] if together else [(fid,)])


def test_a_base_account_that_never_came_from_the_file_is_a_conflict(
    importer, database, folder, sql
):
    service(database).store_base_account_address(5, OTHER_ACCOUNT, access=ACCESS)
    name = put(folder, 5, keyless(BASE_ACCOUNT, "base-account"), "base-account").name
    report = importer(folder)[name]
    assert report.outcome == "conflict"
    assert OTHER_ACCOUNT in report.reason
    assert table(sql)[0][3] == OTHER_ACCOUNT


def test_the_date_of_a_wallet_is_kept(importer, folder, sql):
    put(folder, 1, keyed(createdAt="2024-02-29T23:59:59.123Z"))
    put(folder, 2, keyed(createdAt="2024-02-29T23:59:59.123456+02:00"))
    put(folder, 3, keyed(updatedAt="2027-01-01T00:00:00.000Z"))
    assert {report.reason for report in importer(folder).values()} == {None}
    dates = [(row[6].isoformat(), row[7].isoformat()) for row in table(sql)]
    utc = "2024-02-29T23:59:59.123000+00:00"
    assert dates[0] == (utc, utc)
    assert dates[1][0] == "2024-02-29T21:59:59.123456+00:00"
    assert dates[2] == ("2026-11-22T10:42:23.436000+00:00", "2027-01-01T00:00:00+00:00")


@pytest.mark.parametrize("date", [..., None, "", 1700000000, "yesterday", "2026-13-01T00:00:00Z"])
def test_a_date_that_cannot_be_read_loses_no_key(importer, folder, sql, date):
    path = put(folder, 1, keyed(createdAt=date))
    os.utime(path, (1_600_000_000.25, 1_600_000_000.25))
    report = importer(folder)[path.name]
    assert report.outcome == "imported"
    assert report.reason == "createdAt cannot be read: the file's own time is used"
    assert table(sql)[0][6].timestamp() == 1_600_000_000.25
    assert importer(folder)[path.name].outcome == "present"


def test_a_chain_that_disagrees_with_the_file_name_is_reported(command, folder):
    put(folder, 1, keyed(chain="base-account"))
    put(folder, 2, keyless(BASE_ACCOUNT, "base"), "base-account")
    put(folder, 3, keyless(BASE_ACCOUNT, "ethereum"), "base-account")
    done = command("import", folder)
    assert done.status == 0
    disagrees = "imported: the chain inside the file is not the one in its name"
    assert sorted(done.out.splitlines()[:-1]) == [
        f"wallet_1_ethereum.json: {disagrees}",
        f"wallet_3_base-account.json: {disagrees}",
    ]


def test_the_report_has_one_line_for_each_file_with_seven_members_and_its_checksum(
    command, samples, tmp_path
):
    put(samples, 5, keyed(address=BASE_ACCOUNT))
    (samples / "notes.txt").write_text("buy milk")
    (samples / "wallet_6_ethereum.json").symlink_to("nowhere")
    report = tmp_path / "report.jsonl"
    report.write_text("an older report\n")
    assert command("import", samples, "--report", report).status == 1
    lines = lines_of(report)
    assert lines.keys() == {path.name for path in samples.iterdir()}
    for name, line in lines.items():
        assert list(line) == MEMBERS
        path = samples / name
        content = None if path.is_symlink() else path.read_bytes()
        assert line["sha256"] == (content and hashlib.sha256(content).hexdigest())
        assert line["outcome"] == ("imported" if name in os.listdir(SAMPLES) else "invalid")  # noqa: PTH208
    sample = lines["wallet_1464243_ethereum.json"]
    assert (sample["fid"], sample["chain"]) == (1464243, "ethereum")
    assert sample["address"] == "0x6485BbeDC60dc050b7a5400F454610BEdead8292"
    oldest = lines["wallet_1464327_ethereum.json"]
    assert (oldest["fid"], oldest["chain"]) == (1464327, "base-account")
    assert lines["notes.txt"]["fid"] is None
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob(".report*")] == []


def test_an_older_report_survives_a_run_that_fails(start, generate, folder, sql, tmp_path):
    generate(1500)
    report = tmp_path / "report.jsonl"
    report.write_text("an older report\n")
    sql.execute("alter table wallets rename to elsewhere")
    sql.execute("create view wallets as select * from elsewhere where fid < 0")
    sql.execute("create rule no as on insert to wallets do instead select 1 / 0")
    failed = start("import", folder, "--report", report).finish()
    assert failed.status == os.EX_SOFTWARE
    assert report.read_text() == "an older report\n"
    assert [path.name for path in tmp_path.glob(".report*")] == []


def test_json_is_one_object_on_stdout_and_everything_else_is_on_stderr(command, samples):
    put(samples, 5, keyed(address=BASE_ACCOUNT))
    done = command("import", samples, "--json")
    assert done.out.count("\n") == 1
    assert done.figures.keys() == {
        "files",
        "seconds",
        "imported",
        "present",
        "conflict",
        "invalid",
        "failed",
    }
    assert (done.figures["files"], done.figures["invalid"]) == (ALL + 1, 1)
    assert done.err.splitlines() == [
        "wallet_5_ethereum.json: invalid: its key is the key of another address"
    ]


def test_the_path_that_the_environment_names_is_the_default(command, samples, sql):
    assert command("import", WALLET_STORAGE_PATH=str(samples)).status == 0
    assert len(table(sql)) == ALL


@pytest.mark.slow
def test_no_key_material_is_printed(shell, command, samples, tmp_path):
    put(samples, 5, {**keyed(), "address": BASE_ACCOUNT})
    put(samples, 6, {**(half := keyed()), "encryptedPrivateKey": half["encryptedPrivateKey"][:-1]})
    put(samples, 7, keyed(iv="0123456789abcdef"))
    report = tmp_path / "report.jsonl"
    told = ""
    for run, extra in ((command, ("--dry-run", "--json")), (shell, ()), (command, ())):
        done = run("import", samples, "--report", report, *extra)
        assert done.status == 1
        told += done.out + done.err + report.read_text()
    hidden = [SECRET, *(entry["privateKey"] for entry in EXPECTED if entry["privateKey"])]
    for path in samples.iterdir():
        members = json.loads(path.read_text())
        hidden += [members["encryptedPrivateKey"], members["iv"]]
    for value in (text.lower().removeprefix("0x") for text in hidden):
        for at in range(len(value) - 11):
            assert value[at : at + 12] not in told.lower()


def test_control_characters_in_file_names_are_escaped(command, folder, tmp_path):
    names = [
        b"\x1b[2Jwiped\r\n",
        b"wallet_1_\xff\xfe.json",
        b"wallet_2_eth\x9b31m.json",
        b"\xe2\x80\xae",
    ]
    for name in names:
        (folder / os.fsdecode(name)).write_text("{}")
    report = tmp_path / "report.jsonl"
    done = command("import", folder, "--report", report)
    assert done.status == 1
    assert len(done.out.splitlines()) == len(names) + 1
    assert "\\x1b[2Jwiped\\r\\n: invalid" in done.out
    assert "wallet_1_\\udcff\\udcfe.json: invalid" in done.out
    assert all(char == "\n" or char.isprintable() for char in done.out)
    lines = lines_of(report)
    assert {os.fsencode(name) for name in lines} == set(names)
    assert report.read_text().isascii()
    verified = command("verify", folder, "--report", report)
    assert f"{len(names)} unchanged" in verified.out
    assert all(char == "\n" or char.isprintable() for char in verified.out)


@pytest.mark.slow
def test_a_key_encrypted_under_a_previous_secret_is_imported_under_the_current_one(
    importer, shell, samples, sql, database
):
    done = shell(
        "import",
        samples,
        ENCRYPTION_SECRET=OTHER_SECRET,
        ENCRYPTION_SECRET_PREVIOUS=json.dumps([SECRET]),
    )
    assert done.status == 0
    assert len(table(sql)) == ALL
    wallets = service(database, OTHER_SECRET)
    entry = EXPECTED[0]
    found = wallets.get_wallet_with_key(entry["fid"], "ethereum", access=ACCESS)
    assert "0x" + found.private_key.reveal().hex() == entry["privateKey"]
