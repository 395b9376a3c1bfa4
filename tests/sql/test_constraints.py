"""The database refuses what must never be, whoever asks. Each rule has its name."""

import re
import uuid
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import errors

from tests.conftest import BASE_ACCOUNT, FID

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
SAME_WALLET_UNDER_ANOTHER_SECRET = (
    "insert into wallets (fid, chain, wallet_type, address, encrypted_private_key, iv, scheme,"
    " key_id) select 7, chain, wallet_type, address, encrypted_private_key, iv, scheme,"
    " repeat('ab', 8) from wallets where key_id is not null"
)
HEAD = {"fid": FID, "id": 1, "mac": "ab" * 32}
MAC = {"mac": "ab" * 32, "key_id": "ef" * 8}
MAC_BYTES = {"mac_bytes": b"m" * 32, "key_id_bytes": b"k" * 8}
UUID_ONLY = {"request_id": None, "request_uuid": uuid.UUID(int=1)}


def insert(sql, table, row):
    columns, values = ", ".join(row), ", ".join(f"%({name})s" for name in row)
    sql.execute(f"insert into {table} ({columns}) values ({values})", row)


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


TIMES = [
    *(("wallets", BASE, column, "wallets_times_are_of_our_era")
      for column in ("created_at", "updated_at")),
    ("wallet_audit_log", AUDIT, "created_at", "wallet_audit_log_created_at_is_of_our_era"),
    ("deposits", DEPOSIT, "created_at", "deposits_created_at_is_of_our_era"),
    *(("api_clients", CLIENT, column, "api_clients_times_are_of_our_era")
      for column in ("created_at", "last_used_at", "revoked_at")),
]  # fmt: skip
UNREADABLE = ("infinity", "-infinity", "0001-12-31 23:59:59+00 BC", "10000-01-01 00:00:00+00")


@pytest.mark.parametrize("time", ["0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"])
@pytest.mark.parametrize(("table", "row", "column"), [case[:3] for case in TIMES])
def test_every_time_that_is_kept_can_be_read(sql, table, row, column, time):
    """One that cannot would stop whatever reads many rows."""
    insert(sql, table, {**row, column: time})
    sql.execute("set timezone = 'UTC'")
    ((kept,),) = sql.execute(f"select {column} from {table}").fetchall()
    assert kept == datetime.fromisoformat(time)


