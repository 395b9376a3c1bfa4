"""Is this process fit to serve? Each fault in one sentence that an operator can act on."""

from wallet_api.database import Database
from wallet_api.errors import ServiceUnavailable
from wallet_api.migrations import expected_versions
from wallet_api.repositories.migrations import MigrationRepository
from wallet_api.services.sealing_secret import SealingSecret

_NAMED = 3


def check_migrations(database: Database) -> None:
    """Raise ServiceUnavailable unless a database has every migration that this code knows.

    A newer database is fine: that is a deploy in progress.
    """
    applied = database.run(lambda connection: MigrationRepository(connection).list_applied())
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

        The database answers, it has every migration, and our secret fits it.
        """
        check_migrations(self._database)
        self._sealing_secret.check()
