"""Tokens of API clients: wapi_<client id>_<256 random bits>, of which we keep a hash alone.

The id finds the row, the hash decides. SHA-256 is enough: nobody can guess 256 random bits, so that
a slow hash would protect nothing. The prefix lets scanners of repositories and logs find a token.
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
    """A new token: `secret` is for the client alone, the rest is for our table."""

    client_id: str
    secret: Secret[str]
    token_hash: str


def issue() -> ClientToken:
    """Return a new token, with the id of the client that it makes."""
    client_id = secrets.token_hex(8)
    token = Secret(f"wapi_{client_id}_{secrets.token_urlsafe(32)}")
    return ClientToken(client_id=client_id, secret=token, token_hash=_hash(token))


def client_id_of(token: Secret[str]) -> str | None:
    """Return the id of the client that a token claims to be; None if it is no such token."""
    found = _TOKEN.fullmatch(token.reveal())
    return found and found[1]


def matches(token: Secret[str], token_hash: str) -> bool:
    """Tell, in constant time, whether a token is the one of which this is the hash."""
    return hmac.compare_digest(_hash(token), token_hash)


def _hash(token: Secret[str]) -> str:
    return hashlib.sha256(token.reveal().encode()).hexdigest()
