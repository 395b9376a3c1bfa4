"""No transaction asks every machine and then writes to a table of which each has a copy.

Citus refuses that: "cannot modify table … because there was a parallel operation on a distributed
table", unless it was told beforehand to ask one shard after the other. Here its rule is kept over
every statement that is sent.
"""

import re
from dataclasses import dataclass

import pytest
from psycopg.pq import TransactionStatus

from tests.factories import ACCESS, FID, OTHER_SECRET, POSTGRES, SECRET, service
from tests.sql.queries import EVERY, listed
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.database.connections import TimedCursor, name_of
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.encryption_keys.registry import KnownSecrets
from wallet_api.services.encryption_keys.rotation import KeyRotation, RotationOutcome

# Which transaction this is, and whether it was reported.
STATE = (
    "select (pg_backend_pid(), now())::text as began,"
    " current_setting('citus.multi_shard_modify_mode', true) = 'sequential' as told"
)
COPIED = re.compile(r"^(insert|update|delete)\b.*?\b(into|from|update) (active_)?encryption_keys\b")


@dataclass
class Rule:
    """What was seen of it: statements to copied tables, and those that Citus refuses."""

    written: int = 0
    refused: int = 0


@pytest.fixture
def citus(monkeypatch):
    """Check every statement that is sent from now on against the rule; Rule counts."""
    scatter = {name for name, place in listed().items() if place == EVERY}
    execute = TimedCursor.execute
    rule, side_by_side = Rule(), set()

    def ruled(cursor, query, *arguments, **options):
        connection, name = cursor.connection, name_of(str(query))
        written = COPIED.match(re.sub(r"/\*.*?\*/ ", "", str(query)))
        if connection.info.transaction_status == TransactionStatus.INTRANS:
            with connection.cursor() as asked:
                state = execute(asked, STATE).fetchone()
            if name in scatter and not state["told"]:
                side_by_side.add(state["began"])
            rule.written += bool(written)
            rule.refused += bool(written) and state["began"] in side_by_side
        return execute(cursor, query, *arguments, **options)

    monkeypatch.setattr(TimedCursor, "execute", ruled)
    return rule


def test_the_first_secret_can_be_registered_and_followed_and_retired(database, citus):
    service(database).ensure_trading_wallet(FID, access=ACCESS)
    # Registered, and active.
    assert (citus.written, citus.refused) == (2, 0)
    old = EncryptionService(Secret(SECRET))
    new = EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET)])
    SecretRegistration(database, new).register()
    rotation = KeyRotation(database, new, ACCESS)
    reports = [report for page in rotation.pages(10) for report in rotation.run(page)]
    assert [report.outcome for report in reports] == [RotationOutcome.REENCRYPTED]
    assert KnownSecrets(database, new, POSTGRES).retire(old.key_id)
    assert (citus.written, citus.refused) == (5, 0)
