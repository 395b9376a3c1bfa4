"""POST /api/wallet/deposit: the transfer that the user's own wallet will sign."""

from uuid import UUID

import pytest
from eth_utils.address import is_checksum_address

from tests.database import rows_of, stored_deposits
from tests.factories import ACCESS, BASE_ACCOUNT, FID, signed_in
from tests.http.problems import refused

PATH = "/api/wallet/deposit"
CHECKSUMMED = "0x78547FC07fDc8AaC05E53B034E510b276A5bA384"
OTHER_ACCOUNT = "0x036cbd53842c5426634e7929541ec2318f3dcf7e"
MAX_UINT256 = 2**256 - 1

NETWORKS = {
    "base-mainnet": ("Base Mainnet", 8453, "0x2105", "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"),
    "base-testnet": (
        "Base Sepolia Testnet",
        84532,
        "0x14a34",
        "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
    ),
}


def deposit(client, **body):
    """Ask for a deposit; a member that is ... is left out."""
    body = {"amount": "20", "baseAddress": BASE_ACCOUNT} | body
    kept = {name: value for name, value in body.items() if value is not ...}
    return client.post(PATH, json=kept, headers=signed_in())


def prepared(client, **body):
    answer = deposit(client, **body)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def decoded(data):
    """Read the call data of an ERC-20 transfer: selector, recipient, units."""
    raw = bytes.fromhex(data.removeprefix("0x"))
    assert len(raw) == 4 + 32 + 32
    assert raw[4:16] == bytes(12)
    return raw[:4].hex(), f"0x{raw[16:36].hex()}", int.from_bytes(raw[36:])


COLUMNS = "fid, id, status, asset, amount, from_address, to_address, chain_id"


@pytest.mark.parametrize("network", NETWORKS)
def test_a_usdc_deposit_in_full(make_app, sql, network):
    name, chain_id, hex_chain_id, usdc = NETWORKS[network]
    answer = deposit(make_app(NETWORK=network).test_client(), asset="USDC", amount="20")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert "Idempotent-Replayed" not in answer.headers
    body = answer.get_json()
    address = body["depositAddress"]
    data = body["transaction"]["data"]
    note = body.pop("note")
    deposit_id = body.pop("depositId")
    assert is_checksum_address(address)
    assert decoded(data) == ("a9059cbb", address.lower(), 20_000_000)
    assert note.isprintable()
    assert note.endswith(".")
    assert body == {
        "success": True,
        "network": {"name": name, "chainId": chain_id},
        "asset": "USDC",
        "amount": "20",
        "depositAddress": address,
        "transaction": {
            "from": BASE_ACCOUNT,
            "to": usdc,
            "value": "0x0",
            "data": data,
            "gas": "0x30d40",
        },
        "paymentUri": f"ethereum:{usdc}@{chain_id}/transfer?address={address}&uint256=20000000",
        "walletSendCalls": {
            "version": "2.0.0",
            "from": BASE_ACCOUNT,
            "chainId": hex_chain_id,
            "atomicRequired": False,
            "calls": [{"to": usdc, "value": "0x0", "data": data}],
        },
    }
    assert stored_deposits(sql, COLUMNS) == [
        (FID, UUID(deposit_id), "prepared", "USDC", 20_000_000, BASE_ACCOUNT, address, chain_id)
    ]


@pytest.mark.parametrize("network", NETWORKS)
def test_an_eth_deposit_in_full(make_app, sql, network):
    name, chain_id, hex_chain_id, _ = NETWORKS[network]
    body = prepared(make_app(NETWORK=network).test_client(), asset="ETH", amount="0.5")
    address = body["depositAddress"]
    assert is_checksum_address(address)
    assert body.pop("note").endswith(".")
    deposit_id = body.pop("depositId")
    assert body == {
        "success": True,
        "network": {"name": name, "chainId": chain_id},
        "asset": "ETH",
        "amount": "0.5",
        "depositAddress": address,
        "transaction": {
            "from": BASE_ACCOUNT,
            "to": address,
            "value": "0x6f05b59d3b20000",
            "data": "0x",
        },
        "paymentUri": f"ethereum:{address}@{chain_id}?value={5 * 10**17}",
        "walletSendCalls": {
            "version": "2.0.0",
            "from": BASE_ACCOUNT,
            "chainId": hex_chain_id,
            "atomicRequired": False,
            "calls": [{"to": address, "value": "0x6f05b59d3b20000", "data": "0x"}],
        },
    }
    assert stored_deposits(sql, COLUMNS) == [
        (FID, UUID(deposit_id), "prepared", "ETH", 5 * 10**17, BASE_ACCOUNT, address, chain_id)
    ]


