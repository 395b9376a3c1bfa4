"""Every invalid request gets a 4xx with a readable error, and nothing is written.

The fixture `refusing` looks into every table after each test.
"""

import base64
import io
import json
import time
from urllib.parse import quote

import pytest

from tests.factories import BASE_ACCOUNT, FID, JWT_SECRET, signed_in, token_of
from tests.http.bad_bodies import (
    BODILESS,
    DEPOSIT,
    GOOD,
    JSON,
    ONE_MEGABYTE,
    SIGN_IN,
    WALLETS,
    Endless,
    deposit_text,
    every_call,
    is_too_large,
)
from tests.http.problems import refused


def test_one_megabyte_is_413_on_every_route(refusing):
    for method, path in every_call(refusing):
        body = json.dumps({"amount": "1" * ONE_MEGABYTE})
        for headers in (signed_in() | JSON, JSON, {"Content-Type": "text/plain"}):
            is_too_large(refusing.open(path, method=method, data=body, headers=headers))


def test_an_announced_megabyte_is_413_before_any_of_it_is_read(refusing):
    for method, path in every_call(refusing):
        body = Endless()
        environ = {"wsgi.input": body, "CONTENT_LENGTH": str(ONE_MEGABYTE)}
        is_too_large(refusing.open(path, method=method, environ_overrides=environ))
        assert body.taken == 0


def chunked(client, method, path, body):
    headers = signed_in() | JSON | {"Transfer-Encoding": "chunked"}
    environ = {"wsgi.input": body, "wsgi.input_terminated": True}
    return client.open(path, method=method, headers=headers, environ_overrides=environ)


def test_a_chunked_megabyte_is_413_on_every_route(refusing):
    for method, path in every_call(refusing):
        body = Endless()
        is_too_large(chunked(refusing, method, path, body))
        assert body.taken <= ONE_MEGABYTE


def test_a_chunked_body_is_never_cut_to_size(refusing):
    body = deposit_text().ljust(20_000).encode()
    is_too_large(chunked(refusing, "POST", DEPOSIT, io.BytesIO(body)))


