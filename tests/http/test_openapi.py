"""/openapi.json: a valid description of every route, and the service does what it says."""

import re

import jsonschema_rs
import pytest
import schemathesis
from flask import Response
from hypothesis import given
from schemathesis import GenerationMode
from schemathesis.core import failures
from schemathesis.openapi import checks

from tests.database import plant_deposit
from tests.factories import (
    ACCESS,
    BASE_ACCOUNT,
    DEAD_PORT,
    FID,
    authorization,
    new_client,
    signed_in,
)
from tests.http.operations import (
    METRICS_TOKEN,
    OPERATIONS,
    PROBLEM,
    SETTINGS,
    STATUSES,
    STRICT,
    examples_in,
    header_of,
    is_described,
    operations_of,
    routes_of,
    schemes_of,
    send_example,
)
from tests.leaks import LEAKS
from tests.policies import plant_example
from wallet_api.blueprints.access_control import PUBLIC
from wallet_api.blueprints.request_hooks import MAX_SIGNING_BODY_BYTES
from wallet_api.blueprints.routing import Blueprint
from wallet_api.blueprints.schemas.health import HealthAnswer
from wallet_api.models import SCOPES


@pytest.fixture
def make_client(services):
    """Make an API client and return the header that it sends: make_client("keys:read")."""

    def make(*scopes):
        name = re.sub("[^a-z]", "-", "-".join(scopes))[:60]
        return authorization(new_client(services.api_clients, *scopes, name=name).reveal())

    return make


LEAKS.secrets.add(METRICS_TOKEN)


@pytest.fixture
def served(farcaster):
    """Return the settings with which every route is served."""
    return {"METRICS_TOKEN": METRICS_TOKEN, "ALLOW_KEY_EXPORT": "true", **farcaster.settings()}


@pytest.fixture
def app(make_app, served):
    return make_app(RATELIMIT_ENABLED="false", **served)


@pytest.fixture(scope="module")
def document(describing, untouched):
    """Return the document of an app that serves every route. To build it takes 0.3 s."""
    with describing():
        app = untouched.make_app(METRICS_TOKEN=METRICS_TOKEN, ALLOW_KEY_EXPORT="true")
    return app.test_client().get("/openapi.json").get_json()


@pytest.fixture
def schema(app, document):
    schema = schemathesis.openapi.from_dict(document)
    schema.app = app
    # The tests choose the tokens: with another one, every response would be 401.
    schema.config.generation.with_security_parameters = False
    return schema


@pytest.fixture
def operations(schema):
    return [schema.find_operation_by_id(name) for name in OPERATIONS]


@pytest.fixture
def credentials(make_client, farcaster):
    """Return the header that satisfies each security scheme."""
    return {
        "userToken": signed_in(),
        "quickAuth": farcaster.bearer(),
        "clientToken": make_client(*SCOPES),
        "metricsToken": {"Authorization": f"Bearer {METRICS_TOKEN}"},
    }


@pytest.fixture
def in_use(services, client, sql):
    """Put something into every list: wallets of several users, a deposit, a key that was read."""
    services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    services.wallets.ensure_trading_wallet(FID + 1, access=ACCESS)
    client.post("/api/wallet/deposit", json={"amount": "20"}, headers=signed_in())
    plant_deposit(sql)
    client.get("/api/wallet/primary-with-key", headers=signed_in())
    plant_example(sql)


def test_it_is_valid_openapi_and_its_schemas_are_valid_json_schema(schema, document):
    assert document["openapi"].startswith("3.1.")
    schema.validate()
    for shape in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(shape)


def test_the_size_of_a_page_has_a_machine_readable_range(document):
    operation = document["paths"]["/v1/wallets"]["get"]
    (limit,) = (given for given in operation["parameters"] if given["name"] == "limit")
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}


def test_the_document_says_that_a_deposit_needs_an_amount(document):
    assert document["components"]["schemas"]["DepositBody"]["required"] == ["amount"]


