"""What a request to sign would sign, from its body. Previews and dry runs share it."""

from typing import Any

from wallet_api.blueprints.access_control import audit_context
from wallet_api.blueprints.application import application
from wallet_api.errors import InvalidRequest
from wallet_api.ethereum.messages import read_message, read_text_message
from wallet_api.ethereum.strict_json import read_object
from wallet_api.ethereum.typed_data import read_typed_data
from wallet_api.services.signing.service import Preview


def preview_of(fid: int, body: dict[str, Any]) -> Preview:
    """Return what a request of PreviewBody would sign."""
    signing, access = application().signing, audit_context()
    kinds = body.keys() - {"chain_id"}
    if len(kinds) != 1:
        raise InvalidRequest(
            "Give exactly one of message, typedData, transaction and authorization."
        )
    if "message" in body:
        message = read_message_member(body["message"])
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


def read_message_member(given: object) -> bytes:
    """Return the bytes of a text, or of {"raw": "0x…"}. Raises NotSignable."""
    if isinstance(given, str):
        return read_text_message(given, "message")
    return read_message(read_object(given, "message", required=("raw",))["raw"], "message.raw")
