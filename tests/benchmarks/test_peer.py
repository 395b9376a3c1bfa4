"""The benchmark beside the Node services: what it measures, and what its report says."""

import json
import re
import subprocess
import sys
import urllib.request

import pytest

from benchmarks import peer_bench, peer_report, peers
from benchmarks.bench import scratch
from benchmarks.http_bench import DEPOSIT, environ_under_load
from benchmarks.http_load import running
from benchmarks.processes import CpuTime, memory_bytes
from benchmarks.stores import Rows
from benchmarks.wallet_store import SECRET
from tests.running_service import ROOT
from wallet_api.auth.user_tokens import UserTokens
from wallet_api.config import read_token_settings

PEER = ROOT / "benchmarks" / "peer"
NPM = "https://registry.npmjs.org/"
BUSY_CHILD = """
import sys, time
while time.process_time() < 0.3: pass
print("ready", flush=True)
sys.stdin.readline()
while time.process_time() < 0.6: pass
print("done", flush=True)
sys.stdin.readline()
"""
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY_CHILD!r}])"


def results(*, cpu_ms=1.0, per_second=1000.0):
    def server(cpu, rate):
        cell = {"cpu_ms": cpu, "per_second": rate, "p99_ms": 20.0, "failed": 0}
        return {kind: dict(cell) for kind in peer_report.KINDS}

    costs = {"round_trips": 1, "statements": 1, "commits": 0}
    return {
        "about": {
            "measured_at": "2026-11-30T00:00:00+00:00",
            "commit": "0123456",
            "python": "3.13.0",
            "cores": 2,
            "postgres": {"server_version": "18.6"},
            "connections": 16,
            "generator": "wrk",
            "plan": {"rounds": 5},
            "load_average": {"before": (0.5, 0.5, 0.5)},
        },
        "servers": {
            "service": server(cpu_ms, per_second),
            "fastify": server(2.0, 500.0),
            "next": server(3.0, 400.0),
        },
        "crowds": {
            name: {"p99_ms": 2000.0, "failed": 0} for name in ("service", "fastify", "next")
        },
        "memory": {"service": 10**8, "fastify": 2 * 10**8, "next": 3 * 10**8},
        "route_costs": {kind: dict(costs) for kind in peer_report.KINDS},
        "audit_entry_bytes": 390.0,
    }


def test_the_cpu_of_a_child_counts_and_waiting_does_not():
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", PARENT], **pipes) as process:
        assert process.stdout.readline() == b"ready\n"
        assert memory_bytes(process.pid) > 5_000_000
        cpu = CpuTime(process.pid)
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"done\n"
        used = cpu.seconds()
        process.stdin.write(b"\n")
    assert process.returncode == 0
    assert 0.2 < used < 0.5


def test_a_service_that_reaches_every_target_is_reported():
    assert all(ratio.met for ratio in peer_report.targets(results()).values())


@pytest.mark.parametrize(
    ("slower", "missed"),
    [
        ({"cpu_ms": 1.21}, {"first deposit: CPU against Fastify"}),
        ({"per_second": 740.0}, {"first deposit: requests/s against Fastify"}),
        (
            {"cpu_ms": 2.1},
            {f"{kind}: CPU against Fastify" for kind in ("read", "key", "first deposit")},
        ),
    ],
)
def test_a_target_that_is_missed_is_named(slower, missed):
    found = peer_report.targets(results(**slower))
    assert {name for name, ratio in found.items() if not ratio.met} == missed


def test_the_tables_replace_only_those_of_the_run_before(tmp_path, monkeypatch):
    page, drawn = tmp_path / "README.md", tmp_path / "plot.svg"
    monkeypatch.setattr(peer_report, "_PAGE", page)
    monkeypatch.setattr(peer_report, "_PLOT", drawn)
    page.write_text("before\n\n<!-- make bench-peer -->\nold\n<!-- end -->\n\nafter\n")
    peer_report.write(results())
    peer_report.write(results())
    text = page.read_text()
    assert text.startswith("before\n\n<!-- make bench-peer -->\n")
    assert text.endswith("<!-- end -->\n\nafter\n")
    assert "old" not in text
    assert "1000/s, 1.00 ms | 500/s, 2.00 ms | 400/s, 3.00 ms |" in text
    assert drawn.read_text().count("<rect") == 18


