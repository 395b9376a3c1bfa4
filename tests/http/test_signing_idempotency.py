"""Idempotency-Key on the routes that sign: a repeated request is recorded once."""

import json

import pytest

from tests.database import plant, recorded
from tests.factories import ACCESS, FID, OTHER_SECRET, SECRET, calling
from tests.http.problems import refused
from tests.http.rpc import OTHER, RPC, TEXT, call, error_of, result_of, send_rpc
from tests.http.signatures import BODIES, each_kind, sign
from tests.http.user_wallets import MODES, TRADING
from tests.policies import EVERYTHING, FEES, payments, policies_of, transfer
from tests.races import race
from wallet_api import metrics
from wallet_api.blueprints.application import application
from wallet_api.blueprints.schemas.signing import AUTHORIZATION, TRANSACTION, TYPED_DATA
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.services.encryption_keys.rotation import KeyRotation, RotationOutcome

SIGN = f"{TRADING}/sign"
KEY = {"Idempotency-Key": "first"}
OTHER_KEY = {"Idempotency-Key": "second"}
OTHERS = {
    "message": {"message": "Sign in to example.org"},
    "typed-data": {"typedData": TYPED_DATA | {"message": TYPED_DATA["message"] | {"nonce": 1}}},
    "transaction": {"transaction": TRANSACTION | {"nonce": "0x1"}},
    "authorization": {"authorization": AUTHORIZATION | {"nonce": "0x1"}},
}
METHODS = {
    "personal_sign": [TEXT, OTHER],
    "eth_signTypedData_v4": [OTHER, TYPED_DATA],
    "eth_signTransaction": [TRANSACTION],
}


def is_replay(answer):
    assert answer.status_code == 200, answer.text
    return answer.headers.get("Idempotent-Replayed") == "true"


@pytest.mark.parametrize("mode", MODES)
@each_kind
def test_the_same_key_and_body_give_the_same_bytes_and_one_entry(
    named_delegate, storing, sql, mode, kind
):
    app, engine = storing(mode)
    client = app.test_client()
    client.put(TRADING, headers=engine)
    first = sign(client, engine | KEY, kind)
    assert not is_replay(first)
    before = recorded(sql, "id, mac_bytes")
    assert len(before) == 1
    for more in ({}, {"reason": "the answer was lost"}):
        again = sign(client, engine | KEY, kind, **more)
        assert is_replay(again)
        assert again.get_json() == first.get_json()
    assert recorded(sql, "id, mac_bytes") == before


@each_kind
def test_the_same_key_for_another_signature_is_422_and_signs_nothing(
    named_delegate, client, engine, address, sql, kind
):
    sign(client, engine | KEY, kind)
    before = recorded(sql, "id")
    answer = sign(client, engine | KEY, kind, **OTHERS[kind])
    assert refused(answer, 422)["code"] == "idempotency_key_reused"
    assert "ignature" not in answer.text
    other = next(name for name in BODIES if name != kind)
    assert refused(sign(client, engine | KEY, other), 422)["code"] == "idempotency_key_reused"
    assert recorded(sql, "id") == before
    assert not is_replay(sign(client, engine | {"Idempotency-Key": "second"}, kind))


@pytest.mark.parametrize(
    "members",
    [
        '"chain_id":8453',
        '"chain_id":"8453","digest":"0x"',
        '"chain_id":8453.0,"digest":"0x"',
        '"chain_id":true,"digest":"0x"',
        '"chain_id":[8453],"digest":"0x"',
        '"chain_id":8453,"digest":null',
        '"chain_id":8453,"digest":{}',
        '"chain_id":8453,"digest":"0x","reason":1e999',
        f'"chain_id":{"9" * 5000},"digest":"0x"',
        f'"chain_id":8453,"digest":{"[" * 4000 + "]" * 4000}',
    ],
    ids=lambda members: members[:40],
)
def test_an_entry_that_the_service_did_not_write_is_an_alarm_and_signs_nothing(
    ours, client, engine, address, sql, members
):
    sign(client, engine | KEY)
    forged = f'{{"idempotency_key":"first",{members}}}'
    plant(sql, "update wallet_audit_log set details = %s where action = 'message.signed'", [forged])
    for answer in (sign(client, engine | KEY), ours(call("personal_sign", TEXT, address), **KEY)):
        assert refused(answer, 503)["code"] == "database_damaged"
    assert len(recorded(sql)) == 1
    assert not is_replay(sign(client, engine | OTHER_KEY))


