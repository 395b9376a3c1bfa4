"""Every kind of damage to a wallet file, and its error."""

import base64
import json
import re

import pytest

from tests.factories import BASE_ACCOUNT, OTHER_SECRET, SECRET
from tests.wallet_store import keyed, keyless, old_encrypt
from wallet_api.crypto.encryption import DOES_NOT_DECRYPT, NO_PRIVATE_KEY
from wallet_api.errors import KeyUnreadable

WRONG_SUM = "0x6485bbeDC60dc050b7a5400F454610BEdead8292"


def fault_of(read, content, *words, spelling="ethereum"):
    """Check that a file is refused for a reason that gives nothing away."""
    with pytest.raises(KeyUnreadable) as refusal:
        read(content, spelling)
    reason = refusal.value.reason
    for word in words:
        assert word in reason
    said = f"{reason} {refusal.value!r} {refusal.value} {refusal.value.__cause__!r}"
    assert SECRET not in said
    assert len(reason) < 120
    text = content.decode(errors="replace") if isinstance(content, bytes) else json.dumps(content)
    for found in re.finditer(r"(?=([0-9a-fA-F]{12}))", text):
        assert found[1] not in said
    return reason


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b" \r\n\t ", "empty"),
        (b'{"address": "\xe9"}', "encryptedPrivateKey is missing"),
        (b"\xef\xbb\xbf{}", "address is missing"),
        (b"\xef\xbb\xbf", "empty"),
        ("{}".encode("utf-16"), "address is missing"),
        ("{}".encode("utf-16-le"), "zero bytes"),
        (b"\xff", "not JSON (line 1, column 1)"),
        (b"{", "it was cut off"),
        (b'{"a": 1,\n', "it was cut off"),
        (b"nonsense", "not JSON (line 1, column 1)"),
        (b"\n\n// a comment\n{}", "not JSON (line 3, column 1)"),
        (b'{"a": 1,\n}', "not JSON (line"),
        (b"{}{}", "data after its JSON"),
        (b"{}x", "data after its JSON"),
        (b"{}\0", "data after its JSON"),
        (b"\0" * 400, "zero bytes"),
        (b'{"address": "\0\0', "zero bytes"),
        (b"[" * 60_000, "nested too deeply"),
        (b'{"a":' * 10_000, "nested too deeply"),
        (b"[" * 900 + b"]" * 900, "object"),
        (b"NaN", "NaN is not a number"),
        (b'{"address": NaN}', "NaN is not a number"),
        (b'{"address": -Infinity}', "-Infinity is not a number"),
        (b"[]", "object"),
        (b"null", "object"),
        (b"7", "object"),
        (b'"a string"', "object"),
        (b"[{}]", "object"),
        (b"{}", "address is missing"),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_a_file_that_is_not_a_record_is_refused(read, content, word):
    fault_of(read, content, word)


def test_a_file_that_was_cut_off_anywhere_is_refused(read):
    whole = json.dumps(keyed(), indent=2).encode()
    assert read(whole).wallet.encrypted_key
    for length in range(len(whole)):
        fault_of(read, whole[:length])


@pytest.mark.parametrize("name", ["address", "encryptedPrivateKey", "iv"])
def test_a_missing_member_is_reported(read, name):
    fault_of(read, keyed(**{name: ...}), f"member {name} is missing")


