"""The exception tree of the service. It knows nothing of HTTP.

    WalletApiError
    ├── InvalidRequest            the caller can correct it
    │   ├── FidRequired
    │   ├── InvalidAddress
    │   ├── InvalidAmount
    │   ├── AmountNotPositive
    │   ├── UnsupportedAsset
    │   ├── UnsupportedChain
    │   ├── BaseAddressRequired
    │   ├── BaseWalletMismatch
    │   ├── MnemonicRefused
    │   ├── InvalidIdempotencyKey
    │   ├── InvalidFid
    │   ├── InvalidFilter
    │   ├── InvalidCursor
    │   ├── InvalidRecipientKey
    │   ├── InvalidPolicy         `field` is the JSON path of what is wrong
    │   └── NotSignable           likewise
    ├── HttpsRequired             the same request must be sent by https
    ├── Unauthenticated           the caller is not known
    ├── KeyExportDisabled         the service does not return private keys to users
    ├── KeyReadDisabled           the service does not return private keys to API clients
    ├── InsufficientScope         an API client lacks the scope
    ├── NetworkNotAllowed         an API client calls from another network
    ├── PolicyRefused             no policy allows this signature
    ├── ClientCreationDisabled    the service may not create API clients
    ├── GrantRefused              an API client may not create a client with these scopes or limits
    ├── WalletNotFound
    ├── PolicyNotFound
    ├── ClientNotFound
    ├── ClientNameTaken           a name is never used again
    ├── PreconditionFailed        If-Match does not name the current version
    ├── DepositNotFound
    ├── WalletsInFiles            the request needs wallets in PostgreSQL
    ├── TooManyRequests
    ├── IdempotencyKeyInUse       the first request with this key is still running
    ├── IdempotencyKeyReused      the key was used with another request body
    └── ServiceUnavailable        nothing was lost; try again later
        ├── StorageUnavailable    the wallet directory cannot be used
        ├── Overloaded            it waited too long for a thread
        ├── DatabaseUnavailable
        │   ├── LockTimeout       another transaction holds what this one needs
        │   ├── AuditLogBlocked   an alarm: a user's audit chain accepts no entry
        │   ├── DatabaseDamaged   an alarm: a page or an index cannot be read
        │   └── DatabaseWentBack  an alarm: the database lost a wallet that it had acknowledged
        ├── KeyUnreadable         an alarm: a stored key does not decrypt to the key of its address
        ├── SignatureMismatch     an alarm: a signature is not one of the wallet's address
        ├── SecretMismatch        an alarm: ENCRYPTION_SECRET is not the one of this database
        └── SignInUnavailable

A class's docstring is its public sentence. `code` is its name in lower case, with underscores:
"fid_required". Programs compare it: never rename a class.
"""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar


