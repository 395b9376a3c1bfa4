"""Schemas of the routes of policies."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from wallet_api.blueprints.schemas.bases import (
    BASE_ACCOUNT,
    FID,
    TRADING_ADDRESS,
    Answer,
    Body,
    PageAnswer,
    Timestamp,
)
from wallet_api.blueprints.schemas.signing import PreviewAnswer, PreviewBody
from wallet_api.blueprints.schemas.url_parameters import Query, require_printable
from wallet_api.models import MAX_FID
from wallet_api.policies.evaluation import LAYERS, REASONS
from wallet_api.policies.explanation import explain, known_asset
from wallet_api.policies.json_schema import RULES_SCHEMA
from wallet_api.policies.rules import MAX_NAME, METHODS, RULE_EFFECTS
from wallet_api.services.policies.effective import MAX_WINDOWS
from wallet_api.services.policies.versions import stored_rules

EXAMPLE = {
    "name": "pay up to 5 USDC a day",
    "rules": [
        {
            "id": "payments",
            "effect": "allow",
            "chain_ids": [8453],
            "kinds": ["token_transfer"],
            "tokens": ["0x833589fcd6edb6e08f4c7c32d4f71b54bda02913"],
            "to": [BASE_ACCOUNT],
            "windows": [{"seconds": 86_400, "max_amount": "5000000"}],
        }
    ],
}
EXAMPLE_ID = "7d3c1f0e-5a52-4c5e-9c39-5b1a2f6d8e11"
_ID = {"format": "uuid", "examples": [EXAMPLE_ID]}
_VERSION = {"minimum": 1, "examples": [1]}
_AMOUNT = {"pattern": "^[0-9]+$", "examples": ["5000000"]}
_RULES = {**RULES_SCHEMA, "examples": [EXAMPLE["rules"]]}
# Answers may contain rules of later versions of this service.
_STORED_RULES = {"type": "array", "items": {"type": "object"}, "examples": [EXAMPLE["rules"]]}
_WARNINGS = {
    "type": "array",
    "items": {"type": "string"},
    "description": "Probable mistakes in the rules of the request, in English sentences.",
    "examples": [
        [
            'Rule "payments" allows no transaction: transactions need a rule for network_fee.',
            (
                'Rule "payments" allows signatures that are valid for any time, and count in its '
                "windows until then: set max_lifetime_seconds, or name the methods for "
                "transactions only."
            ),
        ]
    ],
}


class PolicyBody(Body):
    """A policy, or the next version of the policy with this id."""

    id = fields.UUID(metadata=_ID)
    name = fields.Raw(
        required=True,
        metadata={"type": "string", "minLength": 1, "maxLength": MAX_NAME},
    )
    rules = fields.Raw(required=True, metadata=_RULES)


class AssignmentBody(Body):
    """The policy to assign."""

    policy_id = fields.UUID(data_key="policyId", required=True, metadata=_ID)


class RulesBody(Body):
    """The rules that limit the user's own wallet, in addition to all others."""

    rules = fields.Raw(required=True, metadata=_RULES)


class _UserId(fields.Field[int]):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        # bool is a subclass of int.
        if type(value) is not int or not 1 <= value <= MAX_FID:
            raise ValidationError(f"must be an integer from 1 to {MAX_FID}.")
        return value


class DryRunBody(PreviewBody):
    """A request to sign: fid and one of message, typedData, transaction and authorization."""

    fid = _UserId(required=True, metadata=FID)
    method = fields.String(
        validate=validate.OneOf(METHODS, error="unknown method, see /docs."),
        metadata={
            "enum": list(METHODS),
            "description": "How it would be signed. Default: the REST route.",
        },
    )
    client = fields.String(
        validate=[validate.Length(1, 200), require_printable],
        metadata={
            "description": "The API client that would sign. Default: the caller.",
            "examples": ["engine"],
        },
    )
    rules = fields.Raw(
        metadata={**_RULES, "description": "Rules to try in place of the wallet's policy."}
    )


