"""A folder of wallet files of the old service, written and read without our own code."""

import functools
import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from tests.factories import SECRET
from tests.leaks import LEAKS
from wallet_api.crypto import key_pairs as keys

SAMPLES = Path(__file__).parent / "data" / "legacy_store" / "wallets"
# When a file was changed that tests read from memory.
MODIFIED = datetime(2020, 2, 29, 12, tzinfo=UTC)
EXPECTED: list[dict[str, Any]] = json.loads((SAMPLES.parent / "expected.json").read_text())
LEAKS.secrets.update(entry["privateKey"][2:] for entry in EXPECTED if entry["privateKey"])


@functools.cache
def _key(secret: str) -> bytes:
    return hashlib.scrypt(secret.encode(), salt=b"salt", n=16384, r=8, p=1, dklen=32)


def old_encrypt(plaintext: str, secret: str = SECRET) -> tuple[str, str]:
    """Encrypt as the old service did: ciphertext and iv, both in hex."""
    iv = os.urandom(16)
    text = plaintext.encode()
    pad = 16 - len(text) % 16
    encryptor = Cipher(algorithms.AES256(_key(secret)), modes.CBC(iv)).encryptor()
    padded = text + bytes([pad]) * pad
    return (encryptor.update(padded) + encryptor.finalize()).hex(), iv.hex()


def old_decrypt(members: dict[str, Any], secret: str = SECRET) -> str:
    """Decrypt as the old service did: `0x…`, or nothing for a keyless record."""
    iv = bytes.fromhex(members["iv"])
    decryptor = Cipher(algorithms.AES256(_key(secret)), modes.CBC(iv)).decryptor()
    encrypted = bytes.fromhex(members["encryptedPrivateKey"])
    padded = decryptor.update(encrypted) + decryptor.finalize()
    assert padded[-padded[-1] :] == bytes([padded[-1]]) * padded[-1]
    return padded[: -padded[-1]].decode()


def keyed(secret: str = SECRET, **changes: Any) -> dict[str, Any]:
    """Return the members of a trading wallet's file; a member that is ... is left out."""
    pair = keys.generate()
    ciphertext, iv = old_encrypt("0x" + pair.private_key.reveal().hex(), secret)
    members = {
        "address": pair.address,
        "encryptedPrivateKey": ciphertext,
        "iv": iv,
        "chain": "ethereum",
        "createdAt": "2026-11-22T10:42:23.436Z",
        **changes,
    }
    return {name: value for name, value in members.items() if value is not ...}


def keyless(address: str, chain: str, **changes: Any) -> dict[str, Any]:
    """Return the members of a Base Account's file: its key is the encryption of nothing."""
    ciphertext, iv = old_encrypt("")
    encrypted = {"encryptedPrivateKey": ciphertext, "iv": iv}
    return keyed(**{"address": address, "chain": chain, **encrypted, **changes})


def put(folder: Path, fid: int, members: dict[str, Any], chain: str = "ethereum") -> Path:
    """Write a file of the folder and return its path."""
    path = folder / f"wallet_{fid}_{chain}.json"
    path.write_text(json.dumps(members, indent=2))
    return path


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return each wallet file's bytes and time of change; our own files begin with a dot."""
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.iterdir()
        if not path.name.startswith(".")
    }
