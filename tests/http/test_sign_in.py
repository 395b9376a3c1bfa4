"""GET or POST /api/auth/base-account: a Quick Auth token is exchanged for a session token."""

import hmac
import time
from types import SimpleNamespace

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.database import rows_of
from tests.factories import BASE_ACCOUNT, DEAD_PORT, FID, JWT_SECRET, base64url
from tests.http.problems import refused
from tests.leaks import LEAKS

PATH = "/api/auth/base-account"
CHECKSUMMED = "0x78547FC07fDc8AaC05E53B034E510b276A5bA384"
OTHER_ADDRESS = "0x036CbD53842c5426634e7929541eC2318f3dCF7e"


def carrying(token):
    return {"Authorization": f"Bearer {token}"}


def remembered(sql):
    return sql.execute("select fid, chain, wallet_type, address from wallets").fetchall()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_quick_auth_token_becomes_one_of_ours(refusing, farcaster, method):
    answer = refusing.open(PATH, method=method, headers=farcaster.bearer())
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.get_json()
    token = body.pop("token")
    LEAKS.secrets.add(token)
    assert body == {"success": True, "fid": FID, "userId": f"fid_{FID}", "address": None}
    wallets = refusing.get("/api/wallet/user-wallets", headers=carrying(token))
    assert wallets.get_json() == {"wallets": []}


@pytest.mark.parametrize(("changes", "seconds"), [({}, 604_800), ({"JWT_TTL_SECONDS": "90"}, 90)])
def test_our_token_has_subject_audience_and_expiry(untouched, farcaster, changes, seconds):
    client = untouched.make_app(**changes).test_client()
    before = int(time.time())
    token = client.get(PATH, headers=farcaster.bearer()).get_json()["token"]
    LEAKS.secrets.add(token)
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    claims = jwt.decode(token, JWT_SECRET, ["HS256"], audience="wallet-api-users")
    issued = claims.pop("iat")
    assert before <= issued <= time.time()
    assert claims == {
        "userId": f"fid_{FID}",
        "fid": FID,
        "exp": issued + seconds,
        "iss": "wallet-api",
        "aud": "wallet-api-users",
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": str(FID)},
        {"aud": ["elsewhere.example.com", "app.example.com"]},
        {"unknown": "claim"},
    ],
    ids=["sub is a string of digits", "one of several audiences", "more claims"],
)
def test_every_valid_form_of_a_quick_auth_token_is_accepted(refusing, farcaster, changes):
    answer = refusing.get(PATH, headers=farcaster.bearer(**changes))
    assert answer.get_json()["fid"] == FID


def test_clock_skew_of_some_seconds_is_accepted(refusing, farcaster):
    now = int(time.time())
    for changes in ({"exp": now - 10}, {"iat": now + 10}):
        assert refusing.get(PATH, headers=farcaster.bearer(**changes)).status_code == 200


def test_every_configured_audience_may_sign_in(untouched, farcaster):
    both = {"QUICK_AUTH_AUDIENCE": "app.example.com, other.example.com"}
    client = untouched.make_app(**both).test_client()
    for audience in ("app.example.com", "other.example.com"):
        answer = client.get(PATH, headers=farcaster.bearer(aud=audience))
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"QUICK_AUTH_AUDIENCE": "https://App.Example.com/\r\n"},
        {"QUICK_AUTH_AUDIENCE": "'app.example.com'"},
        {"QUICK_AUTH_ISSUER": "{}/ \n"},
        {"QUICK_AUTH_ISSUER": '"{}"'},
    ],
    ids=str,
)
def test_settings_with_surrounding_characters_let_users_sign_in(untouched, farcaster, changes):
    copied = {name: text.format(farcaster.issuer) for name, text in changes.items()}
    client = untouched.make_app(**farcaster.settings(**copied)).test_client()
    assert client.get(PATH, headers=farcaster.bearer()).status_code == 200
    assert farcaster.asked == ["/.well-known/jwks.json"]


def test_the_largest_fid_signs_in(sign_in_client, farcaster, sql):
    fid = 2**63 - 1
    query = {"address": BASE_ACCOUNT}
    answer = sign_in_client.get(PATH, query_string=query, headers=farcaster.bearer(sub=fid))
    assert answer.get_json()["fid"] == fid
    assert remembered(sql) == [(fid, "base-account", "base-account", BASE_ACCOUNT)]


