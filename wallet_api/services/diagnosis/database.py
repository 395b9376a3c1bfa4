"""Checks of a database, for `wallet-api db doctor`; none needs a secret."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from wallet_api.database import Connection, Database
from wallet_api.database.session_settings import PINNED, is_applied, is_on, is_unsafe
from wallet_api.repositories.audit.archive import DELETION_SETTING
from wallet_api.repositories.database_checks import (
    DatabaseCheckRepository,
    Privilege,
    RoleSetting,
    SchemaObject,
)
from wallet_api.repositories.migrations import MigrationRepository
from wallet_api.repositories.role_checks import RoleCheckRepository
from wallet_api.services.diagnosis.expectations import (
    expected_privileges,
    expected_schema,
    needed_privileges,
)
from wallet_api.services.migrations import expected_versions, read_only_reason
from wallet_api.services.readiness import find_missing_privileges

_VERSIONS = "schema_migrations"
_DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")
# Predefined roles of PostgreSQL whose members can access all tables or the server's files, and
# whether they can change them.
_PREDEFINED = {
    "pg_read_all_data": False,
    "pg_write_all_data": True,
    "pg_maintain": True,
    "pg_read_server_files": False,
    "pg_write_server_files": True,
    "pg_execute_server_program": True,
}
# Kinds of objects that are checked together, and whether a fault can cost wallets.
_GROUPS = (
    (
        "every table is as the migrations created it",
        {"table", "sequence", "child table", "column"},
        True,
    ),
    ("every trigger is present and enabled", {"trigger", "function", "rule", "policy"}, True),
    ("every constraint is present and valid", {"constraint", "unique index"}, True),
    ("every index is present and valid", {"index"}, False),
    # Some providers have event triggers of their own in every database.
    ("there are no event triggers", {"event trigger"}, False),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A checked subject and its faults, if any.

    A `serious` fault can cause the loss of wallets, or hide one; others are advice.
    """

    subject: str
    faults: list[str]
    serious: bool = True


def examine_database(database: Database, trusted: Collection[str] = ()) -> list[Finding]:
    """Check a database as the current role. Raises DatabaseUnavailable.

    Do not report the privileges of `trusted` roles.
    """
    return database.run(lambda connection: _examine(connection, trusted))


def _examine(connection: Connection, trusted: Collection[str]) -> list[Finding]:
    checks = DatabaseCheckRepository(connection)
    tables = [part.name for part in expected_schema() if part.kind == "table"]
    hidden = checks.list_unreadable_tables([*tables, _VERSIONS])
    findings = [
        Finding("this role may read every table", [f"it may not read {name}" for name in hidden]),
        *_session(connection),
    ]
    if _VERSIONS not in hidden:
        findings.append(_migrations(MigrationRepository(connection).list_applied()))
        if findings[-1].faults:
            # The other checks need tables as this code knows them.
            return findings
    findings += [
        *_settings(checks),
        _privileges(checks),
        *_other_roles(RoleCheckRepository(connection), trusted),
        *_schema(checks),
    ]
    if not hidden:
        findings += _rows(checks)
    return findings


def _migrations(applied: set[str]) -> Finding:
    known = expected_versions()
    missing = [f"{version} is not applied" for version in sorted(known - applied)]
    newer = [f"{version} is newer than this program" for version in sorted(applied - known)]
    return Finding("migrations are current", missing + newer)


def _session(connection: Connection) -> Iterator[Finding]:
    """Check the session of this role, as /readyz does."""
    yield Finding(
        "a session of this role is safe to use", [fault.reason for fault in connection.faults]
    )
    state = MigrationRepository(connection).get_state(needed_privileges())
    read_only = read_only_reason(state)
    yield Finding("the database accepts writes", [] if read_only is None else [read_only.reason])
    missing = find_missing_privileges(state)
    lines = [] if missing is None else [missing.reason, *_by_object(state.missing_privileges)]
    yield Finding("the role has every privilege that it needs", lines)


def _settings(checks: DatabaseCheckRepository) -> list[Finding]:
    session = checks.get_session()
    initial = checks.list_initial_settings(_DURABILITY)
    foreign = [
        setting
        for setting in checks.list_role_settings(_relations())
        if not is_applied(setting.setting_name, setting.setting)
    ]
    unsafe = [
        setting for setting in foreign if setting.reaches_tables and _disables_a_safeguard(setting)
    ]
    findings = [
        Finding(
            f"{name} is on",
            [f"{name} is off: commits can be lost"] if initial[name] == "off" else [],
            # Our connections set it, unless a pooler drops our settings.
            serious=session.pooled or name != "synchronous_commit",
        )
        for name in _DURABILITY
    ]
    if session.pooled:
        findings.append(_initial_settings(checks))
    return [
        *findings,
        Finding("no setting of a role disables a safeguard", _role_settings(unsafe)),
        Finding(
            "roles and the database have no unexpected settings",
            _role_settings(setting for setting in foreign if setting not in unsafe),
            serious=False,
        ),
        Finding(
            "the connection is encrypted",
            [] if session.tls else ["no TLS: add sslmode=verify-full to DATABASE_URL"],
            serious=False,
        ),
    ]