@pytest.mark.parametrize(
    "change",
    [
        """details = '{"idempotency_key":"first","chain_id":null,"digest":"\\ud800"}'""",
        # The service writes only numbers that PostgreSQL reads as bigint.
        f"""details = '{{"idempotency_key":"first","chain_id":{2**70},"digest":"0x"}}'""",
        "action = 'key.read'",
    ],
    ids=["surrogate", "large chain id", "action"],
)
def test_an_entry_of_another_request_is_not_taken_for_its_signature(
    client, engine, address, sql, change
):
    sign(client, engine | KEY)
    plant(sql, f"update wallet_audit_log set {change} where action = 'message.signed'")
    assert refused(sign(client, engine | KEY), 422)["code"] == "idempotency_key_reused"


def test_without_a_key_every_request_has_an_entry(client, engine, address, sql):
    for _ in range(2):
        assert not is_replay(sign(client, engine))
    assert len(recorded(sql)) == 2


def test_keys_belong_to_one_client_and_one_user(client, app, engine, address, sql, services):
    services.wallets.ensure_trading_wallet(FID + 1, access=ACCESS)
    another = calling(app, "wallets:sign", name="another")
    for headers, fid in ((engine, FID), (another, FID), (engine, FID + 1)):
        assert not is_replay(sign(client, headers | KEY, fid=fid))
        assert is_replay(sign(client, headers | KEY, fid=fid))
    entries = {(FID, "client:engine"), (FID, "client:another"), (FID + 1, "client:engine")}
    found = recorded(sql, "fid, actor")
    assert (set(found), len(found)) == (entries, 3)


def test_keys_are_compared_exactly(client, engine, address, sql):
    for key in ("Key", "key", "%", "k" * 255, "'\"\\"):
        assert not is_replay(sign(client, engine | {"Idempotency-Key": key}))
        assert is_replay(sign(client, engine | {"Idempotency-Key": key}))
    assert len(recorded(sql)) == 5


@pytest.mark.parametrize("key", ["", " ", "a b", "k" * 256, "gr\u00fcn", "a\tb"])
def test_a_malformed_key_is_refused_on_both_surfaces(refusing, trader, key):
    headers = trader | {"Idempotency-Key": key}
    for answer in (sign(refusing, headers), send_rpc(refusing, headers, call("eth_chainId"))):
        assert refused(answer, 400)["code"] == "invalid_idempotency_key"


def test_a_policy_is_asked_again_for_a_repeated_request(client, app, address, sql, services):
    other = calling(app, "wallets:sign", name="policed", restricted=True)
    policies = policies_of(services.database)
    policies.put_wallet(EVERYTHING)
    first = sign(client, other | KEY)
    assert is_replay(sign(client, other | KEY))
    policies.put_wallet({"id": "no", "effect": "deny", "kinds": ["message"]}, EVERYTHING)
    assert refused(sign(client, other | KEY), 403)["reason"] == "denied"
    policies.put_wallet(EVERYTHING)
    assert sign(client, other | KEY).get_json() == first.get_json()
    actions = [action for (action,) in recorded(sql)]
    assert actions.count("message.signed") == actions.count("signing.refused") == 1


def test_a_repeated_payment_is_not_counted_twice_in_a_window(client, app, address, services):
    other = calling(app, "wallets:sign", name="policed", restricted=True)
    limit = payments((86_400, 5))
    policies_of(services.database).put_wallet(limit, FEES)
    first = sign(client, other | KEY, "transaction", transaction=transfer(5))
    assert not is_replay(first)
    again = sign(client, other | KEY, "transaction", transaction=transfer(5))
    assert is_replay(again)
    assert again.get_json() == first.get_json()
    refused(sign(client, other, "transaction", transaction=transfer(5)), 403)


def test_a_rotation_of_the_secret_does_not_change_the_signature(
    client, engine, address, make_app, sql
):
    first = sign(client, engine | KEY).get_json()
    rotated = make_app(
        ENCRYPTION_SECRET=OTHER_SECRET, ENCRYPTION_SECRET_PREVIOUS=json.dumps([SECRET])
    )
    assert sign(rotated.test_client(), engine | KEY).get_json() == first
    database = application(rotated).database
    rotation = KeyRotation(
        database, EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET)]), ACCESS
    )
    reports = [report for page in rotation.pages(10) for report in rotation.run(page)]
    assert [report.outcome for report in reports] == [RotationOutcome.REENCRYPTED]
    again = sign(rotated.test_client(), engine | KEY)
    assert is_replay(again)
    assert again.get_json() == first
    assert [action for (action,) in recorded(sql)] == ["message.signed", "key.resealed"]


