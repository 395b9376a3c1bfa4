"""A substitute for Farcaster: a real key server, its keys, and signed and forged tokens."""

import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.factories import forge_token
from wallet_api.auth.issuer_keys import IssuerKeys
from wallet_api.auth.quick_auth import QuickAuth
from wallet_api.crypto.secret import Secret

FID = 1464243
ISSUER = "https://auth.farcaster.xyz"
HOST = "wallet.example"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
BOMB = "[" * 20_000


def published(**keys):
    """Return a key set as Farcaster publishes it: kid, but neither alg nor use."""
    numbers = {
        kid: json.loads(RSAAlgorithm.to_jwk(key.public_key(), as_dict=False))
        for kid, key in keys.items()
    }
    fields = ("kty", "n", "e")
    return {"keys": [{"kid": kid, **{f: key[f] for f in fields}} for kid, key in numbers.items()]}


class KeyServer:
    """An issuer's key server: counts its requests, and answers what a test wants."""

    def __init__(self):
        self.requests = 0
        self.status = 200
        self.body = json.dumps(published(first=KEY)).encode()
        self.go = threading.Event()
        self.go.set()
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                answer(self)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/.well-known/jwks.json"

    def _answer(self, handler):
        self.requests += 1
        self.go.wait(10)
        # The client may have given up.
        with suppress(OSError):
            handler.send_response(self.status)
            handler.send_header("Location", "/elsewhere")
            handler.end_headers()
            handler.wfile.write(self.body)

    def says(self, status, body):
        self.status, self.body = status, body.encode("latin-1")

    def stop(self):
        if self._thread.is_alive():
            self.go.set()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


def quick_auth(server, audiences=(HOST,), **options):
    return QuickAuth(IssuerKeys(server.url, **options), issuer=ISSUER, audiences=audiences)


def claims(**changes):
    """Return what Farcaster's tokens claim; a change to ... leaves a claim out."""
    now = int(time.time())
    theirs = {"iss": ISSUER, "aud": HOST, "sub": FID, "iat": now, "exp": now + 3600}
    return {name: value for name, value in {**theirs, **changes}.items() if value is not ...}


def sign(key=KEY, kid="first", **changes):
    header = {} if kid is None else {"kid": kid}
    payload = json.dumps(claims(**changes)).encode()
    return Secret(jwt.api_jws.encode(payload, key, algorithm="RS256", headers=header))


def forge(header, key=b"", payload=None):
    """Sign claims of Farcaster with HMAC."""
    return Secret(forge_token(header, payload or json.dumps(claims()), key))
