"""The old service's files: their names, their content, and how they are written."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.factories import BASE_ACCOUNT, FID, OTHER_SECRET
from tests.wallet_store import EXPECTED, MODIFIED, SAMPLES, keyed, keyless, old_decrypt
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.key_pairs import address_of
from wallet_api.crypto.secret import Secret
from wallet_api.errors import KeyUnreadable
from wallet_api.repositories.wallet_files import file as wallet_file

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)
MIXED = "0x6485BbeDC60dc050b7a5400F454610BEdead8292"


@pytest.mark.parametrize("fid", [1, FID, 2**63 - 1])
@pytest.mark.parametrize("chain", ["ethereum", "base-account", "base", "ethereum-base"])
def test_a_name_is_read_as_it_was_written(fid, chain):
    name = wallet_file.file_name(fid, chain)
    assert name == f"wallet_{fid}_{chain}.json"
    assert wallet_file.parse_name(name) == (fid, chain)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "wallet__ethereum.json",
        "wallet_1_.json",
        "wallet_1.json",
        "wallet_0_ethereum.json",
        "wallet_01_ethereum.json",
        "wallet_00_ethereum.json",
        "wallet_-1_ethereum.json",
        "wallet_+1_ethereum.json",
        "wallet_1.0_ethereum.json",
        "wallet_1e3_ethereum.json",
        "wallet_ 1_ethereum.json",
        "wallet_1_000_ethereum.json",
        f"wallet_{2**63}_ethereum.json",
        f"wallet_{10**19}_ethereum.json",
        f"wallet_{'9' * 10_000}_ethereum.json",
        "wallet_x_ethereum.json",
        "wallet_\N{ARABIC-INDIC DIGIT THREE}_ethereum.json",
        "wallet_\N{SUPERSCRIPT TWO}_ethereum.json",
        "wallet_\N{FULLWIDTH DIGIT ONE}_ethereum.json",
        "wallet_1_solana.json",
        "wallet_1_Ethereum.json",
        "wallet_1_ethereum .json",
        "wallet_1_ethereum\n.json",
        "wallet_1_ethereum.json\n",
        "\nwallet_1_ethereum.json",
        "wallet_1_ethereum.json.bak",
        "wallet_1_ethereum.jsonx",
        "wallet_1_ethereumxjson",
        "WALLET_1_ethereum.json",
        "wallet_1_ethereum",
        "a/wallet_1_ethereum.json",
        "wallet_1_../ethereum.json",
        "wallet_1_ethereum\0.json",
        ".new-0123456789abcdef",
    ],
    ids=lambda name: ascii(name)[:40],
)
def test_a_file_with_another_name_is_not_a_wallet(name):
    with pytest.raises(KeyUnreadable, match=r"cannot be decrypted") as refusal:
        wallet_file.parse_name(name)
    assert refusal.value.reason.startswith("its name ")


@pytest.mark.parametrize(
    ("fid", "chain"),
    [(0, "ethereum"), (-1, "ethereum"), (2**63, "ethereum"), (1, "../x"), (1, ""), (1, "solana")],
)
def test_a_wallet_that_could_not_be_read_again_is_not_named(fid, chain):
    with pytest.raises(ValueError, match="no wallet file"):
        wallet_file.file_name(fid, chain)


@pytest.mark.parametrize("spelling", ["base-account", "base", "ethereum-base", "ethereum"])
@pytest.mark.parametrize(
    "key",
    [{}, *({"encryptedPrivateKey": c, "iv": iv} for c in ("", None) for iv in ("", None))],
    ids=str,
)
def test_a_record_without_a_key_is_a_base_account_under_every_spelling(read, spelling, key):
    for address in (BASE_ACCOUNT, MIXED, "0x" + BASE_ACCOUNT[2:].upper()):
        found = read(keyless(address, spelling, **key), spelling)
        wallet = found.wallet
        assert (wallet.fid, wallet.chain, wallet.wallet_type) == (
            *(FID, "base-account", "base-account"),
        )
        assert (wallet.address, wallet.encrypted_key) == (address.lower(), None)
        assert found.warnings == ()


def test_the_address_of_a_wallet_with_a_key_gets_its_checksum(read):
    members = keyed()
    for address in (members["address"].lower(), "0x" + members["address"][2:].upper()):
        assert read({**members, "address": address}).wallet.address == members["address"]


@pytest.mark.parametrize(
    ("said", "spelling", "warned"),
    [
        ("base", "base-account", False),
        ("base-account", "ethereum-base", False),
        ("ethereum", "base-account", True),
        ("base-account", "ethereum", True),
        ("solana", "ethereum", True),
        (None, "ethereum", True),
        (["ethereum"], "ethereum", True),
        (..., "ethereum", True),
    ],
)
def test_a_chain_that_differs_from_the_file_name_causes_a_warning(read, said, spelling, warned):
    found = read(keyless(BASE_ACCOUNT, said), spelling)
    assert any("chain" in warning for warning in found.warnings) is warned


@pytest.mark.parametrize(
    "created", [..., None, "", 7, 1.5e300, [], "yesterday", "2026-13-01", "\ud800", "0000-00-00"]
)
def test_the_modification_time_replaces_an_unreadable_date(read, created):
    found = read(keyed(createdAt=created))
    assert found.wallet.created_at == found.wallet.updated_at == MODIFIED
    assert [warning for warning in found.warnings if "createdAt" in warning]


@pytest.mark.parametrize(
    "created",
    [
        "2027-01-01T00:00:00.000Z",
        "2027-01-01T00:00:00",
        "2027-01-01",
        "2026-12-31T23:00:00-01:00",
        "2027-01-01T05:45:00.000000+05:45",
    ],
)
def test_a_date_without_an_offset_is_in_utc(read, created):
    found = read(keyed(createdAt=created))
    assert found.wallet.created_at == NEW_YEAR
    assert found.wallet.created_at.utcoffset() == timedelta(0)
    assert found.warnings == ()


@pytest.mark.parametrize("created", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_date_outside_of_the_calendar_is_replaced(read, created):
    assert read(keyed(createdAt=created)).wallet.created_at == MODIFIED


def test_a_changed_file_has_a_new_updated_at(read):
    found = read(keyed(updatedAt="2027-01-01T00:00:00Z"))
    assert found.wallet.updated_at == NEW_YEAR > found.wallet.created_at
    damaged = read(keyed(updatedAt="soon")).wallet
    assert damaged.updated_at == damaged.created_at


@pytest.mark.parametrize("entry", EXPECTED, ids=lambda entry: f"{entry['fid']}-{entry['chain']}")
def test_every_sample_is_read_and_written_as_the_old_service_wrote_it(encryption, read, entry):
    name = wallet_file.file_name(entry["fid"], entry["chain"])
    content = (SAMPLES / name).read_bytes()
    found = wallet_file.read(
        content,
        fid=entry["fid"],
        spelling=entry["chain"],
        modified_at=MODIFIED,
        encryption=encryption,
    )
    assert found.warnings == ()
    assert wallet_file.render(found.members) == content
    wallet = found.wallet
    assert wallet.address == entry["address"]
    if entry["privateKey"]:
        key = encryption.decrypt(
            wallet.encrypted_key, fid=wallet.fid, chain=wallet.chain, address=wallet.address
        )
        assert "0x" + key.reveal().hex() == entry["privateKey"]
        assert address_of(key) == wallet.address
    else:
        assert (wallet.chain, wallet.encrypted_key) == ("base-account", None)

    ours = wallet_file.members_of(wallet, encryption)
    theirs = json.loads(content)
    assert ours["iv"] != theirs["iv"]
    assert len(ours["encryptedPrivateKey"]) == len(theirs["encryptedPrivateKey"])
    assert old_decrypt(ours) == (entry["privateKey"] or "")
    encrypted = {name: theirs[name] for name in ("encryptedPrivateKey", "iv")}
    # The oldest kind says "ethereum" of a Base Account, which we do not repeat.
    said = {"chain": theirs["chain"]}
    assert wallet_file.render({**ours, **encrypted, **said}) == content
    assert ours["chain"] == wallet.chain


def test_a_key_that_does_not_decrypt_is_not_written(read, encryption):
    wallet = read(keyed()).wallet
    with pytest.raises(KeyUnreadable):
        wallet_file.members_of(wallet, EncryptionService(Secret(OTHER_SECRET)))


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NEW_YEAR, "2027-01-01T00:00:00.000Z"),
        (NEW_YEAR + timedelta(milliseconds=7), "2027-01-01T00:00:00.007Z"),
        (NEW_YEAR + timedelta(microseconds=1), "2027-01-01T00:00:00.000001Z"),
        (NEW_YEAR.astimezone(timezone(timedelta(hours=5))), "2027-01-01T00:00:00.000Z"),
    ],
)
def test_a_time_is_written_as_javascript_does_and_read_back(read, moment, text):
    assert wallet_file.written_time(moment) == text
    assert read(keyed(createdAt=text)).wallet.created_at == moment


def test_unknown_members_are_kept(read):
    more = {"note": "caf\xe9", "list": [1, {"a": None}], "big": 2**80}
    assert more.items() <= read(keyed(**more)).members.items()


def test_a_number_that_json_cannot_write_does_not_prevent_a_change(read):
    """Python reads 1e999 as infinity and writes it as `Infinity`, which is not JSON."""
    found = read(json.dumps(keyed())[:-1].encode() + b', "note": 1e999, "other": [-1e999]}')
    again = wallet_file.render(found.members)
    assert b"Infinity" not in again
    assert read(again).wallet.address == found.wallet.address
