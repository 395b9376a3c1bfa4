"""Database upgrades: dbmate applies migrations/*.sql while we hold a lock.

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

from wallet_api.crypto.secret import Secret
from wallet_api.database import Connection, connect
from wallet_api.database.session_settings import PINNED, as_options
from wallet_api.database.sql_files import MIGRATIONS
from wallet_api.errors import ServiceUnavailable
from wallet_api.repositories.migrations import MigrationRepository, ServerState

# The last migration before 1.0.0. A database that has it would take our next ones for applied.
_LAST_BEFORE_1_0 = "0026"
_LOCK_POLL_SECONDS = 0.2
_LOCK_TIMEOUT_SECONDS = 600
_APPLYING = re.compile(r"Applying: (\w+)\.sql")
# What dbmate's driver must be told as libpq was. It has no certificate revocation lists, encrypted
# client keys, channel binding, require_auth or Kerberos.
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
# Each migration sets its own limits; building an index has none.
_NO_LIMITS = {"statement_timeout": "0", "lock_timeout": "0"}
# Settings of dbmate and of its driver, which the URL says already.
_NOT_FOR_DBMATE = ("DBMATE_", "PG")


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


def find_why_read_only(state: ServerState) -> ServiceUnavailable | None:
    """Return why nothing can be stored, as an error; None if it can."""
    if state.standby:
        return ServiceUnavailable(
            "this server is a standby and takes no writes",
            "let DATABASE_URL lead to the primary, or name both with "
            "target_session_attrs=read-write",
        )
    if state.read_only:
        return ServiceUnavailable(
            "default_transaction_read_only is on, so nothing can be stored",
            "make room if the provider set it for a full disk, then reset it in the role or the "
            "database",
        )
    return None


def upgrade(url: Secret[str], tell: Callable[[str], None] = lambda _: None) -> set[str]:
    """Apply the missing migrations and return their versions.

    Then revoke what default privileges, or anybody, granted on our tables to roles that are not
    ours. This runs after every upgrade, because default privileges act again on the next table.

    Any number of upgrades may run at once: one works, the others wait for it, then find nothing to
    do. `tell` hears in one line each what is being done: an index can take minutes. Raises
    MigrationError.
    """
    with _connect(url) as connection:
        repository = MigrationRepository(connection)
        read_only = find_why_read_only(repository.get_state())
        if read_only is not None:
            raise MigrationError(read_only.reason)
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
            if _LAST_BEFORE_1_0 in before - expected_versions():
                raise MigrationError(
                    "this database was made before 1.0.0, whose migrations begin anew: bring its "
                    "rows over as CHANGELOG.md says"
                )
            _run_dbmate(
                _url_of(connection, repository.list_settings([*PINNED, "search_path"])), tell
            )
            after = repository.list_applied()
            if expected_versions() - after:
                raise MigrationError("dbmate finished, but migrations are missing here still")
            _revoke_other_rights(repository, tell)
            return after - before
        finally:
            repository.unlock()


def _revoke_other_rights(repository: MigrationRepository, tell: Callable[[str], None]) -> None:
    found = repository.revoke_other_rights()
    left = repository.revoke_other_rights() if found else {}
    for role, places in sorted(found.items()):
        if revoked := places - left.get(role, set()):
            tell(f"Revoked the rights of {role} on {', '.join(sorted(revoked))}.")
    for role, places in sorted(left.items()):
        tell(
            f"Could not revoke the rights of {role} on {', '.join(sorted(places))}: "
            "`wallet-api db doctor` says who granted them."
        )


def _connect(url: Secret[str]) -> Connection:
    try:
        return connect(url)
    except ServiceUnavailable as error:
        raise MigrationError(error.reason) from error


def _url_of(connection: Connection, settings: dict[str, str]) -> str:
    """Name the one server that a connection reached, and its settings, for dbmate's driver.

    DATABASE_URL may list several hosts, a name may have several addresses, and libpq knows by
    default what the URL leaves out. dbmate takes an IPv6 address as a parameter only.
    """
    info = connection.info
    given = info.get_parameters()
    query: dict[str, str] = {name: given[name] for name in _PARAMETERS if name in given}
    # Where libpq may choose (its default is "prefer"), say what it chose.
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
    place = f":{info.port}/{quote(info.dbname, safe='')}"
    return f"postgres://{login}@{place}?{urlencode(query, quote_via=quote)}"


def _run_dbmate(url: str, tell: Callable[[str], None]) -> None:
    scripts = sysconfig.get_path("scripts")
    dbmate = shutil.which("dbmate", path=scripts) or shutil.which("dbmate")
    if dbmate is None:
        raise MigrationError("dbmate is not installed: pip install -r requirements.txt")
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(_NOT_FOR_DBMATE)
    }
    # The URL goes through the environment: a command line can be read by other users.
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
                tell(f"Applying {applying[1]}.")
    if process.returncode != 0:
        raise MigrationError(f"dbmate: {last}")
