"""A reader of the variables that have rules of their own."""

import json
import re
from pathlib import Path
from typing import ClassVar, TypeVar

from limits import RateLimitItem, parse_many
from limits.storage import storage_from_string

from wallet_api import database_url
from wallet_api.crypto.secret import Secret
from wallet_api.environment import EnvironmentReader, VariableFault, trim
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


class SettingsReader(EnvironmentReader):
    """Reads variables that have rules of their own."""

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
        """Read DATABASE_URL, which must be set."""
        if not self.text("DATABASE_URL", default=""):
            self.refuse("DATABASE_URL", "is not set")
        return self._url("DATABASE_URL") or Secret("")

    def replica_url(self) -> Secret[str] | None:
        """Read DATABASE_REPLICA_URL."""
        return self._url("DATABASE_REPLICA_URL")

    def _url(self, name: str) -> Secret[str] | None:
        value = self.text(name, default="")
        fault = database_url.find_fault(name, value, self._environ) if value else None
        if fault is not None:
            self.faults.append(fault)
        return Secret(value) if value else None

    def ratelimit_storage_uri(self) -> Secret[str]:
        """Read RATELIMIT_STORAGE_URI, which may contain a password."""
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
        """Read all limits. Empty with RATELIMIT_ENABLED=false."""
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
        """Read DEMO_FID, with a warning if it is set."""
        fid = self.integer("DEMO_FID", default=0, low=0, high=MAX_FID)
        if fid:
            fault = f"lets anyone on this machine sign in as FID {fid}"
            self.warnings.append(VariableFault("DEMO_FID", fault, _NOT_IN_PRODUCTION))
        return fid or None

    def metrics_token(self) -> Secret[str] | None:
        """Read METRICS_TOKEN."""
        token = self.text("METRICS_TOKEN", default="")
        if not token:
            return None
        if not (token.isascii() and token.isprintable()):
            self.refuse("METRICS_TOKEN", "must be printable ASCII: it is sent in a header")
            return None
        return self.secret("METRICS_TOKEN")

    def wallet_storage(self) -> str:
        """Read WALLET_STORAGE."""
        return self.choice("WALLET_STORAGE", _STORAGES, default="postgres")

    def wallet_storage_path(self) -> Path:
        """Read WALLET_STORAGE_PATH."""
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
        """Read a secret of at least MIN_SECRET_LENGTH characters."""
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
        """Read a JSON list of secrets."""
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
