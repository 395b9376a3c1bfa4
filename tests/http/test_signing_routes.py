"""POST /v1/users/<fid>/wallets/ethereum/sign/…: signatures over HTTP."""

from itertools import product

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from tests.database import plant, recorded
from tests.factories import ACCESS, BASE_ACCOUNT, FID, calling, signed_in
from tests.http.problems import refused
from tests.http.rpc import call, result_of, send_rpc
from tests.http.signatures import BODIES, TEXT, each_kind, sign
from tests.http.user_wallets import MODES, TRADING
from tests.leaks import LEAKS
from tests.signing import to_bytes
from wallet_api import metrics
from wallet_api.blueprints.application import application
from wallet_api.blueprints.schemas.policies import EXAMPLE_ID
from wallet_api.blueprints.schemas.signing import AUTHORIZATION, TRANSACTION, TYPED_DATA
from wallet_api.crypto.checksum import to_checksum_address
from wallet_api.ethereum.authorizations import read_authorizations
from wallet_api.policies.rules import METHODS
from wallet_api.services.signing.counters import REFUSALS, REFUSED_METHODS

SIGN = f"{TRADING}/sign"
PREVIEW = f"/v1/users/{FID}/sign/preview"
ACTIONS = {
    "message": "message.signed",
    "typed-data": "typed_data.signed",
    "transaction": "transaction.signed",
    "authorization": "authorization.signed",
}


def signer_of(kind, told):
    """Return the address to which the answer recovers by eth-account."""
    if kind == "transaction":
        return Account.recover_transaction(told["rawTransaction"])
    if kind == "authorization":
        (signed,) = read_authorizations([told["authorization"]], chain_id=8453)
        return to_checksum_address(signed.authority)
    signable = {
        "message": lambda: encode_defunct(text=TEXT),
        "typed-data": lambda: encode_typed_data(full_message=TYPED_DATA),
    }[kind]()
    return Account.recover_message(signable, signature=to_bytes(told["signature"]))


@each_kind
@pytest.mark.parametrize("mode", MODES)
def test_each_signature_recovers_to_the_address_and_is_recorded(
    named_delegate, storing, sql, mode, kind
):
    app, engine = storing(mode)
    client = app.test_client()
    address = client.put(TRADING, headers=engine).get_json()["address"]
    answer = sign(client, engine | {"X-Request-Id": "asked-1"}, kind, reason="swap 8c1f")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    told = answer.get_json()
    assert told["address"] == signer_of(kind, told) == address
    row = "action, actor, host(ip), reason"
    assert recorded(sql, row) == [(ACTIONS[kind], "client:engine", "127.0.0.1", "swap 8c1f")]


@each_kind
def test_the_audit_log_shows_what_was_signed(named_delegate, client, engine, address, kind):
    effects = client.post(PREVIEW, json=BODIES[kind], headers=engine).get_json()["effects"]
    digest = sign(client, engine, kind).get_json()["digest"]
    entry, creation = client.get("/v1/audit", headers=engine).get_json()["data"]
    assert entry["action"] == ACTIONS[kind]
    rule = "delegation" if kind == "authorization" else "everything"
    assert entry["details"] == {
        "method": f"sign/{kind}",
        "chain_id": BODIES[kind].get("chainId"),
        "digest": digest,
        "effects": effects,
        "policies": [{"layer": "wallet", "policy": EXAMPLE_ID, "version": 1, "rules": [rule]}],
    }
    assert creation["details"] is None


def test_a_message_is_a_text_or_bytes(client, engine, address):
    given = sign(client, engine, message="0xabcd").get_json()["signature"]
    signed = Account.recover_message(encode_defunct(text="0xabcd"), signature=to_bytes(given))
    assert signed == address
    given = sign(client, engine, message={"raw": "0xabcd"}).get_json()["signature"]
    signed = Account.recover_message(encode_defunct(b"\xab\xcd"), signature=to_bytes(given))
    assert signed == address


