"""The policies of one wallet: /v1/users/…/policy for services, /api/wallet/policy for its user."""

from dataclasses import asdict
from typing import Any

from flask import g

from wallet_api.blueprints.access_control import USER, audit_context, client
from wallet_api.blueprints.application import application
from wallet_api.blueprints.entity_tags import (
    ETAG_HEADER,
    IF_MATCH,
    expected_version,
    expected_versions,
    tagged,
)
from wallet_api.blueprints.paths import parse_fid_of_path
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.bases import FID
from wallet_api.blueprints.schemas.policies import (
    EXAMPLE,
    EXAMPLE_ID,
    AssignmentAnswer,
    AssignmentBody,
    EffectivePolicyAnswer,
    EffectivePolicyQuery,
    RulesBody,
    UserPolicyAnswer,
    WrittenUserPolicyAnswer,
)
from wallet_api.errors import (
    ClientNotFound,
    InvalidFid,
    InvalidPolicy,
    MnemonicRefused,
    PolicyNotFound,
    PreconditionFailed,
)
from wallet_api.policies.reading import read_rules
from wallet_api.policies.warnings import warnings
from wallet_api.services.policies.effective import EffectivePolicy

blueprint = Blueprint(
    "policy_assignments",
    __name__,
    url_prefix="/v1/users/<fid>/policy",
    description="The policy of one wallet.",
)
own = Blueprint(
    "own_policy",
    __name__,
    url_prefix="/api/wallet/policy",
    description="The limits that users set for their own wallets.",
)

_FID = {"in": "path", "name": "fid", "required": True, "schema": FID}


@blueprint.get("", parameters=[_FID])
@blueprint.requires(client("policies:read"), InvalidFid, PolicyNotFound)
@blueprint.response(200, AssignmentAnswer, headers=ETAG_HEADER)
def get_wallet_policy(fid: str) -> tuple[Any, dict[str, str]]:
    """Return the policy that is assigned to a wallet."""
    assigned = application().policy_assignments.get_of_wallet(parse_fid_of_path(fid))
    return tagged(assigned, assigned.version, assigned.policy.version)


@blueprint.put("", parameters=[_FID])
@blueprint.requires(
    client("policies:write"),
    InvalidFid,
    MnemonicRefused,
    PolicyNotFound,
    PreconditionFailed,
    parameters=[IF_MATCH],
)
@blueprint.arguments(AssignmentBody, example={"policyId": EXAMPLE_ID})
@blueprint.response(200, AssignmentAnswer, headers=ETAG_HEADER)
def assign_wallet_policy(body: dict[str, Any], fid: str) -> tuple[Any, dict[str, str]]:
    """Assign a policy to a wallet. The newest version of the policy always applies."""
    assigned = application().policy_assignments.assign_to_wallet(
        parse_fid_of_path(fid),
        body["policy_id"],
        expected=expected_versions(),
        access=audit_context(),
    )
    return tagged(assigned, assigned.version, assigned.policy.version)


@blueprint.delete("", parameters=[_FID])
@blueprint.requires(client("policies:write"), InvalidFid, PreconditionFailed, parameters=[IF_MATCH])
@blueprint.response(204, description="No policy is assigned to the wallet.")
def remove_wallet_policy(fid: str) -> None:
    """Remove the policy of a wallet. Without a policy of another layer, nothing is signed."""
    application().policy_assignments.remove_from_wallet(
        parse_fid_of_path(fid), expected=expected_versions(), access=audit_context()
    )


@blueprint.get("/effective", parameters=[_FID])
@blueprint.requires(client("policies:read"), InvalidFid, ClientNotFound)
@blueprint.arguments(EffectivePolicyQuery, location="query")
@blueprint.response(200, EffectivePolicyAnswer)
def get_effective_policy(query: dict[str, Any], fid: str) -> EffectivePolicy:
    """Return all policies that apply to a wallet, and what is left of their windows."""
    return application().effective_policies.get(parse_fid_of_path(fid), client=query["client"])


@own.get("")
@own.requires(USER, PolicyNotFound)
@own.response(200, UserPolicyAnswer, headers=ETAG_HEADER)
def get_own_policy() -> tuple[Any, dict[str, str]]:
    """Return the rules that the user set for their own wallet."""
    row = application().policy_assignments.get_of_user(g.fid)
    return tagged(row, row.version)


@own.put("")
@own.requires(USER, InvalidPolicy, MnemonicRefused, PreconditionFailed, parameters=[IF_MATCH])
@own.arguments(RulesBody, example={"rules": EXAMPLE["rules"]})
@own.response(200, WrittenUserPolicyAnswer, headers=ETAG_HEADER)
def set_own_policy(body: dict[str, Any]) -> tuple[Any, dict[str, str]]:
    """Replace the rules that the user set. They can only narrow what other policies allow."""
    application().request_limits.count_write()
    rules = read_rules(body["rules"])
    # Nothing is stored if this fails.
    found = warnings(rules, only_narrow=True)
    row = application().policy_assignments.set_of_user(
        g.fid,
        rules,
        expected=expected_version(),
        access=audit_context(),
    )
    return tagged(asdict(row) | {"warnings": found}, row.version)


@own.delete("")
@own.requires(USER, PreconditionFailed, parameters=[IF_MATCH])
@own.response(204, description="The user has set no rules.")
def remove_own_policy() -> None:
    """Remove the rules that the user set. All other policies still apply."""
    application().request_limits.count_write()
    application().policy_assignments.remove_of_user(
        g.fid, expected=expected_version(), access=audit_context()
    )
