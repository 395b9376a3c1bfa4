"""The pages: their content, and the policy for browsers."""

import re

import pytest

from tests.factories import FID
from tests.http.problems import refused
from tests.running_service import ROOT
from wallet_api.models import AUDIT_ACTIONS, SCOPES
from wallet_api.policies.evaluation import LAYERS

ASSETS = ROOT / "wallet_api" / "assets"


@pytest.mark.parametrize("path", ["/", "/console"])
@pytest.mark.parametrize("settings", [{}, {"DEMO_FID": str(FID)}], ids=["production", "demo"])
def test_nothing_on_a_page_needs_what_its_policy_forbids(make_app, settings, path):
    client = make_app(**settings).test_client()
    answer = client.get(path)
    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == "text/html"
    assert not re.search(
        r"\s(style|on[a-z]+)=|<style|javascript:|data:|https?://(?!localhost)", answer.text
    )
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", answer.text, re.DOTALL)
    assert [(begin[:21], inside) for begin, inside in scripts] == [(' type="module" src="a', "")]
    parts = set(re.findall(r'(?:src|href)="(assets/[^"]+)"', answer.text))
    assert len(parts) >= 3
    for part in parts:
        with client.get(f"/{part}") as found:
            assert found.status_code == 200, part
            assert "http:" not in found.text.replace("http://www.w3.org/", "")


def test_the_assets_of_the_pages_are_small_and_served_here(app):
    client = app.test_client()
    for path in ASSETS.iterdir():
        text = path.read_text()
        assert len(text.splitlines()) <= 200, path.name
        for module in re.findall(r'from "(.+)"', text):
            assert module.startswith("./"), path.name
            with client.get(f"/assets/{module[2:]}") as answer:
                assert answer.status_code == 200


def test_the_console_has_a_name_for_every_scope_action_and_layer():
    text = (ASSETS / "labels.js").read_text()
    for name, values in (("SCOPES", SCOPES), ("ACTIONS", AUDIT_ACTIONS), ("LAYERS", LAYERS)):
        (body,) = re.findall(rf"export const {name} = \{{(.*?)\}};", text, re.DOTALL)
        assert set(re.findall(r'"?([a-z_:.]+)"?: "', body)) >= set(values), name


def test_browsers_cache_the_assets_and_revalidate_them(client):
    with client.get("/assets/page.js") as first:
        assert first.mimetype == "text/javascript"
        assert first.headers["Cache-Control"] == "no-cache, max-age=0"
    with client.get("/assets/page.js", headers={"If-None-Match": first.headers["ETag"]}) as again:
        assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.js", "..", "%2e%2e", "..%2fconfig.py", "%00"])
def test_other_files_are_not_served(refusing, name):
    refused(refusing.get(f"/assets/{name}"), 404)


def test_in_production_the_page_offers_no_sign_in_and_explains_the_api(client):
    page = client.get("/").text
    assert "<button" not in page
    assert "<form" not in page
    assert "demo" not in page
    assert "curl http://localhost/api/wallet/deposit" in page


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "root"),
    [
        ("/nothing", ""),
        ("/console/", "../"),
        ("/a/b/c?d=/e", "../../"),
        ("/v1/nothing", "../"),
        ("/assets/nothing.js", "../"),
        ("/api//wallet", "../../"),
        ("/a%2Fb", ""),
    ],
)
def test_an_unknown_path_is_a_page_in_a_browser_and_a_problem_for_programs(client, path, root):
    for method in ("GET", "HEAD"):
        answer = client.open(path, method=method, headers=BROWSER, base_url="http://localhost")
        assert (answer.status_code, answer.mimetype) == (404, "text/html")
        assert "style-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Request-Id"] in answer.text or method == "HEAD"
    page = client.get(path, headers=BROWSER).text
    for link in ("assets/page.css", "docs", "console"):
        assert f'"{root}{link}"' in page
    assert f'"{root or "."}"' in page
    for accepted in (None, "*/*", "application/json", "application/json, text/html"):
        headers = {} if accepted is None else {"Accept": accepted}
        assert refused(client.get(path, headers=headers), 404)["code"] == "not_found"


def test_the_page_of_an_unknown_path_repeats_nothing_of_it(client):
    page = client.get("/<script>alert(1)</script>?a=<b>", headers=BROWSER).text
    assert "alert" not in page
    assert "<b>" not in page
    assert not re.search(r"\s(style|on[a-z]+)=|<style|<script", page)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/policies/dry-run", "OPTIONS, POST"),
        ("GET", "/api/wallet/deposit", "OPTIONS, POST"),
        ("POST", "/console", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_path_without_this_method_is_a_page_in_a_browser_too(client, method, path, allowed):
    root = "../" * (path.count("/") - 1)
    answer = client.open(path, method=method, headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (405, "text/html")
    assert answer.headers["Allow"] == allowed
    assert "style-src 'self'" in answer.headers["Content-Security-Policy"]
    assert f'405 · request <span class="whole">{answer.headers["X-Request-Id"]}<' in answer.text
    assert "This path is not a page." in answer.text
    assert f'"{root}docs"' in answer.text
    refusal = client.open(path, method=method, headers={"Accept": "application/json"})
    assert refused(refusal, 405)["code"] == "method_not_allowed"
    assert refusal.headers["Allow"] == allowed


def test_other_errors_are_problems_in_a_browser_too(client):
    refused(client.get("/v1/stats", headers=BROWSER), 401)
