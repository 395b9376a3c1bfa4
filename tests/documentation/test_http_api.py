"""docs/http_api.md has every route, every error, and correct examples."""

import json
import re
from typing import Any

from werkzeug.exceptions import default_exceptions

from tests.documentation.pages import code, read, section, tables
from tests.factories import ACCESS, FID, new_client
from tests.leaks import LEAKS
from tests.running_service import served
from wallet_api.blueprints import access_control as callers
from wallet_api.blueprints import problems
from wallet_api.crypto.key_pairs import address_of
from wallet_api.crypto.secret import Secret
from wallet_api.errors import WalletApiError
from wallet_api.models import SCOPES
from wallet_api.server import problem_response

PAGE = read("docs/http_api.md")
WHO = {
    callers.PUBLIC: "public",
    callers.USER: "user",
    callers.FARCASTER_USER: "Quick Auth token",
    callers.SCRAPER: "`METRICS_TOKEN`",
}


def subclasses(cls):
    for child in cls.__subclasses__():
        yield child
        yield from subclasses(child)


def test_every_route_is_on_the_page_with_its_callers(make_app):
    app = make_app(DEMO_FID=str(FID))
    served = {}
    for rule in app.url_map.iter_rules():
        policy = app.view_functions[rule.endpoint].auth_policy
        who = WHO[policy] if policy.scope is None else f"client, `{policy.scope}`"
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            served[f"{method} {rule.rule.replace('uuid:', '')}"] = who
    told = {}
    for routes, who, what in tables(section(PAGE, "## Routes")):
        assert what, routes
        for route in code(routes):
            assert route not in told, route
            told[route] = who
    assert told == served


def test_every_scope_has_its_routes_in_the_table_of_scopes(make_app):
    app = make_app()
    opened = {}
    for rule in app.url_map.iter_rules():
        scope = app.view_functions[rule.endpoint].auth_policy.scope
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            if scope is not None:
                path = re.sub("<(?:uuid:)?([a-z_]+)>", r"{\1}", rule.rule)
                opened.setdefault(scope, set()).add(f"{method} {path}")
    for scope, routes in tables(section(PAGE, "## API clients")):
        if (name := code(scope)[0]) in SCOPES:
            told = {one.replace("wallets/ethereum", "wallets/{chain}") for one in code(routes)}
            wanted = opened.pop(name)
            # A route with … stands for all that begin in the same way.
            assert all(any(matches(one, route) for one in told) for route in wanted), name
            assert all(any(matches(one, route) for route in wanted) for one in told if " " in one)
    assert opened == {}


def matches(told, route):
    return route == told or (told.endswith("…") and route.startswith(told[:-1]))


def test_every_error_code_is_on_the_page_with_its_status_and_its_sentence():
    rows = [row for row in tables(section(PAGE, "## Errors")) if len(row) == 4]
    told = {(*code(name), int(status), sentence) for name, status, sentence, _ in rows}
    assert len(told) == len(rows)
    assert all(advice for *_, advice in rows)
    ours = {
        (cls.code, problems.status_of(cls), cls.sentence()) for cls in subclasses(WalletApiError)
    }
    assert ours <= told
    # One row may have the sentences of several places.
    rest = {
        (name, status, one)
        for name, status, sentences in told - ours
        for one in sentences.split(" · ")
    }
    of_flask = {
        (problems._code(default_exceptions[status]()), status, sentence)
        for status, sentence in problems._SENTENCES.items()
    }
    of_gunicorn = {
        (name, status.value, sentence)
        for status, name, sentence in [
            *problem_response._PROBLEMS.values(),
            problem_response._MALFORMED,
            problem_response._INTERNAL_ERROR,
        ]
    }
    # A sentence of both is in `ours`.
    assert rest == (of_flask | of_gunicorn) - ours


def test_the_deposit_of_the_page_has_the_shape_of_a_real_one(client, bearer):
    shown = json.loads(section(PAGE, "## A deposit").split("```json\n")[1].split("```")[0])
    body = {"asset": "USDC", "amount": "20", "baseAddress": shown["transaction"]["from"]}
    real = client.post("/api/wallet/deposit", json=body, headers=bearer()).get_json()
    changing = {"depositAddress", "depositId"}
    assert list(shown) == list(real)
    text = json.dumps({name: value for name, value in real.items() if name not in changing})
    there = real["depositAddress"].removeprefix("0x")
    here = shown["depositAddress"].removeprefix("0x")
    text = text.replace(there, here).replace(there.lower(), here.lower())
    assert json.loads(text) == {n: v for n, v in shown.items() if n not in changing}


def test_the_error_on_the_page_is_a_real_one(client, bearer):
    shown = json.loads(section(PAGE, "## Errors").split("```json\n")[1].split("```")[0])
    body = {"asset": "USDC", "amount": "0.1234567"}
    headers = {**bearer(), "X-Request-Id": shown["request_id"]}
    assert client.post("/api/wallet/deposit", json=body, headers=headers).get_json() == shown


def test_the_python_example_decrypts_a_key_that_is_encrypted_for_it(app, services):
    example = PAGE.split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102
    token = new_client(services.api_clients, "keys:read", name="reader")
    address = services.wallets.ensure_trading_wallet(FID, access=ACCESS).address
    with served(app) as url:
        private_key = names["read_key"](url, token.reveal(), FID, "to try the example")
    LEAKS.secrets |= {token.reveal(), private_key.hex()}
    assert address_of(Secret(private_key)) == address