CLAIMS = {
    "expired": {"exp": 1_700_000_000},
    "issued in the future": {"iat": 4_000_000_000},
    "of another issuer": {"iss": "https://auth.example.com"},
    "for another app": {"aud": "elsewhere.example.com"},
    "for a part of our name": {"aud": "app.example"},
    **{f"without {name}": {name: ...} for name in ("exp", "iat", "iss", "aud", "sub")},
    **{
        f"sub is {value!r}": {"sub": value}
        for value in (
            0,
            -1,
            2**63,
            10**30,
            1.5,
            1464243.0,
            True,
            None,
            "",
            "-1",
            "abc",
            "\uff11\uff12",
        )
    },
    "sub is a list": {"sub": [FID]},
    "sub is ten thousand digits": {"sub": "1" * 10_000},
    "of a key that is not published": {"kid": "second"},
    "without a key id": {"kid": ...},
}


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS)
def test_a_token_with_a_wrong_claim_is_401(refusing, farcaster, claims):
    is_unauthenticated(refusing.get(PATH, headers=farcaster.bearer(**claims)))


def is_unauthenticated(answer):
    refused(answer, 401, "Sign in again: the token is missing, expired or not valid.")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "fid" in answer.get_json()
    assert answer.get_json()["fid"] is None


def test_a_token_signed_by_another_key_is_401(refusing, farcaster):
    is_unauthenticated(refusing.get(PATH, headers=farcaster.bearer(key=farcaster.foreign_key)))


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_the_algorithm_is_pinned(refusing, farcaster, algorithm):
    is_unauthenticated(refusing.get(PATH, headers=farcaster.bearer(algorithm=algorithm)))


def test_the_public_key_is_not_accepted_as_a_shared_secret(refusing, farcaster):
    # PyJWT refuses to sign with a public key; an attacker does not.
    published = farcaster.key.public_key()
    head = base64url(b'{"alg": "HS256", "kid": "first"}')
    payload = farcaster.token().split(".")[1]
    for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1):
        secret = published.public_bytes(Encoding.PEM, form)
        signed = f"{head}.{payload}"
        signature = base64url(hmac.digest(secret, signed.encode(), "sha256"))
        is_unauthenticated(refusing.get(PATH, headers=carrying(f"{signed}.{signature}")))


def test_an_unsigned_token_is_401(refusing, farcaster):
    unsigned = farcaster.bearer(algorithm="none", key=None)
    is_unauthenticated(refusing.get(PATH, headers=unsigned))


def test_a_changed_token_is_401(refusing, farcaster):
    head, payload, signature = farcaster.token().split(".")
    other_payload = farcaster.token(sub=1).split(".")[1]
    for token in (f"{head}.{other_payload}.{signature}", f"{head}.{payload}.", f"{head}.{payload}"):
        is_unauthenticated(refusing.get(PATH, headers=carrying(token)))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_missing_token_is_401(refusing, method):
    is_unauthenticated(refusing.open(PATH, method=method))


def test_our_own_token_does_not_sign_in(refusing, farcaster):
    ours = refusing.get(PATH, headers=farcaster.bearer()).get_json()["token"]
    is_unauthenticated(refusing.get(PATH, headers=carrying(ours)))


def test_a_quick_auth_token_gives_no_access_to_wallets(refusing, farcaster):
    answer = refusing.get("/api/wallet/user-wallets", headers=farcaster.bearer())
    refused(answer, 401)


@pytest.mark.parametrize(
    ("given", "answered"),
    [
        (BASE_ACCOUNT, BASE_ACCOUNT),
        (CHECKSUMMED, BASE_ACCOUNT),
        ("0x" + BASE_ACCOUNT[2:].upper(), BASE_ACCOUNT),
    ],
)
def test_the_address_is_stored_in_lower_case(sign_in_client, farcaster, sql, given, answered):
    answer = sign_in_client.post(f"{PATH}?address={given}", headers=farcaster.bearer())
    assert answer.get_json()["address"] == answered
    assert remembered(sql) == [(FID, "base-account", "base-account", answered)]


def test_a_later_address_replaces_the_first(sign_in_client, farcaster, sql):
    for address in (BASE_ACCOUNT, OTHER_ADDRESS):
        sign_in_client.get(f"{PATH}?address={address}", headers=farcaster.bearer())
    assert remembered(sql) == [(FID, "base-account", "base-account", OTHER_ADDRESS.lower())]


