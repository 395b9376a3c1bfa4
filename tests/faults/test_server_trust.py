"""No proxy, header or option changes path, scheme, peer, method or limits."""

import json
import re
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import kept_environ
from tests.factories import JWT_SECRET, SECRET
from tests.running_service import ROOT, start_service
from wallet_api.server.__main__ import Server

pytestmark = pytest.mark.slow

ENVIRON = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "ENCRYPTION_SECRET": SECRET,
    "JWT_SECRET": JWT_SECRET,
    "WEB_CONCURRENCY": "1",
}
# What Heroku's Python buildpack exports, and what else could mean something to a WSGI server.
VARIABLES = {
    "FORWARDED_ALLOW_IPS": "*",
    "GUNICORN_CMD_ARGS": "--access-logfile -",
    "SCRIPT_NAME": "/x",
    "PATH_INFO": "/x",
    "REMOTE_ADDR": "192.0.2.1",
    "REQUEST_METHOD": "DELETE",
    "HTTPS": "on",
    "SENDFILE": "no",
    "FLASK_DEBUG": "1",
}
HEADERS = [
    "SCRIPT_NAME: /x",
    "SCRIPT-NAME: /x",
    "PATH_INFO: /healthz",
    "REMOTE_ADDR: 192.0.2.1",
    "REMOTE_USER: root",
    "REQUEST_METHOD: DELETE",
    "WSGI.URL_SCHEME: https",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Protocol: ssl",
    "X-Forwarded-Ssl: on",
    "X-Forwarded-Prefix: /x",
    "X-Forwarded-Host: evil.example.com",
    "X-Forwarded-Port: 443",
    "X-Forwarded-For: 192.0.2.1",
    "X_Forwarded_For: 192.0.2.1",
    "Forwarded: for=192.0.2.1;proto=https;host=evil.example.com",
    "X-Real-Ip: 192.0.2.1",
    "X-Original-Url: /healthz",
    "X-Rewrite-Url: /healthz",
    "X-HTTP-Method-Override: DELETE",
    "X_HTTP_METHOD_OVERRIDE: DELETE",
    "Content_Length: 5",
    "Transfer_Encoding: chunked",
    "Upgrade: h2c",
    "Proxy: http://192.0.2.1/",
]
REFUSED = [
    "--forwarded-allow-ips=*",
    "--forwarder-headers=SCRIPT_NAME",
    "--header-map=dangerous",
    "--proxy-protocol",
    "--protocol=uwsgi",
    "--limit-request-line=0",
    "--limit-request-fields=30000",
    "--limit-request-field_size=0",
    "--strip-header-spaces",
    "--permit-obsolete-folding",
    "--permit-unconventional-http-method",
    "--casefold-http-method",
    "--http-parser=auto",
    "--worker-class=sync",
    "--certfile=certificate.pem",
    "--env=SCRIPT_NAME=/x",
    "--spew",
    "--user=nobody",
    "--log-level=debug",
    "--statsd-host=192.0.2.1:8125",
    "--control-socket-mode=438",
]