def test_a_body_that_ends_before_its_length_is_refused_though_it_is_good_json(refusing):
    """As a server gives it that leaves it to us to find the end; it says so."""
    body = deposit_text()
    for method, path in every_call(refusing):
        environ = {"wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(body) + 5)}
        answer = refusing.open(
            path, method=method, data=body, headers=signed_in() | JSON, environ_overrides=environ
        )
        refused(answer, 400)


def test_a_body_of_17_kilobytes_is_413_and_one_of_15_is_read(refusing):
    for size, status in ((17, 413), (15, 400)):
        body = json.dumps({"amount": "1" * size * 1024})
        refused(refusing.post(DEPOSIT, data=body, headers=signed_in() | JSON), status)


NOT_JSON = {
    "one word": "hello",
    "cut off": '{"amount": "20"',
    "two documents": deposit_text() + deposit_text(),
    "a comment": deposit_text() + " // please",
    "a trailing comma": deposit_text(more=","),
    "single quotes": "{'amount': '20'}",
    "a form": "amount=20&asset=USDC",
    "only white space": " \n\t ",
    "NUL only": b"\x00",
    "NUL after the end": deposit_text() + "\x00",
    "a raw line break in a string": deposit_text('"2\n0"'),
    "a raw NUL in a string": deposit_text('"20\x00"'),
    "a raw escape in a string": deposit_text('"20\x1b[2J"'),
    "Latin-1": deposit_text('"2\xe90"').encode("latin-1"),
    "cut UTF-8": deposit_text('"20"', more=', "asset": "\xe9').encode()[:-1],
    "overlong UTF-8": deposit_text('"20').encode() + b"\xc0\x80",
    "a surrogate in UTF-8": deposit_text('"20\ud800"').encode("utf-8", "surrogatepass"),
    "UTF-16": deposit_text().encode("utf-16"),
    "UTF-16 without a mark": deposit_text().encode("utf-16-le"),
    "UTF-32": deposit_text().encode("utf-32"),
    "a byte order mark": deposit_text().encode("utf-8-sig"),
    "NaN": deposit_text("NaN"),
    "Infinity": deposit_text("Infinity"),
    "-Infinity": deposit_text("-Infinity"),
    "NaN deep inside": deposit_text('[[{"a": NaN}]]'),
    "one member twice": deposit_text(more=', "amount": "21"'),
    "one unknown member twice": deposit_text(more=', "x": {"y": 1, "y": 2}'),
    "one member twice, once escaped": deposit_text(more=', "\\u0061mount": "20"'),
    "an integer of 5000 digits": deposit_text("9" * 5000),
    "5000 open arrays": "[" * 5000,
}


@pytest.mark.parametrize("path", [DEPOSIT, WALLETS])
@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_ambiguous_json_is_refused(refusing, path, body):
    answer = refusing.post(path, data=body, headers=signed_in() | JSON)
    refused(answer, 400, "The request body is not valid JSON.")


@pytest.mark.parametrize("path", [DEPOSIT, WALLETS])
@pytest.mark.parametrize(
    "body",
    [
        *("[]", "[[]]", f"[{deposit_text()}]", "null", "true", "false", "0", "-1.5e300", '""'),
        *('"{}"', "1e999", "9" * 4000),
    ],
    ids=lambda body: body[:20],
)
def test_json_that_is_not_an_object_is_refused(refusing, path, body):
    answer = refusing.post(path, data=body, headers=signed_in() | JSON)
    refused(answer, 400, "The request body must be a JSON object.")


def test_nesting_of_any_depth_is_refused(refusing):
    headers = signed_in() | JSON
    for depth in (*range(1, 40, 3), *range(100, 1100, 20), 2000, 3000, 8000):
        for opening, closing in (("[", "]"), ('{"a":', "}")):
            nested = opening * depth + "1" + closing * depth
            for body in (nested, deposit_text(nested), deposit_text(more=f', "x": {nested}')):
                if len(body) < 16_000:
                    refused(refusing.post(DEPOSIT, data=body, headers=headers), 400)
            chain = f'{{"chain": {nested}}}'
            if len(chain) < 16_000:
                refused(refusing.post(WALLETS, data=chain, headers=headers), 400)


ODD_VALUES = [0, 1, -1, 2**63, 2**64, 10**4000, 0.1, 1e308, True, False, [], [None], {}, {"a": 1}]
ODD_VALUES += ["\x00", "20\x00", "\x1b[2J", "\r\nX: y", "\u2028", "\ud800", "\udfff", "\ufeff20"]
ODD_VALUES += ["\U0001f4b8", "\u202e02", "';drop table wallets;--", "%00", "{{7*7}}", "x" * 9000]


@pytest.mark.parametrize("value", ODD_VALUES, ids=lambda value: ascii(value)[:20])
@pytest.mark.parametrize("field", ["asset", "amount", "baseAddress", "chain"])
def test_a_wrong_value_in_any_field_is_refused(refusing, field, value):
    path, body = (WALLETS, {}) if field == "chain" else (DEPOSIT, GOOD)
    refused(refusing.post(path, json=body | {field: value}, headers=signed_in()), 400)


@pytest.mark.parametrize("field", ["asset", "amount", "chain"])
def test_null_is_refused_as_a_value(refusing, field):
    path, body = (WALLETS, {}) if field == "chain" else (DEPOSIT, GOOD)
    refused(refusing.post(path, json=body | {field: None}, headers=signed_in()), 400)


UNKNOWN = ["memo", "Amount", "base_address", "fid", "userId", "idempotencyKey", "x" * 32]
KEY = "0xdeadbeef" + "0123456789abcdef" * 3 + "01234567"
# What is no name, and what may be a secret.
UNSAID = ["amount ", "", "__proto__", "a.b", "\x00", "\n", "\x1b[2J", "\ud800", "\u202e", "_schema"]
UNSAID += ["x" * 33, "x" * 9000, KEY, KEY[2:], KEY[2:26], "key-" + KEY[:25], "memo\n"]
UNSAID += ["wapi_0123456789abcdef_" + "s" * 43, "wapi_0123456789abcdef_s", "eyJh.eyJp.c2ln"]


@pytest.mark.parametrize("name", [*UNKNOWN, *UNSAID], ids=lambda name: ascii(name)[:20])
def test_an_unknown_member_is_refused_by_name_unless_that_may_be_a_secret(refusing, name):
    said = (
        json.dumps(name)
        if name in UNKNOWN
        else "A field (name withheld because it looks like a secret)"
    )
    for path, body in ((DEPOSIT, GOOD), (WALLETS, {"chain": "ethereum"})):
        problem = refused(refusing.post(path, json=body | {name: 1}, headers=signed_in()), 400)
        assert problem["error"] == f"{said}: unknown member."


@pytest.mark.parametrize("name", [*UNKNOWN, *UNSAID], ids=lambda name: ascii(name)[:20])
def test_a_parameter_given_twice_is_refused_by_name_unless_that_may_be_a_secret(
    refusing, farcaster, name
):
    said = (
        json.dumps(name)
        if name in UNKNOWN
        else "A field (name withheld because it looks like a secret)"
    )
    # A lone surrogate cannot come in a query.
    twice = "&".join([quote(name, errors="replace", safe="") + "=1"] * 2)
    problem = refused(refusing.get(f"{SIGN_IN}?{twice}", headers=farcaster.bearer()), 400)
    assert problem["error"] == f"{said}: give it once."


@pytest.mark.parametrize(
    "media_type",
    [
        *("text/plain", "text/json", "application/x-www-form-urlencoded", "application/jsonx"),
        *("multipart/form-data; boundary=x", "application/xml", "json", "*/*", "", "\x00", "\xff"),
    ],
    ids=ascii,
)
def test_another_media_type_is_415(refusing, media_type):
    for path in (DEPOSIT, WALLETS):
        headers = signed_in() | {"Content-Type": media_type}
        answer = refusing.post(path, data=deposit_text(), headers=headers)
        refused(answer, 415, "The request body must be JSON (Content-Type: application/json).")


def test_every_route_that_reads_a_body_reads_it_strictly(refusing):
    writing = {path: method for method, path in every_call(refusing) if method in ("POST", "PUT")}
    writing = {path: method for path, method in writing.items() if path.startswith("/api/")}
    assert writing.keys() > BODILESS
    for path in writing.keys() - BODILESS:
        method = writing[path]
        for body, status in (("{", 400), ("[]", 400), ('{"unknown": 1}', 400)):
            headers = signed_in() | JSON
            refused(refusing.open(path, method=method, data=body, headers=headers), status)
        refused(refusing.open(path, method=method, data="{}", headers=signed_in()), 415)


def protected(client):
    return [(m, p) for m, p in every_call(client) if p.startswith("/api/") and p != SIGN_IN]


def test_every_other_route_needs_a_token(refusing):
    calls = protected(refusing)
    assert len(calls) == 13
    for method, path in calls:
        answer = refusing.open(path, method=method)
        refused(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


AUTHORIZATIONS = ["", " ", "Bearer", "Bearer ", "Bearer  ", "Bearer a", "Bearer a.b", "Bearer ..."]
AUTHORIZATIONS += ["Bearer a.b.c.d", "Basic {token}", "Bearer{token}", "{token}", "Bearer: {token}"]
AUTHORIZATIONS += ["Bearer {token},Bearer {token}", "Bearer {token} {token}", 'Bearer "{token}"']
AUTHORIZATIONS += [
    "Bearer {token}.",
    "Bearer {token}\xe9",
    "Bearer \xe9",
    "Bearer \x00",
    "\xff\xfe",
]
AUTHORIZATIONS += [
    "Digest username=x",
    "Bearer\t{token}",
    "Token {token}",
    "Bearer " + "a" * 60_000,
]
AUTHORIZATIONS += ["Bearer " + "." * 60_000, "Bearer W10.W10.", "Bearer e30.e30.e30", "Bearer null"]
# Thousands of nested arrays in a token's header, which is read before any signature.
AUTHORIZATIONS += [f"Bearer {base64.b64encode(b'[' * 7500 + b']' * 7500).decode()}.e30.e30"]


@pytest.mark.parametrize("authorization", AUTHORIZATIONS, ids=lambda text: ascii(text)[:30])
def test_a_malformed_authorization_is_401_everywhere(refusing, authorization):
    environ = {"HTTP_AUTHORIZATION": authorization.replace("{token}", token_of())}
    for method, path in [*protected(refusing), ("GET", SIGN_IN), ("POST", SIGN_IN)]:
        answer = refusing.open(path, method=method, environ_overrides=environ)
        refused(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


FOREIGN = {
    "under another secret": {"secret": "x" * 40},
    "under another algorithm": {"algorithm": "HS384", "secret": JWT_SECRET},
    "expired": {"exp": int(time.time()) - 120},
    "never expires": {"exp": ...},
    "issued in the future": {"iat": int(time.time()) + 3600},
    "not valid yet": {"nbf": int(time.time()) + 3600},
    "of another issuer": {"iss": "somebody"},
    "for another audience": {"aud": "somebody"},
    **{f"without {name}": {name: ...} for name in ("iat", "iss", "aud")},
    "expires at a word": {"exp": "tomorrow"},
    "expires never and ever": {"exp": float("1e400")},
}


@pytest.mark.parametrize("changes", FOREIGN.values(), ids=FOREIGN)
def test_a_token_that_is_not_ours_or_not_valid_is_401(refusing, changes):
    refused(refusing.get(WALLETS, headers=signed_in(**changes)), 401)


FIDS = [..., None, 0, -1, 2**63, 2**63 + FID, 2**64, 10**30, 10**4000, 1.0, 1464243.5, True, False]
FIDS += [str(FID), "", "fid_1464243", [FID], {"fid": FID}, [], {}]


@pytest.mark.parametrize("fid", FIDS, ids=lambda fid: ascii(fid)[:30])
def test_a_token_of_ours_without_a_valid_fid_is_400(refusing, fid):
    headers = {"Authorization": f"Bearer {token_of(fid=fid)}"}
    for method, path in protected(refusing):
        answer = refusing.open(path, method=method, headers=headers)
        refused(answer, 400, "Base Account (FID) required")


@pytest.mark.parametrize("length", ["-1", "x", "1e3", "99999999999999999999", "\xb2"])
def test_a_malformed_content_length_is_refused(refusing, length):
    environ = {"CONTENT_LENGTH": length}
    headers = signed_in() | JSON
    answer = refusing.post(DEPOSIT, headers=headers, environ_overrides=environ)
    refused(answer, 413 if length.startswith("9") else 400)


@pytest.mark.parametrize(
    "address",
    [
        *("0x", "0x12", "null", "undefined", BASE_ACCOUNT[2:], BASE_ACCOUNT + "0", "0X" + "0" * 40),
        *(
            BASE_ACCOUNT + "\x00",
            BASE_ACCOUNT + "\n",
            " " + BASE_ACCOUNT,
            "0x" + "g" * 40,
            "vb.eth",
        ),
        *("0x78547FC07fDc8AaC05E53B034E510b276A5bA385", "\ud83d\ude00", "' or 1=1", "x" * 9000),
    ],
    ids=lambda address: ascii(address)[:30],
)
def test_a_malformed_address_in_the_query_is_refused(refusing, farcaster, address):
    query = f"address={quote(address, errors='surrogatepass')}"
    answer = refusing.get(f"{SIGN_IN}?{query}", headers=farcaster.bearer())
    refused(answer, 400, "Invalid address format. Please check your input.")
    assert "token" not in answer.get_json()


@pytest.mark.parametrize("second", ["0x" + "1" * 40, BASE_ACCOUNT, "", "0x12"])
def test_two_addresses_in_the_query_are_refused(refusing, farcaster, second):
    query = f"address={BASE_ACCOUNT}&address={second}"
    refused(refusing.get(f"{SIGN_IN}?{query}", headers=farcaster.bearer()), 400)


@pytest.mark.parametrize(
    "query", ["address=%", "address=%ff%fe", "address=%zz", "address[]=x&address=x"]
)
def test_a_broken_query_is_refused(refusing, farcaster, query):
    refused(refusing.get(f"{SIGN_IN}?{query}", headers=farcaster.bearer()), 400)
