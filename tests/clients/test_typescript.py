"""The client of the documentation: generated, type-checked, and run against a real service."""

import json
import os
import re

import psycopg
import pytest

from tests.clients.programs import CLIENT, run
from tests.database import open_every_wallet
from tests.factories import BASE_ACCOUNT, FID, JWT_SECRET, SECRET
from tests.leaks import LEAKS
from tests.licenses import PERMISSIVE
from tests.running_service import ROOT, start_service
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret

LOCK = json.loads((CLIENT / "package-lock.json").read_text())
# An install of all packages may take a minute.
pytestmark = pytest.mark.timeout(300)


# The compiler, npm and Node are processes of seconds.
slow = pytest.mark.slow


@pytest.fixture(scope="module")
def said(compiled, clone, farcaster_service, tmp_path_factory):
    """Run smoke.ts against a service, and return its output, with the address in the table."""
    log = tmp_path_factory.mktemp("service") / "gunicorn.log"
    LEAKS.logs.append(log)
    with clone("typescript") as url, psycopg.connect(url, autocommit=True) as sql:
        environ = {"DATABASE_URL": url, "ENCRYPTION_SECRET": SECRET, "JWT_SECRET": JWT_SECRET}
        one = {"WEB_CONCURRENCY": "1", **farcaster_service.settings()}
        service = start_service(environ | one, log)
        asked = {
            "PATH": os.environ["PATH"],
            "SERVICE": f"http://127.0.0.1:{service.port}",
            "QUICK_AUTH_TOKEN": farcaster_service.token(),
        }
        smoke = run("node", "smoke.js", cwd=compiled, env=asked)
        service.stop()
        assert smoke.returncode == 0, smoke.stderr
        told = json.loads(smoke.stdout)
        LEAKS.secrets.add(told["token"])
        return told | {"stored": open_every_wallet(sql, EncryptionService(Secret(SECRET)))}


@slow
def test_the_types_are_generated_from_the_openapi_document(
    packages, described, make_app, tmp_path, request
):
    document = tmp_path / "openapi.json"
    document.write_bytes(make_app().test_client().get("/openapi.json").data)
    written = CLIENT / "schema.d.ts"
    write = request.config.getoption("--write")
    generated = written if write else tmp_path / "schema.d.ts"
    node = run("node", "generate.mjs", document, generated, cwd=CLIENT)
    assert node.returncode == 0, node.stderr
    assert generated.read_text() == written.read_text(), "run `make client`"


@slow
def test_the_client_deposits_and_receives_errors(said):
    first, ether = said["first"], said["ether"]
    names = ("first", "again", "ether", "byHand", "given")
    addresses = {said[name]["depositAddress"] for name in names}
    assert addresses == {said["stored"][FID]}
    assert said["fid"] == FID
    # One token serves all requests of the client.
    assert said["signIns"] == 1
    assert said["again"] == first
    assert said["byHand"]["depositId"] != first["depositId"]
    assert first["transaction"]["from"] == BASE_ACCOUNT
    assert ether["transaction"]["value"] == hex(5 * 10**17)
    prepared = [said[name] for name in ("byHand", "given", "ether", "first")]
    assert [one["id"] for one in said["listed"]] == [one["depositId"] for one in prepared]
    assert said["found"] == said["listed"][0]
    assert {wallet["walletType"] for wallet in said["wallets"]} == {"trading"}
    assert said["qr"].startswith("data:image/svg+xml,%3Csvg")
    for name, status, code, sentence in (
        ("nothing", 400, "amount_not_positive", "Amount must be greater than zero"),
        ("malformed", 400, "invalid_amount", "Invalid amount format. Please check your input."),
        ("reused", 422, "idempotency_key_reused", None),
        ("unknown", 404, "deposit_not_found", "There is no such deposit."),
        ("badToken", 401, "unauthenticated", None),
        ("stranger", 401, "unauthenticated", None),
    ):
        refusal = said[name]
        assert (refusal["status"], refusal["code"]) == (status, code)
        assert refusal["error"] == refusal["said"] == (sentence or refusal["error"])
        assert re.fullmatch("[0-9a-f]{32}", refusal["requestId"])
        assert refusal["retryAfter"] is None


