"""POST /v1/users/<fid>/wallets/ethereum/key: private keys, in the open or encrypted by HPKE."""

import base64
import re

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey, OpenError
from structlog.testing import capture_logs

from tests.factories import ACCESS, BASE_ACCOUNT, FID, calling, signed_in
from tests.http.problems import refused
from tests.http.user_wallets import KEY, MODES, REASON, TRADING, WALLETS
from tests.leaks import LEAKS
from wallet_api.blueprints.application import application
from wallet_api.crypto.key_pairs import address_of
from wallet_api.crypto.secret import Secret
from wallet_api.models import SCOPES

SUITE = "DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM"


def audited(sql):
    """Return what is on record about keys."""
    columns = "fid, chain, action, actor, host(ip), reason, recipient, request_id"
    return sql.execute(
        f"select {columns} from wallet_audit_log where action like 'key.%' order by id"
    ).fetchall()


def base64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text):
    assert re.fullmatch("[A-Za-z0-9_-]+", text)
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def recipient():
    """Return a new private key of a recipient, and its public half as the service takes it."""
    key = X25519PrivateKey.generate()
    return key, base64url(key.public_key().public_bytes_raw())


def opened_by_pyhpke(sealed, key, info):
    suite = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM)
    private = KEMKey.from_pyca_cryptography_key(key)
    context = suite.create_recipient_context(from_base64url(sealed["enc"]), private, info=info)
    return context.open(from_base64url(sealed["ciphertext"]))


def opened_by_the_suite(sealed, key, info):
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    enc = from_base64url(sealed["enc"])
    assert len(enc) == 32
    return suite.decrypt(enc + from_base64url(sealed["ciphertext"]), key, info)


