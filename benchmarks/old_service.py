"""The wallet storage of the service that this one replaces: one JSON file per wallet.

It derives its key (scrypt, N = 2^14) each time it encrypts or decrypts a private key, never flushes
to disk, and creates two wallets for two concurrent first deposits of one user. It is unchanged,
because it is the baseline of the benchmarks.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from eth_keys.datatypes import PrivateKey


class OldService:
    """Wallets in a directory of files."""

    def __init__(self, folder: Path, secret: str) -> None:
        self._folder = folder
        self._secret = secret.encode()

    def ensure_trading_wallet(self, fid: int) -> str:
        """Return the address of a user's trading wallet. Create it if there is no file."""
        path = self._path(fid)
        if path.exists():
            return str(json.loads(path.read_text())["address"])
        key = PrivateKey(os.urandom(32))
        address = key.public_key.to_checksum_address()
        iv = os.urandom(16)
        encryptor = Cipher(algorithms.AES256(self._encryption_key()), modes.CBC(iv)).encryptor()
        padder = PKCS7(128).padder()
        padded = padder.update(key.to_hex().encode()) + padder.finalize()
        members = {
            "address": address,
            "encryptedPrivateKey": (encryptor.update(padded) + encryptor.finalize()).hex(),
            "iv": iv.hex(),
            "chain": "ethereum",
            "createdAt": datetime.now(UTC).isoformat(),
        }
        path.write_text(json.dumps(members, indent=2))
        return address

    def get_wallet_with_key(self, fid: int) -> tuple[str, bytes]:
        """Return the address and the private key of a user's trading wallet."""
        members = json.loads(self._path(fid).read_text())
        mode = modes.CBC(bytes.fromhex(members["iv"]))
        decryptor = Cipher(algorithms.AES256(self._encryption_key()), mode).decryptor()
        sealed = bytes.fromhex(members["encryptedPrivateKey"])
        unpadder = PKCS7(128).unpadder()
        padded = decryptor.update(sealed) + decryptor.finalize()
        plaintext = unpadder.update(padded) + unpadder.finalize()
        return members["address"], bytes.fromhex(plaintext.decode().removeprefix("0x"))

    def _path(self, fid: int) -> Path:
        return self._folder / f"wallet_{fid}_ethereum.json"

    def _encryption_key(self) -> bytes:
        return Scrypt(salt=b"salt", length=32, n=2**14, r=8, p=1).derive(self._secret)
