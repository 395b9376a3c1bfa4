"""A damaged file is reported with its reason and not imported; the other files are."""

import json
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from tests.commands import lines_of
from tests.database import table
from tests.factories import ACCESS, OTHER_SECRET, SECRET
from tests.migration.file_texts import encrypted_as, text
from tests.wallet_store import contents, keyed, keyless, put
from wallet_api.blueprints.application import application
from wallet_api.errors import KeyUnreadable
from wallet_api.repositories.wallet_files.directory import WalletDirectory

GIGABYTE = 1 << 30
DOES_NOT_DECRYPT = (
    "its key does not decrypt: it was changed, or encrypted with another ENCRYPTION_SECRET"
)
NO_PRIVATE_KEY = (
    "its key decrypts with our secret, but is not a private key: it was changed or replaced"
)
CUT_OFF = "it was cut off"
ANOTHER_ADDRESS = "its key is the key of another address"
NOT_A_WALLET = "its name is not wallet_<fid>_<chain>.json"
MIXED_CASE = "0x78547FC07fdc8aac05e53b034e510b276a5ba384"


def cut(share):
    content = text(keyed())
    return content[: int(len(content) * share)]


def with_flipped_bit(block):
    members = keyed()
    encrypted = bytearray.fromhex(members["encryptedPrivateKey"])
    encrypted[block * 16 + 7] ^= 1
    return {**members, "encryptedPrivateKey": encrypted.hex()}


