"""Invalid requests: complete ones with a fault in them, and broken ones."""

import json
import random
from dataclasses import dataclass
from urllib.parse import quote

from tests.factories import BASE_ACCOUNT, FID

ODD_BYTES = [
    b"\0",
    b"\x01",
    b"\x1b[2J",
    b"\x7f",
    b"\x80",
    b"\xff\xfe",
    b"\xc0\x80",
    b"\xed\xa0\x80",
]
ODD_BYTES += [
    b"\r",
    b"\n",
    b"\r\n",
    b"\t",
    b" ",
    b"%",
    b"%00",
    b"%zz",
    b"%ff",
    b"%u0041",
    b"\\",
    b"'",
]
ODD_BYTES += [
    "\u0663".encode(),
    "\U0001f4b8".encode(),
    b"{{7*7}}",
    b"${x}",
    b"../" * 20,
    b";",
    b"#",
]
NUMBERS = ["0", "-1", "1.5", "1e999", "-0", "9" * 19, "9" * 400, "NaN", "0x10", "1_000", "\u0663"]
NUMBERS += [str(2**63 - 1), str(2**63), str(2**256)]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"]
METHODS += ["get", "G\0T", "", "X" * 300, "GET GET", "PRI"]
VERSIONS = ["HTTP/1.1"] * 100 + [
    "HTTP/1.0",
    "HTTP/0.9",
    "HTTP/2.0",
    "HTTP/1.1 ",
    "HTTP/11",
    "",
    "ICY",
]
NAMES = ["address", "fid", "chain", "type", "createdAfter", "createdBefore", "limit", "cursor"]
NAMES += ["actor", "action", "after", "before", "from", "to", "", "a[b]", "__proto__"]
TYPES = ["application/json"] * 30 + ["text/plain", "application/json; charset=utf-16", "*/*", ""]
TYPES += ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/xml"]
HEADERS = [
    "Accept",
    "Accept-Encoding",
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Cookie",
]
HEADERS += ["Date", "Expect", "Host", "Idempotency-Key", "If-Modified-Since", "If-None-Match"]
HEADERS += ["Origin", "Range", "Te", "Transfer-Encoding", "Upgrade", "X-Forwarded-For"]
HEADERS += [
    "X-Forwarded-Proto",
    "X-HTTP-Method-Override",
    "X-Request-Id",
    "Access-Control-Request-Method",
]
VALUES = [
    "",
    "x",
    "*",
    "*/*;q=x",
    'W/"',
    "bytes=0-",
    "close",
    "keep-alive",
    "100-continue",
    "chunked",
]
VALUES += [
    "gzip, chunked",
    "gzip",
    "identity",
    "h2c",
    "-1",
    "+5",
    "5, 5",
    "0x5",
    "9" * 30,
    "a=b; c",
]
VALUES += ["Thu, 99 Foo 99999", "https://example.com", "null", "999.1.1.1", "[::1", "x" * 5000]
MEMBERS = [
    "asset",
    "amount",
    "baseAddress",
    "chain",
    "mnemonic",
    "reason",
    "recipientPublicKey",
    "",
]
TEXTS = [
    "USDC",
    "ETH",
    "20",
    "ethereum",
    BASE_ACCOUNT,
    "",
    "x" * 3000,
    "\0",
    "\ud800",
    "\u202e",
    "a reason",
]


@dataclass(frozen=True)
class Routes:
    """What a service serves, and the tokens that it knows and that it does not know."""

    calls: list[tuple[str, str]]
    openers: dict[str, str]
    """The token that opens the paths that begin so; the longest beginning comes first."""
    wrong: list[str]

    def token(self, path, chance):
        """Choose a token: mostly the one that opens a path."""
        if chance.random() < 0.7:
            return next(
                (self.openers[start] for start in self.openers if path.startswith(start)), ""
            )
        return chance.choice([*self.openers.values(), *self.wrong])


def request(routes, seed):
    """Write one request; the same seed writes the same one."""
    chance = random.Random(seed)
    method, path = chance.choice(routes.calls)
    if method == "GET":
        # Most routes are read: another chance for those that take a body.
        method, path = chance.choice(routes.calls)
    token = routes.token(path, chance)
    if chance.random() < 0.07:
        method = chance.choice(METHODS)
    lines = [f"{method} {_target(chance, path)} {chance.choice(VERSIONS)}".encode()]
    lines += [f"{name}: {value}".encode() for name, value in _headers(chance, token)]
    body = b""
    if method not in ("GET", "HEAD") or chance.random() < 0.1:
        body = _body(chance)
        framing, body = _framed(chance, body)
        lines += [b"Content-Type: " + chance.choice(TYPES).encode(), *framing]
    whole = b"\r\n".join(lines) + b"\r\n\r\n" + body
    while chance.random() < 0.15:
        whole = _ruined(chance, whole)
    return whole


