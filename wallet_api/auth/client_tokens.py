"""Tokens of API clients: wapi_<client id>_<256 random bits>. The database stores only a hash.

The id selects the row, and the hash is compared. SHA-256 is sufficient: 256 random bits cannot be
guessed, so that a slow hash would add no protection. The prefix allows secret scanners to find
tokens in repositories and logs.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from wallet_api.crypto.secret import Secret

_TOKEN = re.compile(r"wapi_([0-9a-f]{16})_[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ClientToken:
    """A new token: `secret` is for the client, the rest is stored."""

    client_id: str
    secret: Secret[str]
    token_hash: str


def issue() -> ClientToken:
    """Return a new token with a new client id."""
    client_id = secrets.token_hex(8)
    token = Secret(f"wapi_{client_id}_{secrets.token_urlsafe(32)}")
    return ClientToken(client_id=client_id, secret=token, token_hash=_hash(token))


def client_id_of(token: Secret[str]) -> str | None:
    """Return the client id in a token, or None if the token is malformed."""
    found = _TOKEN.fullmatch(token.reveal())
    return found and found[1]


def matches(token: Secret[str], token_hash: str) -> bool:
    """Return whether a token has this hash, in constant time."""
    return hmac.compare_digest(_hash(token), token_hash)


def _hash(token: Secret[str]) -> str:
    return hashlib.sha256(token.reveal().encode()).hexdigest()