# The content of a user's file, and what is reported about it.
CONTENTS = {
    "empty": (b"", "it is empty"),
    "blank": (b" \r\n\t", "it is empty"),
    "cut after a byte": (b"{", CUT_OFF),
    "cut in the middle": (cut(0.5), CUT_OFF),
    "cut before the end": (cut(1)[:-1], CUT_OFF),
    "nothing but zeros": (bytes(400), "it is not JSON: there are zero bytes in it"),
    "half zeros": (cut(0.5) + bytes(200), "it is not JSON: there are zero bytes in it"),
    "UTF-16 without a mark": (
        text(keyed()).decode().encode("utf-16-le"),
        "it is not JSON: there are zero bytes in it",
    ),
    "two objects": (text(keyed()) * 2, "there is data after its JSON"),
    "a comment": (b"// mine\n" + text(keyed()), "it is not JSON (line 1, column 1)"),
    "NaN": (b'{"x": NaN, ' + text(keyed())[1:], "it is not JSON (NaN is not a number)"),
    "nested deeply": (b"[" * 50_000, "it is nested too deeply"),
    "a web page": (b"<html></html>", "it is not JSON (line 1, column 1)"),
    "a list": (text([keyed()]), "it is JSON, but not an object"),
    "null": (b"null", "it is JSON, but not an object"),
    "a string": (b'"wallet"', "it is JSON, but not an object"),
    "without address": (keyed(address=...), "its member address is missing"),
    "without key": (keyed(encryptedPrivateKey=...), "its member encryptedPrivateKey is missing"),
    "without iv": (keyed(iv=...), "its member iv is missing"),
    "short iv": (keyed(iv="00" * 15), "its iv is not 32 hex digits"),
    "iv that is not hex": (keyed(iv="zz" * 16), "its iv is not 32 hex digits"),
    "iv that is a number": (keyed(iv=7), "its iv is not 32 hex digits"),
    "key that is not hex": (
        keyed(encryptedPrivateKey="xy" * 80),
        "its encryptedPrivateKey is not hex",
    ),
    "key that is a list": (keyed(encryptedPrivateKey=["ab"]), "its encryptedPrivateKey is not hex"),
    "null key with an iv": (keyed(encryptedPrivateKey=None), "its encryptedPrivateKey is not hex"),
    "key cut in a block": (
        keyed(encryptedPrivateKey="ab" * 79),
        "its encryptedPrivateKey was cut off",
    ),
    "key without its last block": (keyed(encryptedPrivateKey="ab" * 64), DOES_NOT_DECRYPT),
    **{f"block {block} flipped": (with_flipped_bit(block), None) for block in range(5)},
    "another iv": (keyed(iv="00" * 16), NO_PRIVATE_KEY),
    "another secret": (keyed(OTHER_SECRET), DOES_NOT_DECRYPT),
    "another key without 0x": (encrypted_as("ab" * 32), ANOTHER_ADDRESS),
    "another key, shorter": (encrypted_as("0x" + "ab" * 31), ANOTHER_ADDRESS),
    "key of 33 bytes": (encrypted_as("0x" + "ab" * 33), NO_PRIVATE_KEY),
    "a seed phrase": (encrypted_as("test " * 11 + "junk"), NO_PRIVATE_KEY),
    "nothing that is a key": (encrypted_as("null"), NO_PRIVATE_KEY),
    "key that is zero": (encrypted_as("0x" + "00" * 32), "The stored key is not a secp256k1 key."),
    "address of another key": (
        keyed(address=keyed()["address"]),
        ANOTHER_ADDRESS,
    ),
    "address too short": (keyed(address="0x12"), "its address is not 0x and 40 hex digits"),
    "address without 0x": (keyed(address="ab" * 20), "its address is not 0x and 40 hex digits"),
    "address that is null": (keyed(address=None), "its address is not 0x and 40 hex digits"),
}
# What is kept under base-account.
ACCOUNTS = {
    "a key": (keyed(), "it holds a private key, which a Base Account address never has"),
    "a wrong checksum": (
        keyless(MIXED_CASE, "base-account"),
        "its address fails the EIP-55 checksum",
    ),
}
# What is wrong is the name.
NAMES = {
    "wallet_0_ethereum.json": "its name gives FID 0, or a FID with leading zeros",
    "wallet_007_ethereum.json": "its name gives FID 0, or a FID with leading zeros",
    "wallet_9223372036854775808_ethereum.json": (
        "its name gives a FID that is too large (2^63 or more)"
    ),
    f"wallet_{'9' * 200}_ethereum.json": "its name gives a FID that is too large (2^63 or more)",
    "wallet_5_solana.json": "its name has an unknown chain",
    "wallet_5_Ethereum.json": "its name has an unknown chain",
    "wallet_abc_ethereum.json": NOT_A_WALLET,
    "wallet_-5_ethereum.json": NOT_A_WALLET,
    "wallet_\u0665_ethereum.json": NOT_A_WALLET,
    "wallet_5_ethereum.json.bak": NOT_A_WALLET,
    "wallet_5_ethereum.json~": NOT_A_WALLET,
    "WALLET_5_ETHEREUM.JSON": NOT_A_WALLET,
    "sessions.json": NOT_A_WALLET,
    ".DS_Store": NOT_A_WALLET,
}
GOOD = {
    "a very long number": text(keyed(n="?")).replace(b'"?"', b"1" * 20_000),
    "a member twice": text(keyed()).replace(b'"chain"', b'"chain": 7, "chain"'),
    "CRLF": text(keyed()).replace(b"\n", b"\r\n"),
    "one line": json.dumps(keyed()).encode(),
    "upper case hex": text({**(wallet := keyed()), "iv": wallet["iv"].upper()}),
    "an unknown member": text(keyed(note="\U0001f511")),
}
FIRST = 5000


