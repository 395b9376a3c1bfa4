"""Nodes that are slow on purpose, and those that send anything but HTTP."""

import socket
import threading
import time

import pytest

from tests.commands import wait_until
from tests.factories import calling
from tests.http.node import PATH, DrippingServer, FakeNode
from tests.http.rpc import CHAIN_ID, RPC, TEXT, call, error_of, result_of, send_rpc
from wallet_api.ethereum.node import UNANSWERED
from wallet_api.services import node_reads


@pytest.fixture
def app(make_app, node):
    return make_app(RPC_URL_8453=node.url, WEB_THREADS="4")


def is_unanswered(answer):
    assert error_of(answer, -32000)["message"] == UNANSWERED.message


def test_a_node_that_accepts_no_connection_is_tried_once(make_app, monkeypatch):
    monkeypatch.setattr(node_reads, "SECONDS", 1)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(8)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        app = make_app(RPC_URL_8453=f"http://127.0.0.1:{port}{PATH}")
        began = time.monotonic()
        answer = send_rpc(app.test_client(), calling(app, "wallets:sign"), call("eth_blockNumber"))
        assert time.monotonic() - began < 3
        for one in waiting:
            one.close()
    is_unanswered(answer)


@pytest.mark.parametrize(("pause", "drip"), [(8, 0), (0, 0.05)])
def test_a_slow_node_takes_a_bounded_time(ours, node, monkeypatch, pause, drip):
    monkeypatch.setattr(node_reads, "SECONDS", 0.5)
    node.pause, node.drip = pause, drip
    node.answers(result="x" * 200)
    began = time.monotonic()
    is_unanswered(ours(call("eth_blockNumber")))
    assert 0.4 < time.monotonic() - began < 1.5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheme", "begin"),
    [
        ("http", b""),
        ("http", b"HTTP/1.1 "),
        ("http", b"HTTP/1.1 200 OK\r\nX: "),
        ("http", b"HTTP/1.1 100 Continue\r\n\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\n\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n"),
        # The head of a record of TLS, of 16,383 bytes.
        ("https", b"\x16\x03\x03\x3f\xff"),
    ],
)
def test_no_byte_of_a_node_extends_the_time(make_app, monkeypatch, scheme, begin):
    monkeypatch.setattr(node_reads, "SECONDS", 0.5)
    server = DrippingServer(begin)
    app = make_app(RPC_URL_8453=f"{scheme}://127.0.0.1:{server.port}{PATH}")
    engine, client = calling(app, "wallets:sign"), app.test_client()
    began = time.monotonic()
    answer = send_rpc(client, engine, call("eth_blockNumber"))
    is_unanswered(answer)
    assert 0.4 < time.monotonic() - began < 1.5
    assert server.accepted == 1
    # The thread has ended, too.
    wait_until(lambda: server.open == 0)
    server.stop()


def test_a_resolver_that_does_not_answer_takes_a_bounded_time(make_app, monkeypatch):
    monkeypatch.setattr(node_reads, "SECONDS", 0.5)
    app = make_app(RPC_URL_8453="https://node.example/")
    engine, client = calling(app, "wallets:sign"), app.test_client()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: time.sleep(3))
    began = time.monotonic()
    answer = send_rpc(client, engine, call("eth_blockNumber"))
    is_unanswered(answer)
    assert time.monotonic() - began < 1.5


@pytest.mark.slow
@pytest.mark.parametrize(
    "head",
    [
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 2e2 OK\r\n\r\n",
        b"HTTP/1.1 999999 OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9e9\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\0" * 70_000,
        b"\xff\r\n\r\n",
    ],
)
def test_a_response_that_is_not_http_is_an_unavailable_node(make_app, monkeypatch, head):
    monkeypatch.setattr(node_reads, "SECONDS", 0.5)
    server = DrippingServer(head)
    app = make_app(RPC_URL_8453=f"http://127.0.0.1:{server.port}{PATH}")
    answer = send_rpc(app.test_client(), calling(app, "wallets:sign"), call("eth_blockNumber"))
    is_unanswered(answer)
    wait_until(lambda: server.open == 0)
    server.stop()


@pytest.mark.parametrize(
    "begin",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
    ],
)
def test_an_endless_answer_is_not_read_to_its_end(make_app, begin):
    server = DrippingServer(begin, piece=b"a: b\r\n" * 10_000, pause=0)
    app = make_app(RPC_URL_8453=f"http://127.0.0.1:{server.port}{PATH}")
    answer = send_rpc(app.test_client(), calling(app, "wallets:sign"), call("eth_blockNumber"))
    error_of(answer, -32000)
    wait_until(lambda: server.open == 0)
    # What the kernel buffers is sent, too.
    assert server.sent < 16 * 1024 * 1024
    server.stop()


