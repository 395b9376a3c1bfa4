"""What tests read from the database and write to it, past the service."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg

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
    tables = ("wallets", "deposits", "wallet_audit_log", "wallet_audit_heads", "encryption_keys")
    return {
        table: sql.execute(f"select * from {table} order by 1, 2, 3".encode()).fetchall()
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


def audited(sql, columns="fid, chain, action"):
    return sql.execute(f"select {columns} from wallet_audit_log order by fid, id").fetchall()


def plant(sql, statement, parameters=()):
    """Change the database as only damage does: no trigger fires."""
    with sql.transaction():
        sql.execute("set local session_replication_role = replica")
        sql.execute(statement, parameters)


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
