"""The MACs of the audit log, compared with a second implementation."""

import hashlib
import hmac
import pickle
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from ipaddress import ip_address

import pytest

from tests.factories import OTHER_SECRET, SECRET
from wallet_api.crypto.audit_chain import FIRST_HEAD, AuditKey
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.errors import KeyUnreadable
from wallet_api.models import AuditEntry, AuditHead
from wallet_api.services.audit.append import chained

ROOT = bytes(range(32))
KEY = AuditKey("ab" * 8, Secret(ROOT))
HEAD = AuditHead(fid=7, id=2, mac="cd" * 32, now=datetime(2026, 11, 24, 12, 30, 1, 5, tzinfo=UTC))
ENTRY = AuditEntry(
    fid=7,
    id=3,
    chain="ethereum",
    action="key.read",
    actor="client:engine",
    request_id="r-1",
    ip=ip_address("192.0.2.1"),
    reason="sign \N{EURO SIGN}",
    recipient=None,
    address=None,
    created_at=HEAD.now,
    key_id=KEY.key_id,
    mac=None,
)
CHANGES = {
    "fid": 8,
    "id": 4,
    "chain": "base-account",
    "action": "key.refused",
    "actor": "client:engine2",
    "request_id": "r-2",
    "ip": ip_address("192.0.2.2"),
    "reason": None,
    "recipient": "A" * 43,
    "address": "0x" + "ab" * 20,
    "created_at": HEAD.now + timedelta(microseconds=1),
    "key_id": "cd" * 8,
    "details": "{}",
}


def hkdf(key, info):
    """HKDF-SHA256 without salt, 32 bytes: RFC 5869 in two lines."""
    extracted = hmac.digest(bytes(32), key, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def mac(text):
    return hmac.new(hkdf(ROOT, b"wallet-api/audit-mac/v1"), text, hashlib.sha256).hexdigest()


def test_the_macs_equal_a_second_implementation():
    content = (
        b'[7, 3, "ethereum", "key.read", "client:engine", "r-1", "192.0.2.1", "sign \\u20ac", null,'
        b' null, "2026-11-24T12:30:01.000005+00:00", "abababababababab"]'
    )
    entry = mac(b"entry\n" + HEAD.mac.encode() + b"\n" + content)
    made = chained(KEY, ENTRY, HEAD)
    assert made.entry.mac == entry
    assert made.head.mac == mac(f"head\n7\n3\n{entry}".encode())
    assert (made.head.fid, made.head.id) == (7, 3)


def test_details_are_the_last_element_as_the_text_that_they_are():
    content = (
        b'[7, 3, "ethereum", "key.read", "client:engine", "r-1", "192.0.2.1", "sign \\u20ac", null,'
        b' null, "2026-11-24T12:30:01.000005+00:00", "abababababababab", "{\\"a\\":  1}"]'
    )
    made = chained(KEY, replace(ENTRY, details='{"a":  1}'), HEAD)
    assert made.entry.mac == mac(b"entry\n" + HEAD.mac.encode() + b"\n" + content)


@pytest.mark.parametrize("name", CHANGES)
def test_every_part_of_an_entry_is_covered(name):
    changed = chained(KEY, replace(ENTRY, **{name: CHANGES[name]}), HEAD)
    assert changed.entry.mac != chained(KEY, ENTRY, HEAD).entry.mac


def test_the_test_covers_every_field_of_an_entry():
    assert {field.name for field in fields(AuditEntry)} == CHANGES.keys() | {"mac"}


def test_the_previous_entry_is_covered():
    other = replace(HEAD, mac=FIRST_HEAD)
    assert chained(KEY, ENTRY, other).entry.mac != chained(KEY, ENTRY, HEAD).entry.mac


def test_the_same_moment_in_another_zone_is_the_same_content():
    east = HEAD.now.astimezone(timezone(timedelta(hours=9)))
    assert (
        chained(KEY, replace(ENTRY, created_at=east), HEAD).entry.mac
        == chained(KEY, ENTRY, HEAD).entry.mac
    )


def test_another_secret_gives_other_macs():
    other = AuditKey(KEY.key_id, Secret(bytes(32)))
    assert chained(other, ENTRY, HEAD).entry.mac != chained(KEY, ENTRY, HEAD).entry.mac


def test_the_keys_of_the_log_are_not_those_of_the_wallets():
    ours = EncryptionService(Secret(SECRET))
    root = ours.audit_keys[ours.key_id].root.reveal()
    assert root == hkdf(ours._current.key.reveal(), b"wallet-api/audit-root/v1")
    assert root != ours._current.key.reveal()


def test_a_later_secret_decrypts_the_root_of_its_predecessor():
    both = EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET)])
    later, older = both.audit_keys.values()
    sealed = later.encrypt_root_of(older)
    assert sealed != later.encrypt_root_of(older)
    opened = later.decrypt_root_of(older.key_id, sealed)
    assert opened.root.reveal() == older.root.reveal()
    assert opened.key_id == older.key_id
    for key, key_id, text in (
        (later, "ab" * 8, sealed),
        (older, older.key_id, sealed),
        *(
            (later, older.key_id, f"{sealed[:n]}{int(sealed[n], 16) ^ 1:x}{sealed[n + 1 :]}")
            for n in range(len(sealed))
        ),
    ):
        with pytest.raises(KeyUnreadable):
            key.decrypt_root_of(key_id, text)


def test_neither_root_nor_key_is_shown_or_pickled():
    assert ROOT.hex() not in repr(vars(KEY))
    assert "\\x01" not in repr(vars(KEY))
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
