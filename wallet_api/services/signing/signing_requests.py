"""Strictly validated requests to sign: the digest, the signer and the effects."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from types import NoneType
from typing import Generic, Protocol, TypeVar

from wallet_api.errors import DatabaseDamaged, IdempotencyKeyReused, NotSignable
from wallet_api.ethereum import effects, signatures
from wallet_api.ethereum.authorizations import SignedAuthorization, read_authorization
from wallet_api.ethereum.effects import Effect
from wallet_api.ethereum.signatures import Signature, SignedTransaction
from wallet_api.ethereum.transactions import read_transaction
from wallet_api.ethereum.typed_data import TypedData
from wallet_api.models import RecordedSignature, Wallet, read_details
from wallet_api.policies import matching as policies

Result_co = TypeVar("Result_co", covariant=True)


class _Sign(Protocol[Result_co]):
    def __call__(self, *, private_key: bytes, address: str) -> Result_co: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningRequest(Generic[Result_co]):
    """A strictly validated request to sign.

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

        Raises IdempotencyKeyReused, NotSignable for another signer, and DatabaseDamaged if the
        service did not write `earlier`.
        """
        self.require_signer(wallet.address)
        details = read_details(earlier.details) or {}
        chain_id, digest = details.get("chain_id"), details.get("digest")
        # bool is a subclass of int.
        if type(chain_id) not in (int, NoneType) or not isinstance(digest, str):
            raise DatabaseDamaged(
                "the audit entry of a signature is not one of this service",
                "run wallet-api audit verify",
            )
        recorded = (earlier.action, chain_id, digest)
        if recorded != (self.action, self.chain_id, "0x" + self.digest.hex()):
            raise IdempotencyKeyReused
        return True


def of_message(
    message: bytes, *, chain_id: int | None, signer: str | None
) -> SigningRequest[Signature]:
    """Return a request to sign a message."""
    digest = signatures.message_digest(message)
    return SigningRequest(
        action="message.signed",
        chain_id=chain_id,
        digest=digest,
        effects_of=lambda _: effects.of_message(message),
        sign=partial(signatures.sign_digest, digest),
        signer=signer,
    )


def of_typed_data(
    typed_data: TypedData, *, chain_id: int, signer: str | None
) -> SigningRequest[Signature]:
    """Return a request to sign typed data."""
    digest = typed_data.digest
    contract = typed_data.domain.get("verifyingContract")
    return SigningRequest(
        action="typed_data.signed",
        chain_id=chain_id,
        digest=digest,
        effects_of=lambda address: effects.of_typed_data(typed_data, signer=address),
        sign=partial(signatures.sign_digest, digest),
        signer=signer,
        typed_data=(contract if isinstance(contract, str) else None, typed_data.primary_type),
        may_spend=True,
    )


def of_transaction(given: object, chain_id: int) -> SigningRequest[SignedTransaction]:
    """Return a request to sign a transaction. Raises NotSignable."""
    transaction = read_transaction(given, chain_id=chain_id)
    return SigningRequest(
        action="transaction.signed",
        chain_id=chain_id,
        digest=transaction.digest,
        effects_of=lambda address: effects.of_transaction(transaction, sender=address),
        sign=partial(signatures.sign_transaction, transaction),
        signer=transaction.sender,
        signer_field="from",
        may_spend=True,
    )


def of_authorization(given: object, chain_id: int) -> SigningRequest[SignedAuthorization]:
    """Return a request to sign the authorization of a delegate. Raises NotSignable."""
    authorization = read_authorization(given, chain_id=chain_id)
    return SigningRequest(
        action="authorization.signed",
        chain_id=chain_id,
        digest=authorization.digest,
        effects_of=lambda address: effects.of_authorization(authorization, signer=address),
        sign=partial(signatures.sign_authorization, authorization),
        signer=None,
    )
