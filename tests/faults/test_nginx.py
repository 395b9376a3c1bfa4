"""deploy/nginx.conf in a real nginx, in front of a real service: what the internet reaches."""

import json
import re
import socket

import pytest

from tests.factories import BASE_ACCOUNT, FID
from tests.faults.nginx import HOST, NGINX, OPENSSL, Nginx
from tests.http.problems import MEMBERS
from tests.http.route_map import routes
from tests.leaks import LEAKS
from tests.running_service import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        None in (NGINX, OPENSSL),
        reason="NO nginx: deploy/nginx.conf WAS NOT TRIED. Install it (apt-get install nginx).",
    ),
]
PAGE = (ROOT / "docs" / "deploy.md").read_text()
METRICS_TOKEN = "a token of Prometheus that only this test knows"
LEAKS.secrets.add(METRICS_TOKEN)
DEPOSIT = json.dumps({"asset": "USDC", "amount": "20", "baseAddress": BASE_ACCOUNT})
JSON = "Content-Type: application/json"
# Headers of a proxy in between, or of a client that hopes that they are trusted.
INTERNAL = (
    *("X-Forwarded-For: 127.0.0.1", "X-Real-IP: 10.0.0.1", "Forwarded: for=10.0.0.1"),
    *("X-Forwarded-Proto: https", "CF-Connecting-IP: 10.0.0.1", "True-Client-IP: 127.0.0.1"),
)
# The path of a closed route in every way that nginx and the service might read differently.
DISGUISES = (
    *("/v1/stats", "//v1/stats", "/./v1/stats", "/x/../v1/stats", "/%76%31/stats", "/v1%2Fstats"),
    *("/v1", "/v1/", "/v1//stats", "/v1;x/stats", "/V1/stats", "/v1/stats?x=/api/", "/v1%00"),
    *("/api/../v1/stats", "/api/%2e%2e/v1/stats", "/api/..%2fv1/stats", "/api/%252e%252e/v1/stats"),
    *("/api/..;/v1/stats", "/api/x/../../v1/stats", "/api//../v1/stats", "/api/#/../../v1/stats"),
    *("/healthz/../v1/stats", "/healthz%2f..%2fv1%2fstats", "/api\\..\\v1\\stats", "/api/../../v1"),
    *(f"http://{HOST}/v1/stats", f"https://{HOST}//v1/stats", f"http://{HOST}/api/../v1/stats"),
    *("/metrics", "/metrics/", "//metrics", "/metrics?x", "/%6detrics", "/api/../metrics"),
    *("/readyz", "/readyz/", "/readyz?x", "/api/../readyz", "/healthz/../readyz"),
)


@pytest.fixture
def behind(serve, tmp_path):
    """Start a service behind nginx: behind(allow="allow 192.0.2.7;", real_ip="…")."""
    started = []

    def start(**changes):
        service = serve(
            WEB_CONCURRENCY="1",
            TRUSTED_PROXY_HOPS="1",
            METRICS_TOKEN=METRICS_TOKEN,
            ALLOW_KEY_EXPORT="true",
        )
        nginx = Nginx(tmp_path, service, **changes)
        started.append(nginx)
        return service, nginx

    yield start
    for nginx in started:
        nginx.stop()


def own_addresses():
    """Return (where to connect to, from where) for every kind of address that this machine has."""
    pairs = [("127.0.0.1", None), ("127.0.0.1", "127.0.0.2")]
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
            pairs.append(("::1", None))
        except OSError:
            # A machine without IPv6.
            pass
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Nothing is sent: the kernel chooses the address that it would send from.
        if probe.connect_ex(("192.0.2.1", 9)) == 0:
            pairs.append((probe.getsockname()[0], None))
    return pairs


def routes_asked(log):
    """Return the routes that the service answered; its start asks /healthz."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return {line["route"] for line in lines if line["event"] == "request"}


def test_any_address_reaches_the_api_and_health_and_nothing_else(behind, app, tmp_path):
    """Behind a tunnel, a load balancer or a container's NAT every caller has a private address."""
    service, nginx = behind()
    token = f"Authorization: {service.bearer(FID)['Authorization']}"
    for to, source in own_addresses():
        for lines in ((), INTERNAL):
            came = {"to": to, "source": source}
            status, head, body = nginx.ask("/healthz", *lines, **came)
            assert (status, json.loads(body)["status"]) == (200, "ok")
            assert "strict-transport-security" in head.lower()
            asked = nginx.ask(
                "/api/wallet/deposit", token, JSON, *lines, method="POST", body=DEPOSIT, **came
            )
            assert asked[0] == 200, asked
            for tls in (True, False):
                assert nginx.ask("/v1/stats", *lines, tls=tls, **came)[0] == 403
    for method, path in routes(app):
        if path.startswith("/api/") or path == "/healthz":
            assert nginx.ask(path, method=method)[0] != 403, path
        else:
            assert nginx.ask(path, token, *INTERNAL, method=method)[0] == 403, path
    for target in DISGUISES:
        status, _, _ = nginx.ask(target, f"Authorization: Bearer {METRICS_TOKEN}", *INTERNAL)
        assert status in (400, 403, 404), target
    for header in ("X-Original-URL", "X-Rewrite-URL", "SCRIPT_NAME", "Script-Name", "PATH_INFO"):
        for value in ("/v1/stats", "/api"):
            assert nginx.ask("/api/v1/stats", f"{header}: {value}")[0] == 404, header
    answered = routes_asked(tmp_path / "gunicorn-0.log")
    assert {route for route in answered if route and not route.startswith("/api/")} == {"/healthz"}


