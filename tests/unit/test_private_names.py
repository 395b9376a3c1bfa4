"""Private names and internals of libraries in our code, each with a version bound in setup.cfg."""

import ast
import re

import psycopg
import pytest
from flask_smorest import Blueprint
from gunicorn.http.message import Request
from jwt import PyJWKClient
from prometheus_client import Counter, values

from tests.running_service import ROOT

CODE = sorted((ROOT / "wallet_api").rglob("*.py"))
# The private names, the libraries that they belong to, and where we need them.
NAMES = {
    "_apidoc": ("flask-smorest", "wallet_api/blueprints/routing.py"),
    "_fetch_gen": ("psycopg[binary]", "wallet_api/database/transactions.py"),
    "_expected_100_continue": ("gunicorn", "wallet_api/server/worker.py"),
    "_prepared": ("psycopg[binary]", "wallet_api/database/connections.py"),
    "_prepared_idx": ("psycopg[binary]", "wallet_api/database/connections.py"),
    "_WaitTimeout": ("psycopg[binary]", "wallet_api/database/connections.py"),
}

# What is not documented, although its name does not begin with an underscore.
INTERNALS = {
    "ValueClass": ("prometheus-client", "wallet_api/metrics.py"),
    "fetch_data": ("PyJWT[crypto]", "wallet_api/auth/issuer_keys.py"),
    # Its constructor is not called. test_signatures.py signs with it.
    "PrivateKey": ("eth-keys", "wallet_api/ethereum/signatures.py"),
}


def is_private(name):
    return name.startswith("_") and not name.startswith("__") and name != "_"


def defined(tree):
    """Yield the names that a module, its classes and their instances define."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and ast.unparse(node.value) in ("self", "cls")
        ):
            yield node.attr


def used(tree):
    """Yield the names that a module reads from objects or imports from libraries."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.ImportFrom) and not node.module.startswith("wallet_api"):
            yield from (alias.name for alias in node.names)


def test_every_private_name_of_a_library_is_in_the_table_above():
    trees = {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in CODE}
    ours = {name for tree in trees.values() for name in defined(tree)} | {"_exit"}
    found = {
        (name, place)
        for place, tree in trees.items()
        for name in used(tree)
        if is_private(name) and name not in ours
    }
    assert found == {(name, place) for name, (_, place) in NAMES.items()}


@pytest.mark.parametrize(
    ("name", "place"), [(name, place) for name, (_, place) in INTERNALS.items()]
)
def test_every_internal_of_a_library_in_the_table_is_used_where_it_says(name, place):
    assert re.search(rf"\b{name}\b", (ROOT / place).read_text())


@pytest.mark.parametrize(
    "library", sorted({library for library, _ in (NAMES | INTERNALS).values()})
)
def test_a_library_whose_private_names_we_use_has_an_upper_bound(library):
    bounded = rf"^    {re.escape(library)}>=[\d.]+,<[\d.]+$"
    assert re.search(bounded, (ROOT / "setup.cfg").read_text(), re.MULTILINE)


def gone(name):
    library, place = (NAMES | INTERNALS)[name]
    return f"this {library} has no {name} any more: change {place}, or lower the bound in setup.cfg"


def test_prometheus_client_stores_the_values_of_new_metrics_in_its_value_class(monkeypatch):
    made = []
    monkeypatch.setattr(values, "ValueClass", lambda *given, **_: made.append(given))
    Counter("one", "A counter.", registry=None)
    assert made, gone("ValueClass")


def test_pyjwt_fetches_a_key_set_with_the_method_that_we_override(monkeypatch):
    fetched = {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "A" * 43, "kid": "1"}]}
    monkeypatch.setattr(PyJWKClient, "fetch_data", lambda _: fetched, raising=False)
    (key,) = PyJWKClient("http://127.0.0.1:1/", cache_jwk_set=False).get_jwk_set().keys
    assert key.key_id == "1", gone("fetch_data")


def test_flask_smorest_keeps_the_documentation_of_a_view_on_the_view():
    @Blueprint("any", "any").doc(summary="What it does")
    def view(): ...

    documented = getattr(view, "_apidoc", None)
    assert documented == {"manual_doc": {"summary": "What it does"}}, gone("_apidoc")


def test_gunicorn_keeps_on_the_request_whether_the_client_waits_for_100_continue():
    assert getattr(Request, "_expected_100_continue", None) is False, gone("_expected_100_continue")


def test_psycopg_has_a_separate_exception_for_a_timeout():
    raised = getattr(psycopg.errors, "_WaitTimeout", int)
    assert issubclass(raised, psycopg.OperationalError), gone("_WaitTimeout")


def test_psycopg_numbers_prepared_statements_from_the_number_that_we_set(sql):
    assert hasattr(sql, "_prepared"), gone("_prepared")
    assert isinstance(getattr(sql._prepared, "_prepared_idx", None), int), gone("_prepared_idx")
    sql._prepared._prepared_idx = 123456789
    sql.execute("select 1", prepare=True)
    names = [name for (name,) in sql.execute("select name from pg_prepared_statements").fetchall()]
    assert "_pg3_123456789" in names, gone("_prepared_idx")


def test_psycopg_fetches_the_results_of_a_pipeline_with_the_method_that_we_replace():
    assert hasattr(psycopg.Pipeline, "_fetch_gen"), gone("_fetch_gen")
