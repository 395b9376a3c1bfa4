"""The audit entries of signatures, and of refusals to sign."""

import json

from wallet_api.errors import NotSignable, PolicyRefused
from wallet_api.models import TRADING_CHAIN, AuditContext, AuditEvent, Wallet
from wallet_api.services.policies.decisions import Decision
from wallet_api.services.signing.requests import SigningRequest

MAX_DETAILS = 16_384
"""The maximum length of an audit entry's details, in characters: about 40 effects."""


def of_signature(
    request: SigningRequest[object], wallet: Wallet, decision: Decision, *, access: AuditContext
) -> AuditEvent:
    """Return the event of a signature. Raises NotSignable if it does not fit into an entry."""
    return AuditEvent(
        fid=wallet.fid,
        chain=wallet.chain,
        action=request.action,
        access=access,
        details=details_of_signature(
            request.digest, decision, idempotency_key=access.idempotency_key
        ),
    )


def details_of_signature(digest: bytes, decision: Decision, *, idempotency_key: str | None) -> str:
    """Return what the entry of a signature says. Raises NotSignable if it does not fit into one."""
    found = decision.request.effects
    details = _details(
        digest,
        decision.request.chain_id,
        decision.request.method,
        {
            "effects": [effect.as_json() for effect in found],
            "policies": [layer.as_json() for layer in decision.verdict.layers],
        },
        idempotency_key=idempotency_key,
    )
    if len(details) > MAX_DETAILS:
        raise NotSignable(f"It has {len(found)} effects, too many for one audit entry. Split it.")
    return details


def of_refusal(
    fid: int,
    request: SigningRequest[object],
    refusal: PolicyRefused,
    *,
    method: str,
    access: AuditContext,
) -> AuditEvent:
    """Return the event of a refusal. It has no effects if they do not fit into an entry."""
    members = {**refusal.as_json(), "effects": refusal.effects}
    details = _details(request.digest, request.chain_id, method, members)
    if len(details) > MAX_DETAILS:
        members["effects"] = None
        details = _details(request.digest, request.chain_id, method, members)
    return AuditEvent(
        fid=fid,
        chain=TRADING_CHAIN,
        action="signing.refused",
        access=access,
        details=details,
    )


def _details(
    digest: bytes,
    chain_id: int | None,
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
        "chain_id": chain_id,
        "digest": "0x" + digest.hex(),
    }
    return json.dumps(members | more, separators=(",", ":"))