def test_typed_data_may_be_a_json_text(client, engine, address, app):
    text = app.json.dumps(TYPED_DATA)
    one = sign(client, engine, "typed-data", typedData=text).get_json()
    assert one == sign(client, engine, "typed-data").get_json()


def test_a_transaction_is_returned_as_it_was_signed(client, engine, address):
    told = sign(client, engine, "transaction").get_json()
    assert told.keys() == {"address", "digest", "rawTransaction", "hash", "transaction"}
    assert told["transaction"]["hash"] == told["hash"]
    assert told["transaction"]["nonce"] == "0x0"
    assert told["rawTransaction"].startswith("0x02")


def test_an_authorization_is_an_element_of_a_transaction_s_list(
    named_delegate, client, engine, address
):
    told = sign(client, engine, "authorization").get_json()
    assert told.keys() == {"address", "digest", "authorization"}
    assert told["authorization"].items() >= AUTHORIZATION.items()
    given = TRANSACTION | {"type": "0x4", "authorizationList": [told["authorization"]]}
    sent = sign(client, engine, "transaction", transaction=given).get_json()
    assert sent["transaction"]["authorizationList"] == [told["authorization"]]


def test_the_reason_is_in_the_body_or_in_a_header(client, engine, address, sql):
    assert sign(client, engine).status_code == 200
    assert sign(client, engine | {"X-Reason": "from a header"}).status_code == 200
    both = engine | {"X-Reason": "from a header"}
    assert sign(client, both, reason="from the body").status_code == 200
    reasons = [reason for (reason,) in recorded(sql, "reason")]
    assert reasons == [None, "from a header", "from the body"]


@pytest.mark.parametrize("reason", ["", " ", "x" * 501, "gr\u00fcn", "a\tb"])
def test_a_bad_reason_in_a_header_is_refused(refusing, trader, reason):
    problem = refused(sign(refusing, trader | {"X-Reason": reason}), 400)
    assert problem["error"].startswith("X-Reason: ")


BAD = [
    ("message", {"message": 5}, "message"),
    ("message", {"message": None}, '"message"'),
    ("message", {"message": {"raw": "abcd"}}, "message.raw"),
    ("message", {"message": {"raw": "0x", "text": "x"}}, "message.text"),
    ("message", {"message": {}}, "message.raw"),
    ("message", {"message": "\ud800"}, "message"),
    ("message", {"chainId": 8453}, '"chainId"'),
    ("message", {"reason": ""}, '"reason"'),
    ("typed-data", {"chainId": "8453"}, '"chainId"'),
    ("typed-data", {"chainId": True}, '"chainId"'),
    ("typed-data", {"chainId": 0}, '"chainId"'),
    ("typed-data", {"chainId": 2**53}, '"chainId"'),
    ("typed-data", {"chainId": 1}, "domain.chainId"),
    ("typed-data", {"typedData": "{"}, "typedData"),
    ("typed-data", {"typedData": []}, "It must be a JSON object"),
    ("typed-data", {"typedData": {**TYPED_DATA, "primaryType": "Other"}}, "primaryType"),
    ("typed-data", {"more": 1}, '"more"'),
    ("transaction", {"chainId": None}, '"chainId"'),
    ("transaction", {"chainId": 1, "transaction": TRANSACTION | {"chainId": "0x2"}}, "chainId"),
    ("transaction", {"transaction": TRANSACTION | {"from": BASE_ACCOUNT}}, "from"),
    ("transaction", {"transaction": TRANSACTION | {"nonce": 0}}, "nonce"),
    ("transaction", {"transaction": TRANSACTION | {"gasPrice": "0x1"}}, "gasPrice"),
    ("transaction", {"transaction": None}, '"transaction"'),
    ("transaction", {"transaction": {}}, "nonce"),
    ("authorization", {"chainId": 1}, "chainId"),
    ("authorization", {"authorization": AUTHORIZATION | {"chainId": "0x0"}}, "chainId"),
    ("authorization", {"authorization": AUTHORIZATION | {"nonce": 0}}, "nonce"),
    ("authorization", {"authorization": AUTHORIZATION | {"address": "0x12"}}, "address"),
    ("authorization", {"authorization": AUTHORIZATION | {"r": "0x1"}}, "r"),
    ("authorization", {"authorization": {}}, "chainId"),
    ("authorization", {"authorization": None}, '"authorization"'),
]


