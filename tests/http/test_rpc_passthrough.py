"""Reads of the chain that are passed on to a node, which may be slow, wrong or hostile."""

import gzip
import json

import pytest

from tests.database import recorded, rows_of
from tests.factories import DEAD_PORT, calling
from tests.http.node import PATH, FakeNode
from tests.http.problems import refused
from tests.http.rpc import CHAIN_ID, RPC, TEXT, call, error_of, result_of, send_rpc
from tests.leaks import LEAKS
from wallet_api.blueprints.application import application
from wallet_api.ethereum.node import MAX_ANSWER_BYTES, MAX_MESSAGE
from wallet_api.services.node_reads import READ_METHODS

LEAKS.secrets.add(PATH)
UNANSWERED = "The node did not answer. Try again."


@pytest.fixture
def app(make_app, node):
    return make_app(RPC_URL_8453=node.url, LOG_LEVEL="DEBUG", WEB_THREADS="4")


@pytest.fixture
def unanswered(ours):
    """Check that a read fails, without anything that the node said."""

    def check(given=None):
        answer = ours(given or call("eth_blockNumber"))
        assert error_of(answer, -32000)["message"] == UNANSWERED
        return answer

    return check


LOGS = {"address": "0x" + "22" * 20, "fromBlock": "0x10", "toBlock": "0x3f7"}


@pytest.mark.parametrize("method", READ_METHODS)
def test_a_read_is_passed_on_and_its_answer_is_returned_as_it_is(ours, node, method, sql):
    before = rows_of(sql)
    params = [LOGS] if method == "eth_getLogs" else [{"to": "0x"}, "latest", [0.5, None, 2**70]]
    for result in ("0x5208", None, [], {"a": [1, 2**64, 0.25, None, "\u00e9"]}):
        node.answers(result=result)
        assert result_of(ours(call(method, *params, id="x"))) == result
        assert node.asked[-1] == {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    assert node.paths[-1] == PATH
    assert {name for name in node.received[-1] if name.lower() == "authorization"} == set()
    assert rows_of(sql) == before


def test_only_reads_reach_the_node(ours, node, address):
    for method in ("eth_sendRawTransaction", "eth_sendTransaction", "debug_traceCall", "eth_sign"):
        ours(call(method, "0x02"))
    for method in ("eth_chainId", "eth_accounts", "net_version"):
        ours(call(method))
    result_of(ours(call("personal_sign", TEXT, address)))
    assert node.asked == []


def test_another_chain_has_no_node(ours, node):
    answer = ours(call("eth_blockNumber"), path=RPC.replace(str(CHAIN_ID), "1"))
    assert "RPC_URL_1." in error_of(answer, -32601)["message"]
    assert node.asked == []


def test_the_error_of_the_node_is_passed_on_with_its_data(ours, node):
    reverted = {"code": 3, "message": "execution reverted", "data": "0x08c379a0"}
    node.answers(error=reverted)
    assert ours(call("eth_call", {}, "latest")).get_json()["error"] == reverted
    node.answers(error={"code": -32005, "message": "x\n\x1b" + "y" * 9999, "more": 1})
    error = error_of(ours(call("eth_blockNumber")), -32005, longest=MAX_MESSAGE)
    assert error["message"] == "x " + "y" * (MAX_MESSAGE - 2)


@pytest.mark.parametrize(
    "data", [{"request_id": "the node's own", "reason": "x"}, {}, [], "", 0, False, ["0x"]]
)
def test_the_data_of_a_node_s_error_is_never_changed(ours, node, data):
    node.answers(error={"code": 3, "message": "execution reverted", "data": data})
    for answer in (ours(call("eth_call")), ours(*[call("eth_call")] * 2)):
        found = answer.get_json()
        for members in found if isinstance(found, list) else [found]:
            assert members["error"]["data"] == data


@pytest.mark.parametrize("result", [None, "0x1", 0, False, {}])
def test_a_result_with_an_error_of_null_is_a_result(ours, node, result):
    """JSON-RPC 1.0 always has both members."""
    node.answers(result=result, error=None)
    assert result_of(ours(call("eth_blockNumber"))) == result


def test_an_error_with_a_result_of_null_is_an_error(ours, node):
    reverted = {"code": 3, "message": "execution reverted", "data": "0x08c379a0"}
    node.answers(result=None, error=reverted)
    assert ours(call("eth_call", {}, "latest")).get_json()["error"] == reverted


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>a secret of the node</html>",
        b"\xff\xfe",
        b"[]",
        b"5",
        b"{}",
        b'{"result": 1, "error": {"code": 1, "message": "a secret of the node"}}',
        b'{"error": "a secret of the node"}',
        b'{"error": null}',
        b'{"result": 0, "error": {"code": 1, "message": "a secret of the node"}}',
        b'{"error": {"code": "1", "message": "a secret of the node"}}',
        b'{"error": {"code": 1e9, "message": "a secret of the node"}}',
        b'{"error": {"code": 99999999999, "message": "a secret of the node"}}',
        b'{"error": {"code": true, "message": "a secret of the node"}}',
        b'{"error": {"code": 1}}',
        b'{"result": NaN}',
        b'{"result": 1e999}',
        b'{"result": ' + b"9" * 9000 + b"}",
        b'{"result": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        *(b'{"result": ' + b"[" * n + b"]" * n + b"}" for n in range(9990, 10_000)),
    ],
)
def test_a_response_that_is_not_json_rpc_is_an_unavailable_node(ours, node, body):
    node.body = body
    # Also in a batch, which nests the result deeper.
    for answer in (ours(call("eth_blockNumber")), ours(*[call("eth_blockNumber")] * 2)):
        assert answer.status_code == 200
        assert "secret" not in answer.text
        found = answer.get_json()
        for members in found if isinstance(found, list) else [found]:
            if len(body) < 19_990 or len(body) > 100_000:
                assert members["error"]["message"] == UNANSWERED


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 400, 401, 429, 500, 503])
def test_any_other_status_is_an_unavailable_node(unanswered, node, status):
    node.status = status
    node.headers = {"Location": "/elsewhere", "Retry-After": "0"}
    node.body = b"" if status == 204 else node.body
    unanswered()
    assert len(node.asked) == 1