@pytest.fixture
def damaged(folder):
    """Fill the folder with damage of every kind; return what is to be said, by name."""
    said = {}
    fid = FIRST
    for content, reason in CONTENTS.values():
        fid += 1
        path = folder / f"wallet_{fid}_ethereum.json"
        path.write_bytes(content if isinstance(content, bytes) else text(content))
        said[path.name] = reason
    for members, reason in ACCOUNTS.values():
        fid += 1
        said[put(folder, fid, members, "base-account").name] = reason
    for name, reason in NAMES.items():
        (folder / name).write_bytes(text(keyed()))
        said[name] = reason
    good = put(folder, 77, keyed())
    for target in (good.name, "nothing", "/dev/zero"):
        fid += 1
        (folder / f"wallet_{fid}_ethereum.json").symlink_to(target)
        said[f"wallet_{fid}_ethereum.json"] = "it is a symbolic link"
    (folder / "wallet_6001_ethereum.json").mkdir()
    said["wallet_6001_ethereum.json"] = "it is a directory"
    os.mkfifo(folder / "wallet_6002_ethereum.json")
    said["wallet_6002_ethereum.json"] = "it is a pipe, a socket or a device"
    with (folder / "wallet_6003_ethereum.json").open("wb") as huge:
        huge.write(text(keyed()))
        huge.truncate(1 << 20)
    said["wallet_6003_ethereum.json"] = "it is larger than any wallet file"
    return said


@pytest.fixture
def good(folder):
    """Put good files among the damaged ones; return their addresses by FID."""
    expected = {}
    for fid, content in enumerate(GOOD.values(), 100):
        (folder / f"wallet_{fid}_ethereum.json").write_bytes(content)
        expected[fid] = json.loads(content, parse_int=str)["address"]
    return expected


def test_every_damaged_file_is_named_with_its_reason_and_every_good_one_imported(
    command, sql, folder, damaged, good, tmp_path
):
    before = sorted(path.name for path in folder.iterdir())
    report = tmp_path / "report.jsonl"
    done = command("import", folder, "--report", report)
    print(done.out)
    assert done.status == 1
    lines = lines_of(report)
    assert sorted(lines) == before
    flips = {name for name, reason in damaged.items() if reason is None}
    for name, reason in damaged.items():
        assert lines[name]["outcome"] == "invalid", name
        if name not in flips:
            assert lines[name]["reason"] == reason, name
        said = [line for line in done.out.splitlines() if line.startswith(f"{name}: ")]
        assert said == [f"{name}: invalid: {lines[name]['reason']}"]
    reasons = {lines[name]["reason"] for name in flips}
    assert reasons <= {DOES_NOT_DECRYPT, NO_PRIVATE_KEY, ANOTHER_ADDRESS}
    good[77] = lines["wallet_77_ethereum.json"]["address"]
    assert {row[0]: row[3] for row in table(sql)} == good
    assert [line["outcome"] for line in lines.values()].count("imported") == len(good)
    assert sorted(path.name for path in folder.iterdir()) == before


def test_the_users_of_damaged_files_get_no_wallet_while_migrating(
    make_app, sql, folder, damaged, good
):
    app = make_app(WALLET_STORAGE="migrating", WALLET_STORAGE_PATH=str(folder))
    wallets = application(app).wallets
    asked = 0
    for name in damaged:
        fid = name.split("_")[1] if name.startswith("wallet_") else ""
        if not fid.isascii() or not fid.isdigit() or name in NAMES:
            continue
        asked += 1
        chain = "base-account" if "base-account" in name else "ethereum"
        for fails in (
            lambda fid=int(fid), chain=chain: wallets.get_wallet(fid, chain, access=ACCESS),
            lambda fid=int(fid): wallets.list_wallets(fid, access=ACCESS),
        ):
            with pytest.raises(KeyUnreadable) as refusal:
                fails()
            assert refusal.value.reason.startswith(f"{name}: ")
        if chain == "ethereum":
            with pytest.raises(KeyUnreadable):
                wallets.ensure_trading_wallet(int(fid), access=ACCESS)
    assert asked == len(CONTENTS) + len(ACCOUNTS) + 6
    assert table(sql) == []
    for fid, address in good.items():
        assert wallets.ensure_trading_wallet(fid, access=ACCESS).address == address
        assert wallets.get_wallet_with_key(fid, "ethereum", access=ACCESS)


