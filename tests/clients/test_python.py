"""The Python client: built, installed elsewhere, and run against a real service over HTTP."""

import re
import subprocess
import sys
import tomllib
import typing
import zipfile
from uuid import uuid4

import httpx
import pytest
import wallet_api_client
from eth_account import Account
from eth_account.messages import encode_defunct
from wallet_api_client import Refusal, ServiceApi, UserApi, to_transaction, verify_deposit
from wallet_api_client import types as answers

from tests.clients.deposits import changed
from tests.empty_environments import assert_complete, empty_environment, install
from tests.factories import BASE_ACCOUNT, DEAD_PORT, FID, token_of
from tests.running_service import ROOT, served
from wallet_api import __version__

CLIENT = ROOT / "clients" / "python"
STRANGER = "0x24e08CE165170235Ff6E27529b73f9933bCD74E2"


def prepare(user, amount="20", **options):
    key = options.pop("idempotency_key", str(uuid4()))
    return user.prepare_deposit(amount, base_address=BASE_ACCOUNT, idempotency_key=key, **options)


def test_a_deposit_is_prepared_once_for_one_key_and_listed(user, engine):
    first = prepare(user, idempotency_key="one")
    assert prepare(user, idempotency_key="one") == first
    second = prepare(user, "0.5", asset="ETH")
    assert second["depositAddress"] == first["depositAddress"]
    ids = [deposit["id"] for deposit in user.deposits()]
    assert ids == [second["depositId"], first["depositId"]]
    assert [deposit["id"] for deposit in engine.deposits(FID)] == ids
    for api in (user, engine):
        found = api.deposit(first["depositId"])
        assert (found["id"], found["amount"]) == (first["depositId"], "20")
        with pytest.raises(Refusal) as refusal:
            api.deposit(str(uuid4()))
        assert refusal.value.code == "deposit_not_found"


def test_all_pages_of_deposits_are_read(user, monkeypatch):
    ids = [prepare(user)["depositId"] for _ in range(3)]
    get = user._http.get
    monkeypatch.setattr(
        user._http, "get", lambda path, params: get(path, params=params | {"limit": "1"})
    )
    assert [deposit["id"] for deposit in user.deposits()] == ids[::-1]


@pytest.mark.parametrize("network", ["base-mainnet", "base-testnet"])
def test_what_the_service_prepares_is_verified_and_has_integers(network, make_app):
    with served(make_app(NETWORK=network)) as url, UserApi(url, token_of()) as user:
        usdc, ether = prepare(user, "20.5"), prepare(user, "0.000000000000000001", asset="ETH")
    chain_id = usdc["network"]["chainId"]
    verify_deposit(usdc, amount="20.5", base_address=BASE_ACCOUNT, chain_id=chain_id)
    verify_deposit(ether, amount="0.000000000000000001", asset="ETH")
    transfer = to_transaction(usdc)
    assert (transfer["chainId"], transfer["value"], transfer["gas"]) == (chain_id, 0, 200000)
    assert to_transaction(ether)["value"] == 1
    # eth-account takes it as it is.
    account = Account.create()
    rest = {"nonce": 0, "maxFeePerGas": 2_000_000_000, "maxPriorityFeePerGas": 1}
    account.sign_transaction({**transfer, **rest, "from": account.address})


WRONG = {
    "asset": "ETH",
    "amount": "21",
    "depositAddress": STRANGER,
    "network.chainId": 84532,
    "paymentUri": f"ethereum:{STRANGER}@8453?value=1",
    "transaction.from": STRANGER,
    "transaction.to": STRANGER,
    "transaction.value": "0x1",
    "transaction.data": "0x",
    "walletSendCalls.from": STRANGER,
    "walletSendCalls.chainId": "0x1",
    "walletSendCalls.calls": [],
    "walletSendCalls.calls.0.to": STRANGER,
    "walletSendCalls.calls.0.value": "0x1",
    "walletSendCalls.calls.0.data": "0x",
}


def test_a_deposit_that_is_not_what_was_requested_is_refused(user):
    deposit = prepare(user)
    for path, value in WRONG.items():
        with pytest.raises(ValueError, match=r"prepared deposit is wrong|is not known here"):
            verify_deposit(changed(deposit, path, value), amount="20", base_address=BASE_ACCOUNT)
    for asked in (
        {"amount": "20.0000001"},
        {"amount": "2e1"},
        {"amount": ""},
        {"amount": "20", "asset": "ETH"},
        {"amount": "20", "base_address": STRANGER},
        {"amount": "20", "chain_id": 84532},
    ):
        with pytest.raises(ValueError, match="The prepared deposit is wrong"):
            verify_deposit(deposit, **asked)


def test_too_many_decimals_are_not_read_as_a_larger_amount(user):
    with pytest.raises(ValueError, match="another amount"):
        verify_deposit(prepare(user, "200"), amount="20.0000000")


