"""Reads of private keys, where settings enable them, and refusals of callers without the right."""

from wallet_api.errors import KeyExportDisabled, KeyReadDisabled, WalletApiError, WalletNotFound
from wallet_api.models import TRADING_CHAIN, AuditContext, WalletWithKey
from wallet_api.services.signing.signatures import SigningService
from wallet_api.services.wallets import BaseAccountWalletService


class KeyAccessService:
    """The private keys of trading wallets, for API clients and for the users themselves.

    Every read and every refusal has an audit entry. All methods raise what
    BaseAccountWalletService.use_key() and refuse() raise.
    """

    def __init__(
        self,
        wallets: BaseAccountWalletService,
        signing: SigningService,
        *,
        allow_read: bool,
        allow_export: bool,
    ) -> None:
        """`allow_read` is ALLOW_KEY_READ, and `allow_export` is ALLOW_KEY_EXPORT."""
        self._wallets = wallets
        self._signing = signing
        self._allow_read = allow_read
        self._allow_export = allow_export

    def read(self, fid: int, *, access: AuditContext) -> WalletWithKey:
        """Return a user's trading wallet with its key to an API client.

        Raises KeyReadDisabled, and WalletNotFound if the user has none.
        """
        return self._read(fid, access, None if self._allow_read else KeyReadDisabled())

    def export(self, fid: int, *, access: AuditContext) -> WalletWithKey:
        """Return a user's trading wallet with its key to the user.

        Raises KeyExportDisabled, and WalletNotFound if the user has none.
        """
        return self._read(fid, access, None if self._allow_export else KeyExportDisabled())

    def _read(
        self, fid: int, access: AuditContext, refusal: WalletApiError | None
    ) -> WalletWithKey:
        if refusal is not None:
            self._wallets.refuse_key(fid, TRADING_CHAIN, access=access)
            raise refusal
        found = self._wallets.get_wallet_with_key(fid, TRADING_CHAIN, access=access)
        if found is None:
            raise WalletNotFound
        return found

    def record_refusal(
        self, scope: str, fid: int, chain: str | None, *, access: AuditContext
    ) -> None:
        """Record that a client was denied the use of a key, if `scope` is one for its use.

        `chain` is the one in the path. Signing routes for all chains have none.
        """
        if scope == "keys:read" and chain == TRADING_CHAIN:
            self._wallets.refuse_key(fid, TRADING_CHAIN, access=access)
        if scope == "wallets:sign":
            self._signing.refuse(fid, access=access)
