"""Signatures of trading wallets. The private key never leaves the service."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Generic, Protocol, TypeVar

from wallet_api import metrics
from wallet_api.errors import (
    IdempotencyKeyReused,
    InsufficientScope,
    InvalidRequest,
    NetworkNotAllowed,
    NotSignable,
    PolicyRefused,
    WalletApiError,
    WalletNotFound,
)
from wallet_api.ethereum import effects, signatures
from wallet_api.ethereum.authorizations import SignedAuthorization, read_authorization
from wallet_api.ethereum.effects import Effect
from wallet_api.ethereum.signatures import Signature, SignedTransaction
from wallet_api.ethereum.transactions import read_transaction
from wallet_api.ethereum.typed_data import TypedData
from wallet_api.models import (
    TRADING_CHAIN,
    ApiClient,
    AuditContext,
    AuditEvent,
    RecordedSignature,
    Wallet,
)
from wallet_api.policies import matching as policies
from wallet_api.policies.evaluation import REASONS
from wallet_api.policies.rules import METHODS
from wallet_api.services.policies.decisions import Decision, PolicedUse
from wallet_api.services.wallets import BaseAccountWalletService

Result_co = TypeVar("Result_co", covariant=True)

MAX_DETAILS = 16_384
"""The maximum length of an audit entry's details, in characters: about 40 effects."""

_INVALID = InvalidRequest.code
REFUSALS = (
    *REASONS,
    *(
        error.code
        for error in (
            InsufficientScope,
            NetworkNotAllowed,
            NotSignable,
            WalletNotFound,
            IdempotencyKeyReused,
        )
    ),
    _INVALID,
)
"""Why a request to sign is refused: a reason of policies, or the code of an error."""


OTHER_CLIENTS = "(other)"
"""The label of clients without the scope wallets:sign. No client has this name."""

# Prometheus sees no increase in a counter that appears with its first event.
for _reason in REFUSALS:
    metrics.SIGNING_REFUSALS.labels(_reason, OTHER_CLIENTS)


@cache
def initialize_counters(client: str) -> None:
    """Report the counters of an API client that signs as 0, before their first increase."""
    for reason in REFUSALS:
        metrics.SIGNING_REFUSALS.labels(reason, client)
    for method in METHODS:
        metrics.SIGNATURES.labels(method, client)


