"""viem, ethers and web3.py over HTTP: the examples of docs/signing.md, as printed."""

import json
import os
import re

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from tests.clients.programs import CLIENT, run
from tests.documentation.pages import read, section
from tests.factories import ACCESS, FID, new_client
from tests.policies import name_delegate
from wallet_api.blueprints.schemas.signing import TYPED_DATA

PAGE = read("docs/signing.md")
CHAIN_ID = 8453
TEXT = "Sign in to example.com"
TO = "0x78547fc07fdc8aac05e53b034e510b276a5ba384"
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
def service(url, services):
    """Return what an example needs: URLs of the service, a token and an address."""
    address = services.wallets.ensure_trading_wallet(FID, access=ACCESS).address
    token = new_client(services.api_clients, "wallets:sign").reveal()
    rpc = f"{url}/v1/users/{FID}/rpc/{CHAIN_ID}"
    return {"service": url, "url": rpc, "token": token, "address": address, "fid": FID}


def run_module(folder, code, given):
    """Run an ES module in a folder, with `given` as its constants, and return what it prints."""
    program = folder / f".try-{os.getpid()}.mjs"
    program.write_text(f"const {{ {', '.join(given)} }} = JSON.parse(process.env.GIVEN);\n{code}")
    try:
        environ = {"PATH": os.environ["PATH"], "GIVEN": json.dumps(given)}
        finished = run("node", program, cwd=folder, env=environ)
    finally:
        program.unlink()
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


@pytest.fixture
def node(packages, service):
    """Run a module next to the packages: node(code, **given)."""
    return lambda code, **given: run_module(CLIENT, code, service | given)


@pytest.fixture
def beside_account(compiled, service):
    """Run a module next to account.js, compiled from account.ts: beside_account(code, **given)."""
    return lambda code, **given: run_module(compiled, code, service | given)


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
def test_an_account_of_viem_signs_typed_data_with_its_domain(beside_account, service, transaction):
    told = beside_account(ACCOUNT, typedData=TYPED_DATA, transaction=transaction)
    all_recover(told, service["address"])
    assert told["bytes"] == told["array"]
    signable = encode_defunct(b"\xab\xcd")
    assert Account.recover_message(signable, signature=told["bytes"]) == service["address"]
    assert told["wrong"].startswith("chainId")


def test_the_example_of_permit2_is_signed(node, service):
    setup = example("### viem", "js").partition("const message =")[0]
    told = node(f"{setup}\n{example('### Permit2', 'js')}\nconsole.log(JSON.stringify(signature));")
    assert len(told) == 132


AUTHORIZED = """
import { recoverAuthorizationAddress, verifyAuthorization } from "viem/utils";
const authority = await recoverAuthorizationAddress({ authorization });
const isOurs = await verifyAuthorization({ address, authorization });
const raw = await account.signTransaction({ ...transaction, authorizationList: [authorization] });
const everywhere = { contractAddress, chainId: 0, nonce: 0 };
const refused = await account.signAuthorization(everywhere).catch((error) => error);
globalThis.fetch = async () => new Response("<p>Bad gateway", { status: 502 });
const proxy = await account.signAuthorization(everywhere).catch((error) => error);
const told = ({ name, message, code, status }) => ({ name, message, code, status });
console.log(JSON.stringify({ authority, isOurs, raw, refused: told(refused), proxy: told(proxy) }));
"""


def test_an_account_of_viem_authorizes_a_delegate(beside_account, service, sql):
    name_delegate(sql, TO)
    transaction = COMMON | FEES | {"gas": 100_000, "type": "eip7702"}
    told = beside_account(
        # The last block of the section that is JavaScript.
        example("### EIP-7702", "js") + AUTHORIZED,
        contractAddress=TO,
        node="http://127.0.0.1:9",
        transaction=transaction,
    )
    assert told["authority"] == service["address"]
    assert told["isOurs"] is True
    assert told["raw"].startswith("0x04")
    assert (told["refused"]["name"], told["refused"]["status"]) == ("Refusal", 400)
    assert told["refused"]["message"].startswith("chainId")
    assert told["proxy"] == {
        "name": "Refusal",
        "message": "Something went wrong. Please try again.",
        "code": "unknown",
        "status": 502,
    }
    actions = sql.execute("select action from wallet_audit_log order by id").fetchall()
    assert [action for (action,) in actions][1:] == ["authorization.signed", "transaction.signed"]


PAID = "\nconsole.log(JSON.stringify(payment));\n"
REQUIRED = {
    "x402Version": 2,
    "resource": {"url": "https://api.example.com/quote", "mimeType": "application/json"},
    "accepts": [
        {
            "scheme": "exact",
            "network": "eip155:8453",
            "amount": "10000",
            "asset": TYPED_DATA["domain"]["verifyingContract"],
            "payTo": TO,
            "maxTimeoutSeconds": 60,
            "extra": {"name": "USD Coin", "version": "2"},
        }
    ],
}


def test_a_payment_of_x402_is_signed_and_recorded_as_a_transfer(beside_account, service, sql):
    payment = beside_account(example("### x402", "js") + PAID, paymentRequired=REQUIRED)
    authorization = payment["payload"]["authorization"]
    members = {"from": "address", "to": "address", "value": "uint256"}
    members |= {"validAfter": "uint256", "validBefore": "uint256", "nonce": "bytes32"}
    data = {
        "types": {
            "TransferWithAuthorization": [
                {"name": name, "type": kind} for name, kind in members.items()
            ]
        },
        "primaryType": "TransferWithAuthorization",
        "domain": TYPED_DATA["domain"],
        "message": authorization
        | {name: int(authorization[name]) for name in ("value", "validAfter", "validBefore")},
    }
    assert signer_of(payment["payload"]["signature"], data=data) == service["address"]
    ((effects,),) = sql.execute(
        "select details -> 'effects' from wallet_audit_log where action = 'typed_data.signed'"
    ).fetchall()
    (effect,) = effects
    assert effect["kind"] == "token_transfer"
    assert (effect["sender"], effect["to"], effect["amount"]) == (
        service["address"].lower(),
        TO.lower(),
        "10000",
    )


def test_a_payment_of_x402_on_another_chain_is_refused(beside_account):
    # USDC on Base Sepolia: the library pays in assets that it knows only.
    other = {"network": "eip155:84532", "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e"}
    other |= {"extra": {"name": "USDC", "version": "2"}}
    elsewhere = {**REQUIRED, "accepts": [REQUIRED["accepts"][0] | other]}
    code = example("### x402", "js").replace("= await client", "= client")
    code += "console.log(JSON.stringify(await payment.catch((error) => error.message)));"
    told = beside_account(code, paymentRequired=elsewhere)
    assert "domain.chainId" in told
