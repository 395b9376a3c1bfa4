"""Unusual files that are imported, because their key derives their address."""

import base64
import json

import pytest

from tests.factories import ACCESS
from tests.migration.file_texts import sealed_as, text
from tests.wallet_store import contents, keyed, put
from wallet_api.blueprints.application import application
from wallet_api.crypto import key_pairs as keys

# What the old service could read, or whose address proves the key, and the remark on it.
SPELLINGS = {
    "without 0x": lambda key: key,
    "0X": lambda key: "0X" + key,
    "upper case without 0x": lambda key: key.upper(),
    "leading zeros lost": lambda key: "0x" + key.lstrip("0"),
    "a zero too many": lambda key: "0x0" + key,
    "a line break": lambda key: f"0x{key}\n",
    "CRLF": lambda key: f"0x{key}\r\n",
    "white space": lambda key: f"  0x{key}\t",
    "quotes": lambda key: f'"0x{key}"',
    "a mark": lambda key: f"\ufeff0x{key}",
    "zero bytes": lambda key: f"0x{key}\0\0",
    "JSON": lambda key: json.dumps({"privateKey": f"0x{key}", "address": f"0x{'ab' * 20}"}),
    "base64": lambda key: base64.b64encode(bytes.fromhex(key)).decode(),
}
SPELLED = "its key is not spelled as 0x and 64 hex digits: the address proves it"
MARKED = "it begins with a byte order mark, which was ignored"
NOT_UTF_8 = "parts of it are not UTF-8 text, and were read as U+FFFD"
ENCODED = {
    "UTF-8 with a mark": (b"\xef\xbb\xbf" + text(keyed()), MARKED),
    "UTF-16 with a mark": (text(keyed()).decode().encode("utf-16"), MARKED),
    "Latin-1": (text(keyed(note="?")).replace(b"?", b"\xe9"), NOT_UTF_8),
}


def key_with_zeros():
    """Create a key that has lost two digits because its leading zeros were not written."""
    pair = keys.generate()
    while pair.private_key.reveal()[0]:
        pair = keys.generate()
    return pair


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_key_in_another_spelling_is_imported_and_served_because_its_address_proves_it(
    make_app, importer, sql, folder, stored_keys, spelling
):
    pair = key_with_zeros()
    digits = pair.private_key.reveal().hex()
    put(folder, 1, sealed_as(SPELLINGS[spelling](digits), address=pair.address.lower()))
    put(folder, 2, sealed_as(f"0x{digits.upper()}", address=pair.address))
    (report,) = importer(folder, dry_run=True, names=["wallet_1_ethereum.json"]).values()
    assert (report.outcome, report.reason) == ("importable", SPELLED)
    for mode, fid in (("filesystem", 1), ("filesystem", 2), ("migrating", 1)):
        app = make_app(WALLET_STORAGE=mode, WALLET_STORAGE_PATH=str(folder))
        found = application(app).wallets.get_wallet_with_key(fid, "ethereum", access=ACCESS)
        assert found.wallet.address == pair.address
        assert found.private_key.reveal() == pair.private_key.reveal()
    assert stored_keys() == {1: digits}
    reports = importer(folder, names=["wallet_1_ethereum.json"])
    assert [(one.outcome, one.reason) for one in reports.values()] == [("present", SPELLED)]


def test_an_export_reports_unusual_existing_files(command, importer, folder, sql):
    pair = key_with_zeros()
    put(folder, 1, sealed_as(pair.private_key.reveal().hex(), address=pair.address))
    importer(folder)
    before = contents(folder)
    done = command("export", folder)
    assert done.status == 0
    assert f"wallet_1_ethereum.json: present: {SPELLED}" in done.out.splitlines()
    assert contents(folder) == before


@pytest.mark.parametrize("encoded", ENCODED)
def test_a_file_in_another_encoding_is_imported_and_served(
    make_app, importer, folder, sql, encoded
):
    content, remark = ENCODED[encoded]
    (folder / "wallet_1_ethereum.json").write_bytes(content)
    for mode in ("filesystem", "migrating"):
        app = make_app(WALLET_STORAGE=mode, WALLET_STORAGE_PATH=str(folder))
        assert application(app).wallets.get_wallet_with_key(1, "ethereum", access=ACCESS)
    assert (folder / "wallet_1_ethereum.json").read_bytes() == content
    (report,) = importer(folder).values()
    assert (report.outcome, report.reason) == ("present", remark)
