"""Bringing a database up to date: dbmate applies migrations/*.sql, behind a lock of ours.

dbmate's own --migration-lock blocks inside pg_advisory_lock(), which deadlocks with another
upgrade's CREATE INDEX CONCURRENTLY; ours is polled.
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

import psycopg
from psycopg.rows import dict_row

from wallet_api.crypto.secret import Secret
from wallet_api.database import Connection
from wallet_api.repositories.migrations import MigrationRepository
from wallet_api.sql_files import MIGRATIONS

_LOCK_POLL_SECONDS = 0.2
_LOCK_TIMEOUT_SECONDS = 600
_APPLYING = re.compile(r"Applying: (\w+)\.sql")
# What dbmate's driver must be told as libpq was; `options` may choose the schema.
_PARAMETERS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "options")


class MigrationError(Exception):
    """The database could not be brought up to date. The message says why, in one line."""


@functools.cache
def expected_versions() -> frozenset[str]:
    """Return the versions of all migrations that this code knows."""
    return frozenset(path.name.split("_", 1)[0] for path in MIGRATIONS.glob("[0-9]*_*.sql"))


def applied_versions(url: Secret[str]) -> set[str]:
    """Return the versions that a database has; none for one that was never upgraded."""
    with _connect(url) as connection:
        return MigrationRepository(connection).list_applied()


def upgrade(url: Secret[str], tell: Callable[[str], None] = lambda _: None) -> set[str]:
    """Apply the missing migrations and return their versions.

    Any number of upgrades may run at once: one works, the others wait for it, then find nothing to
    do. `tell` hears in one line each what is being done: an index can take minutes. Raises
    MigrationError.
    """
    with _connect(url) as connection:
        repository = MigrationRepository(connection)
        # A pooler's clients are told another process than the one that answers them.
        if repository.get_backend_pid() != connection.info.backend_pid:
            raise MigrationError("a pooler is in between: upgrade needs a direct DATABASE_URL")
        deadline = time.monotonic() + _LOCK_TIMEOUT_SECONDS
        waiting = False
        while not repository.try_lock():
            if not waiting:
                tell("Another upgrade is at work: waiting for it.")
            waiting = True
            if time.monotonic() > deadline:
                raise MigrationError("another upgrade has held the lock for ten minutes")
            time.sleep(_LOCK_POLL_SECONDS)
        try:
            before = repository.list_applied()
            _run_dbmate(_url_of(connection), tell)
            after = repository.list_applied()
            if expected_versions() - after:
                raise MigrationError("dbmate finished, but migrations are missing here still")
            return after - before
        finally:
            repository.unlock()


def _connect(url: Secret[str]) -> Connection:
    try:
        return Connection.connect(
            url.reveal(), autocommit=True, row_factory=dict_row, connect_timeout=10
        )
    except psycopg.OperationalError as error:
        first_line = str(error).partition("\n")[0]
        raise MigrationError(f"cannot connect to the database: {first_line}") from error


def _url_of(connection: Connection) -> str:
    """Name the one server that a connection reached, in the form that dbmate's driver takes.

    DATABASE_URL may list several hosts, and may leave out what libpq knows by default.
    """
    info = connection.info
    given = info.get_parameters()
    query: dict[str, str] = {name: given[name] for name in _PARAMETERS if name in given}
    # Where libpq may choose (its default is "prefer"), say what it chose.
    if query.get("sslmode", "prefer") in ("prefer", "allow"):
        query["sslmode"] = "require" if connection.pgconn.ssl_in_use else "disable"
    host = info.host
    if host.startswith("/"):
        query["host"], host = host, ""
    login = quote(info.user, safe="")
    if info.password:
        login += f":{quote(info.password, safe='')}"
    place = f"{host}:{info.port}/{quote(info.dbname, safe='')}"
    return f"postgres://{login}@{place}?{urlencode(query, quote_via=quote)}"


def _run_dbmate(url: str, tell: Callable[[str], None]) -> None:
    scripts = sysconfig.get_path("scripts")
    dbmate = shutil.which("dbmate", path=scripts) or shutil.which("dbmate")
    if dbmate is None:
        raise MigrationError("dbmate is not installed: pip install -r requirements.txt")
    # The URL goes through the environment: a command line can be read by other users.
    last = "failed"
    with subprocess.Popen(
        [dbmate, "--migrations-dir", str(MIGRATIONS), "--no-dump-schema", "migrate"],
        env={**os.environ, "DATABASE_URL": url},
        cwd=MIGRATIONS,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            last = line.strip() or last
            if applying := _APPLYING.fullmatch(last):
                tell(f"Applying {applying[1]}.")
    if process.returncode != 0:
        raise MigrationError(f"dbmate: {last}")
