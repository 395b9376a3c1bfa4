"""/v1/users/…/sign: signatures of trading wallets, for other services."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, g, request

from wallet_api.blueprints.application import application
from wallet_api.blueprints.authorization import audit_context, client
from wallet_api.blueprints.idempotency import (
    REPLAYED,
    SIGNING_KEY,
    idempotency_key,
    replayed_header,
)
from wallet_api.blueprints.paths import parse_fid_of_path, require_trading_chain
from wallet_api.blueprints.problems import error_response
from wallet_api.blueprints.reasons import REASON, header_reason
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.bases import FID, Answer, Body
from wallet_api.blueprints.schemas.signing import (
    AUTHORIZATION,
    TRANSACTION,
    TYPED_DATA,
    AuthorizationBody,
    MessageBody,
    PreviewAnswer,
    PreviewBody,
    SignatureAnswer,
    SignedAuthorizationAnswer,
    SignedTransactionAnswer,
    TransactionBody,
    TypedDataBody,
)
from wallet_api.crypto.checksum import to_checksum_address
from wallet_api.errors import (
    IdempotencyKeyReused,
    InvalidFid,
    InvalidIdempotencyKey,
    InvalidRequest,
    MnemonicRefused,
    NotSignable,
    PolicyRefused,
    UnsupportedChain,
    WalletApiError,
    WalletNotFound,
)
from wallet_api.ethereum.authorizations import SignedAuthorization
from wallet_api.ethereum.messages import read_message, read_text_message
from wallet_api.ethereum.signatures import Signature, SignedTransaction
from wallet_api.ethereum.strict_json import read_object
from wallet_api.ethereum.typed_data import read_typed_data
from wallet_api.models import TRADING_CHAIN, AuditContext
from wallet_api.policies.rules import METHODS
from wallet_api.services.signing.counters import count_refusal
from wallet_api.services.signing.signatures import Preview, Signed

blueprint = Blueprint(
    "signing", __name__, url_prefix="/v1/users/<fid>", description="Signatures of trading wallets."
)

_View = Callable[..., tuple[Signed[Any], dict[str, Any]]]

_SIGNER = client("wallets:sign")
_FID = {"in": "path", "name": "fid", "required": True, "schema": FID}
_CHAIN = {"in": "path", "name": "chain", "required": True, "schema": {"enum": [TRADING_CHAIN]}}
_PARAMETERS = [
    _FID,
    _CHAIN,
    REASON | {"description": f"{REASON['description']} A reason in the body takes precedence."},
    SIGNING_KEY,
]
_REFUSALS = (
    InvalidFid,
    UnsupportedChain,
    NotSignable,
    MnemonicRefused,
    InvalidIdempotencyKey,
    IdempotencyKeyReused,
    PolicyRefused,
    WalletNotFound,
)


def _signs(
    kind: str, body: type[Body], answer: type[Answer], example: dict[str, Any]
) -> Callable[[_View], _View]:
    """Serve POST …/sign/<kind> by a view that returns what it signed and the response's members.

    The view gets the body and the user, and `method` and `access` for the signing service.
    """

    def decorate(view: _View) -> _View:
        @blueprint.post(f"/wallets/<chain>/sign/{kind}", parameters=_PARAMETERS)
        @blueprint.requires(_SIGNER, *_REFUSALS)
        @blueprint.arguments(body, example=example)
        @blueprint.response(200, answer, headers=REPLAYED)
        @wraps(view)
        def serve(
            members: dict[str, Any], fid: str, chain: str
        ) -> tuple[dict[str, Any], dict[str, str]]:
            user = parse_fid_of_path(fid)
            require_trading_chain(chain)
            signed, result = view(members, user, method=f"sign/{kind}", access=_access(members))
            return result, replayed_header(signed.repeated)

        return view

    return decorate


@_signs(
    "message",
    MessageBody,
    SignatureAnswer,
    {"message": "Sign in to example.com", "reason": "sign in"},
)
def sign_message(
    body: dict[str, Any], user: int, **common: Any
) -> tuple[Signed[Signature], dict[str, Any]]:
    """Sign a message with a trading wallet (EIP-191), and record it in the audit log."""
    signed = application().signing.sign_message(
        user, _read_message(body["message"]), chain_id=None, address=None, **common
    )
    return signed, _signature(signed.result)


@_signs(
    "typed-data",
    TypedDataBody,
    SignatureAnswer,
    {"chainId": 8453, "typedData": TYPED_DATA, "reason": "swap 8c1f"},
)
def sign_typed_data(
    body: dict[str, Any], user: int, **common: Any
) -> tuple[Signed[Signature], dict[str, Any]]:
    """Sign typed data with a trading wallet (EIP-712), and record it in the audit log."""
    chain_id = body["chain_id"]
    typed_data = read_typed_data(body["typed_data"], chain_id=chain_id)
    signed = application().signing.sign_typed_data(
        user, typed_data, chain_id=chain_id, address=None, **common
    )
    return signed, _signature(signed.result)


@_signs(
    "transaction",
    TransactionBody,
    SignedTransactionAnswer,
    {"chainId": 8453, "transaction": TRANSACTION, "reason": "swap 8c1f"},
)
def sign_transaction(
    body: dict[str, Any], user: int, **common: Any
) -> tuple[Signed[SignedTransaction], dict[str, Any]]:
    """Sign a transaction with a trading wallet, and record it in the audit log. Send nothing."""
    signed = application().signing.sign_transaction(
        user, body["transaction"], chain_id=body["chain_id"], **common
    )
    return signed, {
        "address": signed.result.signature.address,
        "digest": _hex(signed.result.signature.digest),
        "raw_transaction": _hex(signed.result.raw),
        "hash": _hex(signed.result.hash),
        "transaction": signed.result.as_json(),
    }


@_signs(
    "authorization",
    AuthorizationBody,
    SignedAuthorizationAnswer,
    {"chainId": 8453, "authorization": AUTHORIZATION, "reason": "upgrade 7d02"},
)
def sign_authorization(
    body: dict[str, Any], user: int, **common: Any
) -> tuple[Signed[SignedAuthorization], dict[str, Any]]:
    """Sign the authorization of a delegate (EIP-7702), and record it in the audit log."""
    signed = application().signing.sign_authorization(
        user, body["authorization"], chain_id=body["chain_id"], **common
    )
    return signed, {
        "address": to_checksum_address(signed.result.authority),
        "digest": _hex(signed.result.digest),
        "authorization": signed.result.as_json(),
    }


@blueprint.post("/sign/preview", parameters=[_FID])
@blueprint.requires(_SIGNER, InvalidFid, NotSignable, MnemonicRefused, WalletNotFound)
@blueprint.arguments(PreviewBody, example={"chainId": 8453, "transaction": TRANSACTION})
@blueprint.response(200, PreviewAnswer)
def preview_signature(body: dict[str, Any], fid: str) -> dict[str, Any]:
    """Return what would be signed and what it would do. Sign and record nothing."""
    preview = preview_of(parse_fid_of_path(fid), body)
    return {
        "address": preview.address,
        "digest": _hex(preview.digest),
        "effects": [effect.as_json() for effect in preview.effects],
    }


@blueprint.errorhandler(WalletApiError)
def count_refused_request(error: WalletApiError) -> Response:
    """Count a request that was refused, for whatever reason, unless it was a preview."""
    method = f"sign/{str(request.url_rule).rpartition('/')[2]}"
    if "client" in g and method in METHODS:
        count_refusal(error, g.client, method=method)
    return error_response(error)


def preview_of(fid: int, body: dict[str, Any]) -> Preview:
    """Return what a request of PreviewBody would sign."""
    signing, access = application().signing, audit_context()
    kinds = body.keys() - {"chain_id"}
    if len(kinds) != 1:
        raise InvalidRequest(
            "Give exactly one of message, typedData, transaction and authorization."
        )
    if "message" in body:
        message = _read_message(body["message"])
        return signing.preview_message(fid, message, chain_id=body.get("chain_id"), access=access)
    if "chain_id" not in body:
        raise InvalidRequest('"chainId": Missing data for required field.')
    chain_id = body["chain_id"]
    if "typed_data" in body:
        read = read_typed_data(body["typed_data"], chain_id=chain_id)
        return signing.preview_typed_data(fid, read, chain_id=chain_id, access=access)
    if "authorization" in body:
        given = body["authorization"]
        return signing.preview_authorization(fid, given, chain_id=chain_id, access=access)
    return signing.preview_transaction(fid, body["transaction"], chain_id=chain_id, access=access)


def _read_message(given: object) -> bytes:
    """Return the bytes of a text, or of {"raw": "0x…"}. Raises NotSignable."""
    if isinstance(given, str):
        return read_text_message(given, "message")
    return read_message(read_object(given, "message", required=("raw",))["raw"], "message.raw")


def _access(body: dict[str, Any]) -> AuditContext:
    # A bad header is refused, even if it is not used.
    given = header_reason()
    return audit_context(reason=body["reason"] or given, idempotency_key=idempotency_key())


def _signature(signature: Signature) -> dict[str, Any]:
    return {
        "address": signature.address,
        "digest": _hex(signature.digest),
        "signature": _hex(signature.to_bytes()),
    }


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
