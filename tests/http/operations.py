"""The operations of /openapi.json, and how they are called."""

import re

from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks

from tests.factories import DEPOSIT_ID, FID
from wallet_api.blueprints.schemas.api_clients import EXAMPLE_NAME
from wallet_api.blueprints.schemas.policies import EXAMPLE_ID

METRICS_TOKEN = "a token that only Prometheus and the tests know"
PATH = {
    "client_name": EXAMPLE_NAME,
    "fid": str(FID),
    "chain": "ethereum",
    "chain_id": "8453",
    "policy_id": EXAMPLE_ID,
    "deposit_id": DEPOSIT_ID,
}
# The blueprints of pages and their assets, excluded from the OpenAPI document.
PAGES = {"home", "swagger"}
QUERIES = {"/api/wallet/payment-qr": "?amount=20"}
PROBLEM = "application/problem+json"
# Generated clients call these names.
OPERATIONS = [
    "assign_wallet_policy",
    "create_client",
    "create_fallback_wallet",
    "create_user_wallet",
    "deposit",
    "dry_run",
    "ensure_wallet",
    "fallback_wallet_status",
    "find_audit_entries",
    "find_deposit",
    "find_wallets",
    "get_deposit",
    "get_effective_policy",
    "get_own_deposit",
    "get_own_policy",
    "get_policy",
    "get_wallet",
    "get_wallet_policy",
    "healthz",
    "list_clients",
    "list_deposits",
    "list_own_deposits",
    "list_policies",
    "list_policy_versions",
    "list_wallets",
    "openapi",
    "payment_qr",
    "policy_schema",
    "preview_signature",
    "primary",
    "primary_with_key",
    "prometheus",
    "read_key",
    "readyz",
    "remove_own_policy",
    "remove_wallet_policy",
    "revoke_client",
    "rpc",
    "set_own_policy",
    "sign_authorization",
    "sign_in_get",
    "sign_in_post",
    "sign_message",
    "sign_transaction",
    "sign_typed_data",
    "stats",
    "status",
    "storage",
    "store_policy",
    "user_wallets",
]
# What an operation answers to its example, if it is not 200.
STATUSES = {
    "create_client": 201,
    "remove_own_policy": 204,
    "remove_wallet_policy": 204,
    "store_policy": 201,
}
# Headers that HTTP gives their meaning, not we.
WELL_KNOWN = {
    "Cache-Control",
    "Content-Disposition",
    "Content-Length",
    "Content-Security-Policy",
    "Content-Type",
    "Date",
    "ETag",
    "Expires",
    "Last-Modified",
    "Referrer-Policy",
    "X-Content-Type-Options",
}
load_all_checks()
CONFORMANCE = CHECKS.get_by_names(
    [
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
        "response_headers_conformance",
    ]
)
# What the document forbids is refused, and nothing makes the service fail.
STRICT = [*CONFORMANCE, *CHECKS.get_by_names(["not_a_server_error", "negative_data_rejection"])]
SETTINGS = settings(
    max_examples=15,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def operations_of(document):
    return {
        (method, path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def routes_of(app):
    """Yield method, path as the document writes it, and view of each route that is no page's."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] in PAGES:
            continue
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            path = re.sub("<(?:uuid:)?([a-z_]+)>", r"{\1}", rule.rule)
            yield method.lower(), path, app.view_functions[rule.endpoint]


def schemes_of(operation):
    return [scheme for requirement in operation["security"] for scheme in requirement]


def header_of(operation, credentials):
    schemes = schemes_of(operation.definition.raw)
    return {name: value for scheme in schemes for name, value in credentials[scheme].items()}


def examples_in(node):
    """Yield each schema below a node of the document, with a value that is said to fit it."""
    if isinstance(node, list):
        for part in node:
            yield from examples_in(part)
    elif isinstance(node, dict):
        shown = node.get("examples", [])
        values = [one["value"] for one in shown.values()] if isinstance(shown, dict) else shown
        values = [*values, *(node[name] for name in ("example", "default") if name in node)]
        yield from ((node.get("schema", node), value) for value in values)
        for name, part in node.items():
            if name not in ("example", "examples", "default"):
                yield from examples_in(part)


def send_example(client, operation, headers=(), **changes):
    """Send the request that the document shows, with changes."""
    body = operation.body[0].definition["example"] if operation.body else None
    request = {} if body is None else {"json": body}
    path = operation.path.format(**PATH) + QUERIES.get(operation.path, "")
    return client.open(path, method=operation.method, headers=dict(headers), **(changes or request))


def is_described(operation, answer, status):
    """Check that an answer has this status, and is what the document says of it."""
    assert answer.status_code == status, (operation.label, answer.text)
    operation.Case(path_parameters=PATH).validate_response(answer, checks=CONFORMANCE)
    told = operation.definition.raw["responses"][str(status)]["headers"]
    assert set(answer.headers.keys()) - WELL_KNOWN <= set(told), operation.label
