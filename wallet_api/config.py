"""Settings, read once from the environment; all faults are reported together."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypeVar

from limits import RateLimitItem, parse_many
from limits.storage import storage_from_string

from wallet_api import database_url
from wallet_api.crypto.secret import Secret
from wallet_api.environment import EnvironmentReader, VariableFault, trim
from wallet_api.ethereum.networks import NETWORKS, Network
from wallet_api.models import MAX_FID

T = TypeVar("T")

MIN_SECRET_LENGTH = 32
# Characters that a shell would expand or remove, and URLs.
_NO_PATH = re.compile(r"\A~|[$\"'\r\n]|\A[a-z]+://", re.IGNORECASE)
_CHAIN_ID = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)
_STORAGES = ("postgres", "filesystem", "migrating")
OPENSSL_RAND = "`openssl rand -base64 32`."
_NOT_IN_PRODUCTION = "Remove DEMO_FID: it is for development only."
_REPLACE_IT = "Replace it: docs/operations.md, Rotating the encryption secret."


class ConfigurationError(Exception):
    """The settings are not valid. The message lists every fault."""

    def __init__(self, faults: list[VariableFault]) -> None:
        lines = (f"  - {fault}. {fault.remedy}" for fault in faults)
        super().__init__("\n".join(("wallet-api cannot start:", *lines)))
        self.faults = faults


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    """The parameters of our own session tokens."""

    secret: Secret[str]
    issuer: str
    audience: str
    ttl_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletSettings:
    """The storage of wallets, and the secrets that encrypt their keys."""

    database_url: Secret[str]
    encryption_secret: Secret[str]
    encryption_secret_previous: tuple[Secret[str], ...]
    wallet_storage: str
    wallet_storage_path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process. Secrets are wrapped, so that none is printed by accident."""

    database_url: Secret[str]
    db_pool_min: int
    db_pool_max: int
    db_pool_timeout: float
    encryption_secret: Secret[str]
    encryption_secret_previous: tuple[Secret[str], ...]
    tokens: TokenSettings
    quick_auth_issuer: str
    quick_auth_audience: tuple[str, ...]
    quick_auth_jwks_url: str
    wallet_storage: str
    wallet_storage_is_explicit: bool
    wallet_storage_path: Path
    network: Network
    node_urls: Mapping[int, Secret[str]]
    allow_key_export: bool
    allow_key_read: bool
    demo_fid: int | None
    cors_origins: tuple[str, ...]
    database_replica_url: Secret[str] | None
    trusted_proxy_hops: int
    ratelimits: dict[str, list[RateLimitItem]]
    ratelimit_storage_uri: Secret[str]
    metrics_token: Secret[str] | None
    slow_query_seconds: float
    log_level: str
    log_format: str
    port: int
    web_concurrency: int
    web_threads: int
    warnings: tuple[VariableFault, ...]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the settings. Raises ConfigurationError, which lists every fault."""
        read = _Reader(environ)
        short = read.boolean("ALLOW_SHORT_SECRET", default=False)
        issuer = read.issuer("QUICK_AUTH_ISSUER", default="https://auth.farcaster.xyz")
        threads = read.integer("WEB_THREADS", default=8, low=1, high=1000)
        pool_max = read.integer("DB_POOL_MAX", default=threads, low=1, high=1000)
        settings = cls(
            database_url=read.database_url(),
            db_pool_min=read.integer("DB_POOL_MIN", default=1, low=0, high=pool_max),
            db_pool_max=pool_max,
            db_pool_timeout=read.number("DB_POOL_TIMEOUT", default=5, low=0.1, high=60),
            encryption_secret=read.encryption_secret(allow_short=short),
            encryption_secret_previous=read.secrets("ENCRYPTION_SECRET_PREVIOUS"),
            tokens=read.tokens(),
            quick_auth_issuer=issuer,
            quick_auth_audience=read.host_names("QUICK_AUTH_AUDIENCE"),
            quick_auth_jwks_url=read.http_url(
                "QUICK_AUTH_JWKS_URL", default=f"{issuer}/.well-known/jwks.json"
            ),
            wallet_storage=read.wallet_storage(),
            wallet_storage_is_explicit=bool(read.text("WALLET_STORAGE", default="")),
            wallet_storage_path=read.wallet_storage_path(),
            network=NETWORKS[read.choice("NETWORK", tuple(NETWORKS), default="base-mainnet")],
            node_urls=read.node_urls(),
            allow_key_export=read.boolean("ALLOW_KEY_EXPORT", default=False),
            allow_key_read=read.boolean("ALLOW_KEY_READ", default=True),
            demo_fid=read.demo_fid(),
            cors_origins=read.origins("CORS_ORIGINS"),
            database_replica_url=read.replica_url(),
            trusted_proxy_hops=read.integer("TRUSTED_PROXY_HOPS", default=0, low=0, high=10),
            ratelimits=read.ratelimits(),
            ratelimit_storage_uri=read.ratelimit_storage_uri(),
            metrics_token=read.metrics_token(),
            slow_query_seconds=read.number("SLOW_QUERY_MS", default=500, low=0, high=60_000) / 1000,
            log_level=read.choice(
                "LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO"
            ),
            log_format=read.choice("LOG_FORMAT", ("json", "console"), default="json"),
            port=read.integer("PORT", default=8000, low=1, high=65_535),
            web_concurrency=read.integer("WEB_CONCURRENCY", default=2, low=1, high=256),
            web_threads=threads,
            warnings=tuple(read.warnings),
        )
        encryption = (settings.encryption_secret, *settings.encryption_secret_previous)
        signing = settings.tokens.secret.reveal()
        if signing and signing in [trim(secret.reveal()) for secret in encryption]:
            read.refuse("JWT_SECRET", "must differ from every ENCRYPTION_SECRET")
        if settings.demo_fid and settings.trusted_proxy_hops:
            fault = "lets anyone sign in: it must not be set behind a proxy (TRUSTED_PROXY_HOPS)"
            read.refuse("DEMO_FID", fault)
        return read.checked(settings)


def read_database_url(environ: Mapping[str, str]) -> Secret[str]:
    """Read only DATABASE_URL. Raises ConfigurationError."""
    read = _Reader(environ)
    return read.checked(read.database_url())


def read_token_settings(environ: Mapping[str, str]) -> TokenSettings:
    """Read only the JWT settings, for `wallet-api token`. Raises ConfigurationError."""
    read = _Reader(environ)
    return read.checked(read.tokens())


def read_wallet_settings(environ: Mapping[str, str]) -> WalletSettings:
    """Read only the settings of `wallet-api wallets …`. Raises ConfigurationError."""
    read = _Reader(environ)
    short = read.boolean("ALLOW_SHORT_SECRET", default=False)
    return read.checked(
        WalletSettings(
            database_url=read.database_url(),
            encryption_secret=read.encryption_secret(allow_short=short),
            encryption_secret_previous=read.secrets("ENCRYPTION_SECRET_PREVIOUS"),
            wallet_storage=read.wallet_storage(),
            wallet_storage_path=read.wallet_storage_path(),
        )
    )


class _Reader(EnvironmentReader):
    """A reader of variables with rules of their own."""

    remedies: ClassVar = {
        "DATABASE_URL": database_url.HOW_TO_WRITE,
        "ENCRYPTION_SECRET": "Set the one that the wallets are encrypted with "
        f"(ALLOW_SHORT_SECRET=true if it is short); for a new database: {OPENSSL_RAND}",
        "JWT_SECRET": f"Generate one, only for this purpose: {OPENSSL_RAND}",
        "METRICS_TOKEN": f"Remove it, or generate one: {OPENSSL_RAND}",
        "DEMO_FID": _NOT_IN_PRODUCTION,
    }

    def checked(self, settings: T) -> T:
        """Return the settings. Raises ConfigurationError if a variable has a fault."""
        if self.faults:
            raise ConfigurationError(self.faults)
        return settings

    def database_url(self) -> Secret[str]:
        if not self.text("DATABASE_URL", default=""):
            self.refuse("DATABASE_URL", "is not set")
        return self._url("DATABASE_URL") or Secret("")

    def replica_url(self) -> Secret[str] | None:
        return self._url("DATABASE_REPLICA_URL")

    def _url(self, name: str) -> Secret[str] | None:
        value = self.text(name, default="")
        fault = database_url.find_fault(name, value, self._environ) if value else None
        if fault is not None:
            self.faults.append(fault)
        return Secret(value) if value else None

    def ratelimit_storage_uri(self) -> Secret[str]:
        value = self.text("RATELIMIT_STORAGE_URI", default="memory://")
        try:
            known = value.startswith(("memory://", "redis://", "rediss://"))
            known = known and bool(storage_from_string(value))
        except ValueError:
            # The message quotes what it cannot parse, which may be the password.
            known = False
        if not known:
            self.refuse("RATELIMIT_STORAGE_URI", "must be memory:// or a redis(s):// URL")
        return Secret(value)

    def ratelimits(self) -> dict[str, list[RateLimitItem]]:
        enabled = self.boolean("RATELIMIT_ENABLED", default=True)
        limits = {
            "ip": self._limits("RATELIMIT_PER_IP", default="12000 per minute"),
            "user": self._limits("RATELIMIT_PER_USER", default="1500 per minute"),
            "writes": self._limits("RATELIMIT_WRITES_PER_USER", default="1500 per hour"),
            "client": self._limits("RATELIMIT_PER_CLIENT", default="6000 per minute"),
        }
        return limits if enabled else {}

    def _limits(self, name: str, *, default: str) -> list[RateLimitItem]:
        try:
            limits = parse_many(self.text(name, default=default))
        except ValueError:
            limits = []
        if not limits or any(limit.amount < 1 for limit in limits):
            self.refuse(name, "must be limits such as 100 per minute; 2000 per hour")
        return limits

    def node_urls(self) -> dict[int, Secret[str]]:
        """Read RPC_URL_<chain id>. A URL is a secret: its path often contains a key."""
        urls = {}
        for name in self.names_after("RPC_URL_"):
            chain_id = name.removeprefix("RPC_URL_")
            if _CHAIN_ID.fullmatch(chain_id):
                urls[int(chain_id)] = Secret(self.private_url(name))
            else:
                self.refuse(name, "must end in a chain id, such as RPC_URL_8453")
        return urls

    def demo_fid(self) -> int | None:
        fid = self.integer("DEMO_FID", default=0, low=0, high=MAX_FID)
        if fid:
            fault = f"lets anyone on this machine sign in as FID {fid}"
            self.warnings.append(VariableFault("DEMO_FID", fault, _NOT_IN_PRODUCTION))
        return fid or None

    def metrics_token(self) -> Secret[str] | None:
        token = self.text("METRICS_TOKEN", default="")
        if not token:
            return None
        if not (token.isascii() and token.isprintable()):
            self.refuse("METRICS_TOKEN", "must be printable ASCII: it is sent in a header")
            return None
        return self.secret("METRICS_TOKEN")

    def wallet_storage(self) -> str:
        return self.choice("WALLET_STORAGE", _STORAGES, default="postgres")

    def wallet_storage_path(self) -> Path:
        path = self.text("WALLET_STORAGE_PATH", default="./storage/wallets")
        # Taken literally, it would be a directory without wallet files, and users would get new
        # wallets.
        if _NO_PATH.search(path):
            self.refuse(
                "WALLET_STORAGE_PATH",
                "must be a plain path: ~ and $ are not expanded, and quotes, line breaks and URLs "
                "are refused",
            )
        return Path(path)

    def tokens(self) -> TokenSettings:
        week = 7 * 24 * 60 * 60
        return TokenSettings(
            secret=self.secret("JWT_SECRET"),
            issuer=self.text("JWT_ISSUER", default="wallet-api"),
            audience=self.text("JWT_AUDIENCE", default="wallet-api-users"),
            ttl_seconds=self.integer("JWT_TTL_SECONDS", default=week, low=60, high=52 * week),
        )

    def encryption_secret(self, *, allow_short: bool) -> Secret[str]:
        """Read ENCRYPTION_SECRET without trimming, because each character is part of the secret."""
        name = "ENCRYPTION_SECRET"
        given = self._environ.get(name, "")
        if not trim(given):
            given = ""
        elif trim(given) != given:
            fault = "has white space or quotes around it, which are part of it"
            self.warnings.append(VariableFault(name, fault, _REPLACE_IT))
        return self._checked(name, given, allow_short=allow_short)

    def secret(self, name: str) -> Secret[str]:
        return self._checked(name, self.text(name, default=""), allow_short=False)

    def _checked(self, name: str, value: str, *, allow_short: bool) -> Secret[str]:
        if not value:
            self.refuse(name, "is not set")
        elif not _is_text(value):
            self.refuse(name, "is not UTF-8")
        elif len(value) < MIN_SECRET_LENGTH:
            fault = f"has {len(value)} characters; at least {MIN_SECRET_LENGTH} are needed"
            if allow_short:
                self.warnings.append(VariableFault(name, fault, _REPLACE_IT))
            else:
                self.refuse(name, fault)
        return Secret(value)

    def secrets(self, name: str) -> tuple[Secret[str], ...]:
        text = self.text(name, default="[]")
        try:
            values = json.loads(text)
        except (ValueError, RecursionError):
            values = None
        if isinstance(values, list) and all(isinstance(v, str) and _is_text(v) for v in values):
            return tuple(Secret(value) for value in values)
        self.refuse(name, 'must be a JSON list of strings, such as ["older secret"]')
        return ()


def _is_text(value: str) -> bool:
    """Return whether a value is not empty and valid UTF-8."""
    try:
        return bool(value.encode())
    except UnicodeEncodeError:
        return False
