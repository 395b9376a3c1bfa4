"""Settings, read once from the environment; all faults are reported together."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from limits import RateLimitItem

from wallet_api.config.reader import SettingsReader
from wallet_api.crypto.secret import Secret
from wallet_api.environment import VariableFault, trim
from wallet_api.ethereum.networks import NETWORKS, Network


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSettings:
    """The parameters of our own session tokens."""

    secret: Secret[str]
    issuer: str
    audience: str
    ttl_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletSettings:
    """The database, the storage of wallets, and the secrets that encrypt their keys."""

    database_url: Secret[str]
    encryption_secret: Secret[str]
    encryption_secret_previous: tuple[Secret[str], ...]
    wallet_storage: str
    wallet_storage_path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process. Secrets are wrapped, so that none is printed by accident."""

    wallets: WalletSettings
    db_pool_min: int
    db_pool_max: int
    db_pool_timeout: float
    tokens: TokenSettings
    quick_auth_issuer: str
    quick_auth_audience: tuple[str, ...]
    quick_auth_jwks_url: str
    wallet_storage_is_explicit: bool
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
        read = SettingsReader(environ)
        issuer = read.issuer("QUICK_AUTH_ISSUER", default="https://auth.farcaster.xyz")
        threads = read.integer("WEB_THREADS", default=8, low=1, high=1000)
        pool_max = read.integer("DB_POOL_MAX", default=threads, low=1, high=1000)
        settings = cls(
            wallets=_read_wallets(read),
            db_pool_min=read.integer("DB_POOL_MIN", default=1, low=0, high=pool_max),
            db_pool_max=pool_max,
            db_pool_timeout=read.number("DB_POOL_TIMEOUT", default=5, low=0.1, high=60),
            tokens=_read_tokens(read),
            quick_auth_issuer=issuer,
            quick_auth_audience=read.host_names("QUICK_AUTH_AUDIENCE"),
            quick_auth_jwks_url=read.http_url(
                "QUICK_AUTH_JWKS_URL", default=f"{issuer}/.well-known/jwks.json"
            ),
            wallet_storage_is_explicit=bool(read.text("WALLET_STORAGE", default="")),
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
        wallets = settings.wallets
        encryption = (wallets.encryption_secret, *wallets.encryption_secret_previous)
        signing = settings.tokens.secret.reveal()
        if signing and signing in [trim(secret.reveal()) for secret in encryption]:
            read.refuse("JWT_SECRET", "must differ from every ENCRYPTION_SECRET")
        if settings.demo_fid and settings.trusted_proxy_hops:
            read.refuse(
                "DEMO_FID",
                "lets anyone sign in: it must not be set behind a proxy (TRUSTED_PROXY_HOPS)",
            )
        return read.checked(settings)


def read_database_url(environ: Mapping[str, str]) -> Secret[str]:
    """Read only DATABASE_URL. Raises ConfigurationError."""
    read = SettingsReader(environ)
    return read.checked(read.database_url())


def read_token_settings(environ: Mapping[str, str]) -> TokenSettings:
    """Read only the JWT settings, for `wallet-api token`. Raises ConfigurationError."""
    read = SettingsReader(environ)
    return read.checked(_read_tokens(read))


def read_wallet_settings(environ: Mapping[str, str]) -> WalletSettings:
    """Read only the settings of `wallet-api wallets …`. Raises ConfigurationError."""
    read = SettingsReader(environ)
    return read.checked(_read_wallets(read))


def _read_wallets(read: SettingsReader) -> WalletSettings:
    short = read.boolean("ALLOW_SHORT_SECRET", default=False)
    return WalletSettings(
        database_url=read.database_url(),
        encryption_secret=read.encryption_secret(allow_short=short),
        encryption_secret_previous=read.secrets("ENCRYPTION_SECRET_PREVIOUS"),
        wallet_storage=read.wallet_storage(),
        wallet_storage_path=read.wallet_storage_path(),
    )


def _read_tokens(read: SettingsReader) -> TokenSettings:
    week = 7 * 24 * 60 * 60
    return TokenSettings(
        secret=read.secret("JWT_SECRET"),
        issuer=read.text("JWT_ISSUER", default="wallet-api"),
        audience=read.text("JWT_AUDIENCE", default="wallet-api-users"),
        ttl_seconds=read.integer("JWT_TTL_SECONDS", default=week, low=60, high=52 * week),
    )
