"""Encryption of private keys with ENCRYPTION_SECRET (AES-256).

The format of scheme `aes-256-gcm`, so that a row can be decrypted without this code:

    master      = scrypt(secret, salt "wallet-api/master/v1", N 2^17, r 8, p 1, 32 bytes)
    key_id      = HKDF-SHA256(master, no salt, info "wallet-api/key-id/v1", 8 bytes) in hex
    wallet key  = HKDF-SHA256(master, no salt, info "wallet-api/wallet-key/v1/<fid>/<chain>")
    nonce       = 12 random bytes, stored in the column iv
    ciphertext  = AES-256-GCM(wallet key, nonce, the 32 raw key bytes, associated data)
    associated data = the five strings scheme, key_id, fid, chain, address joined by "\\n"
    audit root  = HKDF-SHA256(master, no salt, info "wallet-api/audit-root/v1"), see audit_chain.py

scrypt is specified in RFC 7914, HKDF in RFC 5869 (32 bytes unless stated), GCM in NIST SP 800-38D.
The associated data binds a ciphertext to its row: copied to another row, it does not decrypt. The
joined form is unambiguous, because constraints of the database exclude line breaks in its parts.
"""

import functools
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7

from wallet_api.crypto.audit_chain import AuditKey
from wallet_api.crypto.derivation import hkdf
from wallet_api.crypto.key_pairs import parse_private_key
from wallet_api.crypto.secret import Secret
from wallet_api.environment import trim
from wallet_api.errors import KeyUnreadable, SecretMismatch

AES_256_GCM = "aes-256-gcm"
_NONCE_BYTES = 12
_KEY_BYTES = 32
_LEGACY_PLAINTEXT = re.compile(rb"0x[0-9a-fA-F]{64}")
# Valid padding of this length shows that the key was right. One byte of valid padding occurs by
# chance in one of 256 decryptions with a wrong key.
_CONCLUSIVE_PADDING = 4

DOES_NOT_DECRYPT = (
    "its key does not decrypt: it was changed, or encrypted with another ENCRYPTION_SECRET"
)
"""The reason for a legacy record that none of our secrets decrypts."""

NO_PRIVATE_KEY = (
    "its key decrypts with our secret, but is not a private key: it was changed or replaced"
)
"""The reason for a legacy record that one of our secrets decrypts to another value than a key."""


@dataclass(frozen=True, slots=True)
class EncryptedKey:
    """An encrypted private key as stored: hex ciphertext with tag, hex nonce, scheme, key id."""

    ciphertext: str
    iv: str
    scheme: str
    key_id: str


@dataclass(frozen=True, slots=True)
class LegacyKey:
    """A private key from a legacy record, and whether it has the old service's exact format."""

    private_key: Secret[bytes]
    is_plain: bool


@dataclass(frozen=True, slots=True)
class _MasterKey:
    key_id: str
    key: Secret[bytes]

    @classmethod
    def derive(cls, secret: Secret[str]) -> "_MasterKey":
        master = _scrypt(secret, salt=b"wallet-api/master/v1", n=2**17)
        return cls(key_id=hkdf(master, b"wallet-api/key-id/v1", 8).hex(), key=Secret(master))

    def audit_key(self) -> AuditKey:
        root = Secret(hkdf(self.key.reveal(), b"wallet-api/audit-root/v1", 32))
        return AuditKey(self.key_id, root)

    def cipher(self, *, fid: int, chain: str) -> AESGCM:
        info = f"wallet-api/wallet-key/v1/{fid}/{chain}".encode()
        return AESGCM(hkdf(self.key.reveal(), info, 32))


