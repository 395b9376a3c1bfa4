"""The JSON files of the old service: names, parsing, verification, rendering.

One file per user and chain, `wallet_<fid>_<chain>.json`:

    {
      "address": "0x…",
      "encryptedPrivateKey": "<hex>",   an encrypted empty string, "" or null: there is no key
      "iv": "<hex>",
      "chain": "ethereum",
      "createdAt": "2026-11-22T10:42:23.436Z"
    }

The oldest files store a Base Account address, without key, under `ethereum`. Files that this
service changes may also have `updatedAt`. This module does not access the disk.
"""

import codecs
import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wallet_api.crypto import key_pairs as keys
from wallet_api.crypto.encryption import NO_PRIVATE_KEY, EncryptionService, LegacyKey
from wallet_api.errors import InvalidAddress, KeyUnreadable
from wallet_api.ethereum.addresses import parse_address
from wallet_api.models import (
    BASE_ACCOUNT_CHAIN,
    CHAIN_SPELLINGS,
    MAX_FID,
    TRADING_CHAIN,
    Wallet,
)

MAX_BYTES = 64 * 1024
"""No wallet file is larger than this; the old service's have about 400 bytes."""

_ANOTHER_ADDRESS = "its key is the key of another address"

SECRET_MATCHES = (NO_PRIVATE_KEY, _ANOTHER_ADDRESS)
"""The faults of files that were encrypted with one of our secrets."""

_NAME = re.compile(r"wallet_([0-9]+)_(.+)\.json", re.DOTALL)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_IV = re.compile(r"[0-9a-fA-F]{32}")
_HEX = re.compile(r"[0-9a-fA-F]*")
# JavaScript cannot represent a number with more digits.
_MAX_DIGITS = 308
_ENCODINGS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletFile:
    """A file whose key was decrypted and derives its address.

    `wallet` is the content of the file, its key encrypted as in a row. `warnings` are harmless
    irregularities, in sentences. `members` is the JSON object itself.
    """

    wallet: Wallet
    warnings: tuple[str, ...]
    members: dict[str, Any]


def file_name(fid: int, chain: str) -> str:
    """Return the name of the file of a user's wallet on a chain, in the given spelling."""
    if not 0 < fid <= MAX_FID or chain not in CHAIN_SPELLINGS:
        raise ValueError("there is no wallet file for such a FID or chain")
    return f"wallet_{fid}_{chain}.json"


