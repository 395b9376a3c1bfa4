"""Is this process fit to serve? Each fault in one sentence that an operator can act on."""

from wallet_api.database import Connection, Database
from wallet_api.errors import ServiceUnavailable
from wallet_api.migrations import expected_versions, find_why_read_only
from wallet_api.repositories.migrations import MigrationRepository
from wallet_api.services.sealing_secret import SealingSecret

_NAMED = 3


def check_database(database: Database, *, writable: bool) -> None:
    """Raise ServiceUnavailable unless a database has every migration that this code knows.

    A newer database is fine: that is a deploy in progress. With `writable` it must take writes,
    too; keys and the audit log can be verified where it does not.
    """

    def look(connection: Connection) -> tuple[str | None, set[str]]:
        repository = MigrationRepository(connection)
        state = repository.get_state()
        return find_why_read_only(state), repository.list_applied(state)

    read_only, applied = database.run(look)
    if writable and read_only is not None:
        raise ServiceUnavailable(read_only)
    missing = sorted(expected_versions() - applied)
    if missing:
        named = ", ".join(missing[:_NAMED])
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise ServiceUnavailable(
            f"migrations {named}{more} are missing: run `wallet-api db upgrade`"
        )


class ReadinessService:
    """What /readyz answers."""

    def __init__(self, database: Database, sealing_secret: SealingSecret) -> None:
        self._database = database
        self._sealing_secret = sealing_secret

    def check(self) -> None:
        """Raise ServiceUnavailable, with the reason, unless everything needed is in place.

        The database answers, it takes writes, it has every migration, and our secret fits it.
        """
        check_database(self._database, writable=True)
        self._sealing_secret.check()
