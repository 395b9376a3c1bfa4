"""The npm package of the TypeScript client: packed, installed elsewhere, and run."""

import json
import os
import re
import tarfile

import pytest

from tests.clients.deposits import changed
from tests.clients.programs import CLIENT, run
from tests.factories import BASE_ACCOUNT, FID
from tests.running_service import ROOT
from wallet_api import __version__

# An install of all packages may take a minute. The compiler, npm and Node are processes of seconds.
pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]
MANIFEST = json.loads((CLIENT / "package.json").read_text())
STRANGER = "0x24e08CE165170235Ff6E27529b73f9933bCD74E2"
USDC = {"asset": "USDC", "amount": "20.5", "baseAddress": BASE_ACCOUNT}
ETH = {"asset": "ETH", "amount": "0.000000000000000001", "baseAddress": BASE_ACCOUNT}
PROGRAM = """
import * as client from "wallet-api-client";

const cases = JSON.parse(process.env.CASES);
const results = cases.map(([deposit, asked]) => {
  try {
    client.verifyDeposit(deposit, asked);
    return null;
  } catch (error) {
    return error.message;
  }
});
const transfers = cases.map(([deposit]) => client.toViem(deposit));
const asText = (_, value) => typeof value === "bigint" ? `${value}n` : value;
const address = "0x24e08CE165170235Ff6E27529b73f9933bCD74E2";
const wallet = { service: "http://127.0.0.1:1", token: "", fid: 1, chainId: 8453, address };
const account = client.toAccount(wallet);
console.log(JSON.stringify({ results, transfers, account, names: Object.keys(client) }, asText));
"""
TYPED = """
import {
  type Deposit, type DepositBody, type RecordedDeposit, type Transfer,
  deposits, prepareDeposit, toAccount, toViem, verifyDeposit, walletApi,
} from "wallet-api-client";
import { createWalletClient, http, type LocalAccount } from "viem";
import { base } from "viem/chains";

const body: DepositBody = { asset: "USDC", amount: "20" };
const api = walletApi("http://127.0.0.1:1", async () => "");
const deposit: Deposit = await prepareDeposit(api, body, "key");
verifyDeposit(deposit, { ...body, chainId: 8453 });
const recorded: RecordedDeposit[] = [];
for await (const one of deposits(api)) recorded.push(one);
const { value }: Transfer = toViem(deposit);
const wei: bigint = value;
const address = deposit.depositAddress;
const account: LocalAccount = toAccount({ service: "", token: "", fid: 1, chainId: 8453, address });
const wallet = createWalletClient({ account, chain: base, transport: http() });
export const sent = () => wallet.sendTransaction({ ...toViem(deposit), value: wei, account });
// @ts-expect-error: an amount is a string.
verifyDeposit(deposit, { amount: 20 });
"""


@pytest.fixture(scope="module")
def installed(packages, tmp_path_factory):
    """Pack the client, unpack it as npm does, and return the folder of a page that uses it."""
    folder = tmp_path_factory.mktemp("page")
    built = run("node", "package.mjs", cwd=CLIENT)
    assert built.returncode == 0, built.stdout + built.stderr
    packed = run("npm", "pack", "--ignore-scripts", "--pack-destination", folder, cwd=CLIENT)
    assert packed.returncode == 0, packed.stderr
    modules = folder / "node_modules"
    with tarfile.open(folder / f"wallet-api-client-{__version__}.tgz") as archive:
        archive.extractall(folder, filter="data")
    modules.mkdir()
    (folder / "package").rename(modules / "wallet-api-client")
    # Only what the package says that it needs.
    for name in (*MANIFEST["dependencies"], *MANIFEST["peerDependencies"]):
        (modules / name).symlink_to(CLIENT / "node_modules" / name)
    (folder / "package.json").write_text('{"type": "module"}')
    return folder


@pytest.fixture
def prepare(make_app, bearer):
    """Return what the service answers to a request for a deposit."""

    def deposit(body, **changes):
        client = make_app(**changes).test_client()
        response = client.post("/api/wallet/deposit", json=body, headers=bearer(FID))
        assert response.status_code == 200, response.text
        return response.json

    return deposit


@pytest.fixture
def told(installed):
    def ask(cases):
        (installed / "program.js").write_text(PROGRAM)
        environ = {"PATH": os.environ["PATH"], "CASES": json.dumps(cases)}
        done = run("node", "program.js", cwd=installed, env=environ)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return ask


