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
RULES = '[{"id": "all", "effect": "allow"}]'
POLICY = {
    "id": uuid.UUID(int=1),
    "version": 1,
    "name": "trading",
    "rules": RULES,
    "created_by": "cli:operator",
}
SERVICE_POLICY = {"version": 1, "policy_id": uuid.UUID(int=1), "created_by": "cli:operator"}
WALLET_POLICY = {"fid": FID, **SERVICE_POLICY}
USER_POLICY = {"fid": FID, "version": 1, "rules": RULES}
ACCOUNT = {"fid": FID, "chain_id": 8453}
SPEND = {
    "fid": FID,
    "id": uuid.UUID(int=1),
    "chain_id": 8453,
    "asset": BASE_ACCOUNT,
    "kind": "token_transfer",
    "counterparty": BASE_ACCOUNT,
    "amount": 20_000_000,
    "audit_id": 1,
    "created_at": "2026-01-01 00:00:00+00",
    "valid_until": "2026-01-01 00:00:00+00",
}
UUID_ONLY = {"request_id": None, "request_uuid": uuid.UUID(int=1)}


def insert(sql, table, row):
    columns, values = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    sql.execute(f"insert into {table} ({columns}) values ({values})", row)
