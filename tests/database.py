"""What tests read from the database and write to it, past the service."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg

from tests.factories import BASE_ACCOUNT, DEPOSIT_ID, FID
from tests.leaks import LEAKS
from wallet_api.blueprints.application import Application
from wallet_api.crypto import key_pairs as keys
from wallet_api.crypto.encryption import EncryptedKey, EncryptionService
from wallet_api.development.postgres import LocalPostgres

Clone = Callable[[str], AbstractContextManager[str]]
# A column of wallet_audit_log, in whichever form it is stored.
REQUEST_ID = "coalesce(replace(request_uuid::text, '-', ''), request_id)"


@contextmanager
def new_database(server: LocalPostgres, name: str) -> Iterator[str]:
    """Create a database without a table, yield its URL, and drop it."""
    server.create_database(name)
    try:
        yield server.url(name)
    finally:
        with psycopg.connect(server.url("postgres"), autocommit=True) as admin:
            identifier = psycopg.sql.Identifier(name)
            admin.execute(psycopg.sql.SQL("drop database {} with (force)").format(identifier))


def rows(sql):
    """Return every wallet."""
    return sql.execute("select * from wallets order by fid, chain").fetchall()


def rows_of(sql: psycopg.Connection[Any]) -> dict[str, list[Any]]:
    """Return everything that a request can write."""
    tables = (
        *("wallets", "deposits", "wallet_audit_log", "wallet_audit_heads", "encryption_keys"),
        *("policies", "wallet_policies", "user_policies", "signing_accounts", "wallet_spends"),
    )
    return {
        table: sql.execute(f"select * from {table} order by 1, 2".encode()).fetchall()
        for table in tables
    }


def table(sql):
    """Return every row, without what differs from import to import: the id, and ciphertexts."""
    return sql.execute(
        "select fid, chain, wallet_type, address, scheme, key_id, created_at, updated_at"
        " from wallets order by fid, chain"
    ).fetchall()


def key_ids(sql):
    return sql.execute("select key_id from encryption_keys").fetchall()


def audit_entries(sql, columns="fid, chain, action", where="true"):
    """Return entries of the audit log, in the order of their chains."""
    return sql.execute(
        f"select {columns} from wallet_audit_log where {where} order by fid, id"
    ).fetchall()


def recorded(sql, columns="action"):
    """Return the entries of the audit log, without those of new wallets."""
    return audit_entries(sql, columns, "action <> 'wallet.created'")


def audited_actions(sql, fid=FID):
    """Return the actions in the chain of one user."""
    return [action for (action,) in audit_entries(sql, "action", f"fid = {fid}")]


def refuse_entries(sql):
    """Let every new entry of the audit log fail."""
    sql.execute("alter table wallet_audit_log add constraint disk_is_full check (false) not valid")


def discard_rows(sql, table):
    """Let a trigger silently discard every new row of a table."""
    sql.execute(
        "create function discard() returns trigger language plpgsql as 'begin return null; end';"
        f"create trigger discard before insert on {table} for each row execute function discard()"
    )


def stored_deposits(sql, columns):
    return sql.execute(f"select {columns} from deposits").fetchall()


def plant_deposit(sql):
    """Insert FID's deposit with DEPOSIT_ID, to the trading wallet of FID, which must exist."""
    sql.execute(
        "insert into deposits (fid, id, asset, amount, from_address, to_address, chain_id)"
        " select fid, %s, 'USDC', 20000000, %s, address, 8453 from wallets"
        " where fid = %s and chain = 'ethereum'",
        [DEPOSIT_ID, BASE_ACCOUNT, FID],
    )


def plant(sql, statement, parameters=()):
    """Change the database as only damage does: no trigger fires."""
    with sql.transaction():
        sql.execute("set local session_replication_role = replica")
        sql.execute(statement, parameters)


FOREIGN_DETAILS = (
    "[]",
    "null",
    '"x"',
    "{}",
    '{"client": null}',
    '{"client": ["engine"]}',
    '{"client": "\\u001b[1A\\u001b[2K"}',
    '{"client": "\\ud800"}',
    '{"client": "engine", "n": 1e999}',
    f'{{"client": "engine", "n": {"9" * 5000}}}',
    "[" * 4000 + "]" * 4000,
    f'{{"client": "engine", "n": {"[" * 32 + "]" * 32}}}',
)
"""JSON values of audit entries that PostgreSQL accepts and the service does not write."""


def empty(sql):
    """Begin with an empty database again."""
    plant(sql, "delete from wallets")
    plant(sql, "delete from active_encryption_keys")
    plant(sql, "delete from encryption_keys")
    plant(sql, "delete from wallet_audit_log")
    plant(sql, "delete from wallet_audit_heads")


def open_every_wallet(
    sql: psycopg.Connection[Any], encryption: EncryptionService
) -> dict[int, str]:
    """Open every trading wallet in the table and return its address by FID; all must open."""
    rows = sql.execute(
        "select fid, address, encrypted_private_key, iv, scheme, key_id from wallets"
        " where wallet_type = 'trading'"
    ).fetchall()
    found = {}
    for fid, address, ciphertext, iv, scheme, key_id in rows:
        encrypted = EncryptedKey(ciphertext, iv, scheme, key_id)
        key = encryption.decrypt(encrypted, fid=fid, chain="ethereum", address=address)
        LEAKS.secrets.add(key.reveal().hex())
        assert keys.address_of(key) == address
        found[fid] = address
    return found


def scans(table: str, sql: psycopg.Connection[Any], services: Application) -> tuple[int, int]:
    """Count how often a table was read from end to end, and the rows that indexes led to."""
    # The one connection of the pool tells what it did so far.
    for statement in ("select pg_stat_force_next_flush()", "select 1"):
        services.database.run(lambda connection, statement=statement: connection.execute(statement))
    sql.execute("select pg_stat_clear_snapshot()")
    return sql.execute(
        "select seq_scan, idx_tup_fetch from pg_stat_user_tables where relname = %s", [table]
    ).fetchone()