def parse_name(name: str) -> tuple[int, str]:
    """Return the FID and the chain (as spelled) in a file's name.

    Raises KeyUnreadable if it is not the name of a wallet file.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise KeyUnreadable("its name is not wallet_<fid>_<chain>.json")
    digits, chain = match.groups()
    if chain not in CHAIN_SPELLINGS:
        raise KeyUnreadable("its name has an unknown chain")
    if digits.startswith("0"):
        raise KeyUnreadable("its name gives FID 0, or a FID with leading zeros")
    if len(digits) > len(str(MAX_FID)) or int(digits) > MAX_FID:
        raise KeyUnreadable("its name gives a FID that is too large (2^63 or more)")
    return int(digits), chain


def read(
    content: bytes, *, fid: int, spelling: str, modified_at: datetime, encryption: EncryptionService
) -> WalletFile:
    """Parse one file and verify that its key decrypts and derives its address.

    `modified_at` replaces a date that cannot be read. Raises KeyUnreadable, with a reason that
    reveals nothing about the key.
    """
    text, warnings = _text(content)
    members = _members(text)
    address = members["address"]
    old_key = _old_key(members, encryption)
    chain = BASE_ACCOUNT_CHAIN
    encrypted_key = None
    if old_key is not None:
        private_key = old_key.private_key
        if not old_key.is_plain:
            warnings.append("its key is not spelled as 0x and 64 hex digits: the address proves it")
        if spelling != TRADING_CHAIN:
            raise KeyUnreadable("it holds a private key, which a Base Account address never has")
        chain = TRADING_CHAIN
        derived = keys.address_of(private_key)
        if derived.lower() != address.lower():
            raise KeyUnreadable(_ANOTHER_ADDRESS)
        address = derived
        encrypted_key = encryption.encrypt(private_key, fid=fid, chain=chain, address=address)
        # Verify that the new ciphertext decrypts.
        encryption.decrypt(encrypted_key, fid=fid, chain=chain, address=address)
    else:
        try:
            address = parse_address(address)
        except InvalidAddress as error:
            raise KeyUnreadable("its address fails the EIP-55 checksum") from error

    stated = members.get("chain")
    if not isinstance(stated, str) or CHAIN_SPELLINGS.get(stated) != CHAIN_SPELLINGS[spelling]:
        warnings.append("the chain inside the file is not the one in its name")
    created_at = _time(members.get("createdAt"))
    if created_at is None:
        warnings.append("createdAt cannot be read: the file's own time is used")
        created_at = modified_at
    return WalletFile(
        wallet=Wallet(
            fid=fid,
            chain=chain,
            wallet_type="trading" if encrypted_key else "base-account",
            address=address,
            encrypted_key=encrypted_key,
            created_at=created_at,
            updated_at=_time(members.get("updatedAt")) or created_at,
        ),
        warnings=tuple(warnings),
        members=members,
    )


def members_of(wallet: Wallet, encryption: EncryptionService) -> dict[str, Any]:
    """Return the members of a wallet's file, in the old service's order.

    Raises KeyUnreadable if the wallet's key does not decrypt.
    """
    private_key = None
    if wallet.encrypted_key is not None:
        private_key = encryption.decrypt(
            wallet.encrypted_key, fid=wallet.fid, chain=wallet.chain, address=wallet.address
        )
    ciphertext, iv = encryption.encrypt_legacy(private_key)
    members = {
        "address": wallet.address,
        "encryptedPrivateKey": ciphertext,
        "iv": iv,
        "chain": wallet.chain,
        "createdAt": written_time(wallet.created_at),
    }
    if wallet.updated_at != wallet.created_at:
        members["updatedAt"] = written_time(wallet.updated_at)
    return members


def render(members: dict[str, Any]) -> bytes:
    """Return a file's content as the old service wrote it (JSON.stringify with two spaces).

    Raises KeyUnreadable if foreign members make the file too large to be read again.
    """
    try:
        content = json.dumps(members, indent=2).encode()
    except RecursionError as error:
        raise KeyUnreadable("its members are nested too deeply to be written again") from error
    if len(content) > MAX_BYTES:
        raise KeyUnreadable("its members are too large to be written again")
    return content


def written_time(moment: datetime) -> str:
    """Format a time as JavaScript does, with microseconds if there are any."""
    moment = moment.astimezone(UTC)
    precision = "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def _text(content: bytes) -> tuple[str, list[str]]:
    """Decode a file; return the text and warnings.

    Invalid bytes become U+FFFD, as in the old service, which loses no key.
    """
    bom = next((candidate for candidate in _ENCODINGS if content.startswith(candidate)), None)
    encoding = "utf-8" if bom is None else _ENCODINGS[bom]
    warnings = [] if bom is None else ["it begins with a byte order mark, which was ignored"]
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode(encoding, errors="replace")
        warnings.append("parts of it are not UTF-8 text, and were read as U+FFFD")
    return text, warnings


def _members(text: str) -> dict[str, Any]:
    if not text.strip():
        raise KeyUnreadable("it is empty")
    try:
        members, end = _JSON.raw_decode(text, len(text) - len(text.lstrip()))
    except RecursionError as error:
        raise KeyUnreadable("it is nested too deeply") from error
    except ValueError as error:
        raise KeyUnreadable(_why_no_json(text, error)) from error
    if text[end:].strip():
        raise KeyUnreadable("there is data after its JSON")
    if not isinstance(members, dict):
        raise KeyUnreadable("it is JSON, but not an object")
    for name in ("address", "encryptedPrivateKey", "iv"):
        if name not in members:
            raise KeyUnreadable(f"its member {name} is missing")
    if not isinstance(members["address"], str) or not _ADDRESS.fullmatch(members["address"]):
        raise KeyUnreadable("its address is not 0x and 40 hex digits")
    return members


def _why_no_json(text: str, error: ValueError) -> str:
    if "\0" in text:
        return "it is not JSON: there are zero bytes in it"
    if text.lstrip().startswith("{") and not text.rstrip().endswith("}"):
        return "it was cut off"
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON (line {error.lineno}, column {error.colno})"
    return f"it is not JSON ({error})"


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


def _whole(digits: str) -> int | None:
    return int(digits) if len(digits) <= _MAX_DIGITS else None


def _finite(text: str) -> float | None:
    """Parse a number; one that is too large becomes null, as in the old service."""
    number = float(text)
    return number if math.isfinite(number) else None


_JSON = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite, parse_int=_whole)


def _old_key(members: dict[str, Any], encryption: EncryptionService) -> LegacyKey | None:
    ciphertext, iv = members["encryptedPrivateKey"], members["iv"]
    if ciphertext in (None, "") and iv in (None, ""):
        return None
    if not isinstance(iv, str) or not _IV.fullmatch(iv):
        raise KeyUnreadable("its iv is not 32 hex digits")
    if not isinstance(ciphertext, str) or not ciphertext or not _HEX.fullmatch(ciphertext):
        raise KeyUnreadable("its encryptedPrivateKey is not hex")
    if len(ciphertext) % 32:
        raise KeyUnreadable("its encryptedPrivateKey was cut off")
    return encryption.decrypt_legacy(ciphertext, iv)


def _time(value: object) -> datetime | None:
    """Parse an ISO 8601 time, in UTC without an offset; None if it is not valid.

    Times before 1970 and from the year 9000 on are placeholders, and break time zones.
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if 1970 <= moment.year < 9000 else None
