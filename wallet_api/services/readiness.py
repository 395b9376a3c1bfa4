"""Readiness checks: database, privileges, migrations and secret."""

from collections.abc import Collection
from threading import Lock

import structlog

from wallet_api import metrics
from wallet_api.alarms import NOT_READY, alarm
from wallet_api.database import Connection, Database
from wallet_api.errors import ServiceUnavailable
from wallet_api.repositories.migrations import MigrationRepository, ServerState
from wallet_api.services.diagnosis.expectations import needed_privileges
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.migrations import expected_versions, read_only_reason

log = structlog.get_logger("wallet_api")

_NAMED = 3
_READY = "ready"


def check_database(database: Database, *, writable: bool) -> None:
    """Raise ServiceUnavailable unless a database has every migration that this code knows.

    A newer database is accepted: that is a deploy in progress. With `writable`, the database must
    also take writes and our role must have every privilege that it needs. Verifying keys and the
    audit log needs neither.
    """

    def read(connection: Connection) -> tuple[ServiceUnavailable | None, set[str]]:
        repository = MigrationRepository(connection)
        state = repository.get_state(needed_privileges() if writable else ())
        fault = read_only_reason(state) or find_missing_privileges(state)
        if writable and fault is not None:
            return fault, set()
        return None, repository.list_applied(state)

    fault, applied = database.run(read)
    if fault is not None:
        raise fault
    missing = expected_versions() - applied
    if missing:
        raise ServiceUnavailable(
            f"migrations {_some_of(missing)} are missing",
            "run `wallet-api db upgrade`",
            alarm="migrations_missing",
        )


def find_missing_privileges(state: ServerState) -> ServiceUnavailable | None:
    """Return an error that names the objects on which our role lacks privileges, or None."""
    if not state.missing_privileges:
        return None
    objects = {privilege.target for privilege in state.missing_privileges}
    return ServiceUnavailable(
        f"this role lacks privileges on {_some_of(objects)}",
        "as the owner of the tables, run queries/operations/roles.sql, and make the role a member "
        "of wallet_api_runtime that inherits",
        alarm="rights_missing",
    )


def _some_of(names: Collection[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(sorted(names)[:_NAMED]) + more


class ReadinessService:
    """Readiness of this process, as /readyz reports it. Logs each change as an alarm."""

    def __init__(self, database: Database, registration: SecretRegistration) -> None:
        self._database = database
        self._registration = registration
        self._lock = Lock()
        # The code of the reason why this process cannot serve, or "ready". None before a check.
        self._state: str | None = None

    def check(self) -> None:
        """Raise ServiceUnavailable, with the reason, unless this process can serve.

        The database must answer, take writes, grant our role its privileges, have every migration,
        and know our secret.
        """
        try:
            check_database(self._database, writable=True)
            self._registration.check()
        except ServiceUnavailable as error:
            if self._enter(error.alarm) != error.alarm:
                alarm("not ready", error.alarm, reason=error.reason, **error.logged)
            raise
        before = self._enter(_READY)
        if before != _READY:
            # As a critical line, so that a log of critical lines also has the end of the fault.
            write = log.info if before is None else log.critical
            write("ready", code=_READY, before=before)

    def _enter(self, state: str) -> str | None:
        """Record the state of this process, and return the one before."""
        with self._lock:
            before, self._state = self._state, state
        if before != state:
            for code in NOT_READY:
                metrics.NOT_READY.labels(code).set(code == state)
        return before
