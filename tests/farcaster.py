"""Farcaster's sign-in service, on a local port."""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.factories import FID
from tests.leaks import LEAKS


class Farcaster:
    """Farcaster's sign-in service: a key set on a local port, and tokens signed with its key."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self.foreign_key = rsa.generate_private_key(65537, 2048)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.reset()

    def reset(self) -> None:
        self.status, self.body = 200, self.key_set(kid="first")
        self.asked: list[str] = []

    def key_set(self, kid: str) -> bytes:
        """Return the key set as Farcaster publishes it: no `alg`, no `use`."""
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        public = {name: jwk[name] for name in ("kty", "n", "e")}
        return json.dumps({"keys": [{**public, "kid": kid}]}).encode()

    def settings(self, **changes: str) -> dict[str, str]:
        return {
            "QUICK_AUTH_ISSUER": self.issuer,
            "QUICK_AUTH_AUDIENCE": "app.example.com",
            **changes,
        }

    def token(self, **changes: Any) -> str:
        """Sign a token as Farcaster does, with changes; a claim or header that is ... is absent."""
        now = int(time.time())
        signing: dict[str, Any] = {"algorithm": "RS256", "key": self.key, "kid": "first"}
        signing |= {name: changes.pop(name) for name in list(changes) if name in signing}
        claims = {
            "iss": self.issuer,
            "aud": "app.example.com",
            "sub": FID,
            "iat": now,
            "exp": now + 3600,
            **changes,
        }
        token = jwt.api_jws.PyJWS().encode(
            json.dumps({n: v for n, v in claims.items() if v is not ...}).encode(),
            signing["key"],
            algorithm=signing["algorithm"],
            headers={} if signing["kid"] is ... else {"kid": signing["kid"]},
        )
        LEAKS.secrets.add(token)
        return token

    def bearer(self, **changes: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(**changes)}"}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        farcaster = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                farcaster.asked.append(self.path)
                self.send_response(farcaster.status)
                self.end_headers()
                self.wfile.write(farcaster.body)

            def log_message(self, *_: Any) -> None:
                """Keep quiet."""

        return Handler
