"""Security headers of every response, and the redirect from plain HTTP."""

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.factories import signed_in
from tests.http.problems import refused
from tests.http.route_map import routes

HSTS = "Strict-Transport-Security"
LIST = "/api/wallet/user-wallets"


def test_every_response_has_the_security_headers(refusing):
    for method, path in [*routes(refusing.application), ("GET", "/nowhere")]:
        with refusing.open(path, method=method) as answer:
            headers = answer.headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Referrer-Policy"] == "no-referrer", path
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; "), path
        assert "frame-ancestors 'none'" in policy, path
        assert "unsafe" not in policy.partition("style-src")[0], path


@pytest.fixture(scope="module")
def behind_a_proxy(untouched):
    return untouched.make_app(TRUSTED_PROXY_HOPS="1")


def test_plain_http_is_redirected_to_https(behind_a_proxy):
    client = behind_a_proxy.test_client()
    headers = {"X-Forwarded-Proto": "http", "Host": "wallets.example.com", **signed_in()}
    for method in ("GET", "POST"):
        answer = client.open(f"{LIST}?a=http://b", method=method, headers=headers)
        assert refused(answer, 308)["code"] == "https_required"
        assert answer.headers["Location"] == f"https://wallets.example.com{LIST}?a=http://b"
        assert HSTS not in answer.headers


@pytest.mark.parametrize("path", ["/%0d%0aSet-Cookie:x=1", "/%E2%80%AE", "/%ff", "//example.org/"])
def test_no_path_redirects_to_another_host_or_adds_a_header(behind_a_proxy, path):
    client = behind_a_proxy.test_client()
    headers = {"X-Forwarded-Proto": "http", "Host": "wallets.example.com"}
    # A server decodes bytes; Werkzeug's client makes characters of them.
    decoded = {"PATH_INFO": "/\xff"} if path == "/%ff" else {}
    answer = client.get(path, headers=headers, environ_overrides=decoded)
    assert answer.status_code == 308
    assert answer.headers["Location"].startswith("https://wallets.example.com/")
    assert answer.headers["Location"].isascii()
    assert answer.headers["Location"].isprintable()
    assert "Set-Cookie" not in answer.headers


# X-Forwarded-Proto behind two proxies → the client's scheme, if it is known.
BEHIND_TWO = {
    # Each adds its word.
    "https, http": "https",
    "http, https": "http",
    "https, https, http": "https",
    "https, http, http": "http",
    # The inner one puts its own, or the outer one's, in the place of all.
    "https": "https",
    "HTTPS": "https",
    "http": "http",
    "gopher": None,
    "gopher, http": None,
    "": None,
    ", ": None,
    "h\tttps": None,
}


@pytest.mark.parametrize(("words", "scheme"), BEHIND_TWO.items())
def test_two_proxies_may_add_to_the_header_or_replace_it(untouched, words, scheme):
    client = untouched.make_app(TRUSTED_PROXY_HOPS="2").test_client()
    answer = client.get(LIST, headers={"X-Forwarded-Proto": words, **signed_in()})
    assert answer.status_code == (308 if scheme == "http" else 200)
    assert (HSTS in answer.headers) == (scheme == "https")


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "a b",
        "a@b",
        "a/b",
        "a?b",
        "a#b",
        'exa"mple.org',
        "http://example.org",
        "[::1",
        "[:::::]",
        "[1.2.3.4]",
        ":1",
        ".",
        "..",
        "a..b",
        ".a",
        "-a",
        "a-",
        "a" * 64,
        "a." * 127 + "a",
        "a:",
        "a:0",
        "a:08",
        "a:99999",
    ],
)
def test_a_malformed_host_is_not_redirected_to(behind_a_proxy, host):
    environ = EnvironBuilder(path=LIST, headers={"X-Forwarded-Proto": "http"}).get_environ()
    environ.pop("HTTP_HOST")
    if host is not None:
        environ["HTTP_HOST"] = host
    _, status, headers = run_wsgi_app(behind_a_proxy.wsgi_app, environ)
    assert (status, "Location" in headers) == ("400 BAD REQUEST", False)


HOSTS = [
    *(
        "example.org",
        "example.org.",
        "example.org:8443",
        "10.0.0.1",
        "[2001:db8::1]:1",
    ),
    *("xn--bcher-kva.example", "xn--a", "a" * 63, "a." * 126 + "a", "a:65535"),
]


@pytest.mark.parametrize("host", HOSTS)
def test_the_redirect_keeps_the_host(behind_a_proxy, host):
    headers = {"X-Forwarded-Proto": "http", "Host": host}
    answer = behind_a_proxy.test_client().get("/", headers=headers)
    assert answer.headers["Location"] == f"https://{host}/"


@pytest.mark.parametrize("host", ["", "[::1", "a b", "[::1]]"])
def test_a_malformed_host_is_never_a_500(refusing, host):
    for path in ("/", "/docs", LIST):
        environ = {**EnvironBuilder(path=path).get_environ(), "HTTP_HOST": host}
        _, status, _ = run_wsgi_app(refusing.application.wsgi_app, environ)
        assert status[0] in "24", path


def test_a_response_over_https_has_hsts(behind_a_proxy):
    client = behind_a_proxy.test_client()
    for proto in ("https", "http, https"):
        answer = client.get(LIST, headers={"X-Forwarded-Proto": proto, **signed_in()})
        assert (answer.status_code, answer.headers[HSTS]) == (200, "max-age=31536000")


def test_a_health_check_that_bypasses_the_proxy_is_answered(behind_a_proxy):
    answer = behind_a_proxy.test_client().get("/healthz")
    assert (answer.status_code, HSTS in answer.headers) == (200, False)


@pytest.mark.parametrize("words", [None, "", "gopher", "https,"])
def test_only_a_trusted_proxy_s_header_sets_the_scheme(behind_a_proxy, words):
    """A server may have its own idea of the scheme: gunicorn believes X-Forwarded-Ssl too."""
    headers = {} if words is None else {"X-Forwarded-Proto": words}
    headers |= {"X-Forwarded-Ssl": "on", "Forwarded": "proto=https", "Front-End-Https": "on"}
    answer = behind_a_proxy.test_client().get(
        "/", headers=headers, environ_overrides={"wsgi.url_scheme": "https"}
    )
    assert (answer.status_code, HSTS in answer.headers) == (200, False)
    assert "curl http://localhost/api/auth" in answer.text


@pytest.mark.parametrize("hops", ["0", "1"])
@pytest.mark.parametrize("name", ["X-Forwarded-Host", "X-Forwarded-Server", "X-Host", "Forwarded"])
def test_only_the_host_header_sets_the_host(untouched, hops, name):
    client = untouched.make_app(TRUSTED_PROXY_HOPS=hops).test_client()
    other = {name: "evil.example", "X-Forwarded-Port": "1", "X-Forwarded-Prefix": "/evil"}
    assert "evil" not in client.get("/", headers=other).text
    answer = client.get("/", headers={**other, "X-Forwarded-Proto": "http"})
    assert answer.headers.get("Location", "https://localhost/") == "https://localhost/"


def test_without_a_trusted_proxy_its_header_is_ignored(refusing):
    for proto in ("http", "https"):
        answer = refusing.get(LIST, headers={"X-Forwarded-Proto": proto, **signed_in()})
        assert (answer.status_code, HSTS in answer.headers) == (200, False)
