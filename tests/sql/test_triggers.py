"""Triggers and unique keys: append-only tables, active secrets, and races for a wallet."""

import re
import uuid

import psycopg
import pytest
from psycopg import errors

from tests.factories import BASE_ACCOUNT
from tests.sql.rows import (
    ACTIVE,
    AUDIT,
    BASE,
    CLIENT,
    DEPOSIT,
    HEAD,
    KEY,
    NO_KEY,
    TRADING,
    insert,
)

SAME_WALLET_UNDER_ANOTHER_SECRET = (
    "insert into wallets (fid, chain, wallet_type, address, encrypted_private_key, iv, scheme,"
    " key_id) select 7, chain, wallet_type, address, encrypted_private_key, iv, scheme,"
    " repeat('ab', 8) from wallets where key_id is not null"
)


@pytest.fixture
def full(sql):
    """A database with one row of each kind."""
    insert(sql, "encryption_keys", KEY)
    insert(sql, "active_encryption_keys", ACTIVE)
    insert(sql, "wallets", TRADING)
    insert(sql, "wallets", BASE)
    insert(sql, "deposits", DEPOSIT)
    insert(sql, "wallet_audit_log", AUDIT)
    insert(sql, "wallet_audit_heads", HEAD)
    insert(sql, "api_clients", CLIENT)
    return sql


@pytest.mark.parametrize(
    ("table", "row", "constraint"),
    [
        ("wallets", TRADING | {"address": BASE_ACCOUNT}, "wallets_pkey"),
        ("deposits", DEPOSIT | {"idempotency_key": "another"}, "deposits_pkey"),
        (
            "deposits",
            DEPOSIT | {"id": uuid.UUID(int=2)},
            "deposits_idempotency_key_is_used_once",
        ),
        ("encryption_keys", KEY, "encryption_keys_pkey"),
        ("active_encryption_keys", ACTIVE, "active_encryption_keys_pkey"),
        ("wallet_audit_heads", HEAD | {"id": 2}, "wallet_audit_heads_pkey"),
        ("api_clients", CLIENT | {"name": "another"}, "api_clients_pkey"),
        ("api_clients", CLIENT | {"id": "cd" * 8}, "api_clients_name_is_used_once"),
        (
            "encryption_keys",
            {"key_id": "ab" * 8, "succeeds": None},
            "encryption_keys_only_one_is_first",
        ),
    ],
)
def test_unique_keys_are_enforced(full, table, row, constraint):
    with pytest.raises(errors.UniqueViolation) as caught:
        insert(full, table, row)
    assert caught.value.diag.constraint_name == constraint


def test_a_secret_cannot_succeed_an_unknown_one(full):
    with pytest.raises(errors.ForeignKeyViolation):
        insert(full, "encryption_keys", {"key_id": "ab" * 8, "succeeds": "cd" * 8})


@pytest.mark.parametrize(
    "statement",
    [
        "delete from wallets",
        "delete from wallets where wallet_type = 'base-account'",
        "truncate wallets",
        "update wallets set fid = fid + 1 where wallet_type = 'trading'",
        f"update wallets set address = '{BASE_ACCOUNT}' where wallet_type = 'trading'",
        "update wallets set address = lower(address) where wallet_type = 'trading'",
        f"update wallets set fid = 2, chain = 'base-account', {NO_KEY}",
        "update wallets set encrypted_private_key = repeat('0', 96) where fid > 0",
        "update wallets set iv = repeat('0', 24) where wallet_type = 'trading'",
        "update deposits set to_address = from_address",
        "update deposits set amount = 1",
        "delete from wallet_audit_log",
        "update wallet_audit_log set actor = 'nobody'",
        "truncate wallet_audit_log",
        "delete from encryption_keys",
        "update encryption_keys set created_at = now()",
        "truncate encryption_keys cascade",
        "update active_encryption_keys set key_id = repeat('ab', 8)",
        "delete from wallet_audit_heads",
        "truncate wallet_audit_heads",
        "update wallet_audit_heads set fid = 2",
        "update wallet_audit_heads set mac = repeat('cd', 32)",
        "update wallet_audit_heads set id = 0",
        "delete from api_clients",
        "truncate api_clients",
        "update api_clients set scopes = array['wallets:read', 'keys:read']",
        "update api_clients set name = 'another'",
        "update api_clients set unrestricted = not unrestricted",
        "update api_clients set token_hash = repeat('cd', 32)",
        "update api_clients set allowed_networks = array['10.0.0.0/8'::cidr]",
        "update api_clients set expires_at = now() + interval '1 year'",
    ],
)
def test_append_only_tables_refuse_even_their_owner(full, statement):
    with pytest.raises(errors.RestrictViolation):
        full.execute(statement)


