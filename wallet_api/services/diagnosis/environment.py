"""Checks of everything that the settings name, for `wallet-api doctor`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC
from typing import TypeVar

from wallet_api.auth.issuer_keys import IssuerKeys
from wallet_api.auth.rate_limits import MEMORY, RateLimits
from wallet_api.config import (
    ConfigurationError,
    Settings,
    WalletSettings,
    read_database_url,
    read_wallet_settings,
)
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.database import Connection, Database, connection_error
from wallet_api.errors import ServiceUnavailable, SignInUnavailable, StorageUnavailable
from wallet_api.models import ApiClient, PageRequest
from wallet_api.repositories.database_checks import DatabaseCheckRepository, Session
from wallet_api.repositories.policy_assignments import PolicyAssignmentRepository
from wallet_api.services.api_clients import ApiClientService
from wallet_api.services.audit.read import AuditFilters, AuditLog
from wallet_api.services.diagnosis.settings import (
    Diagnosis,
    State,
    advice,
    advise,
    fault,
    faults_of,
    fine,
    read,
)
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.encryption_keys.registry import KnownSecrets
from wallet_api.services.readiness import check_database
from wallet_api.services.wallet_files.storages import select_storage

T = TypeVar("T")

_SECONDS = 5.0
_RUN_DB_DOCTOR = "`wallet-api db doctor` checks the contents of the database."
_CHECK_FOLDER = "Check its disk, and the permissions of the service's user on it."


def examine_environment(environ: Mapping[str, str]) -> list[Diagnosis]:
    """Read the environment as the service does and try what it names. Write nothing.

    Check as much as the settings allow: the database is checked even if JWT_SECRET is missing. No
    diagnosis quotes a secret, a password or a token.
    """
    settings, found = read(environ)
    url = _read(read_database_url, environ)
    if url is not None:
        found += _database(url, settings, _read(read_wallet_settings, environ))
    if settings is not None:
        found += [
            *_files(settings),
            *_replica(settings),
            *_sign_in(settings),
            *_rate_limits(settings),
            *advise(settings, environ),
        ]
    return found


def _read(reader: Callable[[Mapping[str, str]], T], environ: Mapping[str, str]) -> T | None:
    try:
        return reader(environ)
    except ConfigurationError:
        # Already reported, with all other faults.
        return None


def _database(
    url: Secret[str], settings: Settings | None, wallets: WalletSettings | None
) -> Iterator[Diagnosis]:
    refused = connection_error(url)
    if refused is not None:
        yield fault(
            refused.fault,
            "Correct DATABASE_URL, or start the server and allow this machine and role.",
            refused.alarm,
        )
        return
    try:
        with Database(url, min_size=0, max_size=1, timeout_seconds=_SECONDS) as database:
            session = database.run(
                lambda connection: DatabaseCheckRepository(connection).get_session()
            )
            yield from _session(session)
            if settings is not None:
                yield _connections(session, settings)
            check_database(database, writable=True)
            yield fine("every migration is applied")
            if wallets is not None:
                yield from _secrets(database, wallets)
            yield from _clients(database)
    except ServiceUnavailable as error:
        otherwise = _CHECK_FOLDER if isinstance(error, StorageUnavailable) else _RUN_DB_DOCTOR
        remedy = error.remedy
        remedy = f"{remedy[0].upper()}{remedy[1:]}." if remedy else otherwise
        yield fault(error.fault, remedy, error.alarm)


def _session(session: Session) -> Iterator[Diagnosis]:
    tls = "with TLS" if session.tls else "without TLS"
    yield fine(
        f"connected to the database: PostgreSQL {session.postgres}, as {session.role_name}, {tls}"
    )
    if not session.tls and not session.is_local:
        yield advice(
            "the connection to the database is not encrypted",
            "Add sslmode=verify-full to DATABASE_URL, with sslrootcert if the server needs it.",
        )


def _connections(session: Session, settings: Settings) -> Diagnosis:
    needed = settings.web_concurrency * settings.db_pool_max
    share = f"{settings.web_concurrency} processes of {settings.db_pool_max}"
    usage = f"{needed} connections at most ({share})"
    if session.pooled:
        return fine(f"{usage}, through a pooler")
    if 2 * needed <= session.connections:
        return fine(f"{usage}, of the {session.connections} that this role may have")
    return advice(
        f"{usage}, twice that during a release, of the {session.connections} that this role may "
        "have",
        "Lower WEB_CONCURRENCY or DB_POOL_MAX, or raise PostgreSQL's max_connections or the "
        "role's limit.",
    )


def _clients(database: Database) -> Iterator[Diagnosis]:
    """Report the clients that can read keys, manage clients, or sign without a policy."""
    has_policy = database.run(_service_has_policy)
    for client in ApiClientService(database).list_clients():
        if not client.active:
            continue
        if "keys:read" in client.scopes:
            yield advice(
                f"{client.name} may read private keys (keys:read): {_last_read(database, client)}",
                "Sign in the service instead: docs/migration.md, From key reads to signatures.",
            )
        if "clients:write" in client.scopes:
            yield _managing(client)
        yield from _signing(client, has_policy=has_policy)


def _service_has_policy(connection: Connection) -> bool:
    assignment = PolicyAssignmentRepository(connection).get_of_service()
    return assignment is not None and assignment.policy_id is not None


def _managing(client: ApiClient) -> Diagnosis:
    """Report a client that creates and revokes clients."""
    what = f"{client.name} may revoke every client, and create clients with its rights"
    if client.expires_at is not None:
        return fine(f"{what} (clients:write): it expires")
    return advice(
        f"{what} (clients:write): it never expires",
        "Give operators clients that expire: `wallet-api clients create --expires 30d`.",
    )


def _signing(client: ApiClient, *, has_policy: bool) -> Iterator[Diagnosis]:
    """Report a client that signs without a policy, or that can change its own."""
    if "wallets:sign" not in client.scopes:
        return
    if client.unrestricted and client.policy_id is None and not has_policy:
        yield advice(
            f"{client.name} is unrestricted and has no policy: its token signs anything with "
            "every wallet without a policy",
            "Limit it: `wallet-api policies set FILE --client NAME`. Until then use --allow-ip "
            "and --expires.",
        )
    elif client.unrestricted:
        yield fine(f"{client.name} is unrestricted: it needs no policy, and those that exist apply")
    elif client.policy_id is None and not has_policy:
        yield advice(
            f"{client.name} has no policy: it signs only with wallets that have one",
            "Assign one: `wallet-api policies set FILE --client NAME`.",
        )
    elif client.policy_id is None:
        yield fine(f"{client.name} signs with every wallet, within the policy of the service")
    if "policies:write" in client.scopes:
        yield advice(
            f"{client.name} may sign and change policies: it can weaken its own limits",
            "Create separate clients for the two scopes.",
        )


def _last_read(database: Database, client: ApiClient) -> str:
    filters = AuditFilters(actor=f"client:{client.name}", actions=("key.read",))
    reads = AuditLog(database).find(filters, PageRequest(after=None, limit=1)).items
    if not reads:
        return "the audit log has no read by it"
    return (
        f"it last read one at {reads[0].created_at.astimezone(UTC).isoformat(timespec='seconds')}"
    )


def _secrets(database: Database, settings: WalletSettings) -> Iterator[Diagnosis]:
    """Check the secrets. Raises ServiceUnavailable if they do not match."""
    encryption = EncryptionService(settings.encryption_secret, settings.encryption_secret_previous)
    storage = select_storage(settings)
    check = storage.directory_check(encryption, read_only=True)
    SecretRegistration(database, encryption, check).check()
    files = f", and the files in {settings.wallet_storage_path}" if check else ""
    yield fine(f"the secret matches the database{files}")
    for key_id in KnownSecrets(database, encryption, storage).list_removable():
        yield advice(
            f"ENCRYPTION_SECRET_PREVIOUS holds a retired secret ({key_id})",
            "Remove it, and keep it in a safe place as long as a backup needs it.",
        )


def _files(settings: Settings) -> Iterator[Diagnosis]:
    try:
        unused = select_storage(settings.wallets).unused_files_warning(
            explicit=settings.wallet_storage_is_explicit
        )
    except ConfigurationError as error:
        yield from faults_of(error)
        return
    if unused is not None:
        yield advice(unused, "Import them: docs/migration.md.")


def _replica(settings: Settings) -> Iterator[Diagnosis]:
    if settings.database_replica_url is None:
        return
    refused = connection_error(settings.database_replica_url)
    if refused is None:
        yield fine("connected to the read replica")
        return
    yield advice(
        refused.fault.replace("the database", "the read replica", 1),
        "Correct or remove DATABASE_REPLICA_URL: /v1/wallets and /v1/stats answer 503.",
    )


def _sign_in(settings: Settings) -> Iterator[Diagnosis]:
    if not settings.quick_auth_audience:
        yield advice(
            "QUICK_AUTH_AUDIENCE is not set: users cannot sign in with Farcaster",
            "Set it to the mini app's bare host name: QUICK_AUTH_AUDIENCE=app.example.com",
        )
        return
    keys = IssuerKeys(
        settings.quick_auth_jwks_url, timeout_seconds=_SECONDS, cooldown_seconds=0, retry_seconds=0
    )
    try:
        keys.find("")
    except SignInUnavailable:
        yield advice(
            "Farcaster's keys are not available within two seconds: new sign-ins fail",
            "Let this machine reach QUICK_AUTH_ISSUER by https, or correct QUICK_AUTH_JWKS_URL.",
        )
        return
    yield fine(f"Farcaster's keys are available, for {', '.join(settings.quick_auth_audience)}")


def _rate_limits(settings: Settings) -> Iterator[Diagnosis]:
    if not settings.ratelimits:
        yield advice(
            "RATELIMIT_ENABLED is false: requests are not rate limited",
            "Remove RATELIMIT_ENABLED, unless a proxy limits requests.",
        )
    elif settings.ratelimit_storage_uri.reveal() == MEMORY:
        each = f"separately by each of {settings.web_concurrency} processes"
        yield fine(f"rate limits are counted in memory, {each}")
    elif RateLimits(settings.ratelimit_storage_uri).are_shared():
        yield fine("rate limits are counted in Redis")
    else:
        yield advice(
            "the Redis of the rate limits does not answer: each process counts separately",
            "Start it, or correct RATELIMIT_STORAGE_URI.",
        )


def can_serve(found: Iterable[Diagnosis]) -> bool:
    """Return whether the service would start and serve."""
    return not any(diagnosis.state is State.FAULT for diagnosis in found)