def test_an_error_response_raises_a_refusal_with_a_sentence(user, connect, url):
    with pytest.raises(Refusal, match="Amount must be greater than zero") as refusal:
        prepare(user, "0")
    assert (refusal.value.code, refusal.value.status) == ("amount_not_positive", 400)
    assert refusal.value.problem["request_id"] == refusal.value.request_id
    assert refusal.value.retry_after is None
    with pytest.raises(Refusal) as refusal:
        connect("wallets:read").ensure_wallet(FID)
    assert refusal.value.code == "insufficient_scope"
    with UserApi(url, "no token") as stranger, pytest.raises(Refusal) as refusal:
        next(stranger.deposits())
    assert (refusal.value.code, refusal.value.status) == ("unauthenticated", 401)


def test_a_refusal_says_when_to_retry_and_survives_a_page_of_a_proxy():
    answer = httpx.Response(503, headers={"Retry-After": "2"}, json={"error": "Wait.", "code": "x"})
    assert (str(Refusal(answer)), Refusal(answer).retry_after) == ("Wait.", 2)
    page = Refusal(httpx.Response(502, text="<h1>Bad gateway</h1>"))
    assert (page.code, page.status, page.retry_after) == ("unknown", 502, None)


def test_a_service_that_is_not_there_raises_httpx_error():
    with (
        ServiceApi(f"http://127.0.0.1:{DEAD_PORT}", "token") as api,
        pytest.raises(httpx.TransportError),
    ):
        api.wallet(FID)


def test_the_types_of_responses_equal_the_openapi_document(described, make_app):
    schemas = make_app().test_client().get("/openapi.json").get_json()["components"]["schemas"]
    for ours, name in (
        (answers.Deposit, "DepositAnswer"),
        (answers.RecordedDeposit, "RecordedDeposit"),
        (answers.Wallet, "ServiceWallet"),
        (answers.Network, "NetworkAnswer"),
        (answers.Explorer, "ExplorerLinks"),
    ):
        assert ours.__required_keys__ == set(schemas[name]["properties"]), name
        assert set(schemas[name]["required"]) == ours.__required_keys__, name
    properties = schemas["DepositAnswer"]["properties"]
    for ours, name in (
        (answers.Transaction, "transaction"),
        (answers.SendCalls, "walletSendCalls"),
    ):
        keys = ours.__required_keys__ | ours.__optional_keys__
        assert keys == set(properties[name]["properties"]), name
        assert ours.__required_keys__ == set(properties[name]["required"]), name
    call = properties["walletSendCalls"]["properties"]["calls"]["items"]
    assert answers.Call.__required_keys__ == set(call["properties"])
    assert set(typing.get_args(answers.Asset)) == set(properties["asset"]["enum"])


def test_the_readme_has_every_name_and_its_examples_run(engine, url, connect):
    text = (CLIENT / "README.md").read_text()
    cells = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| ")]
    named = set(re.findall(r"`(\w+)", "".join(cells)))
    assert named == set(wallet_api_client.__all__)
    token = connect("wallets:write", "wallets:sign", name="readme")._http.headers["Authorization"]
    given = {"token": token.removeprefix("Bearer "), "session_token": token_of()}
    examples = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert len(examples) == 2
    for example in examples:
        exec(example.replace("https://wallets.example.com", url), given)  # noqa: S102
    message = encode_defunct(text="Sign in to example.com")
    signer = Account.recover_message(message, signature=given["signed"].signature)
    assert signer == given["deposit"]["depositAddress"] == engine.wallet(FID)["address"]


@pytest.mark.slow
def test_the_package_is_built_and_imported_in_an_empty_environment(tmp_path):
    project = tomllib.loads((CLIENT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--quiet"]
    # setuptools writes beside what it builds.
    source = tmp_path / "source"
    subprocess.run(["cp", "-r", CLIENT, source], check=True)
    subprocess.run([*build, "--wheel-dir", tmp_path, source], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (packed,) = (name for name in archive.namelist() if name.endswith("/LICENSE"))
        assert archive.read(packed) == (ROOT / "LICENSE").read_bytes()
        names = {name for name in archive.namelist() if ".dist-info" not in name}
    modules = {f"wallet_api_client/{path.name}" for path in CLIENT.glob("wallet_api_client/*.py")}
    assert names == modules | {"wallet_api_client/py.typed"}
    programs = empty_environment(tmp_path / "venv")
    # With the newest versions of what it requires.
    install(programs, wheel)
    assert_complete(programs)
    program = "import wallet_api_client as client; print(client.__file__, client.UserApi('', ''))"
    shown = subprocess.run(
        [programs / "python", "-I", "-c", program], check=True, capture_output=True, text=True
    ).stdout
    assert shown.startswith(str(programs.parent))
