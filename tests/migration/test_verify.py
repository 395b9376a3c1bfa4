"""`wallet-api wallets verify`: every difference is found and reported, and nothing is written."""

import json
import os
import shutil

import pytest

from tests.database import audit_entries, key_ids, plant, table
from tests.factories import ACCESS, BASE_ACCOUNT, OTHER_SECRET, SECRET, UNKNOWN_SECRET, service
from tests.wallet_store import EXPECTED, contents, keyed, keyless, put
from wallet_api.crypto import key_pairs as keys
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallet_files.filesystem import FilesystemWalletRepository
from wallet_api.services.wallet_files.on_demand import OnDemandImport

pytestmark = pytest.mark.slow

ALL = len(EXPECTED)
FID = 1464243
NAME = f"wallet_{FID}_ethereum.json"


@pytest.fixture
def report(imported, command, tmp_path):
    path = tmp_path / "report.jsonl"
    assert command("import", imported, "--report", path).status == 0
    return path


@pytest.fixture
def unchanged(sql, imported):
    """See to it that the test's verifications write nothing: note what there is, then compare."""

    def everything():
        tables = ("wallets", "encryption_keys", "wallet_audit_log", "deposits")
        rows = [sql.execute(f"select * from {name} order by 1, 2").fetchall() for name in tables]
        return rows, contents(imported), sorted(os.listdir(imported))  # noqa: PTH208

    noted = []
    yield lambda: noted.append(everything())
    assert noted == [everything()]


def counted(out, part):
    """Return the line that sums up a part: wallets, files or lines."""
    return next(line for line in out.splitlines() if f" {part} in " in line)


def test_an_intact_store_has_no_fault(shell, imported, report, unchanged):
    unchanged()
    done = shell("verify", imported, "--report", report)
    assert (done.status, done.err) == (0, "")
    assert len(done.out.splitlines()) == 3
    assert f"{ALL} opened, 0 only in PostgreSQL, 0 unreadable" in counted(done.out, "wallets")
    assert f"{ALL} present" in counted(done.out, "files")
    assert f"{ALL} unchanged" in counted(done.out, "lines")


def test_rows_are_verified_without_files_too(command, imported, unchanged):
    unchanged()
    done = command("verify")
    assert done.status == 0
    assert f"{ALL} opened" in done.out
    assert "No files were compared: no PATH was given." in done.out


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("encrypted_private_key = repeat('00', 48)", "The stored key does not decrypt."),
        ("iv = repeat('00', 12)", "The stored key does not decrypt."),
        (f"address = '{BASE_ACCOUNT}'", "The stored key does not decrypt."),
        ("key_id = repeat('0', 16)", UNKNOWN_SECRET),
    ],
)
def test_a_damaged_row_is_reported(command, sql, imported, unchanged, change, reason):
    plant(sql, f"update wallets set {change} where fid = {FID} and chain = 'ethereum'")
    unchanged()
    alone = command("verify")
    assert alone.status == 1
    assert f"FID {FID}, ethereum: unreadable: {reason}" in alone.out.splitlines()
    assert f"{ALL - 1} opened, 0 only in PostgreSQL, 1 unreadable" in alone.out
    beside = command("verify", imported)
    assert beside.status == 1
    assert f"FID {FID}, ethereum: unreadable: {reason}" in beside.out.splitlines()
    named = [line for line in beside.out.splitlines() if line.startswith(f"{NAME}: conflict: ")]
    assert len(named) == 1


def test_a_row_with_another_key_is_reported(
    command, sql, encryption, database, imported, unchanged
):
    """A whole wallet, just not the one that the file keeps."""
    other = service(database).ensure_trading_wallet(9, access=ACCESS)
    plant(sql, f"delete from wallets where fid = {FID} and chain = 'ethereum'")
    plant(sql, "delete from wallets where fid = 9")
    for log in ("wallet_audit_log", "wallet_audit_heads"):
        plant(sql, f"delete from {log} where fid = {FID}")
    made = service(database).ensure_trading_wallet(FID, access=ACCESS)
    assert made.address != other.address
    unchanged()
    assert command("verify").status == 0
    done = command("verify", imported)
    assert done.status == 1
    assert f"{NAME}: conflict: PostgreSQL has {made.address} for this user" in done.out
    assert f"{ALL - 1} present, 0 missing in PostgreSQL, 1 conflict" in done.out