@pytest.mark.parametrize(
    ("table", "row", "change", "constraint"),
    [
        *(
            (table, row, {column: time}, constraint)
            for table, row, column, constraint in TIMES
            for time in UNREADABLE
        ),
        ("wallets", TRADING, {"fid": 0}, "wallets_fid_is_positive"),
        ("wallets", TRADING, {"fid": -1}, "wallets_fid_is_positive"),
        ("wallets", BASE, {"chain": "solana"}, "wallets_chain_is_known"),
        ("wallets", BASE, {"chain": "ethereum"}, "wallets_type_follows_from_chain"),
        ("wallets", TRADING, {"chain": "base-account"}, "wallets_type_follows_from_chain"),
        ("wallets", TRADING, {"address": "0x12"}, "wallets_address_is_an_ethereum_address"),
        (
            "wallets",
            TRADING,
            {"address": ADDRESS + "\n"},
            "wallets_address_is_an_ethereum_address",
        ),
        (
            "wallets",
            TRADING,
            {"encrypted_private_key": None, "iv": None, "scheme": None, "key_id": None},
            "wallets_trading_wallet_has_a_key",
        ),
        (
            "wallets",
            BASE,
            {"encrypted_private_key": "ab" * 48},
            "wallets_base_account_has_no_key",
        ),
        ("wallets", TRADING, {"iv": None}, "wallets_key_is_sealed_completely"),
        ("wallets", TRADING, {"key_id": None}, "wallets_key_is_sealed_completely"),
        ("wallets", TRADING, {"scheme": "aes-256-cbc"}, "wallets_scheme_is_known"),
        ("wallets", TRADING, {"encrypted_private_key": "ab" * 47}, "wallets_ciphertext_is_whole"),
        ("wallets", TRADING, {"iv": "cd" * 16}, "wallets_iv_is_12_bytes"),
        ("wallets", TRADING, {"key_id": "EF" * 8}, "wallets_key_id_is_16_hex_digits"),
        ("deposits", DEPOSIT, {"fid": 0}, "deposits_fid_is_positive"),
        ("deposits", DEPOSIT, {"asset": "USDbC"}, "deposits_asset_is_known"),
        ("deposits", DEPOSIT, {"amount": 0}, "deposits_amount_is_a_positive_uint256"),
        ("deposits", DEPOSIT, {"amount": 2**256}, "deposits_amount_is_a_positive_uint256"),
        (
            "deposits",
            DEPOSIT,
            {"from_address": ADDRESS},
            "deposits_from_address_is_an_ethereum_address",
        ),
        ("deposits", DEPOSIT, {"to_address": "0x"}, "deposits_to_address_is_an_ethereum_address"),
        (
            "deposits",
            DEPOSIT,
            {"request_hash": None},
            "deposits_idempotency_key_has_a_request_hash",
        ),
        ("deposits", DEPOSIT, {"idempotency_key": "k" * 256}, "deposits_idempotency_key_is_short"),
        ("deposits", DEPOSIT, {"idempotency_key": ""}, "deposits_idempotency_key_is_short"),
        ("deposits", DEPOSIT, {"request_hash": "ab"}, "deposits_request_hash_is_sha256"),
        ("deposits", DEPOSIT, {"chain_id": 0}, "deposits_chain_id_is_positive"),
        ("wallet_audit_log", AUDIT, {"chain": "solana"}, "wallet_audit_log_chain_is_known"),
        ("wallet_audit_log", AUDIT, {"actor": ""}, "wallet_audit_log_actor_is_short"),
        ("wallet_audit_log", AUDIT, {"request_id": ""}, "wallet_audit_log_request_id_is_short"),
        ("wallet_audit_log", AUDIT, {"fid": 0}, "wallet_audit_log_fid_is_positive"),
        ("wallet_audit_log", AUDIT, {"action": "tea"}, "wallet_audit_log_action_is_known"),
        ("wallet_audit_log", AUDIT, {"reason": ""}, "wallet_audit_log_reason_is_short"),
        ("wallet_audit_log", AUDIT, {"reason": "x" * 501}, "wallet_audit_log_reason_is_short"),
        (
            "wallet_audit_log",
            AUDIT,
            {"recipient": "A" * 42},
            "wallet_audit_log_recipient_is_32_bytes",
        ),
        (
            "wallet_audit_log",
            AUDIT,
            {"address": "0x12"},
            "wallet_audit_log_address_is_an_ethereum_address",
        ),
        (
            "wallet_audit_log",
            AUDIT,
            MAC | {"mac": "AB" * 32},
            "wallet_audit_log_mac_is_hmac_sha256",
        ),
        (
            "wallet_audit_log",
            AUDIT,
            MAC | {"key_id": "short"},
            "wallet_audit_log_key_id_is_16_hex_digits",
        ),
        ("wallet_audit_log", AUDIT, {"mac": "ab" * 32}, "wallet_audit_log_mac_names_its_key"),
        ("wallet_audit_log", AUDIT, {"key_id": "ef" * 8}, "wallet_audit_log_mac_names_its_key"),
        (
            "wallet_audit_log",
            AUDIT,
            {"request_id": None},
            "wallet_audit_log_request_id_has_one_form",
        ),
        (
            "wallet_audit_log",
            AUDIT,
            UUID_ONLY | {"request_id": "r"},
            "wallet_audit_log_request_id_has_one_form",
        ),
        ("wallet_audit_log", AUDIT, MAC | MAC_BYTES, "wallet_audit_log_mac_has_one_form"),
        (
            "wallet_audit_log",
            AUDIT,
            MAC_BYTES | {"key_id_bytes": None},
            "wallet_audit_log_mac_bytes_name_their_key",
        ),
        (
            "wallet_audit_log",
            AUDIT,
            MAC_BYTES | {"mac_bytes": None},
            "wallet_audit_log_mac_bytes_name_their_key",
        ),
        (
            "wallet_audit_log",
            AUDIT,
            MAC_BYTES | {"mac_bytes": b"m" * 31},
            "wallet_audit_log_mac_is_32_bytes",
        ),
        (
            "wallet_audit_log",
            AUDIT,
            MAC_BYTES | {"key_id_bytes": b"k" * 9},
            "wallet_audit_log_key_id_is_8_bytes",
        ),
        ("wallet_audit_heads", HEAD, {"fid": 0}, "wallet_audit_heads_fid_is_positive"),
        ("wallet_audit_heads", HEAD, {"mac": "ab"}, "wallet_audit_heads_mac_is_hmac_sha256"),
        ("encryption_keys", KEY, {"key_id": "short"}, "encryption_keys_id_is_16_hex_digits"),
        (
            "encryption_keys",
            KEY,
            {"sealed_audit_root": "ab" * 59},
            "encryption_keys_audit_root_is_sealed",
        ),
        ("api_clients", CLIENT, {"id": "short"}, "api_clients_id_is_16_hex_digits"),
        ("api_clients", CLIENT, {"name": "Engine"}, "api_clients_name_is_a_short_word"),
        ("api_clients", CLIENT, {"name": "a b"}, "api_clients_name_is_a_short_word"),
        ("api_clients", CLIENT, {"token_hash": "ab"}, "api_clients_token_hash_is_sha256"),
        ("api_clients", CLIENT, {"scopes": ["all"]}, "api_clients_scopes_are_known"),
        ("api_clients", CLIENT, {"scopes": []}, "api_clients_scopes_are_known"),
        (
            "api_clients",
            CLIENT,
            {"allowed_networks": []},
            "api_clients_allowed_networks_are_some",
        ),
        (
            "api_clients",
            CLIENT,
            {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)},
            "api_clients_expire_after_they_began",
        ),
        (
            "api_clients",
            CLIENT,
            {"expires_at": datetime(9999, 1, 1, tzinfo=UTC)},
            "api_clients_expire_before_the_year_9000",
        ),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused_by_the_constraint_of_that_name(
    sql, table, row, change, constraint
):
    with pytest.raises(errors.CheckViolation) as caught:
        insert(sql, table, row | change)
    assert caught.value.diag.constraint_name == constraint


def test_every_check_of_the_schema_is_broken_by_a_case_above(sql):
    found = sql.execute(
        "select conname from pg_constraint join pg_class on pg_class.oid = conrelid"
        " where contype = 'c' and relname <> 'schema_migrations'"
    ).fetchall()
    cases = test_a_row_that_breaks_a_rule_is_refused_by_the_constraint_of_that_name
    broken = {case[3] for case in cases.pytestmark[0].args[1]}
    # There is no other status yet that would be wrong.
    assert {name for (name,) in found} == broken | {"deposits_status_is_known"}


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
def test_what_is_unique_stays_so(full, table, row, constraint):
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
def test_no_wallet_is_sealed_under_a_secret_that_is_not_active(full, statement):
    insert(full, "encryption_keys", {"key_id": "ab" * 8, "succeeds": "ef" * 8})
    with pytest.raises(errors.ForeignKeyViolation) as caught:
        full.execute(statement)
    assert caught.value.diag.constraint_name == "wallets_key_id_is_active"


def test_only_a_registered_secret_is_active(full):
    with pytest.raises(errors.ForeignKeyViolation) as caught:
        insert(full, "active_encryption_keys", {"key_id": "ab" * 8})
    assert caught.value.diag.constraint_name == "active_encryption_keys_are_registered"


def test_an_entry_of_over_a_minute_ago_is_a_conflict(sql):
    sql.execute("select time_of_entry(clock_timestamp() - interval '50 seconds')")
    with pytest.raises(errors.SerializationFailure):
        sql.execute("select time_of_entry(clock_timestamp() - interval '61 seconds')")


def test_what_rotation_and_sign_in_need_is_allowed(full):
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