@pytest.mark.parametrize("query", ["", "?address=", "?utm_source=frame"])
def test_sign_in_without_an_address_keeps_the_stored_one(sign_in_client, farcaster, sql, query):
    sign_in_client.get(f"{PATH}?address={BASE_ACCOUNT}", headers=farcaster.bearer())
    before = rows_of(sql)
    answer = sign_in_client.get(PATH + query, headers=farcaster.bearer())
    assert answer.get_json()["address"] is None
    assert rows_of(sql) == before


def test_an_address_is_stored_for_its_own_user_only(sign_in_client, farcaster, sql):
    for fid, address in ((FID, BASE_ACCOUNT), (FID + 7, OTHER_ADDRESS.lower())):
        sign_in_client.get(f"{PATH}?address={address}", headers=farcaster.bearer(sub=fid))
    assert [(row[0], row[3]) for row in sorted(remembered(sql))] == [
        (FID, BASE_ACCOUNT),
        (FID + 7, OTHER_ADDRESS.lower()),
    ]


def test_a_bad_token_stores_nothing(refusing, farcaster):
    answer = refusing.get(f"{PATH}?address={BASE_ACCOUNT}", headers=farcaster.bearer(exp=1))
    is_unauthenticated(answer)


BROKEN = [(500, b""), (404, b"not found"), (200, b"<html>"), (200, b'{"keys": []}'), (200, b"[]")]


@pytest.mark.parametrize(("status", "body"), BROKEN)
def test_a_broken_issuer_is_503(untouched, farcaster, status, body):
    farcaster.status, farcaster.body = status, body
    answer = untouched.make_app().test_client().get(PATH, headers=farcaster.bearer())
    refused(answer, 503, "Signing in is not possible right now. Please try again.")
    assert answer.headers["Retry-After"].isdigit()


def test_an_issuer_that_cannot_be_reached_is_503(untouched, farcaster):
    unreachable = {"QUICK_AUTH_JWKS_URL": f"http://127.0.0.1:{DEAD_PORT}/jwks.json"}
    client = untouched.make_app(**unreachable).test_client()
    answer = client.get(PATH, headers=farcaster.bearer())
    assert refused(answer, 503)["code"] == "sign_in_unavailable"


def test_an_issuer_that_recovers_is_used_again_after_some_seconds(
    untouched, farcaster, monkeypatch
):
    client = untouched.make_app().test_client()
    farcaster.status = 500
    refused(client.get(PATH, headers=farcaster.bearer()), 503)
    farcaster.status = 200
    refused(client.get(PATH, headers=farcaster.bearer()), 503)
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + 6)
    monkeypatch.setattr("wallet_api.auth.issuer_keys.time", later)
    assert client.get(PATH, headers=farcaster.bearer()).status_code == 200


def test_known_keys_are_used_while_the_issuer_is_down(untouched, farcaster):
    client = untouched.make_app().test_client()
    assert client.get(PATH, headers=farcaster.bearer()).status_code == 200
    farcaster.status = 500
    assert client.get(PATH, headers=farcaster.bearer()).status_code == 200


def test_a_new_key_of_the_issuer_is_fetched_after_half_a_minute(untouched, farcaster, monkeypatch):
    client = untouched.make_app().test_client()
    assert client.get(PATH, headers=farcaster.bearer()).status_code == 200
    farcaster.body = farcaster.key_set(kid="second")
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + 31)
    monkeypatch.setattr("wallet_api.auth.issuer_keys.time", later)
    assert client.get(PATH, headers=farcaster.bearer(kid="second")).status_code == 200


def test_the_issuer_is_called_rarely_and_never_for_garbage(untouched, farcaster):
    client = untouched.make_app().test_client()
    client.get(PATH, headers=carrying("a.b.c"))
    client.get(PATH, headers=farcaster.bearer(kid=...))
    assert farcaster.asked == []
    for attempt in range(20):
        client.get(PATH, headers=farcaster.bearer())
        client.get(PATH, headers=farcaster.bearer(kid=f"invented {attempt}"))
    assert set(farcaster.asked) == {"/.well-known/jwks.json"}
    assert len(farcaster.asked) <= 2


def test_without_a_configured_audience_no_user_signs_in(untouched, farcaster):
    client = untouched.make_app(QUICK_AUTH_AUDIENCE="").test_client()
    refused(client.get(PATH, headers=farcaster.bearer()), 503)