def test_a_key_encrypted_for_another_address_does_not_decrypt(
    command, sql, encryption, imported, unchanged
):
    """A process with the secret could encrypt a key for another key's address."""
    row = next(row for row in table(sql) if (row[0], row[1]) == (FID, "ethereum"))
    encrypted = encryption.encrypt(
        keys.generate().private_key, fid=FID, chain="ethereum", address=row[3]
    )
    plant(
        sql,
        "update wallets set encrypted_private_key = %s, iv = %s"
        " where fid = %s and chain = 'ethereum'",
        [encrypted.ciphertext, encrypted.iv, FID],
    )
    unchanged()
    done = command("verify")
    assert done.status == 1
    assert f"FID {FID}, ethereum: unreadable: The stored key is the key of another address." in (
        done.out
    )


def test_a_missing_row_is_reported_by_its_file(command, sql, imported, unchanged):
    plant(sql, f"delete from wallets where fid = {FID}")
    unchanged()
    done = command("verify", imported)
    assert done.status == 1
    for chain in ("ethereum", "base-account"):
        assert f"wallet_{FID}_{chain}.json: missing in PostgreSQL" in done.out.splitlines()
    assert f"{ALL - 2} present, 2 missing in PostgreSQL" in done.out


def test_rows_without_a_file_are_listed_and_no_fault(command, database, imported, unchanged):
    service(database).ensure_trading_wallet(9, access=ACCESS)
    service(database).store_base_account_address(9, BASE_ACCOUNT, access=ACCESS)
    unchanged()
    done = command("verify", imported)
    assert done.status == 0
    for chain in ("ethereum", "base-account"):
        assert f"FID 9, {chain}: only in PostgreSQL" in done.out.splitlines()
    assert f"{ALL} opened, 2 only in PostgreSQL, 0 unreadable" in done.out


def test_a_base_account_that_its_user_replaced_is_no_fault(command, database, imported, unchanged):
    service(database).store_base_account_address(FID, "0x" + "12" * 20, access=ACCESS)
    unchanged()
    assert command("verify", imported).status == 0


def test_files_changed_removed_or_added_since_the_report_are_reported(
    command, imported, report, unchanged
):
    changed, gone = imported / NAME, imported / "wallet_1464250_ethereum.json"
    changed.write_bytes(changed.read_bytes() + b"\n")
    gone.unlink()
    put(imported, 9, keyed())
    unchanged()
    done = command("verify", imported, "--report", report)
    assert done.status == 1
    said = done.out.splitlines()
    assert f"{changed.name}: changed since the report" in said
    assert f"{gone.name}: gone since the report" in said
    assert "wallet_9_ethereum.json: missing in PostgreSQL" in said
    assert "FID 1464250, ethereum: only in PostgreSQL" in said
    assert f"{ALL - 2} unchanged, 1 changed, 1 gone" in counted(done.out, "lines")
    without = command("verify", imported)
    assert "since the report" not in without.out


def test_a_damaged_file_is_reported(command, imported, unchanged):
    (imported / NAME).write_text("{")
    unchanged()
    done = command("verify", imported)
    assert done.status == 1
    assert f"{NAME}: invalid: it was cut off" in done.out.splitlines()


def test_an_address_of_two_users_is_reported_with_both(
    command, database, encryption, imported, unchanged
):
    """A file that was copied to another user's name opens as well as the first.

    An import would notice it; a request in migrating mode makes a row of it.
    """
    copied = "wallet_9_ethereum.json"
    shutil.copy(imported / NAME, imported / copied)
    file = FilesystemWalletRepository(WalletDirectory(imported), encryption).inspect(copied).file
    database.run(lambda one: OnDemandImport(encryption).run(one, ACCESS, file.wallet))
    unchanged()
    done = command("verify", imported)
    assert done.status == 1
    address = json.loads((imported / NAME).read_text())["address"]
    assert f"{address}: shared by several users: FIDs 9, {FID}" in done.out.splitlines()
    alone = command("verify", "--json")
    assert (alone.status, alone.figures["shared_addresses"]) == (1, 1)