def fetch_raw(address, target, *headers):
    """Make one request over TCP or a Unix socket, and return the head and the body."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    lines = [f"GET {target} HTTP/1.1", "Host: x", "Connection: close", *headers]
    with socket.socket(family) as client:
        client.settimeout(20)
        client.connect(address)
        client.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
        received = b""
        while more := client.recv(65536):
            received += more
    head, _, body = received.decode().partition("\r\n\r\n")
    return head, body


def meaning(address, target, *headers):
    """Return what reached the application: everything but headers of clients."""
    _, body = fetch_raw(address, f"{target}?echo", *headers)
    seen = json.loads(body)
    return {
        name: value
        for name, value in seen.items()
        if not name.startswith("HTTP_") and name != "REMOTE_PORT"
    }


@pytest.fixture(scope="module", params=[{}, VARIABLES], ids=["plain", "with variables"])
def service(request, tmp_path_factory):
    """Start the service on TCP and on a Unix socket, and return both addresses."""
    folder = tmp_path_factory.mktemp("trust")
    program = ("gunicorn", "tests.faults.echo:app", "--bind", f"unix:{folder}/socket")
    running = start_service({**ENVIRON, **request.param}, folder / "gunicorn.log", program)
    yield [("127.0.0.1", running.port), f"{folder}/socket"]
    running.stop()


def test_a_request_means_what_its_first_line_says(service):
    for address in service:
        found = meaning(address, "/x/v1/stats")
        assert (found["SCRIPT_NAME"], found["PATH_INFO"]) == ("", "/x/v1/stats")
        assert (found["wsgi.url_scheme"], found["REQUEST_METHOD"]) == ("http", "GET")
        assert found["REMOTE_ADDR"] == ("127.0.0.1" if isinstance(address, tuple) else "")


@pytest.mark.parametrize("header", HEADERS)
def test_no_header_changes_the_meaning_of_the_request_line(service, header):
    for address in service:
        assert meaning(address, "/x/v1/stats", header) == meaning(address, "/x/v1/stats")
        head, _ = fetch_raw(address, "/x/v1/stats", header)
        assert head.startswith("HTTP/1.1 404 ")
        head, _ = fetch_raw(address, "/v1/stats", header)
        assert head.startswith("HTTP/1.1 401 ")
        assert "Strict-Transport-Security" not in head


def test_a_header_with_an_underscore_takes_no_other_header_s_place(service):
    for address in service:
        _, body = fetch_raw(address, "/?echo", "X-Request-Id: ours", "X_Request_Id: theirs")
        assert json.loads(body)["HTTP_X_REQUEST_ID"] == "ours"


@pytest.mark.parametrize(
    "target",
    [
        "/%761/stats",
        "/v%31/stats",
        "/v1%2Fstats",
        "/v1%2fstats",
        "/x/%2e%2e/v1/stats",
        "/%2Fv1/stats",
        "//v1/stats",
        "///v1//stats",
        "/./v1/stats",
        "/x/../v1/stats",
        "/v1;x/stats",
        "/V1/stats",
        "\\v1\\stats",
        "http://x/%76%31/stats",
        "http:///v1/stats",
        "http://x//v1/stats",
        "x://a/v1/stats",
        "/v\t1/stats",
        "/\tv1/stats",
        "\x0b/v1/stats",
        "v1/stats",
        "a:/v1/stats",
        "/v1/stats#x",
    ],
)
def test_a_path_that_a_proxy_may_read_otherwise_does_not_reach_the_route(service, target):
    for address in service:
        head, _ = fetch_raw(address, target)
        assert re.match("HTTP/1.1 40[04] ", head), head


def test_a_double_slash_inside_the_path_is_404(service):
    for address in service:
        head, _ = fetch_raw(address, "/v1//stats")
        assert head.startswith("HTTP/1.1 404 ")


@pytest.mark.parametrize("given", ["command line", "GUNICORN_CMD_ARGS"])
def test_options_that_would_change_the_meaning_are_refused_with_an_explanation(given):
    """tests/unit/test_gunicorn_conf.py has each of them, and --spew, which takes 13 s to start."""
    quick = [option for option in REFUSED if option != "--spew"]
    options = (quick, []) if given == "command line" else ([], quick)
    done = subprocess.run(
        [Path(sys.executable).with_name("gunicorn"), *options[0], "wsgi:app"],
        cwd=ROOT,
        env=kept_environ({**ENVIRON, "GUNICORN_CMD_ARGS": shlex.join(options[1])}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    *_, line = done.stderr.splitlines()
    assert line.startswith("wallet-api does not serve with gunicorn's --")
    assert [option for option in quick if option.partition("=")[0] not in line] == []
    assert "Listening" not in done.stderr


@pytest.mark.parametrize("option", [*REFUSED, "--config=other.py", "--chdir=/", "--daemon"])
def test_serve_has_no_such_option(option, monkeypatch, capsys):
    for environ, options in (("", [option]), (option, [])):
        monkeypatch.setenv("GUNICORN_CMD_ARGS", environ)
        with pytest.raises(SystemExit) as ended:
            Server(options)
        assert ended.value.code == 2
        [line] = capsys.readouterr().err.splitlines()
        assert option.partition("=")[0] in line
        assert line.endswith("See `wallet-api serve --help`.")
