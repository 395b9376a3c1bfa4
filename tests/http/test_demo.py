"""The demo's token: only for a browser on this machine."""

import pytest

from tests.factories import FID, signed_in
from tests.http.problems import refused
from tests.leaks import LEAKS
from wallet_api.config import ConfigurationError, Settings

DEMO = "/demo/token"
LIST = "/api/wallet/user-wallets"
BUTTON = "Sign in with the demo token"


@pytest.fixture(scope="module")
def demo(untouched):
    """Return the client of an app with a demo. No test of it writes anything."""
    return untouched.make_app(DEMO_FID=str(FID)).test_client()


def sign_in(client, **came):
    answer = client.post(DEMO, **came)
    if answer.status_code == 200:
        LEAKS.secrets.add(answer.get_json()["token"])
    return answer


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_in_production_no_route_returns_a_token(described, app, client, method):
    refused(client.open(DEMO, method=method), 404, "This path does not exist.")
    assert not [rule.rule for rule in app.url_map.iter_rules() if "demo" in rule.rule]
    document = client.get("/openapi.json").text
    assert "/api/wallet/deposit" in document
    assert "demo" not in document


def test_the_demo_s_token_reads_the_demo_s_wallets(make_app):
    client = make_app(DEMO_FID=str(FID)).test_client()
    answer = sign_in(client)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    given = answer.get_json()
    assert given["fid"] == FID
    header = {"Authorization": f"Bearer {given['token']}"}
    body = {"amount": "20", "baseAddress": f"0x{1:040x}"}
    made = client.post("/api/wallet/deposit", json=body, headers=header)
    (listed,) = client.get(LIST, headers=signed_in(FID)).get_json()["wallets"]
    assert listed["address"] == made.get_json()["depositAddress"]


@pytest.mark.parametrize("ip", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_the_demo_s_token_is_for_this_machine(demo, ip):
    came = {"environ_overrides": {"REMOTE_ADDR": ip}}
    assert sign_in(demo, **came).status_code == 200
    assert BUTTON in demo.get("/", **came).text


@pytest.mark.parametrize("ip", ["192.168.1.7", "203.0.113.7", "2001:db8::7", "", "unix"])
def test_the_demo_s_token_is_not_for_other_machines(demo, ip):
    came = {"environ_overrides": {"REMOTE_ADDR": ip}}
    refused(sign_in(demo, **came), 404)
    assert BUTTON not in demo.get("/", **came).text


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "localhost:8000", "LocalHost:8000", "127.0.0.1", "127.0.0.1:8000"),
        *("[::1]", "[::1]:8000"),
    ],
)
def test_the_demo_is_called_by_a_name_of_this_machine(demo, host):
    assert sign_in(demo, headers={"Host": host}).status_code == 200
    assert (
        sign_in(demo, headers={"Host": host, "Origin": f"http://{host.lower()}"}).status_code == 200
    )
    assert BUTTON in demo.get("/", headers={"Host": host}).text


FOREIGN_HOSTS = [
    # What a tunnel or a proxy passes on, and what a name of an attacker's may resolve to us by.
    *("wallets.example.com", "wallets.example.com:8000", "a.ngrok.app", "rebind.evil.example"),
    *("localhost.evil.com", "evil.com.localhost", "127.0.0.1.evil.com", "127.0.0.1.nip.io"),
    *("evillocalhost", "localhost.", "localhost.:8000", "127.0.0.1.", "my-laptop.local"),
    # Other ways to write an address that reaches this machine, or a name that seems to.
    *(".".join("0000"), "[::]", "127.1", "2130706433", "0x7f.1", "127.0.0.1@evil.com"),
    *("[::1", "::1", "[::ffff:127.0.0.1]", "[::1%25lo]", "[::1].evil.com", "[2001:db8::1]"),
    *("localhost:", "localhost:x", "localhost:8000.evil.com", "localhost:8000:1", "localhost/"),
    *("localhost,evil.com", "evil.com,localhost", "localhost evil.com", "localhost\t"),
    *("", " ", ":8000", "localh\u00f6st", "localhost#", "localhost?", "http://localhost"),
]


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
def test_the_demo_is_called_by_no_other_name(demo, host):
    came = {"environ_overrides": {"HTTP_HOST": host}}
    refused(sign_in(demo, **came), 404)
    assert BUTTON not in demo.get("/", **came).text


