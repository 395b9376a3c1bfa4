"""Forwarded headers over a real socket, as clients and proxies may write them."""

import pytest

from tests.factories import FID
from tests.leaks import LEAKS
from tests.running_service import send_raw

pytestmark = pytest.mark.slow

HEAD = "GET /api/wallet/primary-with-key HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
# Behind one proxy: the lines of a request → the address on record.
SEEN = {
    # RFC 9110, section 5.3: lines of one name are one list, in their order. HAProxy adds a line.
    "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n": "203.0.113.7",
    "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: \r\n\r\n": None,
    "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: garbage\r\n\r\n": None,
    "x-forwarded-FOR:203.0.113.7\t\r\n\r\n": "203.0.113.7",
    "X-Forwarded-For: 203.0.113.7\r\nX_Forwarded_For: 192.0.2.1\r\n\r\n": "203.0.113.7",
    "X_Forwarded_For: 192.0.2.1\r\n\r\n": None,
    f"{CHUNKED}Trailer: X-Forwarded-For\r\n\r\n0\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n": None,
    "Forwarded: for=192.0.2.1\r\nX-Real-IP: 192.0.2.2\r\n\r\n": None,
    "Remote-Addr: 192.0.2.1\r\nREMOTE_ADDR: 192.0.2.1\r\n\r\n": None,
    "\r\n": None,
}
AMBIGUOUS = (
    "Host: y\r\n\r\n",
    "X-Forwarded-For: 192.0.2.1\r\n , 203.0.113.7\r\n\r\n",
    "X-Forwarded-For : 203.0.113.7\r\n\r\n",
)


def test_only_a_trusted_proxy_can_state_the_origin_of_a_request(serve, sql):
    service = serve(WEB_CONCURRENCY="1", TRUSTED_PROXY_HOPS="1", ALLOW_KEY_EXPORT="true")
    token = service.bearer(FID)["Authorization"]
    LEAKS.secrets.add(token.removeprefix("Bearer "))
    assert service.call(service.deposit(FID, base=f"0x{1:040x}")).status == 200
    head = f"{HEAD}Authorization: {token}\r\n"
    for lines in SEEN:
        answer = send_raw(service.port, head + lines)
        assert answer.startswith(b"HTTP/1.1 200 "), lines
        LEAKS.secrets.add(answer.partition(b'"privateKey":"0x')[2][:64].decode())
    on_record = sql.execute(
        "select host(ip) from wallet_audit_log where action = 'key.read' order by id"
    ).fetchall()
    assert on_record == [(ip,) for ip in SEEN.values()]
    for lines in AMBIGUOUS:
        assert send_raw(service.port, head + lines).startswith(b"HTTP/1.1 400 "), lines


DEMO = "POST /demo/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
# The demo's token, for requests in forms that no client library sends.
REFUSED = {
    "POST http://evil.example/demo/token HTTP/1.1\r\nHost: localhost\r\n\r\n": 404,
    "POST http://localhost/demo/token HTTP/1.1\r\nHost: localhost\r\n\r\n": 404,
    "POST /demo/token HTTP/1.1\r\nConnection: close\r\n\r\n": 404,
    "POST /demo/token HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n": 404,
    "POST /demo/token HTTP/1.0\r\nHost: localhost\r\n\r\n": 404,
    "POST /demo/token HTTP/1.0\r\n\r\n": 404,
    f"{DEMO}Host: evil.example\r\n\r\n": 400,
    f"{DEMO}Via: 1.1 tunnel\r\n\r\n": 404,
    f"{DEMO}Origin: http://localhost\r\nOrigin: http://evil.example\r\n\r\n": 404,
}


def test_the_demo_gives_its_token_only_to_a_direct_local_request(serve):
    service = serve(WEB_CONCURRENCY="1", DEMO_FID=str(FID))
    for text, status in REFUSED.items():
        answer = send_raw(service.port, text)
        assert answer.split(b" ")[1] == str(status).encode(), text
        assert b"eyJ" not in answer, text
    answer = send_raw(service.port, f"{DEMO}\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    LEAKS.secrets.add(answer.partition(b'"token":"')[2].split(b'"')[0].decode())