@pytest.mark.parametrize(
    "address",
    [
        None,
        7,
        [],
        {},
        True,
        "",
        "0x",
        "0x" + "1" * 39,
        "0x" + "1" * 41,
        "0x" + "g" * 40,
        "1" * 42,
        "0X" + "1" * 40,
        " 0x" + "1" * 40,
        "0x" + "1" * 40 + "\n",
        "0x" + "٣" * 40,
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_malformed_address_is_refused_with_a_key_and_without(read, address):
    fault_of(read, keyed(address=address), "its address")
    fault_of(read, keyless(address, "base-account"), "its address", spelling="base-account")


@pytest.mark.parametrize(
    "iv",
    [
        None,
        "",
        7,
        [],
        "ab",
        "ab" * 15,
        "ab" * 17,
        "g" * 32,
        "0x" + "ab" * 15,
        "ab" * 16 + "\n",
        "٣" * 32,
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_malformed_iv_is_refused(read, iv):
    fault_of(read, keyed(iv=iv), "its iv")


@pytest.mark.parametrize(
    "ciphertext",
    [
        None,
        "",
        7,
        [],
        {},
        False,
        "g" * 160,
        "0x" + "ab" * 79,
        "ab" * 79,
        "a" * 159,
        "ab" * 80 + "\n",
        " " * 160,
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_malformed_ciphertext_is_refused(read, ciphertext):
    fault_of(read, keyed(encryptedPrivateKey=ciphertext), "its encryptedPrivateKey")


@pytest.mark.parametrize("block", range(5))
@pytest.mark.parametrize("byte", [0, 7, 15])
def test_a_ciphertext_that_was_changed_in_any_block_is_refused(read, block, byte):
    members = keyed()
    changed = bytearray.fromhex(members["encryptedPrivateKey"])
    changed[16 * block + byte] ^= 1
    fault_of(read, {**members, "encryptedPrivateKey": changed.hex()}, "its key")


@pytest.mark.parametrize("blocks", [1, 2, 3, 4])
def test_a_ciphertext_that_lost_blocks_is_refused(read, blocks):
    members = keyed()
    ciphertext = members["encryptedPrivateKey"]
    without_end, without_begin = ciphertext[: -32 * blocks], ciphertext[32 * blocks :]
    assert fault_of(read, {**members, "encryptedPrivateKey": without_end}) == DOES_NOT_DECRYPT
    # Its end shows that the secret is the right one, but for a block that nothing stands before.
    reason = NO_PRIVATE_KEY if blocks < 4 else DOES_NOT_DECRYPT
    assert fault_of(read, {**members, "encryptedPrivateKey": without_begin}) == reason


def test_a_key_of_another_address_is_refused(read):
    fault_of(read, keyed(address=keyed()["address"]), "another address")
    fault_of(read, keyed(address=BASE_ACCOUNT), "another address")


def test_a_number_outside_of_the_curve_is_refused(read):
    for private_key in ("00" * 32, "ff" * 32):
        ciphertext, iv = old_encrypt(f"0x{private_key}")
        fault_of(read, keyed(encryptedPrivateKey=ciphertext, iv=iv), "secp256k1")


@pytest.mark.parametrize(
    "plaintext",
    [
        "0x",
        "0x00",
        "0x" + "ab" * 31 + "zz",
        "0x" + "ab" * 33,
        "0y" + "ab" * 32,
        # As long as a key with one byte of padding, which could be chance.
        "0x" + "z" * 61,
        "x" + "ab" * 32,
        "0x" + "ab" * 16,
        "null",
        " ",
        "test " * 11 + "junk",
        '{"privateKey": null}',
        "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=",
        "caf\xe9",
    ],
)
def test_a_ciphertext_of_another_plaintext_proves_the_secret(read, plaintext):
    ciphertext, iv = old_encrypt(plaintext)
    reason = fault_of(read, keyed(encryptedPrivateKey=ciphertext, iv=iv))
    assert reason == NO_PRIVATE_KEY
    assert "ENCRYPTION_SECRET" not in reason


@pytest.mark.parametrize("plaintext", ["ab" * 32, "AB" * 31, base64.b64encode(b"k" * 32).decode()])
def test_a_key_in_another_spelling_is_proved_only_by_its_address(read, plaintext):
    ciphertext, iv = old_encrypt(plaintext)
    fault_of(read, keyed(encryptedPrivateKey=ciphertext, iv=iv), "another address")


def test_another_secret_decrypts_nothing_and_the_reason_says_so(read):
    reason = fault_of(read, keyed(OTHER_SECRET))
    assert reason == DOES_NOT_DECRYPT
    assert OTHER_SECRET not in reason


@pytest.mark.parametrize("spelling", ["base-account", "base", "ethereum-base"])
def test_a_base_account_with_a_private_key_is_refused(read, spelling):
    fault_of(read, keyed(chain=spelling), "holds a private key", spelling=spelling)


@pytest.mark.parametrize(
    "key",
    [{"encryptedPrivateKey": ""}, {"encryptedPrivateKey": None}, {"iv": ""}, {"iv": None}],
    ids=str,
)
def test_a_record_with_half_of_its_key_is_not_read_as_keyless(read, key):
    fault_of(read, keyed(**key))
    fault_of(read, keyless(BASE_ACCOUNT, "base-account", **key), spelling="base-account")


def test_a_keyless_address_that_fails_its_checksum_is_refused(read):
    fault_of(read, keyless(WRONG_SUM, "base-account"), "EIP-55", spelling="base-account")


def test_the_last_of_two_equal_members_counts_as_in_javascript(read):
    members = keyed()
    text = json.dumps(members)[:-1] + f', "address": "{BASE_ACCOUNT}"}}'
    fault_of(read, text.encode(), "another address")
