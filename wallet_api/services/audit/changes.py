"""Changes of policies and API clients, each with its audit entry in one transaction."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from wallet_api.crypto.encryption import EncryptionService
from wallet_api.database import Connection, Database, one_round_trip
from wallet_api.models import TRADING_CHAIN, AuditContext, AuditEvent
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.services.audit.append import AuditTrail
from wallet_api.services.encryption_keys.registration import SecretRegistration

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Change(Generic[T]):
    """The result of a change. `details` describe it, and are None if nothing changed."""

    result: T
    details: Mapping[str, object] | None


class AuditedChanges:
    """Runs changes of one audit chain one after the other, and records each in it.

    A change locks the chain of the user whom it concerns, or that of the service (SERVICE_FID). A
    signature of that user waits for it, and then sees it.
    """

    def __init__(
        self, database: Database, encryption: EncryptionService, registration: SecretRegistration
    ) -> None:
        self._database = database
        self._trail = AuditTrail(encryption)
        self._registration = registration

    def run(
        self,
        fid: int,
        action: str,
        change: Callable[[Connection], Change[T]],
        *,
        access: AuditContext,
    ) -> T:
        """Run a change while the chain of `fid` is locked, record it, and return its result.

        `change` may raise an error, and then nothing is written. It raises Conflict if another
        transaction was first.
        """
        pending = self._trail.pending()
        made: list[Change[T]] = []

        def run(connection: Connection) -> T:
            self._registration.register_on(connection)
            with one_round_trip(connection, commit=False):
                locked = AuditRepository(connection).lock_head(fid)
            head = locked()
            if not pending.is_written(connection):
                made[:] = [change(connection)]
                if made[0].details is not None:
                    event = AuditEvent(
                        fid=fid,
                        chain=TRADING_CHAIN,
                        action=action,
                        access=access,
                        details=json.dumps(made[0].details, separators=(",", ":")),
                    )
                    pending.append(connection, head, event)
            return made[0].result

        return self._database.run(run)