def test_the_package_has_the_version_of_the_service_and_no_other_files(installed):
    assert MANIFEST["version"] == __version__
    packed = installed / "node_modules" / "wallet-api-client"
    files = [str(path.relative_to(packed)) for path in packed.rglob("*") if path.is_file()]
    assert all(
        re.fullmatch(r"README\.md|LICENSE|package\.json|dist/\w+(\.d)?\.[jt]s", name)
        for name in files
    )
    assert (packed / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
    assert not {"dist/smoke.js", "dist/page.js", "dist/wagmi.js"} & set(files)


def test_what_the_service_prepares_is_verified_and_has_numbers(told, prepare):
    cases = [
        (prepare(body, NETWORK=network), body)
        for network in ("base-mainnet", "base-testnet")
        for body in (USDC, ETH, {"amount": "7", "baseAddress": BASE_ACCOUNT})
    ]
    answer = told(cases)
    assert answer["results"] == [None] * 6
    usdc, ether = answer["transfers"][:2]
    deposit = cases[0][0]
    assert usdc == {
        "account": BASE_ACCOUNT,
        "chainId": 8453,
        "to": deposit["transaction"]["to"],
        "data": deposit["transaction"]["data"],
        "value": "0n",
        "gas": "200000n",
    }
    assert (ether["value"], ether["data"], "gas" in ether) == ("1n", "0x", False)
    assert (answer["account"]["address"], answer["account"]["type"]) == (STRANGER, "local")
    table = (CLIENT / "README.md").read_text()
    assert all(f"`{name}" in table for name in answer["names"])


def test_a_deposit_that_is_not_what_was_asked_for_is_refused(told, prepare):
    usdc, ether = prepare(USDC), prepare(ETH)
    address, data = usdc["depositAddress"], usdc["transaction"]["data"]
    other = data.replace(address[2:].lower(), STRANGER[2:].lower())
    more = data[:-1] + ("0" if data[-1] != "0" else "1")
    call = "walletSendCalls.calls.0"
    wrong = [
        (changed(usdc, "network.chainId", 1), USDC, "chain 1 is not known"),
        (changed(usdc, "network.chainId", 84532), USDC, "batch is for another chain"),
        (usdc, {**USDC, "chainId": 84532}, "another chain"),
        (usdc, {**USDC, "asset": "ETH"}, "another asset"),
        (ether, {**ETH, "asset": "USDC"}, "another asset"),
        (changed(usdc, "depositAddress", address.lower()), USDC, "checksum"),
        (changed(usdc, "depositAddress", STRANGER), USDC, "another transfer"),
        (changed(ether, "depositAddress", STRANGER), ETH, "another address"),
        (usdc, {**USDC, "amount": "20.6"}, "another amount"),
        (usdc, {**USDC, "amount": "20.5000001"}, "another amount"),
        (changed(usdc, "amount", "2050"), USDC, "another amount"),
        (changed(usdc, "transaction.to", STRANGER), USDC, "another address"),
        (changed(usdc, "transaction.value", "0x1"), USDC, "another value"),
        (changed(ether, "transaction.value", "0x2"), ETH, "another value"),
        (changed(usdc, "transaction.data", other), USDC, "another transfer"),
        (changed(usdc, "transaction.data", more), USDC, "another transfer"),
        (changed(usdc, "transaction.data", data + "00"), USDC, "another transfer"),
        (changed(ether, "transaction.data", "0x00"), ETH, "another transfer"),
        (changed(usdc, "transaction.from", STRANGER.lower()), USDC, "another sender"),
        (changed(usdc, "walletSendCalls.from", STRANGER.lower()), USDC, "another sender"),
        (usdc, {**USDC, "baseAddress": STRANGER}, "another sender"),
        (changed(usdc, "walletSendCalls.chainId", "0x1"), USDC, "batch is for another chain"),
        (changed(usdc, "walletSendCalls.calls", []), USDC, "other calls"),
        (changed(usdc, f"{call}.to", STRANGER), USDC, "another address"),
        (changed(usdc, f"{call}.value", "0x1"), USDC, "another value"),
        (changed(usdc, f"{call}.data", other), USDC, "another transfer"),
        (changed(usdc, "paymentUri", usdc["paymentUri"] + "0"), USDC, "another payment"),
        (changed(ether, "paymentUri", ether["paymentUri"] + "0"), ETH, "another payment"),
    ]
    for (*case, words), said in zip(
        wrong, told([case[:2] for case in wrong])["results"], strict=True
    ):
        assert words in str(said), (case, said)


@pytest.mark.parametrize("compiler", ["typescript", "typescript-7"])
@pytest.mark.parametrize("options", [["--module", "nodenext"], ["--moduleResolution", "bundler"]])
def test_its_types_are_read_by_the_compilers_of_today(installed, compiler, options):
    (installed / "typed.ts").write_text(TYPED)
    tsc = CLIENT / "node_modules" / compiler / "bin" / "tsc"
    strict = ("--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2022")
    rest = ("--module", "esnext") if "bundler" in options else ()
    done = run("node", tsc, *strict, *options, *rest, "--skipLibCheck", "typed.ts", cwd=installed)
    assert done.returncode == 0, done.stdout
