"""Our own tokens: only an unchanged one that has not expired identifies a user."""

import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.factories import JWT_SECRET, OTHER_SECRET, base64url, forge_token, token_claims
from wallet_api.auth import user_tokens
from wallet_api.auth.fids import MAX_FID
from wallet_api.auth.user_tokens import UserTokens
from wallet_api.config import read_token_settings
from wallet_api.crypto.secret import Secret
from wallet_api.errors import FidRequired, Unauthenticated

FID = 1464243
TOKENS = UserTokens(read_token_settings({"JWT_SECRET": JWT_SECRET, "JWT_TTL_SECONDS": "3600"}))
HEADER = '{"alg":"HS256","typ":"JWT"}'
# Deeper than a header of a request can be.
DEEP = 20_000
BOMB = '{"a":' + "[" * DEEP + "]" * DEEP + "}"


def forge(header, payload, secret=JWT_SECRET, digest="sha256"):
    return forge_token(header, payload, secret.encode(), digest)


def signed_token(**changes):
    return forge(HEADER, json.dumps(token_claims(**changes)))


def verify(token):
    return TOKENS.verify(Secret(token))


def test_an_issued_token_identifies_its_user():
    assert TOKENS.verify(TOKENS.issue(FID)) == FID


def test_an_issued_token_has_exactly_the_claims_of_the_contract():
    before = int(time.time())
    token = TOKENS.issue(FID).reveal()
    ours = jwt.decode(token, options={"verify_signature": False})
    issued_at = ours["iat"]
    assert before <= issued_at <= time.time()
    assert ours == token_claims(iat=issued_at, exp=issued_at + 3600)
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}


def test_an_issued_token_does_not_show_itself():
    assert "eyJ" not in f"{TOKENS.issue(FID)!r} {TOKENS.issue(FID)}"


def test_a_token_signed_by_hand_with_our_secret_is_accepted():
    assert verify(signed_token()) == FID


def test_a_token_may_name_several_audiences():
    assert verify(signed_token(aud=["another", "wallet-api-users"])) == FID


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"exp": -20}, id="just expired"),
        pytest.param({"iat": 20}, id="issued by a clock that is ahead"),
        pytest.param({"nbf": 20}, id="valid by a clock that is ahead"),
    ],
)
def test_clock_skew_of_half_a_minute_is_accepted(changes):
    now = int(time.time())
    assert verify(signed_token(**{name: now + seconds for name, seconds in changes.items()})) == FID


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"exp": -40}, id="expired"),
        pytest.param({"exp": -604_800}, id="long expired"),
        pytest.param({"iat": 300}, id="issued later"),
        pytest.param({"nbf": 300}, id="valid later"),
    ],
)
def test_an_expired_or_future_token_is_refused(changes):
    now = int(time.time())
    with pytest.raises(Unauthenticated):
        verify(signed_token(**{name: now + seconds for name, seconds in changes.items()}))


def test_a_token_of_another_secret_is_refused():
    with pytest.raises(Unauthenticated):
        verify(forge(HEADER, json.dumps(token_claims()), OTHER_SECRET))


@pytest.mark.parametrize("name", ["exp", "iat", "iss", "aud"])
@pytest.mark.parametrize("value", [..., None])
def test_a_token_without_one_of_its_claims_is_refused(name, value):
    with pytest.raises(Unauthenticated):
        verify(signed_token(**{name: value}))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://auth.farcaster.xyz"},
        {"iss": "wallet-api "},
        {"iss": ""},
        {"iss": ["wallet-api"]},
        {"iss": 1},
        {"aud": "wallet-api"},
        {"aud": "wallet-api-users,another"},
        {"aud": ""},
        {"aud": []},
        {"aud": {"wallet-api-users": 1}},
        {"aud": [1, "wallet-api-users"]},
        {"exp": "soon"},
        {"exp": [4_000_000_000]},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"iat": "now"},
        {"iat": float("inf")},
        {"nbf": {}},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_refused(changes):
    with pytest.raises(Unauthenticated):
        verify(signed_token(**changes))


@pytest.mark.parametrize(
    "value", [..., None, True, False, 0, -1, 1.0, 1.5, 2**63, -(2**63), 10**300]
)
@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: [value], str])
def test_a_token_of_ours_without_a_valid_fid_says_that_one_is_required(value, wrap):
    fid = value if value is ... else wrap(value)
    with pytest.raises(FidRequired, match=r"^Base Account \(FID\) required$"):
        verify(signed_token(fid=fid))


@pytest.mark.parametrize("text", ["1464243", "", "fid_1464243", "1e3"])
def test_a_fid_in_a_string_is_refused(text):
    with pytest.raises(FidRequired):
        verify(signed_token(fid=text))


@pytest.mark.parametrize("fid", [1, 2**31, 2**53 + 1, MAX_FID])
def test_every_fid_of_a_bigint_round_trips(fid):
    assert TOKENS.verify(TOKENS.issue(fid)) == verify(signed_token(fid=fid)) == fid


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "", "hs256", "HS512", "ES256", "RS256"]
)
@pytest.mark.parametrize("signature", ["kept", "dropped"])
def test_a_token_does_not_choose_its_algorithm(algorithm, signature):
    token = forge(json.dumps({"alg": algorithm, "typ": "JWT"}), json.dumps(token_claims()))
    if signature == "dropped":
        token = token.rpartition(".")[0] + "."
    with pytest.raises(Unauthenticated):
        verify(token)