@slow
def test_wallets_receive_exactly_the_calls_that_the_service_prepared(said):
    asked = said["asked"]
    first, ether = said["first"], said["ether"]
    batch = {"method": "wallet_sendCalls", "params": [first["walletSendCalls"]]}
    status = {"method": "wallet_getCallsStatus", "params": ["batch"]}
    assert asked["batching"] == [batch, status]
    assert said["failed"] is False

    methods = [call["method"] for call in asked["old"]]
    assert methods[0] == "wallet_sendCalls"
    assert methods[-1] == "eth_sendTransaction"
    assert {"wallet_switchEthereumChain", "eth_chainId"} <= set(methods)
    assert asked["old"][-1]["params"] == [first["transaction"]]
    assert asked["sendsEther"][-1] == {
        "method": "eth_sendTransaction",
        "params": [ether["transaction"]],
    }
    assert said["hash"] == "0x" + "ab" * 32


@slow
def test_nothing_is_sent_twice_or_on_another_chain(said):
    asked = said["asked"]
    # A wallet that refuses or breaks is asked once: it may have sent.
    assert [call["method"] for call in asked["declines"]] == ["wallet_sendCalls"]
    assert [call["method"] for call in asked["breaks"]] == ["wallet_sendCalls"]
    assert "eth_sendTransaction" not in [call["method"] for call in asked["elsewhere"]]
    assert "does not match" in said["wrongChain"]


WRONG = "The prepared deposit is wrong: it %s. Nothing was sent."
DECLINED = "You declined the request in your wallet."
POOR = "Your wallet does not have enough for this transfer and its network fee."
ELSEWHERE = "The chain 1 is not known here."
NOT_CONNECTED = "That did not work. Please check your connection and try again."
SENTENCES = {
    "unchanged": None,
    "otherAddress": WRONG % "calls another address",
    "noNumber": WRONG % "cannot be read",
    "noAddress": WRONG % "cannot be read",
    "missing": WRONG % "cannot be read",
    "otherChain": ELSEWHERE,
    "unknownChain": ELSEWHERE,
    "reverted": "The transfer failed.",
    "declined": DECLINED,
    "declinedToConnect": DECLINED,
    "declinedTransaction": DECLINED,
    "chainNotAdded": "Your wallet does not know this network. Please add it there.",
    "poor": POOR,
    "poorBatch": POOR,
    "withoutUsdc": POOR,
    "ofWagmi": "Connector not connected.",
    "offline": NOT_CONNECTED,
    "nothing": NOT_CONNECTED,
}


@slow
def test_a_user_is_told_what_happened_and_not_to_check_the_connection(said):
    assert said["sentences"] == SENTENCES


def test_the_pages_of_the_documentation_show_these_files():
    pages = [(ROOT / "docs" / name).read_text() for name in ("frontend.md", "signing.md")]
    block = re.compile(r"^```tsx?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    shown = [text for page in pages for text in block.findall(page)]
    ours = {path.name: path.read_text() for path in CLIENT.glob("*.ts*") if ".d." not in path.name}
    del ours["smoke.ts"], ours["index.ts"]
    for block in shown:
        (name,) = (name for name, text in ours.items() if block in text)
        ours[name] = ours[name].replace(block, "", 1)
    assert {name: text.strip() for name, text in ours.items()} == dict.fromkeys(ours, "")


def test_every_package_is_pinned_with_its_hash_and_free_for_this_use():
    wanted = json.loads((CLIENT / "package.json").read_text())["devDependencies"]
    for name, version in wanted.items():
        assert re.fullmatch(r"(?:npm:\w+@)?\d+\.\d+\.\d+|file:no-solana", version), name
    # TypeScript, argparse and type-fest say it in their own way.
    free = PERMISSIVE | {"ISC", "Python-2.0", "(MIT OR CC0-1.0)"}
    for place, package in LOCK["packages"].items():
        if package.get("link"):
            continue
        assert package["license"] in free, place
        if place not in ("", "no-solana"):
            # Without an address it comes from the registry that npm is set to, with this hash.
            home = "https://registry.npmjs.org/"
            assert package.get("resolved", home).startswith(home), place
            assert package["integrity"].startswith("sha512-"), place
