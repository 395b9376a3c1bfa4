"""The envelope of JSON-RPC: ids, batches, notifications, limits, faults, and malformed bodies."""

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct

from tests.database import recorded
from tests.factories import ACCESS, FID, calling, revoke_client
from tests.http.problems import refused
from tests.http.rpc import RPC, TEXT, call, error_of, is_error, result_of, send_rpc
from wallet_api.blueprints import signing
from wallet_api.blueprints.application import application
from wallet_api.blueprints.json_rpc import CODE_OF, MAX_BATCH
from wallet_api.blueprints.schemas.signing import TYPED_DATA
from wallet_api.errors import DatabaseUnavailable
from wallet_api.services.signing.service import SigningService


@pytest.mark.parametrize("call_id", [0, -7, 2**64, "", "a", "\ud800", "x" * 500, None])
def test_the_id_comes_back_as_it_was_given(ours, call_id):
    answer = ours(call("eth_chainId", id=call_id)).get_json()
    assert (answer["id"], answer["result"]) == (call_id, "0x2105")
    answer = ours(call("nothing", id=call_id)).get_json()
    assert (answer["id"], answer["error"]["code"]) == (call_id, -32601)


@pytest.mark.parametrize("call_id", [1.0, 1.5, True, [], {}])
def test_an_id_of_another_kind_is_refused(ours, call_id):
    answer = ours(call("eth_chainId", id=call_id))
    error_of(answer, -32600)
    assert answer.get_json()["id"] is None


@pytest.mark.parametrize(
    "given",
    [
        5,
        "eth_chainId",
        {},
        {"method": "eth_chainId", "id": 1},
        {**call("eth_chainId"), "jsonrpc": 2.0},
        {**call("eth_chainId"), "jsonrpc": "1.0"},
        {**call("eth_chainId"), "method": 5},
        {**call("eth_chainId"), "mnemonic": "abandon"},
        {**call("eth_chainId"), "result": "0x1"},
    ],
)
def test_what_is_not_a_request_is_invalid(ours, given):
    error_of(ours(given), -32600)
    is_single, is_error_of = ours(call("eth_chainId"), given).get_json()
    assert is_single["result"] == "0x2105"
    assert is_error_of["error"]["code"] == -32600


def test_a_batch_is_answered_in_order_and_each_signature_is_recorded(ours, address, sql):
    answer = ours(
        call("personal_sign", TEXT, address, id="a"),
        call("nothing", id="b"),
        call("eth_signTypedData_v4", address, TYPED_DATA, id="c"),
        call("eth_chainId", id="b"),
    )
    members = answer.get_json()
    assert [member["id"] for member in members] == ["a", "b", "c", "b"]
    assert [("result" in member) for member in members] == [True, False, True, True]
    is_error(members[1], -32601, answer.headers["X-Request-Id"])
    assert [action for (action,) in recorded(sql)] == [
        "message.signed",
        "typed_data.signed",
    ]


def test_a_batch_of_one_is_answered_by_an_array(client, engine, address):
    answer = client.post(RPC, json=[call("eth_chainId")], headers=engine)
    assert [member["result"] for member in answer.get_json()] == ["0x2105"]


@pytest.mark.parametrize("count", [0, MAX_BATCH + 1])
def test_a_batch_has_one_to_twenty_requests(client, engine, address, count, sql):
    batch = [call("personal_sign", TEXT, address)] * count
    error_of(client.post(RPC, json=batch, headers=engine), -32600)
    assert recorded(sql) == []


def notification(method, *params):
    return {name: value for name, value in call(method, *params).items() if name != "id"}


def test_a_notification_is_not_answered_and_signs_nothing(ours, address, sql):
    signs = notification("personal_sign", TEXT, address)
    for given in ([signs], [signs, signs]):
        answer = ours(*given)
        assert (answer.status_code, answer.data) == (204, b"")
        assert "Content-Type" not in answer.headers
    (only,) = ours(signs, call("eth_chainId"), notification("nothing")).get_json()
    assert only["result"] == "0x2105"
    assert recorded(sql) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"\xff", -32700),
        ('{"id": 1}'.encode("utf-16"), -32700),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "id": 2}', -32700),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "x", "params": [{"a": 1, "a": 1}]}', -32700),
        (b'{"jsonrpc": "2.0", "id": NaN, "method": "eth_chainId"}', -32700),
        (b"[" * 15000, -32700),
        (b'{"jsonrpc": "2.0", "id": ' + b"9" * 5000 + b', "method": "eth_chainId"}', -32700),
        (b"5", -32600),
        (b"null", -32600),
    ],
)
def test_ambiguous_json_is_a_parse_error(client, engine, address, body, code):
    json_type = {"Content-Type": "application/json"}
    answer = client.post(RPC, data=body, headers=engine | json_type)
    error_of(answer, code)
    assert answer.get_json()["id"] is None