def count_refusal(error: WalletApiError, client: ApiClient) -> None:
    """Count a refused request of an API client to sign.

    Faults of the service and rate limits are not refusals.
    """
    name = client.name if "wallets:sign" in client.scopes else OTHER_CLIENTS
    if isinstance(error, PolicyRefused):
        reason = error.reason
    elif isinstance(error, InvalidRequest) and error.code not in REFUSALS:
        reason = _INVALID
    else:
        reason = error.code
    if reason in REFUSALS:
        metrics.SIGNING_REFUSALS.labels(reason, name).inc()


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
        request = _of_message(message, chain_id=chain_id, signer=address)
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
        request = _of_typed_data(typed_data, chain_id=chain_id, signer=address)
        return self._sign(fid, request, method, access)

    def sign_transaction(
        self, fid: int, transaction: object, *, chain_id: int, method: str, access: AuditContext
    ) -> Signed[SignedTransaction]:
        """Read a transaction as `eth_signTransaction` takes it, and sign it.

        Every field must be given. Raises NotSignable if it can be read in more than one way.
        """
        return self._sign(fid, _of_transaction(transaction, chain_id), method, access)

    def sign_authorization(
        self, fid: int, authorization: object, *, chain_id: int, method: str, access: AuditContext
    ) -> Signed[SignedAuthorization]:
        """Read the authorization of a delegate (EIP-7702), and sign it.

        It has `chainId`, `address` and `nonce`. Raises NotSignable, also for chain id 0.
        """
        return self._sign(fid, _of_authorization(authorization, chain_id), method, access)

    def preview_message(
        self, fid: int, message: bytes, *, chain_id: int | None, access: AuditContext
    ) -> Preview:
        """Return what sign_message() would sign."""
        return self._preview(fid, _of_message(message, chain_id=chain_id, signer=None), access)

    def preview_typed_data(
        self, fid: int, typed_data: TypedData, *, chain_id: int, access: AuditContext
    ) -> Preview:
        """Return what sign_typed_data() would sign."""
        return self._preview(
            fid, _of_typed_data(typed_data, chain_id=chain_id, signer=None), access
        )

    def preview_transaction(
        self, fid: int, transaction: object, *, chain_id: int, access: AuditContext
    ) -> Preview:
        """Return what sign_transaction() would sign. Raises NotSignable as it does."""
        return self._preview(fid, _of_transaction(transaction, chain_id), access)

    def preview_authorization(
        self, fid: int, authorization: object, *, chain_id: int, access: AuditContext
    ) -> Preview:
        """Return what sign_authorization() would sign. Raises NotSignable as it does."""
        return self._preview(fid, _of_authorization(authorization, chain_id), access)

    def refuse(self, fid: int, *, access: AuditContext) -> None:
        """Record that a caller may not sign at all, as BaseAccountWalletService.refuse() does."""
        self._wallets.refuse(
            AuditEvent(fid=fid, chain=TRADING_CHAIN, action="signing.refused", access=access)
        )

    def _sign(
        self, fid: int, request: "_Request[Result_co]", method: str, access: AuditContext
    ) -> Signed[Result_co]:
        use = PolicedUse(
            fid,
            access=access,
            account=request.account,
            repeats=request.repeats,
            request_of=partial(request.to_policy_request, method),
            event_of=partial(_event_of, request, access=access),
        )
        try:
            found = self._wallets.use_key(fid, TRADING_CHAIN, use, access=access)
        except PolicyRefused as refusal:
            event = _refusal(fid, request, refusal, method=method, access=access)
            cause = f"{refusal.reason} {refusal.layer}"
            self._wallets.refuse(event, cause=cause)
            raise
        if found is None:
            raise WalletNotFound
        result = request.sign(private_key=found.private_key.reveal(), address=found.wallet.address)
        metrics.SIGNATURES.labels(method, access.actor.partition(":")[2]).inc()
        return Signed(result=result, repeated=found.repeated)

    def _preview(self, fid: int, request: "_Request[object]", access: AuditContext) -> Preview:
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


class _Sign(Protocol[Result_co]):
    def __call__(self, *, private_key: bytes, address: str) -> Result_co: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request(Generic[Result_co]):
    """A request to sign, which was read strictly.

    `signer` is the address that the caller named in `signer_field`, or None. `effects_of` returns
    the effects if the wallet with an address signs. `typed_data` is the verifying contract and the
    primary type. `may_spend` is True if a signature can let an asset leave the wallet.
    """

    action: str
    chain_id: int | None
    digest: bytes
    effects_of: Callable[[str], Sequence[Effect]]
    sign: _Sign[Result_co]
    signer: str | None
    signer_field: str = "address"
    typed_data: tuple[str | None, str] | None = None
    may_spend: bool = False

    @property
    def account(self) -> int | None:
        """The chain id of a request that can spend, or None."""
        return self.chain_id if self.may_spend else None

    def to_policy_request(self, method: str, wallet: Wallet, now: int) -> policies.Request:
        """Return the request for policies. Raises NotSignable for another signer."""
        self.require_signer(wallet.address)
        return policies.Request(
            method=method,
            chain_id=self.chain_id,
            effects=self.effects_of(wallet.address),
            wallet=wallet.address,
            typed_data=self.typed_data,
            now=now,
        )

    def require_signer(self, address: str) -> None:
        """Raise NotSignable if the caller named another signer than the wallet with `address`."""
        if self.signer is not None and self.signer.lower() != address.lower():
            raise NotSignable("It must be the address of this wallet.", field=self.signer_field)

    def repeats(self, wallet: Wallet, earlier: RecordedSignature) -> bool:
        """Return True if `earlier` is the signature of this request, or raise an error.

        Raises IdempotencyKeyReused, and NotSignable for another signer.
        """
        self.require_signer(wallet.address)
        digest = "0x" + self.digest.hex()
        own = RecordedSignature(action=self.action, chain_id=self.chain_id, digest=digest)
        if earlier != own:
            raise IdempotencyKeyReused
        return True


