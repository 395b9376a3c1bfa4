"""viem, ethers and web3.py against a real service: the examples of docs/signing.md, as printed."""

import json
import os
import re

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from tests.clients.programs import CLIENT, run
from tests.documentation.pages import read, section
from tests.factories import ACCESS, FID
from tests.leaks import LEAKS
from wallet_api.blueprints.schemas.signing import TYPED_DATA

PAGE = read("docs/signing.md")
CHAIN_ID = 8453
TEXT = "Sign in to example.com"
TO = "0x78547fC07Fdc8aac05E53B034e510B276A5Ba384"
COMMON = {"to": "0x" + "22" * 20, "nonce": 7, "value": 1}
FEES = {"maxFeePerGas": 2_000_000_000, "maxPriorityFeePerGas": 1}
LEGACY = {"gasPrice": 2_000_000_000}
# In JavaScript, JSON with numbers is enough for these.
VIEM = [COMMON | {"gas": 21000, "type": "eip1559"} | FEES]
VIEM += [COMMON | {"gas": 21000, "type": "legacy"} | LEGACY]
ETHERS = [COMMON | {"gasLimit": 21000, "type": 2} | FEES]
ETHERS += [COMMON | {"gasLimit": 21000, "type": 0} | LEGACY]
WEB3 = [COMMON | {"gas": 21000, "type": 2} | FEES, COMMON | {"gas": 21000, "type": 0} | LEGACY]
# An install of all packages may take a minute.
pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]


def example(heading, language):
    """Return the first block of a section in a language."""
    (block, *_) = re.findall(
        rf"^```{language}\n(.*?)^```$", section(PAGE, heading), re.DOTALL | re.MULTILINE
    )
    return block


@pytest.fixture
def service(serve, services):
    """Start a service, and return what an example needs: URLs, a token and an address."""
    address = services.wallets.ensure_trading_wallet(FID, access=ACCESS).address
    token = services.clients.create(
        "engine", scopes=["wallets:sign"], unrestricted=True, allowed_networks=[], expires_at=None
    ).reveal()
    LEAKS.secrets.add(token)
    root = f"http://127.0.0.1:{serve(WEB_CONCURRENCY='1').port}"
    url = f"{root}/v1/users/{FID}/rpc/{CHAIN_ID}"
    return {"service": root, "url": url, "token": token, "address": address, "fid": FID}


@pytest.fixture
def node(packages, service):
    """Run an ES module that reads `given`, and return what it prints: node(code, **given)."""

    def run_module(code, **given):
        program = CLIENT / f".try-{os.getpid()}.mjs"
        names = ", ".join([*service, *given])
        first = f"const {{ {names} }} = JSON.parse(process.env.GIVEN);\n"
        program.write_text(first + code)
        try:
            environ = {"PATH": os.environ["PATH"], "GIVEN": json.dumps(service | given)}
            finished = run("node", program, cwd=CLIENT, env=environ)
        finally:
            program.unlink()
        assert finished.returncode == 0, finished.stderr
        return json.loads(finished.stdout)

    return run_module


def signer_of(signature, *, data=None):
    signable = encode_typed_data(full_message=data) if data else encode_defunct(text=TEXT)
    return Account.recover_message(signable, signature=signature)


def all_recover(told, address):
    """Check that each signature is the wallet's."""
    assert signer_of(told["message"]) == address
    assert signer_of(told["permit"], data=TYPED_DATA) == address
    assert Account.recover_transaction(told["raw"]) == address
    return told["raw"]


PRINT = "\nconsole.log(JSON.stringify({ message, permit, raw }));\n"


@pytest.mark.parametrize("transaction", VIEM, ids=["type 2", "type 0"])
def test_viem_signs_with_a_url_and_a_header(node, service, transaction):
    told = node(example("### viem", "js") + PRINT, typedData=TYPED_DATA, transaction=transaction)
    raw = all_recover(told, service["address"])
    assert raw.startswith("0x02") == (transaction["type"] == "eip1559")


@pytest.mark.parametrize("transaction", ETHERS, ids=["type 2", "type 0"])
def test_ethers_signs_with_a_url_and_a_header(node, service, transaction):
    code = example("### ethers", "js") + PRINT + "provider.destroy();\n"
    told = node(code, typedData=TYPED_DATA, transaction=transaction)
    raw = all_recover(told, service["address"])
    assert raw.startswith("0x02") == (transaction["type"] == 2)


@pytest.mark.parametrize("transaction", WEB3, ids=["type 2", "type 0"])
def test_web3_py_signs_with_a_url_and_a_header(service, transaction):
    names = {**service, "typed_data": TYPED_DATA, "transaction": transaction}
    exec(example("### web3.py", "python"), names)  # noqa: S102
    raw = all_recover(names, service["address"])
    assert raw.hex().startswith("02") == (transaction["type"] == 2)


ACCOUNT = """
import { toAccount } from "./account.js";
const account = toAccount({ service, token, fid, chainId: 8453, address });
const message = await account.signMessage({ message: "Sign in to example.com" });
const raw = await account.signTransaction(transaction);
const permit = await account.signTypedData(typedData);
const bytes = await account.signMessage({ message: { raw: "0xabcd" } });
const array = await account.signMessage({ message: { raw: new Uint8Array([0xab, 0xcd]) } });
const wrong = await account.signTransaction({ ...transaction, chainId: 1 }).catch((e) => e.details);
console.log(JSON.stringify({ message, permit, raw, bytes, array, wrong }));
"""


@pytest.mark.parametrize("transaction", VIEM, ids=["type 2", "type 0"])
def test_an_account_of_viem_signs_typed_data_with_its_domain(
    compiled, service, transaction, tmp_path
):
    program = compiled / f"try-{os.getpid()}.mjs"
    given = service | {"typedData": TYPED_DATA, "transaction": transaction}
    program.write_text(f"const {{ {', '.join(given)} }} = JSON.parse(process.env.GIVEN);{ACCOUNT}")
    environ = {"PATH": os.environ["PATH"], "GIVEN": json.dumps(given)}
    finished = run("node", program, cwd=compiled, env=environ)
    assert finished.returncode == 0, finished.stderr
    told = json.loads(finished.stdout)
    all_recover(told, service["address"])
    assert told["bytes"] == told["array"]
    signable = encode_defunct(b"\xab\xcd")
    assert Account.recover_message(signable, signature=told["bytes"]) == service["address"]
    assert told["wrong"].startswith("chainId")


def test_the_example_of_permit2_is_signed(node, service):
    setup = example("### viem", "js").partition("const message =")[0]
    told = node(f"{setup}\n{example('### Permit2', 'js')}\nconsole.log(JSON.stringify(signature));")
    assert len(told) == 132
