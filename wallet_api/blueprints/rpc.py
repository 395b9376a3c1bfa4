"""/v1/users/{fid}/rpc/{chain_id}: signatures and reads of the chain by JSON-RPC.

viem, ethers and web3.py use it as their provider, with a URL and a header (docs/signing.md).
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from flask import Response, current_app, g, request
from werkzeug.exceptions import UnsupportedMediaType

from wallet_api.blueprints import json_rpc
from wallet_api.blueprints.application import application
from wallet_api.blueprints.authorization import audit_context, client
from wallet_api.blueprints.idempotency import REPLAYED, idempotency_key, replayed_header
from wallet_api.blueprints.json_rpc import Call, RpcError, require_count
from wallet_api.blueprints.paths import parse_fid_of_path
from wallet_api.blueprints.problems import error_response, report
from wallet_api.blueprints.reasons import header_reason
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.rpc import ANSWER, ANSWER_EXAMPLES, BODY, PARAMETERS
from wallet_api.errors import (
    InvalidFid,
    InvalidIdempotencyKey,
    InvalidRequest,
    ServiceUnavailable,
    Unauthenticated,
    WalletApiError,
)
from wallet_api.ethereum.messages import read_message
from wallet_api.ethereum.node import NodeError
from wallet_api.ethereum.strict_json import MAX_SAFE_INTEGER, printable, read_address
from wallet_api.ethereum.typed_data import read_typed_data
from wallet_api.models import TRADING_CHAIN, AuditContext
from wallet_api.policies.rules import METHODS
from wallet_api.services import node_reads
from wallet_api.services.signing.counters import RPC, count_refusal
from wallet_api.services.signing.signatures import Signed

Result = TypeVar("Result")

blueprint = Blueprint(
    "rpc",
    __name__,
    url_prefix="/v1/users/<fid>/rpc",
    description="Signatures by JSON-RPC, for viem, ethers and web3.py.",
)

_CANONICAL = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Provider:
    """A user's wallet on a chain, as a provider of Ethereum (EIP-1193) sees it.

    `until` is when all reads of the chain must have been answered, on time.monotonic(). `repeats`
    has, for each signature that was made, whether it repeats an earlier request.
    """

    fid: int
    chain_id: int
    access: AuditContext
    until: float
    repeats: list[bool] = field(default_factory=list)

    def at(self, index: int) -> "_Provider":
        """Return the provider for one call of a batch, which has an Idempotency-Key of its own."""
        if self.access.idempotency_key is None:
            return self
        # No key of a caller contains a space.
        key = f"{self.access.idempotency_key} {index}"
        return replace(self, access=replace(self.access, idempotency_key=key))

    def result_of(self, signed: Signed[Result]) -> Result:
        """Return what was signed, and remember whether it repeats an earlier request."""
        self.repeats.append(signed.repeated)
        return signed.result


@blueprint.post("/<chain_id>", parameters=PARAMETERS)
@blueprint.requires(
    client("wallets:sign"), InvalidFid, InvalidIdempotencyKey, 415, requestBody=BODY
)
@blueprint.alt_response(204, description="All requests were notifications.", success=True)
@blueprint.response(200, ANSWER, examples=ANSWER_EXAMPLES, headers=REPLAYED)
def rpc(fid: str, chain_id: str) -> Response:
    """Sign with the user's trading wallet, or read the chain, by JSON-RPC 2.0."""
    provider = _Provider(
        fid=parse_fid_of_path(fid),
        chain_id=_parse_chain_id(chain_id),
        access=audit_context(reason=header_reason(), idempotency_key=idempotency_key()),
        until=time.monotonic() + node_reads.SECONDS,
    )
    # web3.py sends no Content-Type if its user sets a header.
    if request.mimetype and not request.is_json:
        raise UnsupportedMediaType
    try:
        calls, is_batch = json_rpc.read_calls(request.get_data())
    except RpcError as error:
        count_refusal(InvalidRequest(), g.client, method=RPC)
        return _response(json_rpc.failure(None, error))
    application().limits.count_batch(len(calls))
    answers = _answer_all(provider, calls, is_batch=is_batch)
    if not answers:
        response = Response(status=204)
        del response.headers["Content-Type"]
        return response
    response = _response(answers if is_batch else answers[0])
    response.headers.update(replayed_header(bool(provider.repeats) and all(provider.repeats)))
    return response


@blueprint.errorhandler(WalletApiError)
def count_refused_request(error: WalletApiError) -> Response:
    """Count a request that was refused as a whole, whatever its calls are."""
    if "client" in g:
        count_refusal(error, g.client, method=RPC)
    return error_response(error)


