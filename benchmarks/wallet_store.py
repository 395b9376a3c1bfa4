"""Generator of wallet files of any number, independent of the code of the service.

    python -m benchmarks.wallet_store DIRECTORY FILES

Two of three files are trading wallets. The third is the Base Account address of the previous user.
Keys are derived from FIDs, so that files can be checked without a list. They are worthless.
"""

import hashlib
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from eth_keys.datatypes import PrivateKey

SECRET = "correct horse battery staple 2025"  # noqa: S105 (worthless, like the keys)
_FIRST_FID = 1_000_001
_BEGAN = datetime(2025, 1, 1, tzinfo=UTC)


def private_key(fid: int) -> bytes:
    """Return the private key of a user's trading wallet."""
    return hashlib.sha256(f"worthless key of {fid}".encode()).digest()


def address(fid: int) -> str:
    """Return the checksummed address of a user's trading wallet."""
    return str(PrivateKey(private_key(fid)).public_key.to_checksum_address())


def base_account(fid: int) -> str:
    """Return a user's Base Account address, in lower case."""
    return "0x" + hashlib.sha256(f"base account of {fid}".encode()).hexdigest()[:40]


def created_at(fid: int) -> datetime:
    """Return the creation time of a user's files, in whole milliseconds."""
    return _BEGAN + timedelta(milliseconds=fid * 977)


def wallets(files: int) -> list[tuple[int, str]]:
    """Return the FID and chain of each of `files` files."""
    found: list[tuple[int, str]] = []
    for n in range(files):
        fid = _FIRST_FID + n // 3 * 2 + min(n % 3, 1)
        found.append((fid, "base-account" if n % 3 == 2 else "ethereum"))
    return found


def make_store(directory: Path, files: int, *, secret: str = SECRET) -> None:
    """Write `files` wallet files in parallel."""
    directory.mkdir(parents=True, exist_ok=True)
    todo = wallets(files)
    parts = [(directory, todo[n : n + 2000], secret) for n in range(0, files, 2000)]
    with ProcessPoolExecutor() as pool:
        list(pool.map(_write, parts))


def write_file(directory: Path, fid: int, chain: str, encryption_key: bytes) -> None:
    """Write a file in the format of the old service."""
    keyed = chain == "ethereum"
    plaintext = b"0x" + private_key(fid).hex().encode() if keyed else b""
    padding = 16 - len(plaintext) % 16
    iv = hashlib.sha256(f"iv of {fid} {chain}".encode()).digest()[:16]
    encryptor = Cipher(algorithms.AES256(encryption_key), modes.CBC(iv)).encryptor()
    sealed = encryptor.update(plaintext + bytes([padding]) * padding) + encryptor.finalize()
    created = created_at(fid).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    members = {
        "address": address(fid) if keyed else base_account(fid),
        "encryptedPrivateKey": sealed.hex(),
        "iv": iv.hex(),
        "chain": chain,
        "createdAt": created,
    }
    (directory / f"wallet_{fid}_{chain}.json").write_text(json.dumps(members, indent=2))


def encryption_key(secret: str) -> bytes:
    """Derive the encryption key of the old service."""
    return hashlib.scrypt(secret.encode(), salt=b"salt", n=16384, r=8, p=1, dklen=32)


def _write(part: tuple[Path, list[tuple[int, str]], str]) -> None:
    directory, todo, secret = part
    key = encryption_key(secret)
    for fid, chain in todo:
        write_file(directory, fid, chain, key)


if __name__ == "__main__":
    os.umask(0o077)
    make_store(Path(sys.argv[1]), int(sys.argv[2]))