@pytest.mark.parametrize(("kind", "changes", "field"), BAD, ids=[str(row[:2])[:70] for row in BAD])
def test_a_bad_body_is_refused_by_the_field_and_leaves_no_entry(
    refusing, trader, kind, changes, field
):
    problem = refused(sign(refusing, trader, kind, **changes), 400)
    assert problem["code"] in ("invalid_request", "not_signable")
    assert problem["error"].startswith(field)


@each_kind
def test_every_member_is_required_except_the_reason(refusing, trader, kind):
    for name in BODIES[kind]:
        body = {key: value for key, value in BODIES[kind].items() if key != name}
        answer = refusing.post(f"{SIGN}/{kind}", json=body, headers=trader)
        assert refused(answer, 400)["error"].startswith(f'"{name}": ')


@each_kind
def test_other_users_and_chains_are_refused(refusing, trader, kind):
    for path, status, code in (
        (f"/v1/users/0/wallets/ethereum/sign/{kind}", 400, "invalid_fid"),
        (f"/v1/users/{FID}/wallets/base/sign/{kind}", 400, "unsupported_chain"),
        (f"/v1/users/{FID + 7}/wallets/ethereum/sign/{kind}", 404, "wallet_not_found"),
    ):
        answer = refusing.post(path, json=BODIES[kind], headers=trader)
        assert refused(answer, status)["code"] == code


@each_kind
def test_a_restricted_client_is_refused_and_recorded(client, app, sql, address, kind):
    other = calling(app, "wallets:sign", name="policed", restricted=True)
    for _ in range(3):
        problem = refused(sign(client, other, kind, reason="try"), 403)
        assert problem["code"] == "policy_refused"
        assert problem["title"] == "No policy allows this signature."
        assert "Assign a policy" in problem["error"]
        assert problem["reason"] == "no_policy"
        assert problem["layer"] is problem["policy"] is problem["rule"] is None
    row = "action, actor, reason"
    assert recorded(sql, row) == [("signing.refused", "client:policed", "try")]


def test_a_client_without_the_scope_is_refused_and_recorded(client, app, sql, address):
    other = calling(app, "keys:read", "wallets:read", name="other")
    assert refused(sign(client, other), 403)["code"] == "insufficient_scope"
    answer = client.post(PREVIEW, json=BODIES["message"], headers=other)
    assert refused(answer, 403)["code"] == "insufficient_scope"
    assert recorded(sql, "action, actor") == [("signing.refused", "client:other")]


def test_a_user_s_own_token_signs_nothing(refusing, trader):
    for headers in (signed_in(), {}):
        assert refused(sign(refusing, headers), 401)["code"] == "unauthenticated"


@each_kind
def test_a_preview_shows_the_effects_of_a_signature(
    named_delegate, client, engine, sql, address, kind
):
    body = BODIES[kind]
    answer = client.post(PREVIEW, json=body, headers=engine)
    assert answer.status_code == 200
    told = answer.get_json()
    assert recorded(sql) == []
    signed = sign(client, engine, kind).get_json()
    assert (told["address"], told["digest"]) == (signed["address"], signed["digest"])
    kinds = {
        "message": ["message"],
        "typed-data": ["allowance"],
        "transaction": ["native_transfer", "network_fee"],
        "authorization": ["delegation"],
    }
    assert [effect["kind"] for effect in told["effects"]] == kinds[kind]


