"""Signatures of trading wallets. The private key never leaves the service."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from wallet_api import metrics
from wallet_api.errors import PolicyRefused, WalletNotFound
from wallet_api.ethereum.authorizations import SignedAuthorization
from wallet_api.ethereum.effects import Effect
from wallet_api.ethereum.signatures import Signature, SignedTransaction
from wallet_api.ethereum.typed_data import TypedData
from wallet_api.models import TRADING_CHAIN, AuditContext, AuditEvent
from wallet_api.services.policies.decisions import PolicedUse
from wallet_api.services.signing import entries, requests
from wallet_api.services.signing.requests import SigningRequest
from wallet_api.services.wallets import BaseAccountWalletService

Result_co = TypeVar("Result_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a request would sign: the signer, the digest, and the effects.

    `typed_data` is the verifying contract and the primary type of typed data.
    """

    address: str
    digest: bytes
    effects: Sequence[Effect]
    chain_id: int | None
    typed_data: tuple[str | None, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed(Generic[Result_co]):
    """What was signed. `repeated` if an earlier request with the same Idempotency-Key signed it."""

    result: Result_co
    repeated: bool


class SigningService:
    """Signatures of trading wallets, with one audit entry for each.

    The entry is committed before the wallet's key is decrypted: no entry, no signature. It contains
    the method, the chain id, the digest and the effects, but neither the payload nor the signature.
    Each signature is verified by recovering its signer before it is returned.

    `method` is one of METHODS (wallet_api.policies.rules). `address` is the signer that the caller
    named, or None. All methods raise WalletNotFound if the user has no trading wallet, NotSignable
    for another signer than the wallet, and what BaseAccountWalletService raises. Those that sign
    raise PolicyRefused unless policies allow the request, and record that in the audit log.
    Policies are evaluated in the transaction that writes the entry, which also records what the
    signature spends.

    A caller that repeats a request with the same Idempotency-Key gets the same bytes again, and the
    log has one entry for both, because signatures are deterministic (RFC 6979). Those that sign
    raise IdempotencyKeyReused if the caller used the key for another signature of the wallet.
    """

    def __init__(self, wallets: BaseAccountWalletService) -> None:
        self._wallets = wallets

    def sign_message(
        self,
        fid: int,
        message: bytes,
        *,
        chain_id: int | None,
        address: str | None,
        method: str,
        access: AuditContext,
    ) -> Signed[Signature]:
        """Sign a message as `personal_sign` does (EIP-191).

        It is valid on every chain; `chain_id` is only recorded.
        """
        request = requests.of_message(message, chain_id=chain_id, signer=address)
        return self._sign(fid, request, method, access)

    def sign_typed_data(
        self,
        fid: int,
        typed_data: TypedData,
        *,
        chain_id: int,
        address: str | None,
        method: str,
        access: AuditContext,
    ) -> Signed[Signature]:
        """Sign typed data as `eth_signTypedData_v4` does (EIP-712). It was read for `chain_id`."""
        request = requests.of_typed_data(typed_data, chain_id=chain_id, signer=address)
        return self._sign(fid, request, method, access)

    def sign_transaction(
        self, fid: int, transaction: object, *, chain_id: int, method: str, access: AuditContext
    ) -> Signed[SignedTransaction]:
        """Read a transaction as `eth_signTransaction` takes it, and sign it.

        Every field must be given. Raises NotSignable if it can be read in more than one way.
        """
        return self._sign(fid, requests.of_transaction(transaction, chain_id), method, access)

    def sign_authorization(
        self, fid: int, authorization: object, *, chain_id: int, method: str, access: AuditContext
    ) -> Signed[SignedAuthorization]:
        """Read the authorization of a delegate (EIP-7702), and sign it.

        It has `chainId`, `address` and `nonce`. Raises NotSignable, also for chain id 0.
        """
        return self._sign(fid, requests.of_authorization(authorization, chain_id), method, access)

    def preview_message(
        self, fid: int, message: bytes, *, chain_id: int | None, access: AuditContext
    ) -> Preview:
        """Return what sign_message() would sign."""
        return self._preview(
            fid, requests.of_message(message, chain_id=chain_id, signer=None), access
        )

    def preview_typed_data(
        self, fid: int, typed_data: TypedData, *, chain_id: int, access: AuditContext
    ) -> Preview:
        """Return what sign_typed_data() would sign."""
        return self._preview(
            fid, requests.of_typed_data(typed_data, chain_id=chain_id, signer=None), access
        )

    def preview_transaction(
        self, fid: int, transaction: object, *, chain_id: int, access: AuditContext
    ) -> Preview:
        """Return what sign_transaction() would sign. Raises NotSignable as it does."""
        return self._preview(fid, requests.of_transaction(transaction, chain_id), access)

    def preview_authorization(
        self, fid: int, authorization: object, *, chain_id: int, access: AuditContext
    ) -> Preview:
        """Return what sign_authorization() would sign. Raises NotSignable as it does."""
        return self._preview(fid, requests.of_authorization(authorization, chain_id), access)

    def refuse(self, fid: int, *, access: AuditContext) -> None:
        """Record that a caller may not sign at all, as BaseAccountWalletService.refuse() does."""
        self._wallets.refuse(
            AuditEvent(fid=fid, chain=TRADING_CHAIN, action="signing.refused", access=access)
        )

    def _sign(
        self, fid: int, request: SigningRequest[Result_co], method: str, access: AuditContext
    ) -> Signed[Result_co]:
        use = PolicedUse(
            fid,
            access=access,
            account=request.account,
            repeats=request.repeats,
            request_of=partial(request.to_policy_request, method),
            event_of=partial(entries.of_signature, request, access=access),
        )
        try:
            found = self._wallets.use_key(fid, TRADING_CHAIN, use, access=access)
        except PolicyRefused as refusal:
            event = entries.of_refusal(fid, request, refusal, method=method, access=access)
            cause = f"{refusal.reason} {refusal.layer}"
            self._wallets.refuse(event, cause=cause)
            raise
        if found is None:
            raise WalletNotFound
        result = request.sign(private_key=found.private_key.reveal(), address=found.wallet.address)
        if not found.repeated:
            metrics.SIGNATURES.labels(method, access.actor.partition(":")[2]).inc()
        return Signed(result=result, repeated=found.repeated)

    def _preview(self, fid: int, request: SigningRequest[object], access: AuditContext) -> Preview:
        address = self._wallets.get_wallet_address(fid, TRADING_CHAIN, access=access)
        if address is None:
            raise WalletNotFound
        request.require_signer(address)
        return Preview(
            address=address,
            digest=request.digest,
            effects=request.effects_of(address),
            chain_id=request.chain_id,
            typed_data=request.typed_data,
        )
