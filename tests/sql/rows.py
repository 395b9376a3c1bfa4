"""A valid row of each table."""

import uuid

from tests.factories import BASE_ACCOUNT, FID

ADDRESS = "0x6485BbeDC60dc050b7a5400F454610BEdead8292"
TRADING = {
    "fid": FID,
    "chain": "ethereum",
    "wallet_type": "trading",
    "address": ADDRESS,
    "encrypted_private_key": "ab" * 48,
    "iv": "cd" * 12,
    "scheme": "aes-256-gcm",
    "key_id": "ef" * 8,
}
BASE = {
    "fid": FID,
    "chain": "base-account",
    "wallet_type": "base-account",
    "address": BASE_ACCOUNT,
}
DEPOSIT = {
    "fid": FID,
    "id": uuid.UUID(int=1),
    "asset": "USDC",
    "amount": 20_000_000,
    "from_address": BASE_ACCOUNT,
    "to_address": ADDRESS,
    "chain_id": 8453,
    "idempotency_key": "a key",
    "request_hash": "ab" * 32,
}
AUDIT = {
    "fid": FID,
    "chain": "ethereum",
    "action": "key.read",
    "actor": "user:1",
    "request_id": "r",
}
CLIENT = {
    "id": "ab" * 8,
    "name": "engine",
    "token_hash": "ab" * 32,
    "scopes": ["keys:read"],
}
NO_KEY = (
    "encrypted_private_key = null, iv = null, scheme = null, key_id = null"
    " where wallet_type = 'trading'"
)
KEY = {"key_id": "ef" * 8, "succeeds": None}
ACTIVE = {"key_id": "ef" * 8}
HEAD = {"fid": FID, "id": 1, "mac": "ab" * 32}
MAC = {"mac": "ab" * 32, "key_id": "ef" * 8}
MAC_BYTES = {"mac_bytes": b"m" * 32, "key_id_bytes": b"k" * 8}
UUID_ONLY = {"request_id": None, "request_uuid": uuid.UUID(int=1)}


def insert(sql, table, row):
    columns, values = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    sql.execute(f"insert into {table} ({columns}) values ({values})", row)