def test_usdc_is_the_default_asset_and_base_mainnet_the_default_network(client):
    body = prepared(client)
    assert body["asset"] == "USDC"
    assert body["network"] == {"name": "Base Mainnet", "chainId": 8453}


def test_every_deposit_goes_to_the_one_wallet_and_is_recorded_on_its_own(client, sql, opened):
    answers = [prepared(client, asset=asset) for asset in ("USDC", "ETH", "USDC")]
    assert {answer["depositAddress"] for answer in answers} == {opened()[FID]}
    ids = {UUID(answer["depositId"]) for answer in answers}
    assert len(ids) == 3
    assert {row[1] for row in stored_deposits(sql, COLUMNS)} == ids


AMOUNTS = [
    ("USDC", "20", 20_000_000),
    ("USDC", "0.5", 500_000),
    ("USDC", ".5", 500_000),
    ("USDC", "5.", 5_000_000),
    ("USDC", "0.000001", 1),
    ("USDC", "0020.100000", 20_100_000),
    ("USDC", "9007199254.740993", 9_007_199_254_740_993),
    ("USDC", "90071992547409.930001", 90_071_992_547_409_930_001),
    ("USDC", f"{MAX_UINT256 // 10**6}.{MAX_UINT256 % 10**6:06}", MAX_UINT256),
    ("ETH", "1", 10**18),
    ("ETH", ".1", 10**17),
    ("ETH", "0.000000000000000001", 1),
    ("ETH", "1.000000000000000001", 10**18 + 1),
    ("ETH", "123456789.123456789123456789", 123_456_789_123_456_789_123_456_789),
    ("ETH", f"{MAX_UINT256 // 10**18}.{MAX_UINT256 % 10**18:018}", MAX_UINT256),
]


def test_amounts_are_exact_in_every_place_where_they_appear(client, sql):
    for asset, amount, units in AMOUNTS:
        body = prepared(client, asset=asset, amount=amount)
        transaction = body["transaction"]
        assert body["amount"] == amount
        assert body["paymentUri"].endswith(f"={units}")
        if asset == "ETH":
            assert transaction["value"] == hex(units)
        else:
            assert decoded(transaction["data"])[2] == units
        call = body["walletSendCalls"]["calls"][0]
        assert call == {name: transaction[name] for name in ("to", "value", "data")}
        row = sql.execute(
            "select amount::text, asset from deposits where id = %s", [body["depositId"]]
        )
        assert row.fetchone() == (str(units), asset)


NOT_POSITIVE = [..., None, "", "0", "0.0", ".0", "0.", "000", "-1", "-0.5", "-0", "-.5", "-5."]
MALFORMED = [
    *(".", "-", "-.", "--1", "+1", "1e3", "1E3", "0x10", "1,000", "1_000", "1 000", "1.2.3", "1-"),
    *(" 1", "1 ", "1\n", "\t1", "1\x00", "twenty", "NaN", "Infinity", "-inf", "1/2", "$1", "1f"),
    *("\u0663", "\uff11", "\u00b2", "1\u202e", "1\u200b", "\u22121"),
    *(20, 0, -1, 0.5, True, False, [], ["20"], {}, {"amount": "20"}),
    *("0.0000001", "1.0000000", "9" * 73, "1" * 10_000),
]


@pytest.mark.parametrize("amount", NOT_POSITIVE)
def test_an_amount_that_is_missing_zero_or_negative_is_refused(refusing, amount):
    refused(deposit(refusing, amount=amount), 400, "Amount must be greater than zero")


