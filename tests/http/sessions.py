"""Settings of sessions, and what `doctor`, `db doctor` and /readyz report about them."""

import psycopg
import pytest

from tests.factories import BASE_ACCOUNT, FID, signed_in
from tests.http.problems import refused
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.services import migrations
from wallet_api.services.diagnosis.database import examine_database
from wallet_api.services.diagnosis.environment import examine_environment
from wallet_api.services.diagnosis.settings import State

# Cyrillic, an emoji outside of the basic plane, quotes and escapes, and a word of arrays.
REASONS = ("выплата по заявке", "payout 💸", 'it\'s \\ a "test"', "NULL", "{NULL,\\x41}")
# A setting, and where it matters. Each must leave everything as it is without it.
OVERRIDDEN = [
    "DateStyle = 'German'",
    "DateStyle = 'SQL, DMY'",
    "DateStyle = 'Postgres, YMD'",
    "IntervalStyle = 'sql_standard'",
    "IntervalStyle = 'iso_8601'",
    "TimeZone = 'Pacific/Apia'",
    "TimeZone = 'America/St_Johns'",
    "client_encoding = 'LATIN1'",
    "client_encoding = 'SQL_ASCII'",
    "client_encoding = 'EUC_JP'",
    "client_min_messages = error",
    "array_nulls = off",
    "bytea_output = escape",
    "extra_float_digits = -15",
    "quote_all_identifiers = on",
    "standard_conforming_strings = off",
    "default_transaction_isolation = 'serializable'",
    "default_transaction_isolation = 'repeatable read'",
    "synchronous_commit = local",
    "synchronous_commit = off",
    "statement_timeout = '200ms'",
    "statement_timeout = 0",
    "lock_timeout = 1",
    "idle_session_timeout = '500ms'",
    "idle_in_transaction_session_timeout = '500ms'",
    "search_path = pg_temp, public",
    "search_path = public, pg_catalog",
]
# These are not overridden, because nothing that we send or promise depends on them.
HARMLESS = [
    "backslash_quote = off",
    "check_function_bodies = off",
    "default_transaction_deferrable = on",
    "enable_indexscan = off",
    "escape_string_warning = off",
    "jit = off",
    "plan_cache_mode = force_generic_plan",
    "row_security = off",
    "transform_null_equals = on",
    "xmloption = document",
]
REPLICA = "session_replication_role is replica, which switches triggers and foreign keys off"
READ_ONLY = "default_transaction_read_only is on, so nothing can be stored"
UNFIT = [
    ("session_replication_role = replica", REPLICA),
    ("zero_damaged_pages = on", "zero_damaged_pages is on, so that damaged rows appear"),
    ("ignore_checksum_failure = on", "ignore_checksum_failure is on, so that damaged rows appear"),
    ("default_transaction_read_only = on", READ_ONLY),
]
# What the tests' server is like. (It keeps nothing that it commits, to be quick.)
USUAL = {"fsync is on"}


def settle(sql, setting, *, role=False):
    """Give a setting to this test's database, or to its role in it."""
    given = psycopg.sql.Identifier(sql.info.dbname)
    whose = psycopg.sql.SQL("role current_user in database {}" if role else "database {}")
    sql.execute(
        psycopg.sql.SQL("alter {} set {}").format(whose.format(given), psycopg.sql.SQL(setting))
    )


def examined(environ):
    """Return the findings of `wallet-api db doctor`."""
    database = Database(
        Secret(environ["DATABASE_URL"]),
        min_size=0,
        max_size=1,
        timeout_seconds=5,
        accept_unsafe=True,
    )
    database.open()
    try:
        return examine_database(database)
    finally:
        database.close()


def doctors(environ):
    """Return what `wallet-api doctor` and `wallet-api db doctor` call a fault."""
    outside = [one.what for one in examine_environment(environ) if one.state is State.FAULT]
    inside = [one for one in examined(environ) if one.serious and one.subject not in USUAL]
    return outside, [fault for one in inside for fault in one.faults]


def refused_by_everything(make_app, environ, sentence):
    """Assert that a new user is refused and that /readyz and the doctors say the same sentence."""
    client = make_app(**environ).test_client()
    ready = refused(client.get("/readyz"), 503, longest=400)
    assert sentence in ready["error"]
    outside, inside = doctors(environ)
    assert any(line.startswith(sentence) for line in outside)
    assert any(line.startswith(sentence) for line in inside)
    body = {"amount": "20", "baseAddress": BASE_ACCOUNT}
    refused(client.post("/api/wallet/deposit", json=body, headers=signed_in(FID + 1)), 503)
    with pytest.raises(migrations.MigrationError, match=sentence.split(",")[0]):
        migrations.upgrade(Secret(environ["DATABASE_URL"]))