@pytest.mark.parametrize("since", ["null", "now() + interval '1 year'"])
def test_a_revoked_client_stays_revoked(full, since):
    full.execute("update api_clients set revoked_at = now(), last_used_at = now()")
    with pytest.raises(errors.RestrictViolation):
        full.execute(f"update api_clients set revoked_at = {since}")
    full.execute("update api_clients set last_used_at = now()")


@pytest.mark.parametrize(
    "statement",
    [
        "update wallets set encrypted_private_key = null where wallet_type = 'trading'",
        f"update wallets set {NO_KEY}",
    ],
)
@pytest.mark.parametrize("guard", ["trigger", "constraint"])
def test_a_trading_wallet_cannot_lose_its_ciphertext(full, statement, guard):
    """Two guards, each of which is enough."""
    if guard == "constraint":
        full.execute("set session_replication_role = replica")
    with pytest.raises((errors.CheckViolation, errors.RestrictViolation)):
        full.execute(statement)


def test_a_secret_that_a_wallet_needs_stays_active(full):
    with pytest.raises(errors.ForeignKeyViolation) as caught:
        full.execute("delete from active_encryption_keys")
    assert caught.value.diag.constraint_name == "wallets_key_id_is_active"


@pytest.mark.parametrize(
    "statement",
    [
        SAME_WALLET_UNDER_ANOTHER_SECRET,
        "update wallets set key_id = repeat('ab', 8) where key_id is not null",
    ],
)
def test_no_wallet_is_encrypted_under_an_inactive_secret(full, statement):
    insert(full, "encryption_keys", {"key_id": "ab" * 8, "succeeds": "ef" * 8})
    with pytest.raises(errors.ForeignKeyViolation) as caught:
        full.execute(statement)
    assert caught.value.diag.constraint_name == "wallets_key_id_is_active"


def test_only_a_registered_secret_is_active(full):
    with pytest.raises(errors.ForeignKeyViolation) as caught:
        insert(full, "active_encryption_keys", {"key_id": "ab" * 8})
    assert caught.value.diag.constraint_name == "active_encryption_keys_are_registered"


def test_an_entry_older_than_a_minute_is_a_conflict(sql):
    sql.execute("select time_of_entry(clock_timestamp() - interval '50 seconds')")
    with pytest.raises(errors.SerializationFailure):
        sql.execute("select time_of_entry(clock_timestamp() - interval '61 seconds')")


def test_updates_of_rotation_and_sign_in_are_allowed(full):
    insert(full, "encryption_keys", {"key_id": "ab" * 8, "succeeds": "ef" * 8})
    insert(full, "active_encryption_keys", {"key_id": "ab" * 8})
    full.execute(
        "update wallets set encrypted_private_key = %s, iv = %s, key_id = %s, updated_at = now()"
        " where wallet_type = 'trading'",
        ["cd" * 48, "ab" * 12, "ab" * 8],
    )
    full.execute(f"update wallets set address = '0x{'ab' * 20}' where wallet_type = 'base-account'")
    full.execute("delete from active_encryption_keys where key_id = repeat('ef', 8)")


def test_per_user_tables_can_be_spread_by_fid(sql):
    """Design for many machines: fid in every key of per-user tables, and no identity columns."""
    keys = sql.execute(
        "select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index"
        " join pg_class on pg_class.oid = indrelid"
        " where indisunique and relname in"
        " ('wallets', 'deposits', 'wallet_audit_log', 'wallet_audit_heads')"
    ).fetchall()
    assert keys
    assert all(re.search(r"\(fid[,)]", definition) for _, definition in keys)
    identity = sql.execute(
        "select count(*) from information_schema.columns"
        " where table_schema = 'public' and is_identity = 'YES'"
    ).fetchone()
    assert identity == (0,)


def test_a_wallet_with_two_fids_racing_is_decided_by_the_primary_key(full, database_url):
    with psycopg.connect(database_url) as first, psycopg.connect(database_url) as second:
        for connection in (first, second):
            connection.execute("set lock_timeout = '200ms'")
        insert(first, "wallets", TRADING | {"fid": 7})
        with pytest.raises(errors.LockNotAvailable):
            insert(second, "wallets", TRADING | {"fid": 7, "address": BASE_ACCOUNT})