def test_plain_http_is_redirected_to_https_despite_forwarded_headers(behind):
    _, nginx = behind()
    for lines in ((), INTERNAL):
        status, head, _ = nginx.ask("/healthz", *lines, tls=False)
        assert status == 308
        assert f"Location: https://{HOST}/healthz" in head


def test_errors_made_by_nginx_are_problem_documents_too(behind):
    """Frontends read JSON from every answer, in a restart of the service as well."""
    service, nginx = behind()

    def refusal(*asked, **options):
        status, head, body = nginx.ask(*asked, **options)
        assert "Content-Type: application/problem+json" in head, head
        problem = json.loads(body)
        assert problem.keys() == MEMBERS
        assert problem["status"] == status
        assert re.fullmatch("[0-9a-f]{32}", problem["request_id"])
        return status, problem["code"]

    large = {"method": "POST", "body": "x" * 300_000}
    assert refusal("/api/wallet/deposit", **large) == (413, "proxy_refused")
    assert refusal("/v1/stats") == (403, "proxy_refused")
    assert refusal("/v1/users/1/wallets", method="OPTIONS") == (403, "proxy_refused")
    assert refusal("/api/wallet", f"X: {'y' * 9000}") == (431, "proxy_refused")
    assert refusal("/api/" + "x" * 9000) == (414, "proxy_refused")
    assert refusal("/api/../../x") == (400, "proxy_refused")
    assert refusal("/proxy-refusal") == (404, "proxy_refused")
    # The service's own refusals pass as they are.
    for path, status in {"/api//wallet/deposit": 404, "/api/wallet/user-wallets": 401}.items():
        answer = nginx.ask(path)
        assert (answer[0], "proxy" in json.loads(answer[2])["code"]) == (status, False)
    service.stop()
    for method in ("GET", "POST", "OPTIONS"):
        assert refusal("/api/wallet/deposit", method=method) == (502, "proxy_unavailable")
    # Plain HTTP on the port of https.
    nginx.http = nginx.https
    assert refusal("/api/wallet", tls=False) == (400, "proxy_refused")


def addresses_on_record(service, nginx, sql, calls):
    """Read a key by each call (options and header lines); return the addresses on record."""
    token = f"Authorization: {service.bearer(FID)['Authorization']}"
    nginx.ask("/api/wallet/deposit", token, JSON, method="POST", body=DEPOSIT)
    for options, lines in calls:
        status, _, body = nginx.ask("/api/wallet/primary-with-key", token, *lines, **options)
        assert status == 200
        LEAKS.secrets.add(json.loads(body)["wallet"]["privateKey"][2:])
    rows = sql.execute(
        "select host(ip) from wallet_audit_log where action = 'key.read' order by id"
    ).fetchall()
    return [ip for (ip,) in rows]


def test_the_recorded_address_is_the_one_that_nginx_saw(behind, sql):
    claims = ((), INTERNAL, ("X-Forwarded-For: 10.1.1.1", "X-Forwarded-For: 10.2.2.2"))
    calls = [
        ({"to": to, "source": source}, lines) for to, source in own_addresses() for lines in claims
    ]
    seen = addresses_on_record(*behind(), sql, calls)
    assert seen == [options["source"] or options["to"] for options, _ in calls]


def test_behind_a_cdn_only_its_header_is_trusted(behind, sql):
    (snippet,) = re.findall(r"^```nginx\n(.+?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    network = re.search(r"^set_real_ip_from (.+);$", snippet, re.MULTILINE)[1]
    behind_cdn = behind(real_ip=snippet.replace(network, "127.0.0.2"))
    claim = ("X-Forwarded-For: 10.1.1.1, 203.0.113.7",)
    calls = [({"source": "127.0.0.2"}, claim), ({}, claim), ({}, ("X-Forwarded-For: 127.0.0.2",))]
    assert addresses_on_record(*behind_cdn, sql, calls) == ["203.0.113.7", "127.0.0.1", "127.0.0.1"]


def test_an_address_that_is_allowed_reaches_everything_and_no_other_does(behind):
    _, nginx = behind(allow="allow 127.0.0.2;")
    for path, status in {
        "/readyz": 200,
        "/v1/stats": 401,
        "/metrics": 401,
        "/console": 200,
    }.items():
        assert nginx.ask(path, source="127.0.0.2")[0] == status, path
        assert nginx.ask(path, *INTERNAL, "X-Forwarded-For: 127.0.0.2")[0] == 403, path
