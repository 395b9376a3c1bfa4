"""Encryption of keys: the exact bytes, and everything that must not decrypt."""

import hashlib
import hmac
import traceback
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factories import OTHER_SECRET
from wallet_api.auth.fids import MAX_FID
from wallet_api.crypto import derivation
from wallet_api.crypto.encryption import EncryptedKey, EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.errors import KeyUnreadable

# Computed only with hashlib.scrypt, HMAC and AES-GCM. Rows in databases have this form:
# a change that breaks them makes every stored key unreadable.
SECRET = "correct horse battery staple 2025"
MASTER = "c39a256e2a4468c0fe121186329c516567493017034f927b334d8b37921aad87"
KEY_ID = "b0aa1f23ffef2492"
WALLET_KEY = "41e02adbe8bdde50b56ec4542db4581efcecb40672a1a58605ec07b853302ffa"
NONCE = "000102030405060708090a0b"
CIPHERTEXT = (
    "cf487cce69dc4f7b81509b21fd147fa02dd4bdb429b58982246b57f5a6e24cd3"
    "ba6d5051e80fb81ded51db2b033d7bd7"
)
# The first account of Hardhat and Anvil, which is public.
KEY = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
ADDRESS = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
ROW = {"fid": 1464243, "chain": "ethereum", "address": ADDRESS}
SEALED = EncryptedKey(CIPHERTEXT, NONCE, "aes-256-gcm", KEY_ID)


@pytest.fixture(scope="module")
def service() -> EncryptionService:
    return EncryptionService(Secret(SECRET))


@pytest.fixture(scope="module")
def other() -> EncryptionService:
    return EncryptionService(Secret(OTHER_SECRET))


def hkdf_by_hand(key: bytes, info: bytes, length: int) -> bytes:
    """HKDF-SHA256 without salt, from RFC 5869 itself."""
    pseudorandom = hmac.digest(bytes(32), key, "sha256")
    made, block = b"", b""
    for number in range(1, 256):
        block = hmac.digest(pseudorandom, block + info + bytes([number]), "sha256")
        made += block
        if len(made) >= length:
            break
    return made[:length]


def flipped(text: str, bit: int) -> str:
    """Change one bit of a string of hex."""
    changed = bytearray.fromhex(text)
    changed[bit // 8] ^= 1 << bit % 8
    return changed.hex()


def opens(service: EncryptionService, sealed: EncryptedKey) -> bool:
    try:
        service.decrypt(sealed, **ROW)
    except KeyUnreadable:
        return False
    return True


@pytest.mark.parametrize("hkdf", [hkdf_by_hand, derivation.hkdf])
def test_hkdf_gives_the_third_test_vector_of_rfc_5869(hkdf):
    assert hkdf(b"\x0b" * 22, b"", 42).hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )


def test_the_master_key_is_scrypt_of_the_secret(service):
    salt = b"wallet-api/master/v1"
    scrypt = hashlib.scrypt(SECRET.encode(), salt=salt, n=2**17, r=8, p=1, dklen=32, maxmem=2**28)
    assert scrypt.hex() == MASTER
    assert service._current.key.reveal().hex() == MASTER


def test_the_key_id_follows_from_the_master_key(service):
    assert hkdf_by_hand(bytes.fromhex(MASTER), b"wallet-api/key-id/v1", 8).hex() == KEY_ID
    assert service.key_id == KEY_ID


def test_a_secret_that_is_not_ascii_counts_as_utf_8():
    secret = Secret("pässwörd - 32 знаков и немного больше")
    assert EncryptionService(secret).key_id == "6955e43970c5499c"


def test_a_key_encrypted_by_hand_decrypts(service):
    info = b"wallet-api/wallet-key/v1/1464243/ethereum"
    wallet_key = hkdf_by_hand(bytes.fromhex(MASTER), info, 32)
    bound_to = f"aes-256-gcm\n{KEY_ID}\n1464243\nethereum\n{ADDRESS}".encode()
    sealed = AESGCM(wallet_key).encrypt(bytes.fromhex(NONCE), KEY, bound_to)
    assert wallet_key.hex() == WALLET_KEY
    assert sealed.hex() == CIPHERTEXT
    assert service.decrypt(SEALED, **ROW).reveal() == KEY


def test_encryption_gives_the_known_ciphertext(service, monkeypatch):
    monkeypatch.setattr("wallet_api.crypto.encryption.os.urandom", lambda n: bytes(range(n)))
    assert service.encrypt(Secret(KEY), **ROW) == SEALED


def test_an_encrypted_key_is_lower_case_hex_of_fixed_lengths(service):
    sealed = service.encrypt(Secret(KEY), **ROW)
    assert [len(part) for part in (sealed.ciphertext, sealed.iv, sealed.key_id)] == [96, 24, 16]
    assert set(sealed.ciphertext + sealed.iv + sealed.key_id) <= set("0123456789abcdef")


def test_a_thousand_encryptions_have_a_thousand_nonces(service):
    assert len({service.encrypt(Secret(KEY), **ROW).iv for _ in range(1000)}) == 1000


@settings(deadline=None)
@given(
    key=st.binary(min_size=32, max_size=32),
    fid=st.integers(1, MAX_FID),
    chain=st.sampled_from(["ethereum", "solana", "ethereum/1"]),
    address=st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex()),
)
def test_every_encrypted_key_decrypts_to_itself(service, key, fid, chain, address):
    sealed = service.encrypt(Secret(key), fid=fid, chain=chain, address=address)
    assert service.decrypt(sealed, fid=fid, chain=chain, address=address).reveal() == key