def test_a_restricted_client_may_preview(client, app, sql, address):
    other = calling(app, "wallets:sign", restricted=True)
    assert client.post(PREVIEW, json=BODIES["message"], headers=other).status_code == 200
    assert recorded(sql) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"chainId": 8453},
        {"message": "a", "transaction": {}, "chainId": 1},
        {"transaction": TRANSACTION},
        {"typedData": TYPED_DATA},
        {"authorization": AUTHORIZATION},
        {"message": "a", "reason": "x"},
        {"chainId": 1, "typedData": TYPED_DATA},
    ],
)
def test_a_preview_is_of_exactly_one_request(refusing, trader, body):
    refused(refusing.post(PREVIEW, json=body, headers=trader), 400)


@each_kind
def test_a_key_that_does_not_decrypt_is_an_alarm(
    named_delegate, client, engine, sql, address, kind
):
    plant(sql, "update wallets set encrypted_private_key = repeat('ab', 48)")
    answer = sign(client, engine, kind)
    assert refused(answer, 503)["code"] == "key_unreadable"
    assert "ignature" not in answer.text


def test_nothing_of_payload_or_signature_is_logged(named_delegate, client, engine, address):
    for kind in BODIES:
        told = sign(client, engine, kind, reason="swap 8c1f").get_json()
        for text in (TEXT, "swap 8c1f", told["digest"], told.get("signature", told["digest"])):
            assert text not in LEAKS.logs[0].read_text()
    refused(sign(client, engine, message="hunter2" + "\ud800"), 400)
    assert "hunter2" not in LEAKS.logs[0].read_text()


def test_with_key_reads_disabled_keys_are_refused_and_signing_works(make_app, sql):
    app = make_app(ALLOW_KEY_READ="false")
    engine = calling(app, "keys:read", "wallets:sign", name="engine")
    application(app).wallets.ensure_trading_wallet(FID, access=ACCESS)
    client = app.test_client()
    answer = client.post(f"{TRADING}/key", json={"reason": "old habits"}, headers=engine)
    problem = refused(answer, 403)
    assert problem["code"] == "key_read_disabled"
    assert "rivateKey" not in answer.text
    assert recorded(sql, "action, actor, reason") == [
        ("key.refused", "client:engine", "old habits")
    ]
    assert sign(client, engine).status_code == 200


def test_signatures_count_for_the_client_and_not_for_the_user(named_delegate, make_app):
    app = make_app(RATELIMIT_PER_CLIENT="5 per day", RATELIMIT_WRITES_PER_USER="1 per day")
    engine = calling(app, "wallets:sign", name="engine")
    address = application(app).wallets.ensure_trading_wallet(FID, access=ACCESS).address
    client = app.test_client()
    for kind in BODIES:
        answer = sign(client, engine, kind)
        assert answer.status_code == 200
        assert "writes" not in answer.headers["RateLimit"]
    message = call("personal_sign", "0x01", address)
    assert result_of(send_rpc(client, engine, message))
    assert refused(send_rpc(client, engine, message), 429)["code"] == "too_many_requests"
    assert refused(sign(client, engine), 429)["code"] == "too_many_requests"


def test_a_client_is_counted_from_zero_before_its_first_signature(client, app, address):
    newcomer = calling(app, "wallets:sign", name="newcomer")
    result_of(send_rpc(client, newcomer, call("eth_chainId")))
    text, _ = metrics.render("text/plain")
    lines = set(text.decode().splitlines())
    for method in METHODS:
        labels = f'client="newcomer",method="{method}"'
        assert f"wallet_api_signatures_total{{{labels}}} 0.0" in lines
    for method, reason in product(REFUSED_METHODS, REFUSALS):
        labels = f'client="newcomer",method="{method}",reason="{reason}"'
        assert f"wallet_api_signing_refusals_total{{{labels}}} 0.0" in lines
