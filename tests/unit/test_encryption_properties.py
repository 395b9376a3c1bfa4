"""Encryption of any key for any row: it decrypts to the same key, or not at all."""

from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import OTHER_SECRET, SECRET
from tests.wallet_store import old_decrypt
from wallet_api.auth.fids import MAX_FID
from wallet_api.crypto.encryption import EncryptedKey, EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.errors import KeyUnreadable

private_keys = st.binary(min_size=32, max_size=32).map(Secret)
rows = st.fixed_dictionaries(
    {
        "fid": st.integers(1, MAX_FID),
        "chain": st.sampled_from(["ethereum", "base-account", "solana"]),
        "address": st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex()),
    }
)
bits = st.integers(0, 10_000)
hexadecimal = st.text("0123456789abcdefABCDEF", max_size=300)


@pytest.fixture(scope="module")
def rotated():
    return EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET)])


def flip_any_bit(value, bit):
    """Change one bit of a number, or of a text."""
    if isinstance(value, int):
        return value ^ 1 << bit % 63
    raw = bytearray(value.encode())
    # Hex digits are compared as what they stand for, so that their case (bit 5) says nothing.
    raw[bit // 8 % len(raw)] ^= 1 << (bit % 8 if bit % 8 not in (5, 7) else 0)
    return raw.decode()


@settings(deadline=None)
@given(key=private_keys, row=rows, part=st.sampled_from(range(7)), bit=bits)
def test_a_flipped_bit_in_any_column_does_not_decrypt(encryption, key, row, part, bit):
    encrypted = encryption.encrypt(key, **row)
    kept = {**asdict(encrypted), **row}
    name = sorted(kept)[part]
    changed = {**kept, name: flip_any_bit(kept[name], bit)}
    parts = {column: changed.pop(column) for column in asdict(encrypted)}
    with pytest.raises(KeyUnreadable):
        encryption.decrypt(EncryptedKey(**parts), **changed)


@settings(deadline=None)
@given(key=private_keys, row=rows, other=rows)
def test_an_encrypted_key_decrypts_only_in_its_own_row(encryption, key, row, other):
    encrypted = encryption.encrypt(key, **row)
    if row == other:
        assert encryption.decrypt(encrypted, **other).reveal() == key.reveal()
    else:
        with pytest.raises(KeyUnreadable):
            encryption.decrypt(encrypted, **other)


@settings(deadline=None)
@given(ciphertext=st.text(max_size=120) | hexadecimal, iv=st.text(max_size=40) | hexadecimal)
def test_no_other_text_decrypts(encryption, ciphertext, iv):
    row = {"fid": 1, "chain": "ethereum", "address": "0x"}
    encrypted = encryption.encrypt(Secret(bytes(32)), **row)
    with pytest.raises(KeyUnreadable):
        encryption.decrypt(replace(encrypted, ciphertext=ciphertext, iv=iv), **row)


@settings(deadline=None)
@given(key=st.none() | private_keys)
def test_records_of_the_old_scheme_decrypt_here_and_in_the_old_service(encryption, key):
    ciphertext, iv = encryption.encrypt_legacy(key)
    opened = encryption.decrypt_legacy(ciphertext, iv)
    plaintext = old_decrypt({"encryptedPrivateKey": ciphertext, "iv": iv})
    if key is None:
        assert (opened, plaintext) == (None, "")
    else:
        assert opened.private_key.reveal() == key.reveal() == bytes.fromhex(plaintext[2:])


@settings(deadline=None)
@given(key=private_keys, row=rows)
def test_after_a_change_of_secret_both_schemes_decrypt(encryption, rotated, key, row):
    assert rotated.decrypt(encryption.encrypt(key, **row), **row).reveal() == key.reveal()
    assert (
        rotated.decrypt_legacy(*encryption.encrypt_legacy(key)).private_key.reveal() == key.reveal()
    )
    with pytest.raises(KeyUnreadable):
        encryption.decrypt(rotated.encrypt(key, **row), **row)


@settings(deadline=None)
@given(ciphertext=hexadecimal | st.text(max_size=80), iv=hexadecimal | st.text(max_size=40))
def test_an_old_record_with_any_content_is_refused_or_decrypted(encryption, ciphertext, iv):
    try:
        opened = encryption.decrypt_legacy(ciphertext, iv)
    except KeyUnreadable:
        return
    assert opened is None or len(opened.private_key.reveal()) == 32
