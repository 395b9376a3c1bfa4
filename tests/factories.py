"""The users, secrets, tokens, wallets and services of the tests."""

import base64
import hmac
import time
import uuid
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import jwt
from flask import Flask

from tests.leaks import LEAKS
from wallet_api.auth import client_tokens
from wallet_api.blueprints.application import application
from wallet_api.crypto import key_pairs as keys
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.models import AuditContext, ClientRights, NewWallet
from wallet_api.repositories.api_clients import ApiClientRepository
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.repositories.wallet_files.directory import WalletDirectory
from wallet_api.repositories.wallets.rows import PostgresWalletRepository
from wallet_api.services.api_client_changes import ApiClientChanges
from wallet_api.services.api_clients import ApiClientService
from wallet_api.services.audit.append import AuditTrail
from wallet_api.services.audit.changes import AuditedChanges
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.wallet_files.storages import STORAGES
from wallet_api.services.wallets import BaseAccountWalletService

SECRET = "correct horse battery staple 2025"
OTHER_SECRET = "another secret of quite sufficient length"
JWT_SECRET = "a JWT secret that only the tests know, nobody else"
FID = 1464243
DEPOSIT_ID = "0b8e7c62-1f3a-4c7e-9a53-5d2f3b1a4c60"
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


def token_claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a user's token, with changes. A change to ... omits a claim."""
    now = int(time.time())
    claims = {
        "userId": f"fid_{FID}",
        "fid": FID,
        "iat": now,
        "exp": now + 3600,
        "iss": "wallet-api",
        "aud": "wallet-api-users",
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not ...}


def token_of(
    fid: object = FID, *, secret: str = JWT_SECRET, algorithm: str = "HS256", **changes: Any
) -> str:
    """Return a user's token with these claims."""
    claims = token_claims(**{"userId": f"fid_{fid}", "fid": fid, **changes})
    token = jwt.encode(claims, secret, algorithm=algorithm)
    LEAKS.secrets.add(token)
    return token


def signed_in(fid: object = FID, **changes: Any) -> dict[str, str]:
    """Return the header of a user, for any app of the tests."""
    return authorization(token_of(fid, **changes))


def authorization(token: str) -> dict[str, str]:
    """Return the header that carries a token."""
    LEAKS.secrets.add(token)
    return {"Authorization": f"Bearer {token}"}


def new_client(
    clients: ApiClientService, *scopes: str, name: str = "engine", **options: Any
) -> Secret[str]:
    """Plant an API client and return its token. It is unrestricted if it may sign.

    It has no audit entry, as the clients of 1.0.0 have none.
    """
    token = client_tokens.issue()
    LEAKS.secrets.add(token.secret.reveal())
    networks = tuple(ip_network(one) for one in options.pop("allowed_networks", ()))
    given = {"unrestricted": "wallets:sign" in scopes, **options}
    rights = ClientRights(scopes=frozenset(scopes), allowed_networks=networks or None, **given)
    planted = clients._database.run(
        lambda connection: ApiClientRepository(connection).insert_if_absent(
            id=token.client_id, name=name, token_hash=token.token_hash, rights=rights
        )
    )
    assert planted is not None
    return token.secret


def revoke_client(clients: ApiClientService, name: str = "engine") -> None:
    """Revoke an API client without an audit entry."""
    assert clients._database.run(lambda connection: ApiClientRepository(connection).revoke(name))


def client_changes(database: Database, secret: str = SECRET) -> ApiClientChanges:
    """Return the service that creates and revokes API clients."""
    encryption = EncryptionService(Secret(secret))
    registration = SecretRegistration(database, encryption)
    return ApiClientChanges(AuditedChanges(database, encryption, registration))


def calling(
    app: Flask, *scopes: str, name: str | None = None, restricted: bool = False, **options: Any
) -> dict[str, str]:
    """Plant an API client with these scopes, and return the header that it sends."""
    token = new_client(
        application(app).api_clients,
        *scopes,
        name=name or f"client-{uuid.uuid4().hex}",
        unrestricted="wallets:sign" in scopes and not restricted,
        **options,
    )
    return authorization(token.reveal())


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def flip_bit(text: str, bit: int) -> str:
    """Change one bit of bytes in hex."""
    changed = bytearray.fromhex(text)
    changed[bit // 8] ^= 1 << bit % 8
    return changed.hex()


def iso_time(moment: datetime) -> str:
    """Return a time as the HTTP contract writes it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def forge_token(header: str, payload: str, key: bytes = b"", digest: str = "sha256") -> str:
    """Sign any two texts with HMAC, as no library would."""
    signed = f"{base64url(header.encode())}.{base64url(payload.encode())}"
    return f"{signed}.{base64url(hmac.digest(key, signed.encode(), digest))}"


def new_wallet(encryption, fid=FID):
    pair = keys.generate()
    encrypted = encryption.encrypt(
        pair.private_key, fid=fid, chain="ethereum", address=pair.address
    )
    return NewWallet(fid=fid, chain="ethereum", address=pair.address, encrypted_key=encrypted)


UNKNOWN_SECRET = (
    "The stored key is encrypted with an unknown secret, whose key id is 0000000000000000: set "
    "this secret, or add it to ENCRYPTION_SECRET_PREVIOUS. If `wallet-api keys status` does not "
    "list the key id, the row was changed"
)


def service(database, secret=SECRET, *previous):
    """Return the service of one process; it has not checked its secret yet."""
    encryption = EncryptionService(Secret(secret), [Secret(older) for older in previous])
    return BaseAccountWalletService(
        database,
        lambda connection, _: PostgresWalletRepository(connection),
        encryption,
        SecretRegistration(database, encryption),
    )


def append_events(connection, encryption, *events):
    """Append events to the audit log as a batch does, in the current transaction."""
    heads = AuditRepository(connection).lock_heads({event.fid for event in events})
    AuditTrail(encryption).pending().append_many(connection, heads, events)


def private_keys(database, fids, *secrets):
    """Return each user's private key, as a service with these secrets returns it."""
    wallets = service(database, *secrets)
    found = {
        fid: wallets.get_wallet_with_key(fid, "ethereum", access=ACCESS).private_key.reveal()
        for fid in fids
    }
    LEAKS.secrets.update(key.hex() for key in found.values())
    return found
