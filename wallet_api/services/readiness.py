"""Is this process fit to serve? Each fault in one sentence that an operator can act on."""

from wallet_api.database import Database
from wallet_api.errors import ServiceUnavailable
from wallet_api.migrations import expected_versions
from wallet_api.repositories.migrations import MigrationRepository
from wallet_api.services.sealing_secret import SealingSecret


class ReadinessService:
    """What /readyz answers."""

    def __init__(self, database: Database, sealing_secret: SealingSecret) -> None:
        self._database = database
        self._sealing_secret = sealing_secret

    def check(self) -> None:
        """Raise ServiceUnavailable, with the reason, unless everything needed is in place.

        The database answers, it has every migration that this code knows (a newer database is
        fine: that is a deploy in progress), and our secret fits it.
        """
        applied = self._database.run(
            lambda connection: MigrationRepository(connection).list_applied(), repeatable=True
        )
        missing = expected_versions() - applied
        if missing:
            raise ServiceUnavailable(
                f"migrations {', '.join(sorted(missing))} are missing: run `wallet-api db upgrade`"
            )
        self._sealing_secret.check()