def test_the_document_says_that_sign_in_takes_one_address(document):
    (address,) = document["paths"]["/api/auth/base-account"]["post"]["parameters"]
    assert (address["schema"]["type"], address["required"]) == ("string", False)


def test_it_has_every_method_of_every_route_and_nothing_else(app, document):
    assert set(operations_of(document)) == {(method, path) for method, path, _ in routes_of(app)}


def test_every_operation_has_a_stable_operation_id(document):
    names = [operation["operationId"] for operation in operations_of(document).values()]
    assert sorted(names) == OPERATIONS


def test_every_operation_requires_the_token_that_its_view_requires(app, document):
    described = operations_of(document)
    for method, path, view in routes_of(app):
        scopes = [view.auth_policy.scope] if view.auth_policy.scope else []
        expected = [{scheme: scopes} for scheme in view.auth_policy.security]
        assert described[method, path]["security"] == expected, path
        assert (view.auth_policy is PUBLIC) == (not expected), path
    schemes = {scheme for operation in described.values() for scheme in schemes_of(operation)}
    assert schemes == set(document["components"]["securitySchemes"])


def test_every_operation_describes_its_purpose_and_responses(document):
    tags = {tag["name"] for tag in document["tags"] if tag["description"]}
    for place, operation in operations_of(document).items():
        assert operation["summary"], place
        assert set(operation["tags"]) <= tags, place
        answers = operation["responses"]
        successes = [
            answer["content"]
            for status, answer in answers.items()
            if status[0] == "2" and status != "204"
        ]
        assert successes or "204" in answers, place
        assert all("schema" in media for content in successes for media in content.values()), place
        assert answers.keys() >= {"400", "413", "429", "503"}, place
        assert ("401" in answers) == bool(operation["security"]), place
        assert "403" in answers or "clientToken" not in schemes_of(operation), place
        assert ("415" in answers) == ("requestBody" in operation), place


def test_every_refusal_is_a_problem_with_examples(document):
    for place, operation in operations_of(document).items():
        for status, answer in operation["responses"].items():
            if status[0] in "45":
                assert list(answer["content"]) == [PROBLEM], place
                shown = answer["content"][PROBLEM]["examples"]
                assert {one["value"]["status"] for one in shown.values()} == {int(status)}, place


def test_every_example_fits_its_schema(document):
    shown = list(examples_in(document))
    assert len(shown) > 200
    for shape, value in shown:
        whole = {**shape, "components": document["components"]}
        jsonschema_rs.validate(whole, value, validate_formats=True)


# schemathesis does not close the answers that it gets, and some of ours hold a file open.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("name", OPERATIONS)
def test_the_service_responds_to_every_edge_case_as_the_document_says(
    schema, credentials, in_use, name
):
    operation = schema.find_operation_by_id(name)
    headers = header_of(operation, credentials)
    edges = schema.iter_coverage_cases(
        operation,
        generation_modes=list(GenerationMode),
        generation_config=schema.config.generation,
    )
    for case in edges:
        case.call_and_validate(headers=headers, checks=STRICT)


# A thread of psycopg_pool that connects meanwhile draws a random delay. given() sets the mark only
# of a test that it decorates.
@pytest.mark.hypothesis
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize("name", OPERATIONS)
def test_the_service_responds_to_random_requests_as_the_document_says(
    schema, credentials, in_use, name
):
    operation = schema.find_operation_by_id(name)
    headers = header_of(operation, credentials)

    def check(case):
        answer = case.call(headers=headers)
        # A policy that is invalid may also be larger than any body.
        if answer.status_code != 413:
            case.validate_response(answer, checks=STRICT)

    if operation.body or any(operation.iter_parameters()):
        for mode in GenerationMode:
            SETTINGS(given(case=operation.as_strategy(mode))(check))()


def test_every_response_to_a_valid_request_is_described(
    make_app, served, operations, credentials, in_use
):
    # With limits, for their headers.
    client = make_app(**served).test_client()
    # With the rules of the example, the wallet would not sign the other examples.
    limits = "set_own_policy", "remove_own_policy", "remove_wallet_policy"
    order = {name: number for number, name in enumerate(limits, 1)}
    for operation in sorted(
        operations, key=lambda one: order.get(one.definition.raw["operationId"], 0)
    ):
        with send_example(client, operation, header_of(operation, credentials)) as answer:
            name = operation.definition.raw["operationId"]
            is_described(operation, answer, STATUSES.get(name, 200))


