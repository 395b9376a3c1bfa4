"""Every record that the old file service wrote, and what is refused as one."""

import json
from pathlib import Path

import pytest

from tests.factories import OTHER_SECRET
from tests.wallet_store import old_encrypt
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.key_pairs import address_of
from wallet_api.crypto.secret import Secret
from wallet_api.errors import KeyUnreadable

STORE = Path(__file__).parent.parent / "data" / "legacy_store"
EXPECTED = json.loads((STORE / "expected.json").read_text())
KEYED = [entry for entry in EXPECTED if entry["privateKey"]]
# The store's README names it.
SECRET = "correct horse battery staple 2025"


def name(entry):
    return f"wallet_{entry['fid']}_{entry['chain']}.json"


def record(entry):
    """Return the ciphertext and the iv of a file of the store."""
    fields = json.loads((STORE / "wallets" / name(entry)).read_text())
    assert fields["address"] == entry["address"]
    return fields["encryptedPrivateKey"], fields["iv"]


CIPHERTEXT, IV = record(KEYED[0])


@pytest.fixture(scope="module")
def stranger():
    return EncryptionService(Secret(OTHER_SECRET))


def test_every_file_of_the_store_is_tested():
    assert sorted(map(name, EXPECTED)) == sorted(p.name for p in (STORE / "wallets").iterdir())
    assert len(KEYED) == 12
    assert SECRET in (STORE / "README.md").read_text()


@pytest.mark.parametrize("entry", KEYED, ids=name)
def test_a_sample_decrypts_to_the_key_of_its_address(encryption, entry):
    key = encryption.decrypt_legacy(*record(entry))
    assert "0x" + key.private_key.reveal().hex() == entry["privateKey"]
    assert address_of(key.private_key) == entry["address"]


@pytest.mark.parametrize("entry", [e for e in EXPECTED if e not in KEYED], ids=name)
def test_a_keyless_sample_decrypts_to_nothing(encryption, entry):
    assert encryption.decrypt_legacy(*record(entry)) is None


@pytest.mark.parametrize("entry", EXPECTED, ids=name)
def test_another_secret_decrypts_no_sample(stranger, entry):
    with pytest.raises(KeyUnreadable):
        stranger.decrypt_legacy(*record(entry))


def test_a_previous_secret_decrypts_a_sample():
    encryption = EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET)])
    key = encryption.decrypt_legacy(CIPHERTEXT, IV)
    assert "0x" + key.private_key.reveal().hex() == KEYED[0]["privateKey"]


def test_a_previous_secret_decrypts_a_keyless_sample():
    encryption = EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET)])
    keyless = next(entry for entry in EXPECTED if entry not in KEYED)
    assert encryption.decrypt_legacy(*record(keyless)) is None


def test_a_previous_secret_decrypts_a_key_in_another_spelling_and_reports_it():
    encryption = EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET)])
    opened = encryption.decrypt_legacy(
        *old_encrypt(KEYED[0]["privateKey"].removeprefix("0x"), SECRET)
    )
    assert "0x" + opened.private_key.reveal().hex() == KEYED[0]["privateKey"]
    assert not opened.is_plain
    assert encryption.decrypt_legacy(CIPHERTEXT, IV).is_plain


def test_an_upper_case_record_decrypts_too(encryption):
    key = encryption.decrypt_legacy(CIPHERTEXT.upper(), IV.upper())
    assert "0x" + key.private_key.reveal().hex() == KEYED[0]["privateKey"]


def test_a_ciphertext_cut_within_a_block_is_refused(encryption):
    for length in (n for n in range(len(CIPHERTEXT)) if n % 32):
        with pytest.raises(KeyUnreadable):
            encryption.decrypt_legacy(CIPHERTEXT[:length], IV)


@pytest.mark.parametrize("blocks", [1, 2, 3, 4])
def test_a_ciphertext_without_its_last_blocks_is_refused(encryption, blocks):
    with pytest.raises(KeyUnreadable):
        encryption.decrypt_legacy(CIPHERTEXT[: -32 * blocks], IV)


@pytest.mark.parametrize("blocks", [1, 2, 3, 4])
def test_a_ciphertext_without_its_first_blocks_is_refused(encryption, blocks):
    with pytest.raises(KeyUnreadable):
        encryption.decrypt_legacy(CIPHERTEXT[32 * blocks :], IV)


def test_a_ciphertext_with_a_block_more_is_refused(encryption):
    with pytest.raises(KeyUnreadable):
        encryption.decrypt_legacy(CIPHERTEXT + "00" * 16, IV)


@pytest.mark.parametrize(
    ("ciphertext", "iv"),
    [
        pytest.param(CIPHERTEXT[:-1], IV, id="odd ciphertext"),
        pytest.param(CIPHERTEXT + "00", IV, id="a byte too many"),
        pytest.param("0x" + CIPHERTEXT, IV, id="ciphertext with 0x"),
        pytest.param("g" + CIPHERTEXT[1:], IV, id="ciphertext not hex"),
        pytest.param("\u0663" + CIPHERTEXT[1:], IV, id="ciphertext with another digit"),
        pytest.param(CIPHERTEXT, "", id="no iv"),
        pytest.param(CIPHERTEXT, IV[:-1], id="odd iv"),
        pytest.param(CIPHERTEXT, IV[:-2], id="short iv"),
        pytest.param(CIPHERTEXT, IV[:24], id="iv of another scheme"),
        pytest.param(CIPHERTEXT, IV + "00", id="long iv"),
        pytest.param(CIPHERTEXT, "zz" * 16, id="iv not hex"),
        pytest.param(IV, CIPHERTEXT, id="changed places"),
    ],
)
def test_a_malformed_record_is_refused(encryption, ciphertext, iv):
    with pytest.raises(KeyUnreadable):
        encryption.decrypt_legacy(ciphertext, iv)


@pytest.mark.parametrize("byte", [0, 1, 2, 15])
def test_a_changed_iv_never_gives_the_key_of_the_address(encryption, byte):
    """CBC lets an attacker change the first block at will: only the address reveals it."""
    changed = bytearray.fromhex(IV)
    changed[byte] ^= 1
    try:
        key = encryption.decrypt_legacy(CIPHERTEXT, changed.hex())
    except KeyUnreadable:
        return
    assert address_of(key.private_key) != KEYED[0]["address"]


def test_an_error_shows_neither_record_nor_secret(encryption):
    with pytest.raises(KeyUnreadable) as refusal:
        encryption.decrypt_legacy("x" + KEYED[0]["privateKey"], IV)
    said = f"{refusal.value!r} {refusal.value.reason} {refusal.value.__cause__}"
    assert KEYED[0]["privateKey"] not in said
    assert SECRET not in said