def test_a_repeated_request_is_counted_as_one_signature(client, engine, ours, address):
    def counted(method):
        return metrics.SIGNATURES.labels(method, "engine")._value.get()

    for method, send in (
        ("sign/message", lambda: sign(client, engine | KEY)),
        ("personal_sign", lambda: ours(call("personal_sign", "0x05", address), **OTHER_KEY)),
    ):
        before = counted(method)
        assert [is_replay(send()) for _ in range(3)] == [False, True, True]
        assert counted(method) - before == 1


def test_the_entry_has_the_key(client, engine, address):
    sign(client, engine | KEY)
    entry, _ = client.get("/v1/audit", headers=engine).get_json()["data"]
    assert entry["details"]["idempotency_key"] == "first"


@pytest.mark.parametrize("method", METHODS)
def test_a_call_is_recorded_once(ours, address, sql, method):
    params = [address if given == OTHER else given for given in METHODS[method]]
    first = ours(call(method, *params), **KEY)
    assert not is_replay(first)
    again = ours(call(method, *params, id=2), **KEY)
    assert is_replay(again)
    assert result_of(again) == result_of(first)
    assert len(recorded(sql)) == 1


def test_another_call_with_the_same_key_is_an_error_of_json_rpc(ours, address, sql):
    result_of(ours(call("personal_sign", TEXT, address), **KEY))
    error = error_of(ours(call("personal_sign", "0xabcd", address), **KEY), -32600)
    assert error["data"]["code"] == "idempotency_key_reused"
    # A message is recorded with the chain of the path.
    other_chain = RPC.replace("8453", "1")
    error_of(ours(call("personal_sign", TEXT, address), path=other_chain, **KEY), -32600)
    assert len(recorded(sql)) == 1


def test_a_wrong_signer_is_refused_for_a_repeated_call_too(ours, address):
    result_of(ours(call("personal_sign", TEXT, address), **KEY))
    error = error_of(ours(call("personal_sign", TEXT, OTHER), **KEY), -32602)
    assert error["data"]["code"] == "not_signable"


def test_in_a_batch_the_key_holds_for_each_call_at_its_place(ours, address, sql):
    calls = [call("personal_sign", text, address, id=text) for text in ("0x01", "0x02")]
    first = ours(*calls, call("eth_chainId"), **KEY)
    assert not is_replay(first)
    again = ours(*calls, call("eth_chainId"), **KEY)
    assert is_replay(again)
    assert again.get_json() == first.get_json()
    assert len(recorded(sql)) == 2
    more = ours(*calls, call("personal_sign", "0x03", address), **KEY)
    assert not is_replay(more)
    assert len(recorded(sql)) == 3
    swapped = ours(*reversed(calls), **KEY).get_json()
    assert [answer["error"]["code"] for answer in swapped] == [-32600] * 2
    assert len(recorded(sql)) == 3
    # A single call is not the first of a batch.
    assert not is_replay(ours(calls[0], **KEY))


def test_a_key_without_a_signature_has_no_effect(ours, sql):
    for _ in range(2):
        assert not is_replay(ours(call("eth_chainId"), **KEY))
    assert recorded(sql) == []


@pytest.mark.parametrize("same", [True, False], ids=["one request", "two requests"])
def test_concurrent_requests_with_a_key_leave_one_entry(app, engine, address, sql, same):
    texts = ["a" if same else "ab"[number % 2] for number in range(12)]
    answers = race(lambda text: sign(app.test_client(), engine | KEY, message=text), texts)
    accepted = [answer for answer in answers if answer.status_code == 200]
    assert len([answer for answer in accepted if not is_replay(answer)]) == 1
    assert len({answer.text for answer in accepted}) == 1
    for answer in answers:
        if answer.status_code != 200:
            assert refused(answer, 422)["code"] == "idempotency_key_reused"
    assert len(accepted) == (12 if same else 6)
    assert len(recorded(sql)) == 1