class EncryptionService:
    """Encrypt private keys with the current secret; decrypt with it and the previous ones.

    The constructor takes about 0.3 s and 128 MiB per secret (scrypt): call it once per process.
    Encryption and decryption take microseconds.
    """

    def __init__(self, secret: Secret[str], previous: Sequence[Secret[str]] = ()) -> None:
        self._current = _MasterKey.derive(secret)
        self._keyring = {self._current.key_id: self._current}
        for older in previous:
            master = _MasterKey.derive(older)
            self._keyring.setdefault(master.key_id, master)
        self._legacy_secrets = (secret, *previous)

    @property
    def secret_is_trimmed(self) -> bool:
        """Whether the current secret has no surrounding white space or quotes.

        A copy of a secret easily loses them, and then decrypts nothing.
        """
        secret = self._legacy_secrets[0].reveal()
        return trim(secret) == secret

    @property
    def key_id(self) -> str:
        """The id of the current secret: 16 hex digits that do not reveal it."""
        return self._current.key_id

    @functools.cached_property
    def audit_keys(self) -> dict[str, AuditKey]:
        """The keys of the audit log's MACs, by the id of the secret that they are derived from."""
        return {key_id: master.audit_key() for key_id, master in self._keyring.items()}

    def encrypt(
        self, private_key: Secret[bytes], *, fid: int, chain: str, address: str
    ) -> EncryptedKey:
        """Encrypt a private key of 32 bytes, bound to this FID, chain and address."""
        if len(private_key.reveal()) != _KEY_BYTES:
            raise ValueError("a private key has 32 bytes")
        nonce = os.urandom(_NONCE_BYTES)
        associated_data = _associated_data(self.key_id, fid=fid, chain=chain, address=address)
        cipher = self._current.cipher(fid=fid, chain=chain)
        return EncryptedKey(
            ciphertext=cipher.encrypt(nonce, private_key.reveal(), associated_data).hex(),
            iv=nonce.hex(),
            scheme=AES_256_GCM,
            key_id=self.key_id,
        )

    def decrypt(self, key: EncryptedKey, *, fid: int, chain: str, address: str) -> Secret[bytes]:
        """Decrypt a private key and return its 32 bytes.

        Raises KeyUnreadable if it was encrypted with an unknown secret, was changed, or belongs to
        another FID, chain or address. For an unknown secret, its alarm is `secret_mismatch`. The
        error does not contain the key.
        """
        if key.scheme != AES_256_GCM:
            raise KeyUnreadable(
                "The stored key is encrypted with a scheme that this version does not support."
            )
        master = self._keyring.get(key.key_id)
        if master is None:
            raise KeyUnreadable(
                f"The stored key is encrypted with an unknown secret, whose key id is {key.key_id}",
                "set this secret, or add it to ENCRYPTION_SECRET_PREVIOUS. If `wallet-api keys "
                "status` does not list the key id, the row was changed",
                alarm=SecretMismatch.code,
                logged={"key_id": self.key_id, "key_id_of_the_wallet": key.key_id},
            )
        associated_data = _associated_data(key.key_id, fid=fid, chain=chain, address=address)
        try:
            private_key = master.cipher(fid=fid, chain=chain).decrypt(
                bytes.fromhex(key.iv), bytes.fromhex(key.ciphertext), associated_data
            )
        except (InvalidTag, ValueError) as error:
            raise KeyUnreadable("The stored key does not decrypt.") from error
        if len(private_key) != _KEY_BYTES:
            raise KeyUnreadable("The stored key does not decrypt to 32 bytes.")
        return Secret(private_key)

    def decrypt_legacy(self, ciphertext: str, iv: str) -> LegacyKey | None:
        """Decrypt a key of the old file service (scheme `aes-256-cbc`, both arguments in hex).

        AES-256-CBC with PKCS#7. Its key is scrypt(secret, "salt", N 16384, r 8, p 1). The plaintext
        is `0x` and 64 hex digits, or another notation of a key. An empty plaintext means a record
        without a key; then the result is None. The first call takes about 40 ms per secret
        (scrypt).

        CBC does not authenticate: compare the key with its address. Raises KeyUnreadable with
        DOES_NOT_DECRYPT, or with NO_PRIVATE_KEY if one of our secrets is the right one.
        """
        try:
            nonce, raw = bytes.fromhex(iv), bytes.fromhex(ciphertext)
        except ValueError as error:
            raise KeyUnreadable("The old record is not hex.") from error
        if len(nonce) != 16 or not raw or len(raw) % 16:
            raise KeyUnreadable("The old record is not AES-CBC: a length is wrong.")
        reason = DOES_NOT_DECRYPT
        for key in self._legacy_keys:
            plaintext = _decrypt_cbc(key.reveal(), nonce, raw)
            if plaintext == b"":
                return None
            if plaintext is None:
                continue
            if (private_key := parse_private_key(plaintext)) is not None:
                is_plain = _LEGACY_PLAINTEXT.fullmatch(plaintext) is not None
                return LegacyKey(private_key, is_plain)
            if plaintext.isascii() or len(raw) - len(plaintext) >= _CONCLUSIVE_PADDING:
                reason = NO_PRIVATE_KEY
        raise KeyUnreadable(reason)

    def encrypt_legacy(self, private_key: Secret[bytes] | None) -> tuple[str, str]:
        """Encrypt a key, or nothing, in the old file service's format: ciphertext and iv in hex."""
        plaintext = b"" if private_key is None else b"0x" + private_key.reveal().hex().encode()
        iv = os.urandom(16)
        encryptor = Cipher(
            algorithms.AES256(self._legacy_keys[0].reveal()), modes.CBC(iv)
        ).encryptor()
        padder = PKCS7(128).padder()
        padded = padder.update(plaintext) + padder.finalize()
        return (encryptor.update(padded) + encryptor.finalize()).hex(), iv.hex()

    @functools.cached_property
    def _legacy_keys(self) -> tuple[Secret[bytes], ...]:
        """The keys of legacy files, the current secret's first."""
        return tuple(
            Secret(_scrypt(secret, salt=b"salt", n=2**14)) for secret in self._legacy_secrets
        )


def _scrypt(secret: Secret[str], *, salt: bytes, n: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=n, r=8, p=1).derive(secret.reveal().encode())


def _associated_data(key_id: str, *, fid: int, chain: str, address: str) -> bytes:
    return "\n".join((AES_256_GCM, key_id, str(fid), chain, address)).encode()


def _decrypt_cbc(key: bytes, nonce: bytes, ciphertext: bytes) -> bytes | None:
    decryptor = Cipher(algorithms.AES256(key), modes.CBC(nonce)).decryptor()
    unpadder = PKCS7(128).unpadder()
    try:
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        # Invalid padding: the wrong secret, or a changed ciphertext.
        return None