def _disables_a_safeguard(found: RoleSetting) -> bool:
    if found.setting_name == DELETION_SETTING:
        return is_on(found.setting)
    return is_unsafe(found.setting_name, found.setting)


def _role_settings(found: Iterable[RoleSetting]) -> list[str]:
    return [f"{setting.role_name}: {setting.setting_name}={setting.setting}" for setting in found]


def _initial_settings(checks: DatabaseCheckRepository) -> Finding:
    """Check the initial settings of a pooler's sessions, where our own may be lost."""
    found = checks.list_initial_settings([*PINNED, "search_path"])
    return Finding(
        "sessions of the pooler begin with the required settings",
        [
            f"{name} is {value}: set it for the role as docs/scaling.md describes"
            for name, value in found.items()
            if not is_applied(name, value)
        ],
    )


def _privileges(checks: DatabaseCheckRepository) -> Finding:
    """Compare the privileges of this role with those that the service needs."""
    allowed = expected_privileges()
    excess = {
        privilege
        for privilege in checks.list_privileges(_relations())
        # A privilege on a table includes each of its columns.
        if privilege not in allowed
        and Privilege(privilege.name.split()[0], privilege.target) not in allowed
    }
    return Finding(
        "the role has no more privileges than it needs",
        [f"{line} (queries/operations/roles.sql)" for line in _by_object(excess)],
        serious=False,
    )


def _other_roles(checks: RoleCheckRepository, trusted: Collection[str]) -> list[Finding]:
    """Report all privileges of roles other than the owner, superusers and our own role."""
    relations = _relations()
    functions = [part.name for part in expected_schema() if part.kind == "function"]
    owners = checks.list_owners(relations, functions)
    # These include the current role, because list_privileges() does not cover them.
    parameters = checks.list_parameter_privileges()
    grants = checks.list_grants(relations, expected_privileges())
    powerful = {**_PREDEFINED, "wallet_api_runtime": True}
    for privilege in (*owners, *grants, *parameters):
        powerful[privilege.role] = privilege.changes or powerful.get(privilege.role, False)
    unreported = {*trusted, *checks.list_exempt_roles()}
    privileges = [
        *owners,
        *grants,
        *checks.list_memberships(powerful),
        *checks.list_role_attributes(),
        *checks.list_replication_sources(relations),
    ]
    privileges = [
        *(privilege for privilege in privileges if privilege.role not in unreported),
        *(privilege for privilege in parameters if privilege.role not in trusted),
    ]
    defaults = [
        privilege
        for privilege in checks.list_default_privileges(functions)
        if privilege.role not in unreported
    ]
    return [
        Finding(
            subject,
            [f"{privilege.role} {privilege.ability}: {privilege.remedy}" for privilege in found],
            serious,
        )
        for subject, found, serious in (
            ("no other role can change these tables", [r for r in privileges if r.changes], True),
            ("no other role can read these tables", [r for r in privileges if not r.changes], True),
            ("default privileges grant nothing on our objects", defaults, False),
        )
    ]


def _relations() -> list[str]:
    parts = expected_schema()
    return [*(part.name for part in parts if part.kind in ("table", "sequence")), _VERSIONS]


def _by_object(privileges: Collection[Privilege]) -> list[str]:
    objects = sorted({privilege.target for privilege in privileges})
    return [
        f"{', '.join(sorted(one.name for one in privileges if one.target == name))} on {name}"
        for name in objects
    ]


def _schema(checks: DatabaseCheckRepository) -> list[Finding]:
    expected = expected_schema()
    found = checks.list_schema_objects(
        [part.name for part in expected if part.kind in ("table", "sequence")],
        [part.name for part in expected if part.kind == "function"],
    )
    return [
        Finding(
            subject,
            _differences(
                {part for part in expected if part.kind in kinds},
                {part for part in found if part.kind in kinds},
            ),
            serious,
        )
        for subject, kinds, serious in _GROUPS
    ]


def _differences(expected: set[SchemaObject], found: set[SchemaObject]) -> list[str]:
    absent = {(part.kind, part.name) for part in expected - found}
    extra = {(part.kind, part.name) for part in found - expected}
    lines = [
        *(f"{kind} {name} is missing" for kind, name in absent - extra),
        *(f"{kind} {name} differs from the migrations" for kind, name in absent & extra),
        *(f"{kind} {name} was not created by the migrations" for kind, name in extra - absent),
    ]
    return sorted(lines)


def _rows(checks: DatabaseCheckRepository) -> list[Finding]:
    return [
        Finding(subject, [f"FID {fid}" for fid in fids])
        for subject, fids in (
            ("every trading wallet has a key", checks.list_trading_wallets_without_key()),
            ("every secret is known", checks.list_wallets_of_unknown_secrets()),
            ("deposits go to their user's wallet", checks.list_deposits_to_other_addresses()),
        )
    ]