def _target(chance, path):
    parts = path.split("/")
    if chance.random() < 0.1:
        parts[chance.randrange(1, len(parts))] = chance.choice(
            [*NUMBERS, "..", "", "%2e%2e", "%2f", "%zz", "%00", "%ff%fe", "%ed%a0%80", "x" * 4000]
        )
    target = quote("/".join(parts), safe="/%")
    if chance.random() < 0.3:
        pairs = [f"{_name(chance)}={_value(chance)}" for _ in range(chance.choice([1, 2, 5, 200]))]
        target += "?" + "&".join(pairs)
    return chance.choice([target] * 100 + ["*", "http://example.com" + target, "//" + target, ""])


def _name(chance):
    return quote(chance.choice(NAMES), safe="[]")


def _value(chance):
    value = chance.choice([*NUMBERS, *TEXTS, "2026-11-22", "2026-11-22T10:00:00Z", "%zz", str(FID)])
    return (
        value if "%" in value else quote(value[: chance.choice([20, 3000])], errors="surrogatepass")
    )


def _headers(chance, token):
    given = [("Host", "x"), ("Authorization", token)]
    given += [
        (chance.choice(HEADERS), chance.choice(VALUES))
        for _ in range(chance.choice([0, 0, 0, 0, 0, 1, 2]))
    ]
    chance.shuffle(given)
    if chance.random() < 0.02:
        given += [("X", "y")] * 150
    return given


def _body(chance):
    """Write JSON as people write it, and as they should not."""
    members = ", ".join(
        f"{json.dumps(chance.choice(MEMBERS))}: {_json(chance)}"
        for _ in range(chance.choice([1, 2, 3, 4]))
    )
    good = {"asset": "USDC", "amount": "20", "baseAddress": BASE_ACCOUNT}
    bodies = [json.dumps(good), "{}", '{"reason": "to see"}', f"{{{members}}}", _json(chance)]
    body = chance.choice(bodies).encode("utf-8", "surrogatepass")
    if chance.random() < 0.05:
        return b" " * chance.choice([16_385, 70_000])
    return body.decode(errors="replace").encode("utf-16") if chance.random() < 0.03 else body


def _json(chance):
    depth = chance.choice([1, 5, 500, 3000])
    return chance.choice(
        [
            json.dumps(chance.choice(TEXTS)),
            f'"{chance.choice(TEXTS)}"',
            chance.choice(NUMBERS),
            "9" * 5000,
            "null",
            "[" * depth + "]" * depth,
            '{"a":' * depth + "1" + "}" * depth,
        ]
    )


def _framed(chance, body):
    """Say how long a body is: rightly, wrongly, or in chunks."""
    how = chance.random()
    if how < 0.85:
        return [b"Content-Length: %d" % len(body)], body
    if how < 0.92:
        length = chance.choice(["-1", "abc", "0", str(len(body) + 7), "9" * 25, "1, 1"])
        return [b"Content-Length: " + length.encode()], body
    size = chance.choice([b"%x" % len(body)] * 4 + [b"ZZ", b"-1", b"f" * 20, b"5;x=y"])
    end = chance.choice([b"0\r\n\r\n", b"0\r\nX: y\r\n\r\n", b"", b"\r\n"])
    return [b"Transfer-Encoding: chunked"], size + b"\r\n" + body + b"\r\n" + end


def _ruined(chance, whole):
    """Put something in, take something out, turn a bit, say something twice, or stop early."""
    at = chance.randrange(len(whole) + 1)
    until = at + chance.choice([1, 1, 8, 100])
    ruins = [
        whole[:at] + chance.choice(ODD_BYTES) + whole[at:],
        whole[:at] + whole[until:],
        whole[:at] + whole[at:until] * 2 + whole[until:],
        whole[:at]
        + bytes(byte ^ 1 << chance.randrange(8) for byte in whole[at : at + 1])
        + whole[at + 1 :],
        whole[:at],
        whole + whole,
        chance.randbytes(chance.choice([1, 50, 3000])) + whole[at:],
    ]
    return chance.choice(ruins)
