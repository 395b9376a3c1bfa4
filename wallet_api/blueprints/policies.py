"""/v1/policies: policies, their versions, and dry runs."""

from dataclasses import asdict, replace
from typing import Any
from uuid import UUID

from flask import current_app, g
from flask.typing import ResponseReturnValue

from wallet_api.blueprints.access_control import audit_context, client
from wallet_api.blueprints.application import application
from wallet_api.blueprints.entity_tags import (
    ETAG_HEADER,
    IF_MATCH,
    expected_version,
    tagged,
)
from wallet_api.blueprints.pagination import LINK_HEADER
from wallet_api.blueprints.previews import preview_of
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.policies import (
    EXAMPLE,
    EXAMPLE_ID,
    DryRunAnswer,
    DryRunBody,
    PolicyAnswer,
    PolicyBody,
    PolicyPage,
    WrittenPolicyAnswer,
)
from wallet_api.blueprints.schemas.signing import TRANSACTION
from wallet_api.blueprints.schemas.url_parameters import PageQuery
from wallet_api.errors import (
    ClientNotFound,
    InvalidCursor,
    InvalidPolicy,
    InvalidRequest,
    MnemonicRefused,
    NotSignable,
    PolicyNotFound,
    PreconditionFailed,
    WalletNotFound,
)
from wallet_api.policies.explanation import explain_refusal
from wallet_api.policies.json_schema import POLICY_SCHEMA
from wallet_api.policies.reading import read_policy, read_rules
from wallet_api.policies.warnings import warnings
from wallet_api.services.policies.versions import rules_text

blueprint = Blueprint(
    "policies", __name__, url_prefix="/v1/policies", description="What wallets may sign."
)

_ID = {
    "in": "path",
    "name": "policy_id",
    "required": True,
    "schema": {"type": "string", "format": "uuid", "examples": [EXAMPLE_ID]},
}
# How each kind of request can be signed, the REST route first.
_METHODS = {
    "message": ("sign/message", "personal_sign", "eth_sign"),
    "typed_data": ("sign/typed-data", "eth_signTypedData_v4", "eth_signTypedData"),
    "transaction": ("sign/transaction", "eth_signTransaction"),
    "authorization": ("sign/authorization",),
}


@blueprint.post("")
@blueprint.requires(
    client("policies:write"),
    InvalidPolicy,
    MnemonicRefused,
    PolicyNotFound,
    PreconditionFailed,
    parameters=[IF_MATCH],
)
@blueprint.arguments(PolicyBody, example=EXAMPLE)
@blueprint.alt_response(201, schema=WrittenPolicyAnswer, description="A new policy.", success=True)
@blueprint.response(
    200, WrittenPolicyAnswer, description="The newest version of the policy.", headers=ETAG_HEADER
)
def store_policy(body: dict[str, Any]) -> tuple[Any, int, dict[str, str]]:
    """Store a policy. With an id, store its next version, which applies at once."""
    policy = read_policy({"name": body["name"], "rules": body["rules"]})
    # Nothing is stored if one of these fails.
    rules_text(policy.rules)
    found = warnings(policy.rules)
    expected = expected_version()
    versions, access = application().policy_versions, audit_context()
    if "id" in body:
        row = versions.add_version(body["id"], policy, expected=expected, access=access)
    elif expected is None:
        row = versions.create(policy, access=access)
    else:
        raise PreconditionFailed
    answer, headers = tagged(asdict(row) | {"warnings": found}, row.version)
    return answer, 200 if "id" in body else 201, headers


@blueprint.get("")
@blueprint.requires(client("policies:read"), InvalidCursor)
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, PolicyPage, headers=LINK_HEADER)
def list_policies(query: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """List all policies, each in its newest version, newest policies first."""
    cursors = application().cursors
    page = application().policy_versions.find(cursors.page_request(query, str))
    return cursors.page_response(page)


@blueprint.get("/schema")
@blueprint.requires(client("policies:read"))
@blueprint.response(200, {"type": "object"})
def policy_schema() -> ResponseReturnValue:
    """Return the JSON Schema of a policy."""
    return current_app.json.response(POLICY_SCHEMA)


@blueprint.get("/<uuid:policy_id>", parameters=[_ID])
@blueprint.requires(client("policies:read"), PolicyNotFound)
@blueprint.response(200, PolicyAnswer, headers=ETAG_HEADER)
def get_policy(policy_id: UUID) -> tuple[Any, dict[str, str]]:
    """Return the newest version of a policy."""
    row = application().policy_versions.get(policy_id)
    return tagged(row, row.version)


@blueprint.get("/<uuid:policy_id>/versions", parameters=[_ID])
@blueprint.requires(client("policies:read"), PolicyNotFound, InvalidCursor)
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, PolicyPage, headers=LINK_HEADER)
def list_policy_versions(
    query: dict[str, Any], policy_id: UUID
) -> tuple[dict[str, Any], dict[str, str]]:
    """List the versions of a policy, newest first."""
    cursors = application().cursors
    request = cursors.page_request(query, int)
    return cursors.page_response(application().policy_versions.list_versions(policy_id, request))


@blueprint.post("/dry-run")
@blueprint.requires(
    client("policies:read"),
    InvalidPolicy,
    NotSignable,
    MnemonicRefused,
    WalletNotFound,
    ClientNotFound,
)
@blueprint.arguments(
    DryRunBody, example={"fid": 1464243, "chainId": 8453, "transaction": TRANSACTION}
)
@blueprint.response(200, DryRunAnswer)
def dry_run(body: dict[str, Any]) -> dict[str, Any]:
    """Return what policies would decide about a request now. Sign, spend and record nothing."""
    request = {name: body[name] for name in body.keys() & {"chain_id", *_METHODS}}
    preview = preview_of(body["fid"], request)
    method = _method_of(body)
    if method == "sign/message":
        # Only the URL of JSON-RPC names a chain for a message.
        preview = replace(preview, chain_id=None)
    elif preview.chain_id is None:
        raise InvalidRequest('"chainId": Missing data for required field.')
    rules = read_rules(body["rules"]) if "rules" in body else None
    if rules is not None:
        # Rules that no route stores are not tried either.
        rules_text(rules)
    run = application().policy_dry_runs.run(
        body["fid"],
        preview,
        method=method,
        client=body.get("client", g.client.name),
        rules=rules,
    )
    return {
        "address": preview.address,
        "digest": "0x" + preview.digest.hex(),
        "effects": [effect.as_json() for effect in preview.effects],
        "allowed": run.verdict.allowed,
        "reason": run.verdict.reason,
        "explanation": None if run.verdict.allowed else explain_refusal(run.verdict),
        "layers": run.verdict.layers,
        "windows": run.windows,
        "warnings": warnings(rules) if rules else [],
    }


def _method_of(body: dict[str, Any]) -> str:
    (methods,) = (_METHODS[kind] for kind in body.keys() & _METHODS.keys())
    method: str = body.get("method", methods[0])
    if method not in methods:
        raise InvalidRequest(f"method: use one of {', '.join(methods)}.")
    return method
