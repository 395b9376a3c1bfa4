"""The users, secrets, tokens, wallets and services of the tests."""

import time
import uuid
from pathlib import Path
from typing import Any

import jwt
from flask import Flask

from tests.leaks import LEAKS
from wallet_api.blueprints.application import application
from wallet_api.crypto import key_pairs as keys
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.models import AuditContext, NewWallet
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.wallet_files.storages import STORAGES
from wallet_api.services.wallets import BaseAccountWalletService

SECRET = "correct horse battery staple 2025"
OTHER_SECRET = "another secret of quite sufficient length"
JWT_SECRET = "a JWT secret that only the tests know, nobody else"
FID = 1464243
BASE_ACCOUNT = "0x78547fc07fdc8aac05e53b034e510b276a5ba384"
ACCESS = AuditContext(actor="user:1464243", request_id="a-test")
# The storages by the value of WALLET_STORAGE, for tests without wallet files.
STORAGE_OF = {
    name: kind(WalletDirectory(Path("no-such-folder"))) for name, kind in STORAGES.items()
}
POSTGRES = STORAGE_OF["postgres"]
# A port on which nothing listens.
DEAD_PORT = 1


class Killed(BaseException):
    """The death of the process. The service catches no BaseException."""


LEAKS.secrets.update((SECRET, OTHER_SECRET, JWT_SECRET))


def token_of(fid: object = FID, *, secret: str = JWT_SECRET, **changes: Any) -> str:
    """Sign claims as our own tokens carry them, with changes; a claim that is ... is left out."""
    now = int(time.time())
    claims = {
        "userId": f"fid_{fid}",
        "fid": fid,
        "iat": now,
        "exp": now + 600,
        "iss": "wallet-api",
        "aud": "wallet-api-users",
        **changes,
    }
    algorithm = claims.pop("algorithm", "HS256")
    kept = {name: value for name, value in claims.items() if value is not ...}
    token = jwt.encode(kept, secret, algorithm=algorithm)
    LEAKS.secrets.add(token)
    return token


def signed_in(fid: object = FID, **changes: Any) -> dict[str, str]:
    """Return the header of a user of ours, for any app of the tests."""
    return {"Authorization": f"Bearer {token_of(fid, **changes)}"}


def calling(
    app: Flask, *scopes: str, name: str | None = None, restricted: bool = False
) -> dict[str, str]:
    """Make an API client with these rights, and return the header that it sends.

    A client that may sign is unrestricted, if `restricted` is not set.
    """
    token = application(app).clients.create(
        name or f"client-{uuid.uuid4().hex}",
        scopes=scopes,
        unrestricted="wallets:sign" in scopes and not restricted,
        allowed_networks=(),
        expires_at=None,
    )
    LEAKS.secrets.add(token.reveal())
    return {"Authorization": f"Bearer {token.reveal()}"}


def new_wallet(encryption, fid=FID):
    pair = keys.generate()
    sealed = encryption.encrypt(pair.private_key, fid=fid, chain="ethereum", address=pair.address)
    return NewWallet(fid=fid, chain="ethereum", address=pair.address, encrypted_key=sealed)


def service(database, secret=SECRET, *previous):
    """Return the service of one process; it has not checked its secret yet."""
    encryption = EncryptionService(Secret(secret), [Secret(older) for older in previous])
    return BaseAccountWalletService(
        database,
        lambda connection, _: PostgresWalletRepository(connection),
        encryption,
        SecretRegistration(database, encryption),
    )