def test_the_reads_of_a_batch_share_their_time(ours, node, monkeypatch):
    monkeypatch.setattr(node_reads, "SECONDS", 1)
    node.pause = 0.4
    began = time.monotonic()
    answers = ours(*[call("eth_blockNumber")] * 20).get_json()
    assert time.monotonic() - began < 5
    assert [answers[0].get("result"), answers[-1].get("result")] == ["0x1", None]


def test_half_of_the_threads_wait_for_a_node_and_the_others_sign(app, engine, address, node):
    node.may_answer.clear()
    found = []

    def read():
        found.append(send_rpc(app.test_client(), engine, call("eth_blockNumber")).get_json())

    crowd = [threading.Thread(target=read) for _ in range(4)]
    for thread in crowd:
        thread.start()
    wait_until(lambda: (len(node.asked), len(found)) == (2, 2))
    client = app.test_client()
    assert error_of(send_rpc(client, engine, call("eth_blockNumber")), -32005)
    assert result_of(send_rpc(client, engine, call("personal_sign", TEXT, address)))
    node.may_answer.set()
    for thread in crowd:
        thread.join()
    codes = sorted(members.get("error", {}).get("code", 0) for members in found)
    assert codes == [-32005, -32005, 0, 0]


def test_one_node_that_does_not_answer_leaves_threads_for_the_others(make_app, node):
    silent = FakeNode()
    silent.may_answer.clear()
    app = make_app(RPC_URL_1=silent.url, RPC_URL_8453=node.url, WEB_THREADS="8")
    engine = calling(app, "wallets:sign")
    path = RPC.replace(str(CHAIN_ID), "1")
    found = []

    def read():
        answer = send_rpc(app.test_client(), engine, call("eth_blockNumber"), path=path)
        found.append(answer.get_json().get("error", {}).get("code"))

    crowd = [threading.Thread(target=read) for _ in range(8)]
    for thread in crowd:
        thread.start()
    # Of eight threads, four may wait for nodes, and two of these for one node.
    wait_until(lambda: (len(silent.asked), len(found)) == (2, 6))
    assert found == [-32005] * 6
    for _ in range(3):
        assert result_of(send_rpc(app.test_client(), engine, call("eth_blockNumber"))) == "0x1"
    silent.may_answer.set()
    for thread in crowd:
        thread.join()
    silent.stop()


def test_with_many_nodes_two_reads_of_one_chain_wait_at_once(make_app):
    nodes = [FakeNode() for _ in range(5)]
    urls = {f"RPC_URL_{chain}": one.url for chain, one in enumerate(nodes, start=1)}
    app = make_app(**urls, WEB_THREADS="8")
    engine = calling(app, "wallets:sign")
    found = []

    def read():
        path = RPC.replace(str(CHAIN_ID), "1")
        answer = send_rpc(app.test_client(), engine, call("eth_blockNumber"), path=path)
        found.append(answer.get_json())

    nodes[0].answers(result="0x1")
    nodes[0].may_answer.clear()
    readers = [threading.Thread(target=read) for _ in range(2)]
    for thread in readers:
        thread.start()
    wait_until(lambda: len(nodes[0].asked) == 2)
    nodes[0].may_answer.set()
    for thread in readers:
        thread.join()
    assert [answer.get("result") for answer in found] == ["0x1", "0x1"], found
    for one in nodes:
        one.stop()


def test_two_of_three_nodes_that_do_not_answer_leave_a_thread_for_the_third(make_app, node):
    silent = [FakeNode(), FakeNode()]
    urls = {f"RPC_URL_{chain}": one.url for chain, one in enumerate(silent, start=1)}
    app = make_app(**urls, RPC_URL_8453=node.url, WEB_THREADS="8")
    engine = calling(app, "wallets:sign")
    found = []

    def read(chain):
        path = RPC.replace(str(CHAIN_ID), str(chain))
        answer = send_rpc(app.test_client(), engine, call("eth_blockNumber"), path=path)
        found.append(answer.get_json().get("error", {}).get("code"))

    for one in silent:
        one.may_answer.clear()
    crowd = [threading.Thread(target=read, args=(chain,)) for chain in (1, 2) * 8]
    for thread in crowd:
        thread.start()
    # Of the four threads that may wait for nodes, one is left for the third.
    wait_until(lambda: len(found) == 13)
    assert found == [-32005] * 13
    assert sorted(len(one.asked) for one in silent) == [1, 2]
    for _ in range(3):
        assert result_of(send_rpc(app.test_client(), engine, call("eth_blockNumber"))) == "0x1"
    for one in silent:
        one.may_answer.set()
    for thread in crowd:
        thread.join()
    for one in silent:
        one.stop()
    # All threads are free again.
    for chain in (1, 2, 1, 2):
        read(chain)
    assert found[-4:] != [-32005] * 4
