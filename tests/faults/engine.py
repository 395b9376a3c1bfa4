"""A trading engine that uses the service over HTTP, as a program of its own."""

import os
import subprocess

from tests.factories import FID
from tests.running_service import ROOT

OTHERS = (FID + 1, FID + 2)
# What its author would write who has read the documentation: no code of ours is imported.
ENGINE = """
import base64
import json
import os
import re
import sys
import urllib.error
import urllib.request

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from eth_account import Account
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey

BASE, TOKEN = os.environ["WALLETS_URL"], os.environ["WALLETS_TOKEN"]
FID, OTHERS = os.environ["FID"], os.environ["OTHERS"].split(",")
told = {}


def ask(method, path, body=None, **headers):
    request = urllib.request.Request(
        BASE + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "Bearer " + TOKEN, **headers},
    )
    if body is not None:
        request.add_header("Content-Type", "application/json")
    try:
        answer = urllib.request.urlopen(request, timeout=20)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        raw = answer.read()
        return {
            "status": answer.status,
            "headers": dict(answer.headers),
            "body": json.loads(raw) if raw else None,
        }


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


wallet = f"/v1/users/{FID}/wallets/ethereum"
told["ensured"] = [ask("PUT", wallet) for _ in range(3)]
for other in OTHERS:
    ask("PUT", f"/v1/users/{other}/wallets/ethereum")
told["listed"] = ask("GET", f"/v1/users/{FID}/wallets")
told["got"] = ask("GET", wallet)

open_reason = {"reason": "sign swap 8c1f"}
told["plaintext"] = ask("POST", wallet + "/key", open_reason, **{"X-Request-Id": "engine-1"})
told["derived from plaintext"] = Account.from_key(told["plaintext"]["body"]["privateKey"]).address

mine = X25519PrivateKey.generate()
told["recipient"] = base64url(mine.public_key().public_bytes_raw())
told["encrypted"] = ask(
    "POST",
    wallet + "/key",
    {"reason": "sign swap 8c20", "recipientPublicKey": told["recipient"]},
    **{"X-Request-Id": "engine-2"},
)
box = told["encrypted"]["body"]["sealedPrivateKey"]
suite = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)
context = suite.create_recipient_context(
    from_base64url(box["enc"]), KEMKey.from_pyca_cryptography_key(mine), info=box["info"].encode()
)
opened = context.open(from_base64url(box["ciphertext"]))
told["decrypted"] = opened.hex()
told["derived from encrypted"] = Account.from_key(opened).address

address = told["got"]["body"]["address"]
digits = address[2:]
told["found"] = [
    ask("GET", f"/v1/wallets?address=0x{spelled}")
    for spelled in (digits, digits.lower(), digits.upper(), digits.swapcase())
]

told["pages"] = []
following = "/v1/wallets?limit=1&type=trading"
while following:
    page = ask("GET", following)
    told["pages"].append(page)
    link = re.fullmatch('<(.+)>; rel="next"', page["headers"].get("Link", ""))
    following = link and link[1]

told["figures"] = ask("GET", "/v1/stats")
told["figures again"] = ask(
    "GET", "/v1/stats", **{"If-None-Match": told["figures"]["headers"]["ETag"]}
)
told["audit"] = ask("GET", f"/v1/audit?fid={FID}&actor=client%3Aengine")
json.dump(told, sys.stdout)
"""


def run_engine(command, environ, seconds=60):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**kept, **environ},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