def test_the_page_has_a_place_for_the_tables():
    page = (ROOT / "benchmarks" / "README.md").read_text()
    assert re.search(r"<!-- make bench-peer -->.*<!-- end -->", page, re.DOTALL)


def test_without_node_nothing_is_measured_and_a_warning_is_printed(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(sys, "argv", ["peer_bench"])
    peer_bench.main()
    assert capsys.readouterr().out.startswith("NOTHING WAS MEASURED: there is no Node with npm.")


def test_a_request_that_failed_is_named():
    found = results()
    assert peer_bench.failures(found) == []
    found["servers"]["next"]["read"]["failed"] = 3
    found["crowds"]["service"]["failed"] = 1
    assert peer_bench.failures(found) == ["next: read: 3 failed", "service: crowd: 1 failed"]


def test_every_package_of_the_node_services_is_pinned_with_its_hash():
    wanted = json.loads((PEER / "package.json").read_text())["dependencies"]
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
    packages = json.loads((PEER / "package-lock.json").read_text())["packages"]
    assert packages.pop("")["dependencies"] == wanted
    for place, package in packages.items():
        # Without an address it comes from the registry that npm is set to, with this hash.
        assert package.get("resolved", NPM).startswith(NPM), place
        assert package["integrity"].startswith("sha512-"), place


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_node_services_return_the_same_responses(tmp_path):
    if reason := peers.missing():
        pytest.skip(f"THE NODE SERVICES WERE NOT TRIED: {reason}.")
    peers.build()
    with scratch() as (_, postgres):
        rows = Rows(postgres, 20)
        environ = environ_under_load(rows, 1, 2)
        tokens = read_token_settings(environ)
        found = {}
        with running(environ, "wsgi:app") as server:
            found["service"] = answers(server.port, tokens)
        for name in (peers.FASTIFY, peers.NEXT):
            url = peers.fill(postgres, name, rows, SECRET)
            node = peers.environ_of(url, SECRET, tokens, processes=1, connections=2)
            with peers.serving(name, node) as server:
                found[name] = answers(server.port, tokens)
        rows.close()
    assert found["fastify"] == found["service"]
    assert found["next"] == found["service"]


def answers(port, tokens):
    """Return what a service answers to the measured requests, without what is new each time."""
    token = UserTokens(tokens).issue(7).reveal()

    def ask(path, body=None, token=token):
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}",
            data=json.dumps(body).encode() if body else None,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code

    wallets = ask("/api/wallet/user-wallets")
    key = ask("/api/wallet/primary-with-key")
    newcomer = UserTokens(tokens).issue(10**9 + port).reveal()
    first = ask("/api/wallet/deposit", DEPOSIT, newcomer)
    assert (
        ask("/api/wallet/deposit", DEPOSIT, newcomer)["depositAddress"] == first["depositAddress"]
    )
    known = ask("/api/wallet/deposit", {"asset": "ETH", "amount": "0.5"})
    for added in ("depositId", "paymentUri", "walletSendCalls"):
        known.pop(added, None)
    return {
        "wallets": [
            {name: value for name, value in wallet.items() if not name.endswith("At")}
            for wallet in wallets["wallets"]
        ],
        "key": {name: value for name, value in key["wallet"].items() if name != "createdAt"},
        "deposit": known,
        "wrong": [
            ask("/api/wallet/user-wallets", token="x.y.z"),
            ask("/api/wallet/primary-with-key", token=UserTokens(tokens).issue(99).reveal()),
            ask("/api/wallet/deposit", DEPOSIT),
            ask("/api/wallet/deposit", DEPOSIT | {"amount": "0"}, newcomer),
            ask("/api/wallet/deposit", DEPOSIT | {"asset": "DAI"}, newcomer),
        ],
    }