@pytest.mark.parametrize("mode", MODES)
def test_a_plaintext_key_belongs_to_the_address_and_is_recorded(storing, sql, mode):
    app, engine = storing(mode)
    client = app.test_client()
    wallet = client.put(TRADING, headers=engine).get_json()
    answer = client.post(KEY, json=REASON, headers=engine | {"X-Request-Id": "asked-1"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.get_json()
    assert told.keys() == {"wallet", "privateKey"}
    assert told["wallet"] == wallet
    assert re.fullmatch("0x[0-9a-f]{64}", told["privateKey"])
    LEAKS.secrets.add(told["privateKey"][2:])
    assert address_of(Secret(bytes.fromhex(told["privateKey"][2:]))) == wallet["address"]
    assert audited(sql) == [
        (
            FID,
            "ethereum",
            "key.read",
            "client:engine",
            "127.0.0.1",
            "sign swap 8c1f",
            None,
            "asked-1",
        )
    ]


@pytest.mark.parametrize("mode", MODES)
def test_two_implementations_decrypt_an_encrypted_key_for_its_recipient(storing, sql, mode):
    app, engine = storing(mode)
    client = app.test_client()
    wallet = client.put(TRADING, headers=engine).get_json()
    key, public_key = recipient()
    body = {**REASON, "recipientPublicKey": public_key}
    answer = client.post(KEY, json=body, headers=engine | {"X-Request-Id": "asked-2"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.get_json()
    assert told.keys() == {"wallet", "sealedPrivateKey"}
    assert told["wallet"] == wallet
    sealed = told["sealedPrivateKey"]
    assert sealed.keys() == {"suite", "enc", "ciphertext", "info"}
    assert sealed["suite"] == SUITE
    assert sealed["info"] == f"wallet-api/key/v1|{FID}|ethereum|{wallet['address']}"
    info = sealed["info"].encode()
    private_key = opened_by_pyhpke(sealed, key, info)
    assert opened_by_the_suite(sealed, key, info) == private_key
    LEAKS.secrets.add(private_key.hex())
    assert len(private_key) == 32
    assert address_of(Secret(private_key)) == wallet["address"]
    assert private_key.hex() not in answer.text
    ((*_, ip, reason, to, request_id),) = audited(sql)
    assert (ip, reason, to, request_id) == ("127.0.0.1", REASON["reason"], public_key, "asked-2")


def test_an_encrypted_key_decrypts_only_for_its_recipient_and_wallet(client, engine):
    client.put(TRADING, headers=engine)
    (key, public_key), (stranger, _) = recipient(), recipient()
    body = {**REASON, "recipientPublicKey": public_key}
    sealed = client.post(KEY, json=body, headers=engine).get_json()["sealedPrivateKey"]
    info = sealed["info"].encode()
    last = sealed["ciphertext"][:-2] + ("AA" if sealed["ciphertext"][-2:] != "AA" else "BA")
    for opener, found, about in (
        (stranger, sealed, info),
        (key, sealed, info.replace(b"|ethereum|", b"|base|")),
        (key, sealed, info.replace(b"|14", b"|15")),
        (key, sealed, b""),
        (key, {**sealed, "ciphertext": last}, info),
    ):
        with pytest.raises(OpenError):
            opened_by_pyhpke(found, opener, about)
        with pytest.raises(InvalidTag):
            opened_by_the_suite(found, opener, about)


def test_the_same_key_is_encrypted_differently_each_time(client, engine):
    client.put(TRADING, headers=engine)
    body = {**REASON, "recipientPublicKey": recipient()[1]}
    sealed = [
        client.post(KEY, json=body, headers=engine).get_json()["sealedPrivateKey"] for _ in range(3)
    ]
    assert len({one["enc"] for one in sealed}) == len({one["ciphertext"] for one in sealed}) == 3


def test_a_null_recipient_is_no_recipient(client, engine):
    client.put(TRADING, headers=engine)
    answer = client.post(KEY, json={**REASON, "recipientPublicKey": None}, headers=engine)
    assert answer.status_code == 200
    assert answer.get_json().keys() == {"wallet", "privateKey"}


# Every point of X25519 whose multiples an eavesdropper knows, in each of its spellings.
_P = 2**255 - 19
_ORDER_8 = (
    0x00B8495F16056286FDB1329CEB8D09DA6AC49FF1FAE35616AEB8413B7C7AEBE0,
    0x57119FD0DD4E22D8868E1C58C45C44045BEF839C55B1D0B1248C50A3BC959C5F,
)
SMALL_ORDER = [
    value.to_bytes(32, "little")
    for point in (0, 1, *_ORDER_8, _P - 1, _P, _P + 1)
    for value in (point, point + 2**255)
]
GOOD_KEY = base64url(X25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw())
NOT_A_KEY = {
    "nothing": "",
    "one byte less": base64url(bytes(range(31))),
    "one byte more": base64url(bytes(range(33))),
    "three bytes more": base64url(bytes(range(35))),
    "a character less": GOOD_KEY[:-1],
    "padding": GOOD_KEY + "=",
    "too much padding": GOOD_KEY + "==",
    "hex": bytes(range(32)).hex(),
    "plain base64": GOOD_KEY[:20] + "+/" + GOOD_KEY[22:],
    "9 beyond the prime": "9v_______________________________________38",
    "9 and the highest bit": "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA",
    "a space in front": " " + GOOD_KEY,
    "a line break behind": GOOD_KEY + "\n",
    "a space within": GOOD_KEY[:20] + " " + GOOD_KEY[21:],
    "a letter that is not ASCII": GOOD_KEY[:-1] + "é",
    "digits of another script": GOOD_KEY[:-1] + "\u0661",
    "a lone surrogate": GOOD_KEY[:-1] + "\ud800",
    "a zero byte": GOOD_KEY[:-1] + "\x00",
    "very long": GOOD_KEY * 300,
}


@pytest.mark.parametrize("given", NOT_A_KEY.values(), ids=NOT_A_KEY)
def test_an_invalid_recipient_key_is_refused_and_nothing_is_written(refusing, trader, given):
    answer = refusing.post(KEY, json={**REASON, "recipientPublicKey": given}, headers=trader)
    assert refused(answer, 400)["code"] == "invalid_recipient_key"


def test_a_point_of_small_order_is_refused_and_nothing_is_written(refusing, trader):
    for point in SMALL_ORDER:
        body = {**REASON, "recipientPublicKey": base64url(point)}
        answer = refusing.post(KEY, json=body, headers=trader)
        assert refused(answer, 400)["code"] == "invalid_recipient_key", point.hex()


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"recipientPublicKey": GOOD_KEY},
        *({"reason": reason} for reason in ("", " ", "\t", "a\nb", "a\x00b", "\u202eb", "\ud800")),
        *({"reason": reason} for reason in ("x" * 501, None, 5, True, ["x"], {"a": "b"})),
        {**REASON, "recipientPublicKey": 5},
        {**REASON, "recipientPublicKey": [GOOD_KEY]},
        {**REASON, "recipient_public_key": GOOD_KEY},
        {**REASON, "recipientpublickey": GOOD_KEY},
        {**REASON, "address": "x"},
        [REASON],
        "sign swap 8c1f",
    ],
    ids=lambda body: ascii(body)[:30],
)
def test_a_request_without_a_valid_reason_is_refused_and_nothing_is_written(refusing, trader, body):
    answer = refusing.post(KEY, json=body, headers=trader)
    assert refused(answer, 400)["code"] == "invalid_request"


def test_a_seed_phrase_is_refused_and_not_echoed(refusing, trader):
    phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    for name in ("mnemonic", "Mnemonic", " MNEMONIC "):
        answer = refusing.post(KEY, json={**REASON, name: phrase}, headers=trader)
        assert refused(answer, 400)["code"] == "mnemonic_refused"
        assert "winner" not in answer.text


def test_a_reason_is_stored_unchanged(client, sql, engine):
    client.put(TRADING, headers=engine)
    reasons = ["x", "x" * 500, "ü" * 500, "\U0001f511 swap", " a b ", "'; --"]
    for reason in reasons:
        assert client.post(KEY, json={"reason": reason}, headers=engine).status_code == 200
    assert [row[5] for row in audited(sql)] == reasons


@pytest.mark.parametrize("mode", MODES)
def test_without_a_trading_wallet_there_is_no_key_and_nothing_is_written(storing, sql, mode):
    app, engine = storing(mode)
    application(app).wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    for body in (REASON, {**REASON, "recipientPublicKey": GOOD_KEY}):
        answer = app.test_client().post(KEY, json=body, headers=engine)
        problem = refused(answer, 404, "This user has no such wallet.")
        assert problem["code"] == "wallet_not_found"
    assert audited(sql) == []


def test_a_key_that_does_not_decrypt_is_an_alarm_and_is_kept(client, sql, engine):
    client.put(TRADING, headers=engine)
    # As a damaged disk would: no trigger is asked.
    sql.execute("set session_replication_role = replica")
    sql.execute("update wallets set encrypted_private_key = repeat('ab', 48)")
    for method, path, body in (
        ("POST", KEY, REASON),
        ("POST", KEY, {**REASON, "recipientPublicKey": GOOD_KEY}),
        ("PUT", TRADING, None),
        ("GET", TRADING, None),
        ("GET", WALLETS, None),
    ):
        with capture_logs() as events:
            answer = client.open(path, method=method, json=body, headers=engine)
        assert refused(answer, 503)["code"] == "key_unreadable"
        alarms = [event["code"] for event in events if event["log_level"] == "critical"]
        assert alarms == ["key_unreadable"], path


REFUSALS = {
    "at the insert": "create trigger refuse before insert on wallet_audit_log",
    "at the commit": "create constraint trigger refuse after insert on wallet_audit_log"
    " deferrable initially deferred",
}


@pytest.mark.parametrize("mode", MODES)
def test_no_key_leaves_while_the_audit_log_cannot_be_written(storing, sql, mode):
    app, engine = storing(mode)
    client = app.test_client()
    client.put(TRADING, headers=engine)
    # A full disk, and an unexpected error.
    for sqlstate, status in (("53100", 503), ("P0001", 500)):
        sql.execute(
            "create or replace function refuse_row() returns trigger language plpgsql as"
            f" $$ begin raise exception 'no' using errcode = '{sqlstate}'; end $$"
        )
        for trigger in REFUSALS.values():
            sql.execute(f"{trigger} for each row execute function refuse_row()")
            for body in (REASON, {**REASON, "recipientPublicKey": GOOD_KEY}):
                answer = client.post(KEY, json=body, headers=engine)
                refused(answer, status)
                assert "rivateKey" not in answer.text
            assert audited(sql) == []
            sql.execute("drop trigger refuse on wallet_audit_log")
    assert client.post(KEY, json=REASON, headers=engine).status_code == 200
    assert len(audited(sql)) == 1


def test_no_key_leaves_while_there_is_no_audit_log(client, sql, engine):
    client.put(TRADING, headers=engine)
    sql.execute("alter table wallet_audit_log rename to elsewhere")
    answer = client.post(KEY, json=REASON, headers=engine)
    assert refused(answer, 503)["code"] == "database_unavailable"


def test_a_client_without_the_scope_keys_read_is_refused_and_recorded(client, app, sql):
    rights = sorted(set(SCOPES) - {"keys:read"})
    for right in rights:
        engine = calling(app, right, name=right.replace(":", "-")) | {"X-Request-Id": "asked-3"}
        answer = client.post(KEY, json=REASON, headers=engine)
        assert refused(answer, 403)["code"] == "insufficient_scope"
    actors = [f"client:{right.replace(':', '-')}" for right in rights]
    assert audited(sql) == [
        (FID, "ethereum", "key.refused", actor, "127.0.0.1", None, None, "asked-3")
        for actor in actors
    ]


def test_a_user_s_own_token_is_refused(refusing, trader):
    for method, path, body in (
        ("GET", WALLETS, None),
        ("GET", TRADING, None),
        ("PUT", TRADING, None),
        ("POST", KEY, REASON),
    ):
        for headers in (signed_in(), {}):
            answer = refusing.open(path, method=method, json=body, headers=headers)
            assert refused(answer, 401)["code"] == "unauthenticated"
