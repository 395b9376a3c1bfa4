"""Encryption of any key for any row: it decrypts to the same key, or not at all."""

from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import OTHER_SECRET, SECRET
from tests.wallet_store import old_open
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
def service():
    return EncryptionService(Secret(SECRET))


@pytest.fixture(scope="module")
def rotated():
    return EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET)])


def flipped(value, bit):
    """Turn one bit of a number, or of a text."""
    if isinstance(value, int):
        return value ^ 1 << bit % 63
    raw = bytearray(value.encode())
    # Hex digits are compared as what they stand for, so that their case (bit 5) says nothing.
    raw[bit // 8 % len(raw)] ^= 1 << (bit % 8 if bit % 8 not in (5, 7) else 0)
    return raw.decode()


@settings(deadline=None)
@given(key=private_keys, row=rows, part=st.sampled_from(range(7)), bit=bits)
def test_a_flipped_bit_in_any_column_does_not_decrypt(service, key, row, part, bit):
    sealed = service.encrypt(key, **row)
    kept = {**asdict(sealed), **row}
    name = sorted(kept)[part]
    changed = {**kept, name: flipped(kept[name], bit)}
    parts = {column: changed.pop(column) for column in asdict(sealed)}
    with pytest.raises(KeyUnreadable):
        service.decrypt(EncryptedKey(**parts), **changed)


@settings(deadline=None)
@given(key=private_keys, row=rows, other=rows)
def test_an_encrypted_key_decrypts_only_in_its_own_row(service, key, row, other):
    sealed = service.encrypt(key, **row)
    if row == other:
        assert service.decrypt(sealed, **other).reveal() == key.reveal()
    else:
        with pytest.raises(KeyUnreadable):
            service.decrypt(sealed, **other)


@settings(deadline=None)
@given(ciphertext=st.text(max_size=120) | hexadecimal, iv=st.text(max_size=40) | hexadecimal)
def test_no_other_text_decrypts(service, ciphertext, iv):
    row = {"fid": 1, "chain": "ethereum", "address": "0x"}
    sealed = service.encrypt(Secret(bytes(32)), **row)
    with pytest.raises(KeyUnreadable):
        service.decrypt(replace(sealed, ciphertext=ciphertext, iv=iv), **row)


@settings(deadline=None)
@given(key=st.none() | private_keys)
def test_records_of_the_old_scheme_decrypt_here_and_in_the_old_service(service, key):
    ciphertext, iv = service.encrypt_legacy(key)
    opened = service.decrypt_legacy(ciphertext, iv)
    plaintext = old_open({"encryptedPrivateKey": ciphertext, "iv": iv})
    if key is None:
        assert (opened, plaintext) == (None, "")
    else:
        assert opened.private_key.reveal() == key.reveal() == bytes.fromhex(plaintext[2:])


@settings(deadline=None)
@given(key=private_keys, row=rows)
def test_after_a_change_of_secret_both_schemes_decrypt(service, rotated, key, row):
    assert rotated.decrypt(service.encrypt(key, **row), **row).reveal() == key.reveal()
    assert rotated.decrypt_legacy(*service.encrypt_legacy(key)).private_key.reveal() == key.reveal()
    with pytest.raises(KeyUnreadable):
        service.decrypt(rotated.encrypt(key, **row), **row)


@settings(deadline=None)
@given(ciphertext=hexadecimal | st.text(max_size=80), iv=hexadecimal | st.text(max_size=40))
def test_an_old_record_with_any_content_is_refused_or_decrypted(service, ciphertext, iv):
    try:
        opened = service.decrypt_legacy(ciphertext, iv)
    except KeyUnreadable:
        return
    assert opened is None or len(opened.private_key.reveal()) == 32
