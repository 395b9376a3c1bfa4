"""Farcaster sign-in against a real key server, with keys that name neither alg nor use."""

import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.unit.issuer import (
    BOMB,
    FID,
    ISSUER,
    KEY,
    STRANGER,
    claims,
    encoded,
    forge,
    published,
    quick_auth,
    sign,
)
from wallet_api.auth.fids import MAX_FID
from wallet_api.crypto.secret import Secret
from wallet_api.errors import Unauthenticated


@pytest.mark.parametrize("sub", [FID, str(FID), 1, "1", MAX_FID, str(MAX_FID)])
def test_a_valid_token_gives_its_fid(issuer, sub):
    assert quick_auth(issuer).verify(sign(sub=sub)) == int(sub)


@pytest.mark.parametrize("host", ["wallet.example", "beta.wallet.example"])
def test_each_configured_audience_is_accepted(issuer, host):
    both = ("wallet.example", "beta.wallet.example")
    assert quick_auth(issuer, both).verify(sign(aud=host)) == FID


def test_a_key_set_may_hold_other_keys(issuer):
    keys = published(second=STRANGER, first=KEY)["keys"]
    issuer.body = json.dumps({"keys": [{"kty": "new"}, "text", *keys]}).encode()
    assert quick_auth(issuer).verify(sign()) == FID


@pytest.mark.parametrize(("exp", "iat"), [(-20, -3600), (3600, 20)])
def test_clock_skew_of_half_a_minute_is_accepted(issuer, exp, iat):
    now = int(time.time())
    assert quick_auth(issuer).verify(sign(exp=now + exp, iat=now + iat)) == FID


@pytest.mark.parametrize(("exp", "iat"), [(-40, -3600), (3600, 300)])
def test_an_expired_or_future_token_is_refused(issuer, exp, iat):
    now = int(time.time())
    with pytest.raises(Unauthenticated):
        quick_auth(issuer).verify(sign(exp=now + exp, iat=now + iat))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "other.example"},
        {"aud": "beta.wallet.example,wallet.example"},
        {"aud": "wallet.example, beta.wallet.example"},
        {"aud": "https://wallet.example"},
        {"aud": "WALLET.EXAMPLE"},
        {"aud": "wallet.example."},
        {"aud": ""},
        {"aud": []},
        {"iss": "https://auth.farcaster.xyz/"},
        {"iss": "https://evil.example"},
        {"iss": [ISSUER]},
        {"exp": "later"},
        {"exp": float("inf")},
        {"iat": {}},
        *({name: value} for name in ("exp", "iat", "iss", "aud", "sub") for value in (..., None)),
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(issuer, changes):
    with pytest.raises(Unauthenticated):
        quick_auth(issuer, ("wallet.example", "beta.wallet.example")).verify(sign(**changes))


@pytest.mark.parametrize(
    "sub",
    [0, -1, 1.0, 1464243.5, True, False, 2**63, str(2**63), 10**300, "", "0", "-1", "+1", " 1",
     "1 ", "1\n", "1.0", "1e3", "0x10", "1_000", "\u0661", "9" * 5000, "fid_1", [1], {"fid": 1}],
    ids=lambda sub: f"{sub!a:.20}",
)  # fmt: skip
def test_a_subject_that_is_not_a_fid_is_refused(issuer, sub):
    with pytest.raises(Unauthenticated):
        quick_auth(issuer).verify(sign(sub=sub))


def test_a_token_of_another_key_is_refused(issuer):
    with pytest.raises(Unauthenticated):
        quick_auth(issuer).verify(sign(STRANGER))


def test_a_changed_payload_is_refused(issuer):
    header, _, signature = sign().reveal().split(".")
    payload = encoded(json.dumps(claims(sub=1)).encode())
    with pytest.raises(Unauthenticated):
        quick_auth(issuer).verify(Secret(f"{header}.{payload}.{signature}"))


def test_the_public_key_is_not_accepted_as_an_hmac_secret(issuer):
    auth = quick_auth(issuer)
    public = KEY.public_key()
    forms = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(published(first=KEY)["keys"][0]).encode(),
        b"",
    ]
    for algorithm in ("HS256", "RS256", "none"):
        for form in forms:
            with pytest.raises(Unauthenticated):
                auth.verify(forge(f'{{"alg":"{algorithm}","kid":"first"}}', form))


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_another_algorithm_with_the_right_key_is_refused(issuer, algorithm):
    token = jwt.encode(claims(sub=str(FID)), KEY, algorithm=algorithm, headers={"kid": "first"})
    with pytest.raises(Unauthenticated):
        quick_auth(issuer).verify(Secret(token))


@pytest.mark.parametrize(
    "token",
    [
        *map(Secret, ["", ".", "..", "a.b.c", "Bearer", "\0", "é.é.é", "." * 9999, "\ud800.a.b"]),
        *map(Secret, [sign().reveal() + ".", "." + sign().reveal(), sign().reveal()[:-400]]),
        sign(kid=None),
        forge(BOMB),
        forge('{"alg":' + BOMB),
        forge("[]"),
        forge("null"),
        forge('{"alg":"none"}'),
        forge('{"alg":"none","kid":"first"}'),
        forge('{"alg":"HS256","kid":"first"}'),
        forge('{"alg":["RS256"],"kid":"first"}'),
        forge('{"alg":"RS256","kid":1}'),
        forge('{"alg":"RS256","kid":null}'),
        forge('{"alg":"RS256","kid":["first"]}'),
        forge('{"kid":"first"}'),
    ],
    ids=lambda token: ascii(token.reveal()[:20]),
)
def test_garbage_is_refused_without_a_request_to_the_issuer(issuer, token):
    with pytest.raises(Unauthenticated):
        quick_auth(issuer).verify(token)
    assert issuer.requests == 0


@pytest.mark.parametrize("payload", [BOMB, "[]", "null", "{", "9" * 5000])
def test_a_payload_that_is_not_claims_is_refused(issuer, payload):
    headers = {"kid": "first"}
    token = jwt.api_jws.encode(payload.encode(), KEY, algorithm="RS256", headers=headers)
    with pytest.raises(Unauthenticated):
        quick_auth(issuer).verify(Secret(token))