class WalletApiError(Exception):
    """The request could not be answered."""

    code: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.code = re.sub(r"(?<=.)(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        """Use `message` or the class's sentence; `hint` describes the exact fault."""
        super().__init__(message or self.sentence())
        self.hint = hint

    @classmethod
    def sentence(cls) -> str:
        """Return the class's public sentence."""
        return inspect.cleandoc(cls.__doc__ or "")


class InvalidRequest(WalletApiError):
    """The request is not valid."""


class FidRequired(InvalidRequest):
    """Base Account (FID) required"""


class InvalidAddress(InvalidRequest):
    """Invalid address format. Please check your input."""


class InvalidAmount(InvalidRequest):
    """Invalid amount format. Please check your input."""


class AmountNotPositive(InvalidRequest):
    """Amount must be greater than zero"""


class UnsupportedAsset(InvalidRequest):
    """Unsupported asset. Only ETH and USDC are supported."""


class UnsupportedChain(InvalidRequest):
    """Unsupported chain. Only ethereum is supported."""


class BaseAddressRequired(InvalidRequest):
    """Base wallet address required. Please connect your wallet."""


class BaseWalletMismatch(InvalidRequest):
    """Base wallet mismatch. Please reconnect your wallet."""


class MnemonicRefused(InvalidRequest):
    """This service never accepts a seed phrase. Never share it."""


class InvalidIdempotencyKey(InvalidRequest):
    """Idempotency-Key must be 1 to 255 visible ASCII characters."""


class InvalidFid(InvalidRequest):
    """FID must be an integer from 1 to 9223372036854775807."""


class InvalidFilter(InvalidRequest):
    """These filters cannot be combined."""


class InvalidCursor(InvalidRequest):
    """Invalid cursor, or a cursor of other filters. Start without a cursor."""


class InvalidRecipientKey(InvalidRequest):
    """The recipient's public key must be an X25519 key: 32 bytes in base64url, without padding."""


class InvalidPolicy(InvalidRequest):
    """This policy is not valid."""

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        """`message` names `field`, the JSON path of what is wrong: `rules[2].max_amount`."""
        super().__init__(message)
        self.field = field


class NotSignable(InvalidRequest):
    """This request cannot be signed."""

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        """`field` is the JSON path of what is wrong, such as `message.items[0].amount`."""
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field


class HttpsRequired(WalletApiError):
    """This service accepts only https."""


class Unauthenticated(WalletApiError):
    """Sign in again: the token is missing, expired or not valid."""


class KeyExportDisabled(WalletApiError):
    """This service does not return private keys."""


class KeyReadDisabled(WalletApiError):
    """This service signs and does not return private keys. Use the routes that sign."""


class InsufficientScope(WalletApiError):
    """This API client lacks the required scope."""


class NetworkNotAllowed(WalletApiError):
    """This API client may not call from this network."""


class PolicyRefused(WalletApiError):
    """No policy allows this signature."""

    def __init__(
        self,
        message: str | None = None,
        *,
        reason: str = "no_policy",
        layer: str | None = None,
        policy: str | None = None,
        version: int | None = None,
        rule: str | None = None,
        effects: Sequence[Mapping[str, object]] = (),
    ) -> None:
        """`reason` is why (`wallet_api.policies.evaluation.REASONS`).

        The others are the layer that refuses, its policy and rule, and the effects of the request.
        """
        super().__init__(message)
        self.reason = reason
        self.layer = layer
        self.policy = policy
        self.version = version
        self.rule = rule
        self.effects = effects

    def as_json(self) -> dict[str, object]:
        """Return the reason, and which rule of which policy refuses."""
        return {
            "reason": self.reason,
            "layer": self.layer,
            "policy": self.policy,
            "version": self.version,
            "rule": self.rule,
        }


class ClientCreationDisabled(WalletApiError):
    """This service does not create API clients. Use the command wallet-api clients create."""


class GrantRefused(WalletApiError):
    """This API client may not create a client with these scopes or limits."""


class WalletNotFound(WalletApiError):
    """This user has no such wallet."""


class PolicyNotFound(WalletApiError):
    """There is no such policy."""


class ClientNotFound(WalletApiError):
    """There is no such API client."""


class ClientNameTaken(WalletApiError):
    """This name is or was in use. Choose another one."""


class PreconditionFailed(WalletApiError):
    """If-Match does not name the current version. Read the resource again."""


class DepositNotFound(WalletApiError):
    """There is no such deposit."""


class WalletsInFiles(WalletApiError):
    """Wallets are stored in files. Search and statistics need wallets in the database."""


class TooManyRequests(WalletApiError):
    """Too many requests. Please wait a moment and try again."""


class IdempotencyKeyInUse(WalletApiError):
    """A request with this Idempotency-Key is still running. Try again in a moment."""


class IdempotencyKeyReused(WalletApiError):
    """This Idempotency-Key was already used with a different request."""


class ServiceUnavailable(WalletApiError):
    """The service is not available right now. Nothing was lost; please try again."""

    def __init__(
        self,
        fault: str,
        remedy: str | None = None,
        *,
        alarm: str | None = None,
        logged: Mapping[str, object] | None = None,
    ) -> None:
        """`fault` and `remedy` are for operators; users get the class's sentence.

        `alarm` is the code for operators, if it is more exact than that for users. `logged` are
        members for the log only.
        """
        super().__init__()
        self.fault = fault
        self.remedy = remedy
        self.alarm = alarm or self.code
        self.logged = logged or {}

    @property
    def reason(self) -> str:
        """Return fault and remedy in one sentence, for the log and for /readyz."""
        return f"{self.fault}: {self.remedy}" if self.remedy else self.fault

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str | None]]:
        """Keep all members when the error is pickled by another process."""
        return partial(type(self), alarm=self.alarm, logged=self.logged), (self.fault, self.remedy)


class StorageUnavailable(ServiceUnavailable):
    """The wallets cannot be reached right now. Nothing was lost; please try again."""


class Overloaded(ServiceUnavailable):
    """Too many requests are waiting right now. Nothing was lost; please try again."""


class DatabaseUnavailable(ServiceUnavailable):
    """The database is not available right now. Nothing was lost; please try again."""


class LockTimeout(DatabaseUnavailable):
    """Another request holds a lock that is needed. Nothing was lost; please try again."""


class AuditLogBlocked(DatabaseUnavailable):
    """The service is not available right now. Nothing was lost; please try again later."""


class DatabaseDamaged(DatabaseUnavailable):
    """The service is not available right now. Please try again later."""


class DatabaseWentBack(DatabaseUnavailable):
    """New wallets cannot be created right now. Nothing was lost; please try again later."""


class KeyUnreadable(ServiceUnavailable):
    """The wallet is safe but cannot be decrypted right now. Please try again later."""


class SignatureMismatch(ServiceUnavailable):
    """The wallet is safe but cannot sign right now. Please try again later."""


class SecretMismatch(ServiceUnavailable):
    """New wallets cannot be created right now. Nothing was lost; please try again later."""


class SignInUnavailable(ServiceUnavailable):
    """Signing in is not possible right now. Please try again."""