def test_the_401_without_a_token_is_described(client, operations):
    for operation in operations:
        if operation.definition.raw["security"]:
            is_described(operation, send_example(client, operation), 401)


def test_the_403_without_the_scope_is_described(make_app, client, operations, make_client):
    known = {scope: make_client(scope) for scope in SCOPES}
    for operation in operations:
        for requirement in operation.definition.raw["security"]:
            for needed in requirement.get("clientToken", []):
                another = next(scope for scope in SCOPES if scope != needed)
                is_described(operation, send_example(client, operation, known[another]), 403)
        if operation.path == "/api/wallet/primary-with-key":
            is_described(
                operation, send_example(make_app().test_client(), operation, signed_in()), 403
            )


def test_the_413_and_the_415_are_described(client, operations, credentials):
    for operation in operations:
        headers = header_of(operation, credentials)
        large = send_example(client, operation, headers, data=b" " * (MAX_SIGNING_BODY_BYTES + 1))
        is_described(operation, large, 413)
        if operation.body:
            text = {**headers, "Content-Type": "text/plain"}
            is_described(operation, send_example(client, operation, text, data=b"amount=20"), 415)


def test_the_429_is_described(make_app, served, operations, credentials):
    client = make_app(RATELIMIT_PER_IP="1 per day", **served).test_client()
    client.get("/openapi.json")
    for operation in operations:
        if operation.path not in ("/healthz", "/readyz"):
            headers = header_of(operation, credentials)
            is_described(operation, send_example(client, operation, headers), 429)


@pytest.mark.slow
def test_the_503_without_a_database_or_farcaster_is_described(
    make_app, served, sql, operations, credentials, farcaster
):
    info = sql.info
    url = f"postgresql://{info.user}:{info.password}@127.0.0.1:{DEAD_PORT}/{info.dbname}"
    client = make_app(DATABASE_URL=url, DB_POOL_TIMEOUT="0.1", **served).test_client()
    farcaster.status = 500
    for operation in operations:
        needy = {"userToken", "clientToken", "quickAuth"} & set(
            schemes_of(operation.definition.raw)
        )
        if needy or operation.path == "/readyz":
            headers = header_of(operation, credentials)
            is_described(operation, send_example(client, operation, headers), 503)


@pytest.mark.parametrize("accepted", ["*/*", "application/openmetrics-text"])
def test_metrics_in_either_format_are_described(client, schema, credentials, accepted):
    operation = schema.find_operation_by_id("prometheus")
    headers = header_of(operation, credentials) | {"Accept": accepted}
    is_described(operation, send_example(client, operation, headers), 200)


def test_the_404_of_metrics_that_are_off_is_described(make_app, schema):
    operation = schema.find_operation_by_id("prometheus")
    is_described(operation, send_example(make_app().test_client(), operation), 404)


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (({"status": "ok"}, 418), checks.UndefinedStatusCode),
        (({"status": "ok"}, 500), failures.ServerError),
        (({}, 200), checks.JsonSchemaError),
        (Response("ok", mimetype="text/plain"), checks.UndefinedContentType),
    ],
)
def test_a_route_that_deviates_from_the_document_is_detected(
    described, make_app, served, answer, failure
):
    app = make_app(**served)
    blueprint = Blueprint("extra", __name__)

    @blueprint.get("/extra")
    @blueprint.requires(PUBLIC)
    @blueprint.response(200, HealthAnswer)
    def extra():
        return answer

    app.extensions["flask-smorest"]["apis"][""]["ext_obj"].register_blueprint(blueprint)
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    with pytest.raises(failures.FailureGroup) as found:
        schema.find_operation_by_id("extra").Case().call_and_validate(checks=STRICT)
    assert failure in map(type, found.value.exceptions)