@pytest.mark.parametrize("amount", MALFORMED, ids=lambda amount: ascii(amount)[:20])
def test_a_malformed_amount_is_refused(refusing, amount):
    answer = deposit(refusing, amount=amount)
    refused(answer, 400, "Invalid amount format. Please check your input.")


@pytest.mark.parametrize(
    ("asset", "amount"),
    [
        ("USDC", f"{MAX_UINT256 // 10**6}.{MAX_UINT256 % 10**6 + 1:06}"),
        ("ETH", f"{MAX_UINT256 // 10**18}.{MAX_UINT256 % 10**18 + 1:018}"),
        ("ETH", "0.0000000000000000001"),
        ("ETH", "1.0000000000000000000"),
    ],
)
def test_an_amount_beyond_what_the_asset_can_express_is_refused(refusing, asset, amount):
    answer = deposit(refusing, asset=asset, amount=amount)
    refused(answer, 400, "Invalid amount format. Please check your input.")


@pytest.mark.parametrize(
    "asset",
    [
        *("USDbC", "usdc", "Usdc", "eth", "WETH", "", " USDC", "USDC ", "USDC\x00", "U\u0455DC"),
        *("0xd9aAEc86B65D86f6A7B5B1b0c42FFA531710b6CA", 1, True, [], ["USDC"], {}),
    ],
    ids=ascii,
)
def test_another_asset_is_refused(refusing, asset):
    answer = deposit(refusing, asset=asset)
    refused(answer, 400, "Unsupported asset. Only ETH and USDC are supported.")


def test_an_asset_that_is_null_is_refused(refusing):
    refused(deposit(refusing, asset=None), 400)


@pytest.mark.parametrize("stored", [True, False])
def test_the_sender_is_the_given_address_in_lower_case(client, services, stored):
    if stored:
        services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    for given in (BASE_ACCOUNT, CHECKSUMMED, f"0x{BASE_ACCOUNT[2:].upper()}"):
        body = prepared(client, baseAddress=given)
        assert body["transaction"]["from"] == BASE_ACCOUNT
        assert body["walletSendCalls"]["from"] == BASE_ACCOUNT


@pytest.mark.parametrize("given", [..., None, ""])
def test_without_a_given_address_the_sender_is_the_remembered_one(client, services, sql, given):
    services.wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    assert prepared(client, baseAddress=given)["transaction"]["from"] == BASE_ACCOUNT
    assert [row[5] for row in stored_deposits(sql, COLUMNS)] == [BASE_ACCOUNT]


def test_an_address_stored_with_capitals_is_compared_and_answered_without(client, sql):
    sql.execute(
        "insert into wallets (fid, chain, wallet_type, address)"
        " values (%s, 'base-account', 'base-account', %s)",
        [FID, CHECKSUMMED],
    )
    for given in (BASE_ACCOUNT, CHECKSUMMED, ...):
        assert prepared(client, baseAddress=given)["transaction"]["from"] == BASE_ACCOUNT


def test_a_given_address_that_is_not_the_remembered_one_is_refused(client, services, sql):
    services.wallets.store_base_account_address(FID, OTHER_ACCOUNT, access=ACCESS)
    before = rows_of(sql)
    refused(deposit(client), 400, "Base wallet mismatch. Please reconnect your wallet.")
    assert rows_of(sql) == before


@pytest.mark.parametrize("given", [..., None, ""])
def test_without_any_address_the_deposit_is_refused(refusing, given):
    answer = deposit(refusing, baseAddress=given)
    refused(answer, 400, "Base wallet address required. Please connect your wallet.")


def test_another_users_address_is_not_taken(client, services, sql):
    services.wallets.store_base_account_address(FID + 7, BASE_ACCOUNT, access=ACCESS)
    refused(deposit(client, baseAddress=...), 400)
    assert stored_deposits(sql, COLUMNS) == []


def test_a_refused_deposit_of_a_known_user_is_not_recorded(client, sql):
    prepared(client)
    before = rows_of(sql)
    for wrong in ({"amount": "0"}, {"asset": "DAI"}, {"baseAddress": "0x12"}, {"extra": 1}):
        refused(deposit(client, **wrong), 400)
    assert rows_of(sql) == before
