"""The settings of a session that correctness or durability depends on.

A database, a role, PGOPTIONS or the URL may set other values: apply() overrides them on each new
connection. A harmful setting that an ordinary role may not override makes the session unsafe.
docs/decisions/session-settings.md discusses all settings.
"""

import re
from collections.abc import Mapping
from typing import Any

import psycopg

from wallet_api.database import sql
from wallet_api.errors import DatabaseUnavailable

_QUERIES = sql.load("session_settings")

PINNED = {
    # How values are written and read.
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "TimeZone": "UTC",
    "array_nulls": "on",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "quote_all_identifiers": "off",
    "standard_conforming_strings": "on",
    # Isolation and durability. (remote_apply is not changed.)
    "default_transaction_isolation": "read committed",
    "synchronous_commit": "on",
    # PostgreSQL reports a commit that did not wait for its standby as a warning.
    "client_min_messages": "notice",
    # A statement that hangs would occupy a thread.
    "statement_timeout": "10000",
    "lock_timeout": "5000",
    # A process that is paused in a transaction may hold locks that others wait for.
    "idle_in_transaction_session_timeout": "60000",
    # Connections of a pool are idle on purpose.
    "idle_session_timeout": "0",
}
"""Settings as in pg_settings, times in milliseconds. search_path is pinned only in part."""

SERVING = {
    "statement_timeout": "4000",
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "10000",
}
"""The timeouts of connections for requests, which replace those above."""

# The settings that docs/scaling.md gives to the role of the service on a cluster.
_ON_CITUS = {"citus.propagate_set_commands": "local", "citus.node_connection_timeout": "1s"}
# Other spellings of our values.
_AS_WRITTEN = {
    "statement_timeout": ("4s", "10s"),
    "lock_timeout": ("2s", "5s"),
    "idle_in_transaction_session_timeout": ("10s", "60s", "1min"),
}
_OFF = re.compile("0|of|f|n", re.IGNORECASE)
# PostgreSQL splits `options` at white space.
_SEPARATING = re.compile(r"[\s\\]")
_UNSAFE_SESSION = "session_unfit"
_RESET = "reset it in the role, the database or the server"
_UNSAFE = {
    ("session_replication_role", "replica"): "which switches triggers and foreign keys off",
    ("zero_damaged_pages", "on"): "so that damaged rows appear to be missing",
    ("ignore_checksum_failure", "on"): "so that damaged rows appear to be intact",
}


def apply(
    connection: psycopg.Connection[dict[str, Any]], limits: Mapping[str, str]
) -> tuple[DatabaseUnavailable, ...]:
    """Apply our settings in one round trip, and return the reasons why the session is unsafe.

    `limits` replace those of PINNED.
    """
    settings = {**PINNED, **limits}
    row = _QUERIES.apply(connection, names=list(settings), settings=list(settings.values()))
    encoding = row["database_encoding"]
    faults = [
        DatabaseUnavailable(f"{name} is {value}, {effect}", _RESET, alarm=_UNSAFE_SESSION)
        for (name, value), effect in _UNSAFE.items()
        if row[name] == value
    ]
    if not row["has_schema"]:
        faults.append(
            DatabaseUnavailable(
                "search_path names no existing schema that this role may use",
                "create it, grant USAGE on it, or correct search_path in the URL, the role or the "
                "database",
                alarm=_UNSAFE_SESSION,
            )
        )
    if encoding != "UTF8":
        faults.append(
            DatabaseUnavailable(
                f"the database's encoding is {encoding}, which cannot store every character",
                "dump it, and restore it into one created with `createdb --encoding=UTF8 "
                "--template=template0`",
                alarm=_UNSAFE_SESSION,
            )
        )
    return tuple(faults)


def as_options(settings: dict[str, str]) -> str:
    """Return settings as libpq's `options`, the initial settings of a session."""
    return " ".join(
        f"-c{name}=" + _SEPARATING.sub(r"\\\g<0>", setting) for name, setting in settings.items()
    )


def is_applied(name: str, value: str) -> bool:
    """Return whether a setting of a role equals the one that we apply to each connection."""
    if name == "search_path":
        *schemas, last = (part.strip().strip('"') for part in value.lower().split(","))
        return last == "pg_temp" and not {"pg_temp", "pg_catalog"}.intersection(schemas)
    if name == "synchronous_commit" and value == "remote_apply":
        return True
    known = (
        *(settings.get(name, "") for settings in (PINNED, SERVING, _ON_CITUS)),
        *_AS_WRITTEN.get(name, ()),
    )
    return value.lower() in [spelling.lower() for spelling in known]


def is_unsafe(name: str, value: str) -> bool:
    """Return whether a setting of a role, in any spelling, makes its sessions unsafe."""
    if name == "session_replication_role":
        return value.lower() == "replica"
    return name in ("zero_damaged_pages", "ignore_checksum_failure") and is_on(value)


def is_on(value: str) -> bool:
    """Return whether a Boolean setting is on, in any spelling."""
    return not _OFF.match(value)