@pytest.mark.parametrize(("algorithm", "digest"), [("HS384", "sha384"), ("HS512", "sha512")])
def test_our_secret_under_another_hash_is_refused(algorithm, digest):
    with pytest.raises(Unauthenticated):
        verify(forge(json.dumps({"alg": algorithm}), json.dumps(token_claims()), digest=digest))


def test_an_rs256_token_is_refused_with_every_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    token = jwt.encode(token_claims(), key, algorithm="RS256", headers={"x5c": [public.decode()]})
    with pytest.raises(Unauthenticated):
        verify(token)


@pytest.mark.parametrize("part", [0, 1, 2], ids=["header", "payload", "signature"])
def test_a_changed_character_is_refused(part):
    parts = signed_token().split(".")
    for at in range(len(parts[part])):
        other = "A" if parts[part][at] != "A" else "B"
        changed = parts.copy()
        changed[part] = parts[part][:at] + other + parts[part][at + 1 :]
        with pytest.raises(Unauthenticated):
            verify(".".join(changed))


def test_another_payload_under_our_signature_is_refused():
    header, _, signature = signed_token().split(".")
    with pytest.raises(Unauthenticated):
        verify(f"{header}.{base64url(json.dumps(token_claims(fid=1)).encode())}.{signature}")


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "...", "a.b.c", "eyJ", "Bearer", "null", "{}", "\0", "é.é.é", "\U0001f600",
     "a" * 10**6, "." * 10**5, signed_token() + ".", "." + signed_token(), " " + signed_token(),
     signed_token() + "\n", signed_token().replace(".", ""), signed_token().rpartition(".")[0],
     "\ud800.\ud800.\ud800"],
    ids=lambda token: ascii(token[:12]),
)  # fmt: skip
def test_garbage_is_refused(token):
    with pytest.raises(Unauthenticated):
        verify(token)


@pytest.mark.parametrize(
    "text",
    [BOMB, "[" * DEEP, '{"a":' * DEEP, "9" * 10_000, '{"fid":' + "9" * 10_000 + "}", "[]",
     "null", '"text"', "1", "", "{", "\0", '{"alg":{}}', '{"alg":["HS256"]}'],
    ids=lambda text: f"{text:.10}",
)  # fmt: skip
@pytest.mark.parametrize("part", ["header", "payload"])
def test_deeply_nested_json_and_non_objects_are_refused(part, text):
    header, payload = (text, json.dumps(token_claims())) if part == "header" else (HEADER, text)
    with pytest.raises(Unauthenticated):
        verify(forge(header, payload))


@pytest.mark.parametrize(
    "header",
    [
        '{"alg":"HS256","crit":["b64"],"b64":false}',
        '{"alg":"HS256","b64":false}',
        '{"alg":"HS256","crit":["exp"],"exp":1}',
        '{"alg":"HS256","crit":[]}',
        '{"alg":"HS256","kid":1}',
        '{"alg":"none","alg":""}',
        '{"typ":"JWT"}',
    ],
)
def test_a_header_with_an_unsupported_extension_is_refused(header):
    with pytest.raises(Unauthenticated):
        verify(forge(header, json.dumps(token_claims())))


@pytest.mark.parametrize(
    "member", ['"kid":"1"', '"jku":"http://127.0.0.1:9/"', '"jwk":{"kty":"oct","k":"AAAA"}']
)
def test_a_header_that_brings_its_own_key_changes_nothing(member):
    assert verify(forge(f'{{"alg":"HS256",{member}}}', json.dumps(token_claims()))) == FID
    with pytest.raises(Unauthenticated):
        verify(forge(f'{{"alg":"HS256",{member}}}', json.dumps(token_claims()), secret="\0\0\0"))


def test_an_error_does_not_quote_the_token():
    token = signed_token(exp=1)
    with pytest.raises(Unauthenticated) as refusal:
        verify(token)
    error = refusal.value
    while error is not None:
        assert token not in str(error)
        assert JWT_SECRET not in str(error)
        error = error.__cause__


def test_a_verified_token_is_refused_once_it_has_expired():
    tokens = UserTokens(read_token_settings({"JWT_SECRET": JWT_SECRET}))
    # Clocks may differ by 30 s. It is valid until the second after the next one begins.
    end = int(time.time()) + 2
    token = Secret(signed_token(exp=end - 30))
    assert tokens.verify(token) == FID
    time.sleep(end - time.time() + 0.01)
    with pytest.raises(Unauthenticated):
        tokens.verify(token)


def test_a_changed_token_is_refused_after_the_unchanged_one_was_verified():
    token = TOKENS.issue(FID)
    assert TOKENS.verify(token) == FID
    for changed in (token.reveal()[:-1], token.reveal() + "A", token.reveal().swapcase()):
        with pytest.raises(Unauthenticated):
            TOKENS.verify(Secret(changed))


def test_verified_tokens_are_kept_as_digests_and_only_so_many(monkeypatch):
    monkeypatch.setattr(user_tokens, "_MAX_VERIFIED", 3)
    tokens = UserTokens(read_token_settings({"JWT_SECRET": JWT_SECRET}))
    for fid in range(1, 11):
        token = tokens.issue(fid)
        assert tokens.verify(token) == fid
        assert len(tokens._verified) <= 3
        assert token.reveal() not in repr(tokens._verified)