class _StoredRules(fields.Field[Any]):
    """The rules of a row, which are a JSON text."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return stored_rules(value)


class PolicyAnswer(Answer):
    """A version of a policy."""

    id = fields.UUID(metadata=_ID)
    version = fields.Integer(metadata=_VERSION)
    name = fields.String()
    rules = _StoredRules(dump_only=True, metadata=_STORED_RULES)
    created_at = Timestamp(data_key="createdAt")
    created_by = fields.String(data_key="createdBy", metadata={"examples": ["cli:operator"]})


class WrittenPolicyAnswer(PolicyAnswer):
    """The version of a policy that was stored, or that had the same name and rules before."""

    warnings = fields.List(fields.String(), dump_only=True, metadata=_WARNINGS)


class PolicyPage(PageAnswer):
    data = fields.List(fields.Nested(PolicyAnswer))


class AssignmentAnswer(Answer):
    """The policy of a wallet. `version` counts the assignments.

    The ETag has this version and that of the policy, with a dot between them.
    """

    version = fields.Integer(metadata=_VERSION)
    policy = fields.Nested(PolicyAnswer)


class UserPolicyAnswer(Answer):
    """The rules that the user set. `version` counts the changes, and is the ETag."""

    version = fields.Integer(metadata=_VERSION)
    rules = _StoredRules(dump_only=True, metadata=_STORED_RULES)
    created_at = Timestamp(data_key="createdAt")


class WrittenUserPolicyAnswer(UserPolicyAnswer):
    """The rules that the user set now, or that were the same before."""

    warnings = fields.List(fields.String(), dump_only=True, metadata=_WARNINGS)


class _Layer(Answer):
    """What one layer decides."""

    layer = fields.String(metadata={"enum": list(LAYERS)})
    policy = fields.String(
        allow_none=True, metadata={**_ID, "description": "Null for rules without an id."}
    )
    version = fields.Integer(metadata={"minimum": 0, "description": "0 for rules in the request."})
    allowed = fields.Function(lambda one: one.reason is None, metadata={"type": "boolean"})
    reason = fields.String(allow_none=True, metadata={"enum": [*REASONS, None]})
    rules = fields.List(
        fields.String(), metadata={"description": "The rules that allow it, or that refuse it."}
    )
    effect = fields.Function(
        lambda one: one.effect and one.effect.as_json(),
        metadata={"type": ["object", "null"], "description": "What is refused."},
    )


class _Window(Answer):
    """A window of a rule, for one asset on one chain."""

    layer = fields.String(metadata={"enum": list(LAYERS)})
    rule = fields.String()
    chain_id = fields.Integer(data_key="chainId", metadata={"minimum": 1})
    asset = fields.String(metadata={"examples": ["native", TRADING_ADDRESS.lower()]})
    seconds = fields.Integer(metadata={"minimum": 1})
    max_amount = fields.Function(
        lambda one: str(one.max_amount),
        data_key="maxAmount",
        metadata={"type": "string", **_AMOUNT},
    )
    spent = fields.Function(
        lambda one: str(one.spent),
        metadata={"type": "string", "description": "What was signed already.", **_AMOUNT},
    )
    left = fields.Function(lambda one: str(one.left), metadata={"type": "string", **_AMOUNT})


class EffectivePolicyQuery(Query):
    client = fields.String(
        load_default=None,
        validate=[validate.Length(1, 200), require_printable],
        metadata={
            "description": "The API client that would sign. Default: the client's layer is left "
            "out.",
            "examples": ["engine"],
        },
    )


class _EffectiveRule(Answer):
    """A rule that applies."""

    id = fields.String(metadata={"examples": ["payments"]})
    effect = fields.String(metadata={"enum": list(RULE_EFFECTS)})
    explanation = fields.Function(
        explain, metadata={"type": "string", "description": "The rule in an English sentence."}
    )


class _EffectiveLayer(Answer):
    """The rules of a layer. A signature must pass every layer."""

    layer = fields.String(metadata={"enum": list(LAYERS)})
    policy = fields.String(
        allow_none=True, metadata={**_ID, "description": "Null for the user's own rules."}
    )
    version = fields.Integer(metadata=_VERSION)
    name = fields.String(allow_none=True)
    rules = fields.List(fields.Nested(_EffectiveRule))


class _EffectiveWindow(_Window):
    """A window of a rule, with the name of the asset if it is known."""

    symbol = fields.Function(
        lambda one: (asset := known_asset(one.asset, [one.chain_id])) and asset.symbol,
        metadata={"type": ["string", "null"], "examples": ["USDC"]},
    )
    decimals = fields.Function(
        lambda one: (asset := known_asset(one.asset, [one.chain_id])) and asset.decimals,
        metadata={"type": ["integer", "null"], "examples": [6]},
    )


class EffectivePolicyAnswer(Answer):
    """What a signature of a wallet must pass now, and what its windows still allow."""

    unrestricted = fields.Boolean(
        allow_none=True,
        metadata={
            "description": "Whether the client may sign where no policy applies; null without one."
        },
    )
    layers = fields.List(fields.Nested(_EffectiveLayer))
    windows = fields.List(
        fields.Nested(_EffectiveWindow),
        metadata={"description": f"At most {MAX_WINDOWS}, in the order of the rules."},
    )
    complete = fields.Boolean(metadata={"description": "False if there are more windows."})


class DryRunAnswer(PreviewAnswer):
    """What would be signed, and what policies would decide now."""

    allowed = fields.Boolean()
    reason = fields.String(
        allow_none=True,
        metadata={"enum": [*REASONS, None], "description": "Why it would be refused."},
    )
    explanation = fields.String(
        allow_none=True, metadata={"description": "The same in a sentence."}
    )
    layers = fields.List(fields.Nested(_Layer))
    windows = fields.List(fields.Nested(_Window))
    warnings = fields.List(fields.String(), dump_only=True, metadata=_WARNINGS)
