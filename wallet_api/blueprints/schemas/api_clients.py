"""Schemas of /v1/clients."""

from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from wallet_api.auth.client_grants import NAME, NAME_RULE, fault_of_expiry, read_network
from wallet_api.blueprints.schemas.bases import Answer, Body, PageAnswer, Timestamp
from wallet_api.blueprints.schemas.policies import EXAMPLE_ID
from wallet_api.blueprints.schemas.url_parameters import MOMENT, Moment
from wallet_api.models import SCOPES, IPNetwork

EXAMPLE_NAME = "support-desk"
EXAMPLE = {
    "name": EXAMPLE_NAME,
    "scopes": ["wallets:read", "audit:read"],
    "allowedNetworks": ["10.1.0.0/16"],
}
_TOKEN = "wapi_9475418e37fa0338_" + "3327-sWwdJoeyMHUfyqPiJlMKj3fNR50NcE_Ll52Si8"
_SCOPES = {"type": "array", "items": {"type": "string", "enum": list(SCOPES)}, "minItems": 1}
_NETWORKS = {
    "type": ["array", "null"],
    "items": {"type": "string", "examples": ["10.1.0.0/16"]},
    "minItems": 1,
}
_POLICY = {"format": "uuid", "examples": [EXAMPLE_ID]}
_MAX_NETWORKS = 100


def _require_name(text: str) -> None:
    if not NAME.fullmatch(text):
        raise ValidationError(NAME_RULE)


class _Flag(fields.Field[bool]):
    """A JSON Boolean. Other values are rejected."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("must be true or false.")
        return value


class _Scopes(fields.Field[frozenset[str]]):
    """A list of scopes, at least one."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> frozenset[str]:
        if not isinstance(value, list) or not value:
            raise ValidationError("must be a list of at least one scope.")
        for scope in value:
            if scope not in SCOPES:
                raise ValidationError(f"use only {', '.join(SCOPES)}.")
        return frozenset(value)


class _Networks(fields.Field[tuple[IPNetwork, ...]]):
    """A list of addresses and networks (CIDR), at least one."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> tuple[IPNetwork, ...]:
        if not isinstance(value, list) or not 1 <= len(value) <= _MAX_NETWORKS:
            raise ValidationError(f"must be a list of 1 to {_MAX_NETWORKS} networks.")
        try:
            return tuple(read_network(str(text)) for text in value)
        except ValueError as error:
            # The value may be a secret in the wrong place, and is not repeated.
            raise ValidationError(
                "each must be an address, or a network such as 10.1.0.0/16 without host bits; an "
                "IPv6 address without a zone, and an IPv4 address as IPv4."
            ) from error


class _Expiry(Moment):
    """A point in time in the future."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        moment = super()._deserialize(str(value), attr, data, **kwargs)
        if fault := fault_of_expiry(moment):
            raise ValidationError(fault)
        return moment


class ClientBody(Body):
    """A new API client. A member that is null counts as omitted."""

    name = fields.String(
        required=True,
        validate=_require_name,
        metadata={"pattern": f"^{NAME.pattern}$", "examples": [EXAMPLE_NAME]},
    )
    scopes = _Scopes(required=True, metadata=_SCOPES)
    unrestricted = _Flag(
        load_default=False,
        metadata={
            "type": "boolean",
            "description": "Sign with wallets to which no policy applies. Needs wallets:sign.",
        },
    )
    policy_id = fields.UUID(
        data_key="policyId",
        load_default=None,
        allow_none=True,
        metadata={**_POLICY, "description": "Its policy. Needs wallets:sign."},
    )
    expires_at = _Expiry(
        data_key="expiresAt",
        load_default=None,
        allow_none=True,
        metadata={
            **MOMENT,
            "type": ["string", "null"],
            "examples": ["2027-02-28T00:00:00Z", "2027-02-28"],
        },
    )
    allowed_networks = _Networks(
        data_key="allowedNetworks",
        load_default=None,
        allow_none=True,
        metadata={
            **_NETWORKS,
            "maxItems": _MAX_NETWORKS,
            "description": "Where it may call from.",
        },
    )

    @validates_schema
    def require_wallets_sign(self, body: dict[str, Any], **kwargs: Any) -> None:
        for name, given in (
            ("unrestricted", body["unrestricted"]),
            ("policyId", body["policy_id"]),
        ):
            if given and "wallets:sign" not in body["scopes"]:
                raise ValidationError("it needs the scope wallets:sign.", field_name=name)


class ClientAnswer(Answer):
    """An API client. `tokenPrefix` is how its token begins."""

    name = fields.String(metadata={"examples": [EXAMPLE_NAME]})
    token_prefix = fields.Function(
        lambda client: f"wapi_{client.id}_",
        data_key="tokenPrefix",
        metadata={"type": "string", "examples": ["wapi_9475418e37fa0338_"]},
    )
    scopes = fields.Function(
        lambda client: [scope for scope in SCOPES if scope in client.scopes], metadata=_SCOPES
    )
    unrestricted = fields.Boolean(
        metadata={"description": "It may sign with every wallet to which no policy applies."}
    )
    policy_id = fields.UUID(data_key="policyId", allow_none=True, metadata=_POLICY)
    allowed_networks = fields.Function(
        lambda client: client.allowed_networks and [str(one) for one in client.allowed_networks],
        data_key="allowedNetworks",
        metadata={**_NETWORKS, "description": "Null: it may call from anywhere."},
    )
    created_at = Timestamp(data_key="createdAt")
    expires_at = Timestamp(data_key="expiresAt", allow_none=True)
    revoked_at = Timestamp(data_key="revokedAt", allow_none=True)
    last_used_at = Timestamp(
        data_key="lastUsedAt", allow_none=True, metadata={"description": "Exact to the minute."}
    )
    expired = fields.Boolean()


class ClientPage(PageAnswer):
    data = fields.List(fields.Nested(ClientAnswer))


class CreatedClientAnswer(ClientAnswer):
    """A new API client, and its token, which is shown only once."""

    token = fields.Function(
        lambda created: created.token.reveal(), metadata={"type": "string", "examples": [_TOKEN]}
    )


class RevokedClientAnswer(Answer):
    """A revoked API client."""

    name = fields.String(metadata={"examples": [EXAMPLE_NAME]})
    revoked_at = Timestamp(data_key="revokedAt")