def test_a_huge_file_is_refused_without_being_read(folder):
    """In a process of its own: the peak of a process's memory cannot be reset."""
    with (folder / "wallet_1_ethereum.json").open("wb") as huge:
        huge.truncate(GIGABYTE)
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from wallet_api.repositories.wallet_files.directory import WalletDirectory\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        "read = WalletDirectory(Path(sys.argv[1])).read('wallet_1_ethereum.json')\n"
        "print(peak() - before, len(read.content), read.fault)\n"
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program, folder], capture_output=True, text=True, check=True
    )
    assert time.monotonic() - began < 15
    kilobytes, content, fault = done.stdout.strip().split(" ", 2)
    assert int(kilobytes) < 16_000
    assert int(content) <= 64 * 1024 + 1
    assert fault == "it is larger than any wallet file"


def test_an_unreadable_file_is_reported_and_the_others_are_imported(importer, folder, sql):
    put(folder, 1, keyed())
    closed = put(folder, 2, keyed())
    if os.geteuid() != 0:
        closed.chmod(0)
        assert importer(folder)[closed.name].reason == "it cannot be read (Permission denied)"
        return
    # Root can read everything: look as another user, who reaches the folder by its descriptor.
    closed.chmod(0)
    folder.chmod(0o755)
    directory = WalletDirectory(folder)
    directory.exists()
    assert directory.has(closed.name)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            found = directory.read(closed.name)
            status = 0 if found.fault == "it cannot be read (Permission denied)" else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("nanoseconds", [10**21, -(10**21)])
def test_an_impossible_modification_time_does_not_stop_the_import(
    importer, folder, sql, monkeypatch, nanoseconds
):
    """File systems store times beyond Python's calendar; few let a test set them."""
    dated, undated = put(folder, 1, keyed()), put(folder, 2, keyed(createdAt=...))
    fstat = os.fstat

    def at_an_odd_time(descriptor):
        state = fstat(descriptor)
        kept = {name: getattr(state, name) for name in ("st_mode", "st_size", "st_nlink")}
        return SimpleNamespace(**kept, st_mtime_ns=nanoseconds)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", at_an_odd_time)
        reports = importer(folder)
    assert [reports[path.name].outcome for path in (dated, undated)] == ["imported"] * 2
    assert "createdAt cannot be read" in reports[undated.name].reason
    (created_at,) = sql.execute("select created_at from wallets where fid = 2").fetchone()
    assert created_at.year == (8999 if nanoseconds > 0 else 1970)


@pytest.mark.parametrize(
    ("said", "zone"),
    [("0001-01-01T00:00:00Z", "America/New_York"), ("9999-12-31T23:59:59Z", "Asia/Tokyo")],
)
def test_a_date_at_the_end_of_the_calendar_is_imported_in_every_time_zone(
    importer, sql, folder, said, zone
):
    sql.execute(f"alter database {sql.info.dbname} set timezone = '{zone}'")
    put(folder, 1, keyed(createdAt=said))
    put(folder, 2, keyed())
    for _ in range(2):
        reports = importer(folder)
        assert reports["wallet_2_ethereum.json"].outcome in ("imported", "present")
        assert reports["wallet_1_ethereum.json"].outcome in ("imported", "present")


def test_the_content_of_a_damaged_file_is_not_printed(command, folder, damaged, tmp_path):
    report = tmp_path / "report.jsonl"
    done = command("import", folder, "--report", report)
    told = done.out + done.err + report.read_text()
    assert SECRET not in told
    assert OTHER_SECRET not in told
    for content, _ in (*CONTENTS.values(), *ACCOUNTS.values()):
        if isinstance(content, dict):
            for member in ("encryptedPrivateKey", "iv"):
                value = content.get(member)
                if isinstance(value, str) and len(set(value)) > 2:
                    assert not any(value[at : at + 12] in told for at in range(len(value) - 12))


def test_no_damaged_file_is_changed(importer, folder, good):
    for fid, (content, _) in enumerate(CONTENTS.values(), 200):
        data = content if isinstance(content, bytes) else text(content)
        (folder / f"wallet_{fid}_ethereum.json").write_bytes(data)
    before = contents(folder)
    importer(folder)
    importer(folder, dry_run=True)
    assert contents(folder) == before
