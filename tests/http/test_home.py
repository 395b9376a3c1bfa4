"""The pages: what they are made of, what browsers may do with them, who can sign in there."""

import re

import pytest

from tests.conftest import FID, LEAKS
from tests.http.conftest import refused, signed_in
from tests.service import ROOT
from wallet_api.config import ConfigurationError, Settings

ASSETS = ROOT / "wallet_api" / "assets"
DEMO = "/demo/token"
LIST = "/api/wallet/user-wallets"


@pytest.fixture
def demo_client(make_app):
    return make_app(DEMO_FID=str(FID)).test_client()


def sign_in(client, **came):
    answer = client.post(DEMO, **came)
    if answer.status_code == 200:
        LEAKS.secrets.add(answer.get_json()["token"])
    return answer


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
        with client.get(part) as found:
            assert found.status_code == 200, part
            assert "http:" not in found.text.replace("http://www.w3.org/", "")


def test_what_the_pages_are_made_of_is_small_and_comes_from_here(app):
    client = app.test_client()
    for path in ASSETS.iterdir():
        text = path.read_text()
        assert len(text.splitlines()) <= 200, path.name
        for module in re.findall(r'from "(.+)"', text):
            assert module.startswith("./"), path.name
            with client.get(f"/assets/{module[2:]}") as answer:
                assert answer.status_code == 200


def test_a_browser_keeps_the_parts_and_asks_whether_they_are_still_the_same(client):
    with client.get("/assets/page.js") as first:
        assert first.mimetype == "text/javascript"
        assert first.headers["Cache-Control"] == "no-cache, max-age=0"
    with client.get("/assets/page.js", headers={"If-None-Match": first.headers["ETag"]}) as again:
        assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("name", ["nothing.js", "..", "%2e%2e", "..%2fconfig.py", "%00"])
def test_other_files_are_not_served(refusing, name):
    refused(refusing.get(f"/assets/{name}"), 404)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_in_production_there_is_no_route_that_gives_a_token(described, app, client, method):
    refused(client.open(DEMO, method=method), 404, "There is nothing at this address.")
    assert not [rule.rule for rule in app.url_map.iter_rules() if "demo" in rule.rule]
    document = client.get("/openapi.json").text
    assert "/api/wallet/deposit" in document
    assert "demo" not in document


def test_in_production_the_page_offers_no_signing_in_and_says_how_to_call(client):
    page = client.get("/").text
    assert "<button" not in page
    assert "<form" not in page
    assert "demo" not in page
    assert "curl http://localhost/api/wallet/deposit" in page


def test_the_demo_s_token_opens_the_demo_s_wallets(demo_client):
    answer = sign_in(demo_client)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    given = answer.get_json()
    assert given["fid"] == FID
    header = {"Authorization": f"Bearer {given['token']}"}
    body = {"amount": "20", "baseAddress": f"0x{1:040x}"}
    made = demo_client.post("/api/wallet/deposit", json=body, headers=header)
    (listed,) = demo_client.get(LIST, headers=signed_in(FID)).get_json()["wallets"]
    assert listed["address"] == made.get_json()["depositAddress"]


@pytest.mark.parametrize("ip", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_the_demo_s_token_is_for_this_machine(demo_client, ip):
    assert sign_in(demo_client, environ_overrides={"REMOTE_ADDR": ip}).status_code == 200


@pytest.mark.parametrize("ip", ["192.168.1.7", "203.0.113.7", "2001:db8::7", "", "unix"])
def test_the_demo_s_token_is_not_for_others(demo_client, ip):
    refused(sign_in(demo_client, environ_overrides={"REMOTE_ADDR": ip}), 404)


def test_pages_of_other_origins_do_not_get_the_demo_s_token(make_app):
    client = make_app(DEMO_FID=str(FID), CORS_ORIGINS="https://app.example.com").test_client()
    answer = sign_in(client, headers={"Origin": "https://elsewhere.example.com"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_demo_is_for_development_and_says_so(environ):
    demo = {**environ, "DEMO_FID": "7"}
    settings = Settings.from_environ(demo)
    assert settings.demo_fid == 7
    assert settings.warnings == ("DEMO_FID signs anybody on this machine in as FID 7",)
    with pytest.raises(ConfigurationError, match="DEMO_FID signs anybody in: not behind a proxy"):
        Settings.from_environ({**demo, "TRUSTED_PROXY_HOPS": "1"})
    for wrong in ("-1", "x", str(2**63)):
        with pytest.raises(ConfigurationError) as refusal:
            Settings.from_environ({**environ, "DEMO_FID": wrong})
        assert refusal.value.faults == [
            "DEMO_FID must be a whole number from 0 to 9223372036854775807"
        ]
    assert Settings.from_environ(environ).demo_fid is None
