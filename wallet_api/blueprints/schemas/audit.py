"""Schemas of /v1/audit."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from wallet_api.blueprints.schemas.bases import CHAINS, FID, Answer, PageAnswer, Timestamp
from wallet_api.blueprints.schemas.url_parameters import (
    MOMENT,
    Fid,
    Moment,
    PageQuery,
    require_order,
    require_printable,
)
from wallet_api.models import AUDIT_ACTIONS, SERVICE_FID, read_details

_ACTION = "|".join(AUDIT_ACTIONS).replace(".", "[.]")
_CHAIN_FID = {**FID, "minimum": SERVICE_FID, "description": "0: changes of policies and clients."}


class _ChainFid(Fid):
    """The FID of a chain, or that of the service itself."""

    smallest = SERVICE_FID


class _Actions(fields.Field[tuple[str, ...]]):
    """Actions, separated by commas."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> tuple[str, ...]:
        # Each once: an entry must not be found twice.
        actions = tuple(dict.fromkeys(value.split(",")))
        if not set(actions) <= set(AUDIT_ACTIONS):
            raise ValidationError("unknown action, see /docs.")
        return actions


class AuditQuery(PageQuery):
    fid = _ChainFid(load_default=None, metadata=_CHAIN_FID)
    action = _Actions(
        load_default=None,
        metadata={
            "type": "string",
            "pattern": f"^({_ACTION})(,({_ACTION}))*$",
            "description": "An action, or several, separated by commas.",
            "examples": ["key.read", "key.read,transaction.signed"],
        },
    )
    actor = fields.String(
        load_default=None,
        validate=[validate.Length(1, 200), require_printable],
        metadata={"description": "user:<fid>, client:<name> or cli:<account>."},
    )
    request_id = fields.String(
        load_default=None,
        validate=[validate.Length(1, 64), require_printable],
        metadata={
            "description": "The X-Request-Id of a request. An id that the service did not make "
            "also needs fid, or after and before at most 7 days apart."
        },
    )
    after = Moment(
        load_default=None,
        metadata={**MOMENT, "description": "Inclusive start of the range."},
    )
    before = Moment(
        load_default=None,
        metadata={**MOMENT, "description": "Exclusive end of the range, later than `after`."},
    )

    @validates_schema
    def require_order(self, query: dict[str, Any], **kwargs: Any) -> None:
        require_order(query["after"], query["before"], names=("after", "before"))


def _details(text: str | None) -> dict[str, object] | None:
    if text is None:
        return None
    details = read_details(text)
    return {"unreadable": text} if details is None else details


class AuditEntry(Answer):
    """An audit log entry: one action on a wallet or its key."""

    id = fields.String(
        metadata={"description": "The position in the user's chain, a number as a string."}
    )
    fid = fields.Integer(metadata=_CHAIN_FID)
    chain = fields.String(metadata={"enum": list(CHAINS)})
    action = fields.String(metadata={"enum": list(AUDIT_ACTIONS)})
    actor = fields.String(metadata={"examples": ["client:engine"]})
    ip = fields.String(allow_none=True, metadata={"examples": ["203.0.113.7"]})
    reason = fields.String(allow_none=True)
    recipient = fields.String(
        data_key="recipientPublicKey",
        allow_none=True,
        metadata={"description": "The X25519 public key that the key was encrypted to."},
    )
    address = fields.String(
        allow_none=True,
        metadata={
            "description": "The address of the created wallet, or of the stored Base Account."
        },
    )
    details = fields.Function(
        lambda entry: _details(entry.details),
        metadata={
            "type": ["object", "null"],
            "description": "What was signed or refused (method, chain_id, digest, effects, "
            "policies), which policy changed, or what an API client may do. An entry that the "
            "service did not write may have only `unreadable`, its text.",
        },
    )
    request_id = fields.String(data_key="requestId")
    created_at = Timestamp(data_key="createdAt")


class AuditPage(PageAnswer):
    data = fields.List(fields.Nested(AuditEntry))