def test_every_member_of_a_batch_counts_before_any_is_signed(make_app, sql):
    app = make_app(RATELIMIT_PER_CLIENT="5 per day", RATELIMIT_WRITES_PER_USER="1 per day")
    address = application(app).wallets.ensure_trading_wallet(FID, access=ACCESS).address
    client, engine = app.test_client(), calling(app, "wallets:sign", name="engine")
    signs = call("personal_sign", TEXT, address)
    answer = send_rpc(client, engine, signs, signs, call("eth_chainId"))
    assert [("result" in member) for member in answer.get_json()] == [True] * 3
    assert '"client";r=2' in answer.headers["RateLimit"]
    # The limit of writes is for users. A client may sign for one of them all the time.
    assert "writes" not in answer.headers["RateLimit"]
    assert answer.headers["RateLimit"].count('"client"') == 1
    answer = send_rpc(client, engine, signs, signs, signs)
    assert refused(answer, 429)["code"] == "too_many_requests"
    assert len(recorded(sql)) == 2
    # The refused batch counted as one call.
    assert result_of(send_rpc(client, engine, signs))
    refused(send_rpc(client, engine, signs), 429)


@pytest.fixture
def failing(monkeypatch):
    """Let signatures fail after some: failing(2)."""
    sign = SigningService.sign_message

    def fail_after(count):
        left = iter(range(count))

        def some(*given, **named):
            if next(left, None) is None:
                raise DatabaseUnavailable("a test")
            return sign(*given, **named)

        monkeypatch.setattr(SigningService, "sign_message", some)

    return fail_after


def test_a_fault_before_anything_is_signed_is_a_503_that_can_be_repeated(
    ours, address, sql, failing
):
    failing(0)
    signs = call("personal_sign", TEXT, address)
    for given in ([signs], [call("eth_chainId"), signs, signs]):
        answer = ours(*given)
        assert refused(answer, 503)["code"] == "database_unavailable"
        assert answer.headers["Retry-After"] == "5"
    assert recorded(sql) == []


def test_a_fault_after_a_signature_leaves_it_in_the_answer(ours, address, sql, failing):
    failing(1)
    signs = call("personal_sign", TEXT, address)
    answer = ours(signs, {**signs, "id": 2}, {**call("eth_chainId"), "id": 3})
    first, second, third = answer.get_json()
    assert Account.recover_message(encode_defunct(hexstr=TEXT), signature=first["result"])
    error = is_error(second, -32002, answer.headers["X-Request-Id"])
    assert error["data"]["code"] == "database_unavailable"
    assert third["result"] == "0x2105"
    assert len(recorded(sql)) == 1


@pytest.fixture
def revoked_after(app, address, monkeypatch):
    """Revoke the client before one of its signatures: revoked_after(1)."""
    sign = SigningService.sign_message

    def revoke(count):
        asked = iter(range(count))

        def some(*given, **named):
            if next(asked, None) is None:
                monkeypatch.setattr(SigningService, "sign_message", sign)
                revoke_client(application(app).api_clients)
            return sign(*given, **named)

        monkeypatch.setattr(SigningService, "sign_message", some)

    return revoke


def test_a_client_that_is_revoked_before_anything_is_signed_gets_401(
    ours, address, sql, revoked_after
):
    revoked_after(0)
    answer = ours(call("eth_chainId"), *[call("personal_sign", TEXT, address)] * 2)
    assert refused(answer, 401)["code"] == "unauthenticated"
    assert recorded(sql) == []


def test_a_client_that_is_revoked_during_a_batch_gets_what_was_signed(
    ours, address, sql, revoked_after
):
    """The log records those signatures, and without them its entries would have no use."""
    revoked_after(1)
    signs = call("personal_sign", TEXT, address)
    answer = ours(signs, {**signs, "id": 2}, call("eth_accounts", id=3), {**signs, "id": 4})
    first, *others = answer.get_json()
    assert Account.recover_message(encode_defunct(hexstr=TEXT), signature=first["result"])
    assert [member["id"] for member in others] == [2, 3, 4]
    for member in others:
        error = is_error(member, 4100, answer.headers["X-Request-Id"])
        assert error["data"]["code"] == "unauthenticated"
    assert len(recorded(sql)) == 1
    assert refused(ours(signs), 401)["code"] == "unauthenticated"


def test_every_error_of_a_signature_has_a_code():
    """One without a code would end a batch, and lose what was signed before it."""
    missing = [error.code for error in signing._REFUSALS if not issubclass(error, tuple(CODE_OF))]
    assert missing == []