def test_two_users_may_have_the_same_base_account(command, importer, folder):
    for fid in (1, 2):
        put(folder, fid, keyless(BASE_ACCOUNT, "base-account"), "base-account")
    importer(folder)
    assert command("verify", folder).status == 0


def test_json_is_one_object_with_a_part_for_rows_files_and_report(
    command, imported, report, unchanged
):
    (imported / NAME).unlink()
    unchanged()
    done = command("verify", imported, "--report", report, "--json")
    assert done.status == 1
    assert done.out.count("\n") == 1
    figures = done.figures
    assert list(figures) == ["rows", "files", "report", "shared_addresses"]
    for part in ("rows", "files", "report"):
        assert figures[part].pop("seconds") >= 0
    assert figures["rows"] == {
        "wallets": ALL,
        "opened": ALL - 1,
        "only_in_PostgreSQL": 1,
        "unreadable": 0,
    }
    assert figures["files"] == {
        "files": ALL - 1,
        "present": ALL - 1,
        "missing_in_PostgreSQL": 0,
        "conflict": 0,
        "invalid": 0,
    }
    assert figures["report"]["gone"] == 1
    assert done.err.splitlines() == [
        f"FID {FID}, ethereum: only in PostgreSQL",
        f"{NAME}: gone since the report",
    ]


BROKEN = {
    "cut": b'{"file": "wallet_1',
    "no object": b"[1, 2]",
    "no checksum": b'{"file": "wallet_1_ethereum.json"}',
    "a name with a zero byte": b'{"file": "a\\u0000b", "sha256": null}',
    "a name that no file can have": b'{"file": "\\ud800", "sha256": null}',
    "nested deeply": b"[" * 50_000,
    "not UTF-8": b"\xff\xfe",
    "blank": b"",
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_line_of_the_report_is_counted_and_the_others_are_compared(
    command, imported, report, broken, unchanged
):
    first, *rest = report.read_bytes().splitlines()
    report.write_bytes(b"\n".join([first, broken, *rest]) + b"\n")
    unchanged()
    done = command("verify", imported, "--report", report)
    assert done.status == 1
    assert "Traceback" not in done.err
    assert f"{ALL} unchanged, 0 changed, 0 gone, 1 " in done.out
    named = [line for line in done.out.splitlines() if line.startswith("line 2: ")]
    assert len(named) == 1


def test_a_file_that_is_not_a_report_is_not_quoted(command, imported, tmp_path):
    """The wrong path given by mistake may be that of a wallet, or of the settings."""
    settings = tmp_path / ".env"
    settings.write_text(f"ENCRYPTION_SECRET={SECRET}\n")
    members = json.loads((imported / NAME).read_text())
    for path in (settings, imported / NAME):
        done = command("verify", imported, "--report", path)
        assert done.status == 1
        for hidden in (SECRET, members["encryptedPrivateKey"], members["iv"]):
            assert hidden not in done.out + done.err


def test_a_report_names_files_of_the_folder_only(command, imported, report, tmp_path):
    """A line may name anything: nothing outside is opened."""
    outside = tmp_path / "outside"
    outside.write_text("")
    empty_file = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    lines = [{"file": name, "sha256": empty_file} for name in ("../outside", str(outside))]
    report.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = command("verify", imported, "--report", report)
    assert done.status == 1
    assert "0 unchanged" in done.out


def test_a_report_without_files_is_a_usage_error(command, report):
    done = command("verify", "--report", report)
    assert done.status == 2
    assert "--report requires PATH" in done.err


def test_an_empty_database_without_files_has_no_fault(command, sql):
    assert command("verify").status == 0
    assert (table(sql), key_ids(sql), audit_entries(sql)) == ([], [], [])


def test_a_wrong_secret_is_reported_in_one_line(command, imported):
    done = command("verify", ENCRYPTION_SECRET=OTHER_SECRET)
    assert done.status == 1
    assert done.err.splitlines()[-1].startswith("Error: ENCRYPTION_SECRET is not the secret")
    assert "Traceback" not in done.err