FORWARDING_HEADERS = [
    *("Forwarded", "X-Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"),
    *("X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded-Prefix", "X-Forwarded-Ssl"),
    *(
        "X-Forwarded-By",
        "Forwarded-For",
        "X-Real-IP",
        "X-Real-Port",
        "Via",
        "X-Via",
        "Max-Forwards",
    ),
    *("X-Client-IP", "Client-IP", "X-Cluster-Client-IP", "X-Originating-IP", "X-Remote-IP"),
    *("X-Remote-Addr", "X-ProxyUser-IP", "True-Client-IP", "CF-Connecting-IP", "CF-Ray"),
    *("CF-Connecting-IPv6", "CF-IPCountry", "CDN-Loop", "Fastly-Client-IP", "Fly-Client-IP"),
    *("X-Azure-ClientIP", "X-AppEngine-User-IP", "X-Envoy-External-Address", "X-Amzn-Trace-Id"),
    *("X-Original-Host", "X-Original-URL", "X-Original-Forwarded-For", "X-Host", "X-Scheme"),
    *("Proxy-Connection", "Proxy", "Front-End-Https", "Tailscale-User-Login", "Ngrok-Trace-Id"),
    *("X-Request-Start", "X-Varnish", "Surrogate-Capability", "A-Tunnel-Of-The-Future"),
]


@pytest.mark.parametrize("name", FORWARDING_HEADERS)
def test_a_request_through_a_proxy_or_a_tunnel_gets_no_token(demo, name):
    """Even where it says the best of itself, and passes a Host of this machine on."""
    for value in ("127.0.0.1", "localhost", "for=127.0.0.1;host=localhost", ""):
        refused(sign_in(demo, headers={name: value}), 404)
    assert BUTTON not in demo.get("/", headers={name: "127.0.0.1"}).text


# What browsers send with the page's own request: Chromium, Firefox, Safari, with their options.
OF_BROWSERS = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en",
    "Cache-Control": "no-cache",
    "Connection": "keep-alive",
    "Content-Length": "0",
    "Cookie": "of=another-server-on-localhost",
    "DNT": "1",
    "Origin": "http://localhost:8000",
    "Pragma": "no-cache",
    "Priority": "u=4",
    "Referer": "http://localhost:8000/",
    "Sec-CH-UA": '"Chromium";v="140"',
    "Sec-CH-UA-Mobile": "?0",
    "Sec-CH-UA-Platform": '"Linux"',
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
    "Sec-GPC": "1",
    "User-Agent": "Mozilla/5.0",
}


def test_a_browser_on_this_machine_gets_a_token_on_our_page(demo):
    headers = {**OF_BROWSERS, "Host": "localhost:8000"}
    assert sign_in(demo, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("Origin", origin)
            for origin in (
                *("https://evil.example", "null", "", "http://localhost:3000", "http://localhost"),
                *("https://localhost:8000", "http://127.0.0.1:8000", "http://localhost:8000/"),
                *("http://localhost:8000.evil.com", "http://localhost:8000, http://evil.com"),
            )
        ),
        *(("Sec-Fetch-Site", site) for site in ("cross-site", "same-site", "none", "", "x")),
    ],
)
def test_pages_of_other_origins_get_no_token(demo, name, value):
    """Another page on this machine is another origin too: another port, or another name."""
    headers = {**OF_BROWSERS, "Host": "localhost:8000", name: value}
    refused(sign_in(demo, headers=headers), 404)
    refused(sign_in(demo, headers={"Host": "localhost:8000", name: value}), 404)


def test_a_page_of_an_origin_that_may_call_the_api_gets_no_token_either(untouched):
    origin = "https://app.example.com"
    client = untouched.make_app(DEMO_FID=str(FID), CORS_ORIGINS=origin).test_client()
    refused(sign_in(client, headers={"Origin": origin}), 404)
    elsewhere = sign_in(client, headers={"Origin": "https://elsewhere.example.com"})
    assert "Access-Control-Allow-Origin" not in elsewhere.headers


@pytest.mark.parametrize(
    "overrides",
    [
        # nginx speaks HTTP/1.0 to a server behind it, unless told otherwise.
        {"SERVER_PROTOCOL": "HTTP/1.0"},
        # The form of a request to a proxy (RFC 9112, 3.2.2). Its host counts, not the header's.
        {"RAW_URI": "http://evil.example/demo/token"},
        {"RAW_URI": "http://localhost/demo/token"},
    ],
)
def test_a_request_in_the_form_that_proxies_use_gets_no_token(demo, overrides):
    refused(sign_in(demo, environ_overrides=overrides), 404)
    assert BUTTON not in demo.get("/", environ_overrides=overrides).text


def test_the_demo_is_for_development_and_says_so(environ):
    demo = {**environ, "DEMO_FID": "7"}
    settings = Settings.from_environ(demo)
    assert settings.demo_fid == 7
    assert tuple(map(str, settings.warnings)) == (
        "DEMO_FID lets anyone on this machine sign in as FID 7",
    )
    with pytest.raises(ConfigurationError, match="DEMO_FID lets anyone sign in: it must not be"):
        Settings.from_environ({**demo, "TRUSTED_PROXY_HOPS": "1"})
    for wrong in ("-1", "x", str(2**63)):
        with pytest.raises(ConfigurationError) as refusal:
            Settings.from_environ({**environ, "DEMO_FID": wrong})
        assert list(map(str, refusal.value.faults)) == [
            "DEMO_FID must be a whole number from 0 to 9223372036854775807"
        ]
    assert Settings.from_environ(environ).demo_fid is None
