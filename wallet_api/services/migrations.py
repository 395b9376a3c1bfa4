"""Database upgrades: dbmate applies migrations/*.sql while this process holds a lock.

The lock is polled. dbmate's own --migration-lock blocks in pg_advisory_lock(), which deadlocks with
another upgrade's CREATE INDEX CONCURRENTLY.
"""

import functools
import os
import re
import shutil
import subprocess
import sysconfig
import time
from collections.abc import Callable
from urllib.parse import quote, urlencode

from wallet_api.crypto.secret import Secret
from wallet_api.database import Connection, connect
from wallet_api.database.session_settings import PINNED, as_options
from wallet_api.database.sql_files import MIGRATIONS
from wallet_api.errors import ServiceUnavailable
from wallet_api.repositories.database_checks import DatabaseCheckRepository
from wallet_api.repositories.migrations import MigrationRepository, ServerState

# The first version that both a database from before 1.0.0 and a later one have, but with another
# migration: such a database would skip the new one.
_ADDS_COMPACT_AUDIT_COLUMNS = "0006"
_LOCK_POLL_SECONDS = 0.2
_LOCK_TIMEOUT_SECONDS = 600
_APPLYING = re.compile(r"Applying: (\w+)\.sql")
# The libpq parameters to pass on to dbmate's driver, which does not support certificate revocation
# lists, encrypted client keys, channel binding, require_auth or Kerberos.
_PARAMETERS = (
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslsni",
    "sslnegotiation",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
)
# Each migration sets its own timeouts; building an index has none.
_NO_LIMITS = {"statement_timeout": "0", "lock_timeout": "0"}
# Environment variables of dbmate and of its driver; the URL contains these settings.
_NOT_FOR_DBMATE = ("DBMATE_", "PG")


class MigrationError(Exception):
    """The database could not be upgraded. The message is the reason, in one line."""


@functools.cache
def expected_versions() -> frozenset[str]:
    """Return the versions of all migrations that this code knows."""
    return frozenset(migration_names())


def migration_names() -> dict[str, str]:
    """Return the names of all migrations that this code knows, by version."""
    return dict(path.stem.split("_", 1) for path in MIGRATIONS.glob("[0-9]*_*.sql"))


def applied_versions(url: Secret[str]) -> set[str]:
    """Return the versions applied to a database; none if it was never upgraded."""
    with _connect(url) as connection:
        return MigrationRepository(connection).list_applied()


def read_only_reason(state: ServerState) -> ServiceUnavailable | None:
    """Return the reason why the database is read-only, as an error; None if it accepts writes."""
    if state.standby:
        return ServiceUnavailable(
            "this server is a standby and accepts no writes",
            "point DATABASE_URL at the primary, or list both servers with "
            "target_session_attrs=read-write",
            alarm="read_only",
        )
    if state.read_only:
        return ServiceUnavailable(
            "default_transaction_read_only is on, so nothing can be stored",
            "free disk space if the provider set it because the disk is full, then reset it for "
            "the role or the database",
            alarm="read_only",
        )
    return None


def upgrade(url: Secret[str], report: Callable[[str], None] = lambda _: None) -> set[str]:
    """Apply the missing migrations and return their versions.

    Then revoke all privileges of other roles on our tables. This runs after every upgrade, because
    default privileges apply again to each new table.

    Concurrent upgrades are safe: one works, the others wait for it and then find nothing to do.
    `report` receives one line for each step. Raises MigrationError.
    """
    with _connect(url) as connection:
        repository = MigrationRepository(connection)
        read_only = read_only_reason(repository.get_state())
        if read_only is not None:
            raise MigrationError(read_only.reason)
        if DatabaseCheckRepository(connection).get_session().pooled:
            raise MigrationError(
                "DATABASE_URL connects to a pooler: upgrade needs a direct connection to PostgreSQL"
            )
        deadline = time.monotonic() + _LOCK_TIMEOUT_SECONDS
        waiting = False
        while not repository.try_lock():
            if not waiting:
                report("Another upgrade is running: waiting for it.")
            waiting = True
            if time.monotonic() > deadline:
                raise MigrationError("another upgrade has held the lock for ten minutes")
            time.sleep(_LOCK_POLL_SECONDS)
        try:
            before = repository.list_applied()
            if _ADDS_COMPACT_AUDIT_COLUMNS in before and not repository.has_compact_audit_columns():
                raise MigrationError(
                    "this database was created before 1.0.0, which has new migrations: move its "
                    "rows to a new database as CHANGELOG.md describes"
                )
            _run_dbmate(
                _url_of(connection, repository.list_settings([*PINNED, "search_path"])), report
            )
            after = repository.list_applied()
            if expected_versions() - after:
                raise MigrationError("dbmate finished, but migrations are still missing")
            _revoke_other_rights(repository, report)
            return after - before
        finally:
            repository.unlock()


def _revoke_other_rights(repository: MigrationRepository, report: Callable[[str], None]) -> None:
    found = repository.revoke_other_rights()
    left = repository.revoke_other_rights() if found else {}
    for role, tables in sorted(found.items()):
        if revoked := tables - left.get(role, set()):
            report(f"Revoked the privileges of {role} on {', '.join(sorted(revoked))}.")
    for role, tables in sorted(left.items()):
        report(
            f"Could not revoke the privileges of {role} on {', '.join(sorted(tables))}: "
            "`wallet-api db doctor` reports who granted them."
        )


def _connect(url: Secret[str]) -> Connection:
    try:
        return connect(url)
    except ServiceUnavailable as error:
        raise MigrationError(error.reason) from error


def _url_of(connection: Connection, settings: dict[str, str]) -> str:
    """Return a URL, for dbmate's driver, of the server that a connection reached.

    DATABASE_URL may list several hosts, a name may have several addresses, and libpq has defaults
    of its own. dbmate accepts an IPv6 address only as a parameter.
    """
    info = connection.info
    parameters = info.get_parameters()
    query: dict[str, str] = {name: parameters[name] for name in _PARAMETERS if name in parameters}
    # Where libpq may choose (its default is "prefer"), use its choice.
    if query.get("sslmode", "prefer") in ("prefer", "allow"):
        query["sslmode"] = "require" if connection.pgconn.ssl_in_use else "disable"
    query["host"] = info.host
    if info.hostaddr:
        query["hostaddr"] = info.hostaddr
    own = as_options({**settings, **_NO_LIMITS})
    query["options"] = f"{info.options} {own}" if info.options else own
    login = quote(info.user, safe="")
    if info.password:
        login += f":{quote(info.password, safe='')}"
    database = f":{info.port}/{quote(info.dbname, safe='')}"
    return f"postgres://{login}@{database}?{urlencode(query, quote_via=quote)}"


def _run_dbmate(url: str, report: Callable[[str], None]) -> None:
    scripts = sysconfig.get_path("scripts")
    dbmate = shutil.which("dbmate", path=scripts) or shutil.which("dbmate")
    if dbmate is None:
        raise MigrationError("dbmate is not installed: pip install -r requirements.txt")
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(_NOT_FOR_DBMATE)
    }
    # Pass the URL in the environment: other users can read a command line.
    last = "failed"
    with subprocess.Popen(
        [dbmate, "--migrations-dir", str(MIGRATIONS), "--no-dump-schema", "migrate"],
        env={**environ, "DATABASE_URL": url},
        cwd=MIGRATIONS,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            last = line.strip() or last
            if applying := _APPLYING.fullmatch(last):
                report(f"Applying {applying[1]}.")
    if process.returncode != 0:
        raise MigrationError(f"dbmate: {last}")
