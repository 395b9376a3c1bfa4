"""Is a database as it should be? Everything that can be asked without opening a key."""

from dataclasses import dataclass

from wallet_api.database import Connection, Database
from wallet_api.migrations import expected_versions
from wallet_api.repositories.checks import CheckRepository
from wallet_api.repositories.migrations import MigrationRepository

# What the migrations created: a trigger that is missing was dropped by somebody.
TRIGGERS = frozenset(
    {
        "api_clients_are_never_deleted",
        "api_clients_are_never_truncated",
        "api_clients_change_by_use_and_revocation_only",
        "deposits_never_change_what_was_prepared",
        "encryption_keys_are_never_changed",
        "encryption_keys_are_never_truncated",
        "wallet_audit_log_is_never_changed",
        "wallet_audit_log_is_never_truncated",
        "wallets_are_never_deleted",
        "wallets_are_never_truncated",
        "wallets_ciphertext_changes_with_its_key_id_only",
        "wallets_trading_identity_never_changes",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, and what is wrong with it: nothing, where `faults` is empty.

    Something that is `serious` can cost wallets or hide that it did; the rest is advice.
    """

    subject: str
    faults: tuple[str, ...]
    serious: bool


class Doctor:
    """Examines one database, as the role that it is connected as."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def examine(self) -> list[Finding]:
        """Look at everything. Raises DatabaseUnavailable."""
        return self._database.run(_examine, repeatable=True)


def _examine(connection: Connection) -> list[Finding]:
    applied = MigrationRepository(connection).list_applied()
    missing = tuple(
        f"{version} is not applied" for version in sorted(expected_versions() - applied)
    )
    findings = [Finding(subject="migrations are current", faults=missing, serious=True)]
    if missing:
        # The other questions are about tables as this code knows them.
        return findings
    checks = CheckRepository(connection)
    settings = checks.get_settings()
    in_force = checks.list_triggers()
    return [
        *findings,
        *(
            Finding(
                subject=f"{name} is on",
                faults=() if settings[name] else (f"{name} is off: commits can be lost",),
                serious=True,
            )
            for name in ("fsync", "synchronous_commit", "full_page_writes")
        ),
        Finding(
            subject="the connection is encrypted",
            faults=() if settings["tls"] else ("no TLS: add sslmode=verify-full to DATABASE_URL",),
            serious=False,
        ),
        Finding(
            subject="the role has no more rights than it needs",
            faults=tuple(f"{right} (queries/roles.sql)" for right in checks.list_excess_rights()),
            serious=False,
        ),
        Finding(
            subject="every trigger is in force",
            faults=tuple(f"{name} is not" for name in sorted(TRIGGERS) if not in_force.get(name)),
            serious=True,
        ),
        Finding(
            subject="every index is valid",
            faults=tuple(checks.list_invalid_indexes()),
            serious=False,
        ),
        Finding(
            subject="every constraint is validated",
            faults=tuple(checks.list_unvalidated_constraints()),
            serious=False,
        ),
        _users("every trading wallet has a key", checks.list_trading_wallets_without_key()),
        _users("every secret is known", checks.list_wallets_of_unknown_secrets()),
        _users("deposits go to their user's wallet", checks.list_deposits_to_other_addresses()),
    ]


def _users(subject: str, fids: list[int]) -> Finding:
    return Finding(subject=subject, faults=tuple(f"FID {fid}" for fid in fids), serious=True)