def test_a_redirect_is_not_followed(unanswered, node):
    other = FakeNode()
    other.answers(result="0x2")
    node.status, node.headers = 307, {"Location": other.url}
    unanswered()
    assert other.asked == []
    other.stop()


def test_a_proxy_of_the_environment_is_not_used(ours, node, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{DEAD_PORT}")
    assert result_of(ours(call("eth_blockNumber"))) == "0x1"


def test_a_response_has_at_most_one_mebibyte(ours, node):
    frame = len(b'{"jsonrpc": "2.0", "id": 1, "result": ""}')
    node.answers(result="x" * (MAX_ANSWER_BYTES - frame))
    assert len(node.body) == MAX_ANSWER_BYTES
    assert len(result_of(ours(call("eth_blockNumber")))) == MAX_ANSWER_BYTES - frame
    node.answers(result="x" * (MAX_ANSWER_BYTES - frame + 1))
    assert "larger than 1 MiB" in error_of(ours(call("eth_blockNumber")), -32000)["message"]


def test_a_compressed_response_is_not_decompressed(unanswered, node):
    node.headers = {"Content-Encoding": "gzip"}
    node.body = gzip.compress(node.body)
    unanswered()
    assert node.received[-1]["Accept-Encoding"] == "identity"


def test_an_unreachable_node_is_reported_immediately(make_app):
    app = make_app(RPC_URL_8453=f"http://127.0.0.1:{DEAD_PORT}{PATH}")
    answer = send_rpc(app.test_client(), calling(app, "wallets:sign"), call("eth_blockNumber"))
    assert error_of(answer, -32000)["message"] == UNANSWERED


def test_a_connection_is_used_again(ours, node):
    for _ in range(3):
        assert result_of(ours(call("eth_blockNumber"))) == "0x1"
    assert (len(node.asked), node.connections) == (3, 1)


def test_a_connection_that_the_node_has_closed_is_replaced(ours, node):
    node.hangs_up = True
    for number in range(1, 4):
        assert result_of(ours(call("eth_blockNumber"))) == "0x1"
        assert (len(node.asked), node.connections) == (number, number)


def test_an_answer_that_was_read_in_part_does_not_begin_the_next_one(ours, node):
    node.answers(result="x" * 3 * MAX_ANSWER_BYTES)
    error_of(ours(call("eth_blockNumber")), -32000)
    node.answers(result="0x1")
    assert result_of(ours(call("eth_blockNumber"))) == "0x1"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"address": None}, "address"),
        ({"address": []}, "address"),
        ({"toBlock": "0x3f8"}, "1000 blocks"),
        ({"toBlock": "latest"}, "fromBlock"),
        ({"fromBlock": None}, "fromBlock"),
        ({"fromBlock": 5}, "fromBlock"),
        ({"blockHash": "0x" + "ab" * 32, "toBlock": "0xffffff"}, "1000 blocks"),
    ],
)
def test_logs_are_limited_to_small_ranges(ours, node, changes, word):
    wanted = {name: value for name, value in {**LOGS, **changes}.items() if value is not None}
    assert word in error_of(ours(call("eth_getLogs", wanted)), -32602)["message"]
    assert node.asked == []


@pytest.mark.parametrize("params", [[], [LOGS, LOGS], ["latest"], [None]])
def test_logs_need_a_filter(ours, node, params):
    error_of(ours(call("eth_getLogs", *params)), -32602)
    assert node.asked == []


def test_the_logs_of_one_block_may_be_named_by_its_hash(ours, node):
    one = {"address": [LOGS["address"]], "blockHash": "0x" + "ab" * 32}
    assert result_of(ours(call("eth_getLogs", one))) == "0x1"


def test_parameters_that_cannot_be_passed_on_are_refused(client, engine, address, node):
    json_type = engine | {"Content-Type": "application/json"}
    text = json.dumps(call("eth_call", "HERE"))
    for odd in ["1e999", *("[" * n + "]" * n for n in (3000, 7000))]:
        body = text.replace('"HERE"', odd)
        answer = client.post(RPC, data=body, headers=json_type)
        assert answer.status_code == 200
        if odd == "1e999":
            error_of(answer, -32602)
            assert node.asked == []


def test_no_log_line_has_the_url_of_the_node(app, ours, node, unanswered, capfd, caplog):
    assert result_of(ours(call("eth_blockNumber")))
    node.status = 500
    unanswered()
    node.status, node.body = 200, b"<html>"
    unanswered()
    out, err = capfd.readouterr()
    assert PATH not in out + err + caplog.text + str([vars(one) for one in caplog.records])
    assert PATH not in str(vars(application(app).node_reads))


def test_a_read_needs_the_scope(app, client, node):
    refused(send_rpc(client, calling(app, "wallets:read"), call("eth_blockNumber")), 403)
    assert node.asked == []


def test_a_read_writes_nothing(ours, node, sql):
    assert result_of(ours(call("eth_getBalance", "0x" + "22" * 20, "latest")))
    assert recorded(sql) == []