@pytest.mark.parametrize(("column", "bits"), [("ciphertext", 384), ("iv", 96), ("key_id", 64)])
def test_a_flipped_bit_does_not_decrypt(service, column, bits):
    text = getattr(SEALED, column)
    assert len(text) * 4 == bits
    changed = (replace(SEALED, **{column: flipped(text, bit)}) for bit in range(bits))
    assert [sealed for sealed in changed if opens(service, sealed)] == []


@pytest.mark.parametrize("column", ["ciphertext", "iv"])
def test_a_shorter_or_longer_value_does_not_decrypt(service, column):
    text = getattr(SEALED, column)
    changed = [text[:length] for length in range(len(text))]
    changed += [text + "0", text + "00", "00" + text, text * 2]
    assert [part for part in changed if opens(service, replace(SEALED, **{column: part}))] == []


@pytest.mark.parametrize("column", ["ciphertext", "iv"])
@pytest.mark.parametrize("text", ["", "zz", "0x00", "\u0660\u0660", "\0", "G" * 24])
def test_a_value_that_is_not_hex_does_not_decrypt(service, column, text):
    with pytest.raises(KeyUnreadable):
        service.decrypt(replace(SEALED, **{column: text}), **ROW)


@pytest.mark.parametrize(
    "moved",
    [
        {"fid": 1464244},
        {"fid": 146424},
        {"fid": -1464243},
        {"chain": "base-account"},
        {"chain": "Ethereum"},
        {"chain": ""},
        {"address": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"},
        {"address": ADDRESS.lower()},
        {"address": ""},
    ],
)
def test_a_ciphertext_moved_to_another_row_does_not_decrypt(service, moved):
    with pytest.raises(KeyUnreadable, match="cannot be decrypted right now"):
        service.decrypt(SEALED, **{**ROW, **moved})


@pytest.mark.parametrize("scheme", ["aes-256-cbc", "AES-256-GCM", "aes-256-gcm\n", "none", ""])
def test_a_changed_scheme_does_not_decrypt(service, scheme):
    with pytest.raises(KeyUnreadable):
        service.decrypt(replace(SEALED, scheme=scheme), **ROW)


def test_another_secret_does_not_decrypt(other):
    with pytest.raises(KeyUnreadable):
        other.decrypt(SEALED, **ROW)


def test_another_secret_does_not_decrypt_under_its_own_key_id(other):
    with pytest.raises(KeyUnreadable):
        other.decrypt(replace(SEALED, key_id=other.key_id), **ROW)


def test_the_key_id_is_bound_even_between_two_known_secrets(other):
    both = EncryptionService(Secret(SECRET), [Secret(OTHER_SECRET)])
    with pytest.raises(KeyUnreadable):
        both.decrypt(replace(SEALED, key_id=other.key_id), **ROW)


def test_a_previous_secret_still_decrypts():
    rotated = EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET)])
    assert rotated.decrypt(SEALED, **ROW).reveal() == KEY


def test_the_current_secret_encrypts(service, other):
    rotated = EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET)])
    sealed = rotated.encrypt(Secret(KEY), **ROW)
    assert sealed.key_id == rotated.key_id == other.key_id
    assert other.decrypt(sealed, **ROW).reveal() == KEY
    assert not opens(service, sealed)


def test_a_secret_that_is_also_named_as_a_previous_one_counts_once(other):
    rotated = EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET), Secret(OTHER_SECRET)])
    assert rotated.key_id == other.key_id
    assert list(rotated.audit_keys) == [rotated.key_id, KEY_ID]


def test_a_key_id_cannot_be_derived_without_scrypt(service, other):
    master = bytes.fromhex(MASTER)
    known = [SECRET.encode(), master, bytes.fromhex(WALLET_KEY), KEY]
    hashes = ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b")
    known += [hashlib.new(name, text).digest() for name in hashes for text in (known[0], master)]
    assert not any(bytes.fromhex(KEY_ID) in text for text in known)
    assert service.key_id != other.key_id


@pytest.mark.parametrize("length", [0, 31, 33, 64, 66])
def test_only_thirty_two_bytes_are_encrypted(service, length):
    with pytest.raises(ValueError, match=r"^a private key has 32 bytes$"):
        service.encrypt(Secret(bytes(length)), **ROW)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_only_thirty_two_bytes_are_decrypted(service, length):
    bound_to = f"aes-256-gcm\n{KEY_ID}\n1464243\nethereum\n{ADDRESS}".encode()
    sealed = AESGCM(bytes.fromhex(WALLET_KEY)).encrypt(
        bytes.fromhex(NONCE), b"k" * length, bound_to
    )
    with pytest.raises(KeyUnreadable, match="cannot be decrypted right now"):
        service.decrypt(replace(SEALED, ciphertext=sealed.hex()), **ROW)


@pytest.mark.parametrize(
    "changed",
    [
        SEALED,
        replace(SEALED, ciphertext=flipped(CIPHERTEXT, 0)),
        replace(SEALED, ciphertext=KEY.hex() + "x"),
        replace(SEALED, iv="not hex"),
        replace(SEALED, key_id="0" * 16),
        replace(SEALED, scheme="none"),
    ],
)
def test_an_error_shows_neither_key_nor_secret(service, changed):
    row = {**ROW, "address": ADDRESS.lower()}
    with pytest.raises(KeyUnreadable) as refusal:
        service.decrypt(changed, **row)
    said = "".join(traceback.format_exception(refusal.value)) + refusal.value.reason
    for hidden in (KEY.hex(), repr(KEY), str(int.from_bytes(KEY)), SECRET, MASTER, WALLET_KEY):
        assert hidden not in said


def test_a_service_shows_no_secret(service):
    rotated = EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET)])
    said = repr(vars(rotated)) + repr(rotated)
    for hidden in (SECRET, OTHER_SECRET, MASTER, repr(bytes.fromhex(MASTER))):
        assert hidden not in said