def _answer_all(
    provider: _Provider, calls: Sequence[Call | json_rpc.Answer], *, is_batch: bool
) -> list[json_rpc.Answer]:
    """Return the answers, in order.

    Raises ServiceUnavailable and Unauthenticated only if nothing was signed: signatures that were
    made are returned with the errors of the others, so that a caller repeats only those.
    """
    answers = []
    revoked: Unauthenticated | None = None
    for index, call in enumerate(calls):
        if not isinstance(call, Call):
            count_refusal(InvalidRequest(), g.client, method=RPC)
            answers.append(call)
            continue
        # It is not run, because nobody would receive the signature.
        if call.is_notification:
            continue
        try:
            if revoked is not None:
                raise revoked
            callee = provider.at(index) if is_batch else provider
            answers.append(json_rpc.result(call.id, _answer(callee, call)))
        except RpcError as error:
            _count_refusal(call, InvalidRequest())
            answers.append(json_rpc.failure(call.id, error))
        except WalletApiError as error:
            _count_refusal(call, error)
            if isinstance(error, (ServiceUnavailable, Unauthenticated)) and not provider.repeats:
                raise
            if isinstance(error, ServiceUnavailable):
                report(error)
            if isinstance(error, Unauthenticated):
                revoked = error
            answers.append(json_rpc.failure(call.id, json_rpc.to_rpc_error(error)))
    return answers


def _count_refusal(call: Call, error: WalletApiError) -> None:
    """Count a call that was refused, if its method signs."""
    if call.method in METHODS:
        count_refusal(error, g.client, method=call.method)


def _answer(provider: _Provider, call: Call) -> object:
    """Return the result of a call. Raises RpcError and domain errors."""
    found = _METHODS.get(call.method)
    if found is not None:
        names, method = found
        require_count(call.params, names)
        return method(provider, call)
    if call.method in node_reads.READ_METHODS:
        return _read(provider, call)
    raise RpcError(
        json_rpc.METHOD_NOT_FOUND,
        f"The method {printable(call.method)} is not supported. Use another node for it.",
    )


def _read(provider: _Provider, call: Call) -> object:
    reads = application().node_reads
    if not reads.has_node(provider.chain_id):
        raise RpcError(
            json_rpc.METHOD_NOT_FOUND,
            f"{call.method} needs a node: the operator must set RPC_URL_{provider.chain_id}.",
        )
    answer = reads.read(provider.chain_id, call.method, call.params, until=provider.until)
    if isinstance(answer, NodeError):
        raise RpcError(answer.code, answer.message, answer.data)
    return answer.value


def _accounts(provider: _Provider, _: Call) -> list[str]:
    address = application().wallets.get_wallet_address(
        provider.fid, TRADING_CHAIN, access=provider.access
    )
    return [] if address is None else [address]


def _sign_message(provider: _Provider, call: Call, *, data: int, address: int) -> str:
    signed = application().signing.sign_message(
        provider.fid,
        read_message(call.params[data], f"params[{data}]"),
        chain_id=provider.chain_id,
        address=read_address(call.params[address], f"params[{address}]"),
        method=call.method,
        access=provider.access,
    )
    return "0x" + provider.result_of(signed).to_bytes().hex()


def _personal_sign(provider: _Provider, call: Call) -> str:
    return _sign_message(provider, call, data=0, address=1)


def _eth_sign(provider: _Provider, call: Call) -> str:
    return _sign_message(provider, call, data=1, address=0)


def _sign_typed_data(provider: _Provider, call: Call) -> str:
    address, typed_data = call.params
    signed = application().signing.sign_typed_data(
        provider.fid,
        read_typed_data(typed_data, chain_id=provider.chain_id),
        chain_id=provider.chain_id,
        address=read_address(address, "params[0]"),
        method=call.method,
        access=provider.access,
    )
    return "0x" + provider.result_of(signed).to_bytes().hex()


def _sign_transaction(provider: _Provider, call: Call) -> dict[str, object]:
    signed = application().signing.sign_transaction(
        provider.fid,
        call.params[0],
        chain_id=provider.chain_id,
        method=call.method,
        access=provider.access,
    )
    transaction = provider.result_of(signed)
    return {"raw": "0x" + transaction.raw.hex(), "tx": transaction.as_json()}


# By method name: the names of the parameters, and the function.
_METHODS: dict[str, tuple[tuple[str, ...], Callable[[_Provider, Call], object]]] = {
    "eth_chainId": ((), lambda provider, _: hex(provider.chain_id)),
    "net_version": ((), lambda provider, _: str(provider.chain_id)),
    "eth_accounts": ((), _accounts),
    "eth_requestAccounts": ((), _accounts),
    "personal_sign": (("data", "address"), _personal_sign),
    "eth_sign": (("address", "data"), _eth_sign),
    "eth_signTypedData": (("address", "typedData"), _sign_typed_data),
    "eth_signTypedData_v4": (("address", "typedData"), _sign_typed_data),
    "eth_signTransaction": (("transaction",), _sign_transaction),
}


def _parse_chain_id(text: str) -> int:
    """Return the chain id in a path. Raises InvalidRequest."""
    # Libraries in JavaScript keep a chain id in a number.
    if not _CANONICAL.fullmatch(text) or int(text) > MAX_SAFE_INTEGER:
        raise InvalidRequest("The chain id must be a decimal number, such as 8453.")
    return int(text)


def _response(body: object) -> Response:
    return Response(current_app.json.dumps(body), mimetype="application/json")