def _of_message(message: bytes, *, chain_id: int | None, signer: str | None) -> _Request[Signature]:
    return _Request(
        action="message.signed",
        chain_id=chain_id,
        digest=signatures.message_digest(message),
        effects_of=lambda _: effects.of_message(message),
        sign=partial(signatures.sign_message, message),
        signer=signer,
    )


def _of_typed_data(
    typed_data: TypedData, *, chain_id: int, signer: str | None
) -> _Request[Signature]:
    encoded = signatures.encode_typed_data(typed_data)
    contract = typed_data.domain.get("verifyingContract")
    return _Request(
        action="typed_data.signed",
        chain_id=chain_id,
        digest=signatures.typed_data_digest(encoded),
        effects_of=lambda address: effects.of_typed_data(typed_data, signer=address),
        sign=partial(signatures.sign_typed_data, encoded),
        signer=signer,
        typed_data=(contract if isinstance(contract, str) else None, typed_data.primary_type),
        may_spend=True,
    )


def _of_transaction(given: object, chain_id: int) -> _Request[SignedTransaction]:
    transaction = read_transaction(given, chain_id=chain_id)
    return _Request(
        action="transaction.signed",
        chain_id=chain_id,
        digest=transaction.digest,
        effects_of=lambda address: effects.of_transaction(transaction, sender=address),
        sign=partial(signatures.sign_transaction, transaction),
        signer=transaction.sender,
        signer_field="from",
        may_spend=True,
    )


def _of_authorization(given: object, chain_id: int) -> _Request[SignedAuthorization]:
    authorization = read_authorization(given, chain_id=chain_id)
    return _Request(
        action="authorization.signed",
        chain_id=chain_id,
        digest=authorization.digest,
        effects_of=lambda address: effects.of_authorization(authorization, signer=address),
        sign=partial(signatures.sign_authorization, authorization),
        signer=None,
    )


def _event_of(
    request: _Request[object], wallet: Wallet, decision: Decision, *, access: AuditContext
) -> AuditEvent:
    """Return the event of a signature. Raises NotSignable if it does not fit into an entry."""
    found = decision.request.effects
    details = _details(
        request,
        decision.request.method,
        {
            "effects": [effect.as_json() for effect in found],
            "policies": [layer.as_json() for layer in decision.verdict.layers],
        },
        idempotency_key=access.idempotency_key,
    )
    if len(details) > MAX_DETAILS:
        raise NotSignable(f"It has {len(found)} effects, too many for one audit entry. Split it.")
    return AuditEvent(
        fid=wallet.fid,
        chain=wallet.chain,
        action=request.action,
        access=access,
        details=details,
    )


def _refusal(
    fid: int,
    request: _Request[object],
    refusal: PolicyRefused,
    *,
    method: str,
    access: AuditContext,
) -> AuditEvent:
    """Return the event of a refusal. It has no effects if they do not fit into an entry."""
    members = {**refusal.as_json(), "effects": refusal.effects}
    details = _details(request, method, members)
    if len(details) > MAX_DETAILS:
        details = _details(request, method, members | {"effects": None})
    return AuditEvent(
        fid=fid,
        chain=TRADING_CHAIN,
        action="signing.refused",
        access=access,
        details=details,
    )


def _details(
    request: _Request[object],
    method: str,
    more: dict[str, object],
    *,
    idempotency_key: str | None = None,
) -> str:
    """Return the JSON text of an audit entry's details, always the same for the same request."""
    # The key is first, where get_signature() looks for it.
    first = {} if idempotency_key is None else {"idempotency_key": idempotency_key}
    members = first | {
        "method": method,
        "chain_id": request.chain_id,
        "digest": "0x" + request.digest.hex(),
    }
    return json.dumps(members | more, separators=(",", ":"))
