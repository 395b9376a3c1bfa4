"""The transaction that a user signs, in the three forms in which wallets take it."""

from urllib.parse import parse_qs, urlsplit

import pytest
from eth_abi import decode
from eth_utils import function_signature_to_4byte_selector, is_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from wallet_api.ethereum.amounts import MAX_UINT256
from wallet_api.ethereum.networks import NETWORKS, Network
from wallet_api.ethereum.transfers import Transfer

MAINNET, TESTNET = NETWORKS["base-mainnet"], NETWORKS["base-testnet"]
networks = pytest.mark.parametrize("network", [MAINNET, TESTNET], ids=lambda network: network.name)
assets = pytest.mark.parametrize("asset", ["USDC", "ETH"])
USER = "0x78547fC07fDC8aaC05E53B034e510B276A5bA384"
WALLET = "0x6485BbeDC60dc050b7a5400F454610BEdead8292"
USDBC = "d9aaec86b65d86f6a7b5b1b0c42ffa531710b6ca"
CALLDATA = (
    "0xa9059cbb"
    "0000000000000000000000006485bbedc60dc050b7a5400f454610bedead8292"
    "0000000000000000000000000000000000000000000000000000000001312d00"
)


def transfer_of(asset="USDC", units=20_000_000, network=MAINNET) -> Transfer:
    return Transfer(network=network, asset=asset, units=units, from_address=USER, to_address=WALLET)


@pytest.mark.parametrize(
    ("name", "said", "chain_id", "usdc", "explorer"),
    [
        (
            "base-mainnet",
            "Base Mainnet",
            8453,
            "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
            "https://basescan.org",
        ),
        (
            "base-testnet",
            "Base Sepolia Testnet",
            84532,
            "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
            "https://sepolia.basescan.org",
        ),
    ],
)
def test_a_network_is_as_the_contract_says(name, said, chain_id, usdc, explorer):
    known = Network(name=said, chain_id=chain_id, usdc=usdc, explorer=explorer)
    assert NETWORKS[name] == known


def test_there_are_two_networks():
    assert set(NETWORKS) == {"base-mainnet", "base-testnet"}


@networks
def test_a_usdc_transaction_is_as_the_contract_says(network):
    assert transfer_of(network=network).transaction() == {
        "from": USER.lower(),
        "to": network.usdc,
        "value": "0x0",
        "data": CALLDATA,
        "gas": "0x30d40",
    }


@networks
def test_an_eth_transaction_is_as_the_contract_says(network):
    assert transfer_of("ETH", 5 * 10**17, network).transaction() == {
        "from": USER.lower(),
        "to": WALLET,
        "value": "0x6f05b59d3b20000",
        "data": "0x",
    }


@settings(deadline=None)
@given(recipient=st.binary(min_size=20, max_size=20), units=st.integers(1, MAX_UINT256))
def test_the_calldata_decodes_to_recipient_and_amount(recipient, units):
    prepared = Transfer(
        network=MAINNET,
        asset="USDC",
        units=units,
        from_address=USER,
        to_address="0x" + recipient.hex(),
    )
    data = bytes.fromhex(prepared.transaction()["data"].removeprefix("0x"))
    assert data[:4] == function_signature_to_4byte_selector("transfer(address,uint256)")
    assert decode(["address", "uint256"], data[4:]) == ("0x" + recipient.hex(), units)
    assert len(data) == 4 + 32 + 32


@assets
@pytest.mark.parametrize("units", [1, 15, 16, 20_000_000, 10**18, MAX_UINT256])
def test_quantities_have_no_leading_zeros(asset, units):
    prepared = transfer_of(asset, units)
    transaction = prepared.transaction()
    calls = prepared.wallet_send_calls()
    quantities = [transaction["value"], transaction.get("gas", "0x1"), calls["chainId"]]
    quantities += [call["value"] for call in calls["calls"]]
    for quantity in quantities:
        assert quantity == hex(int(quantity, 16))
    assert int(transaction["value"], 16) == (units if asset == "ETH" else 0)


@pytest.mark.parametrize(("network", "chain_id"), [(MAINNET, 8453), (TESTNET, 84532)])
def test_the_usdc_payment_uri_is_an_erc_681_transfer(network, chain_id):
    assert transfer_of(network=network).payment_uri() == (
        f"ethereum:{network.usdc}@{chain_id}/transfer?address={WALLET}&uint256=20000000"
    )


@pytest.mark.parametrize(("network", "chain_id"), [(MAINNET, 8453), (TESTNET, 84532)])
def test_the_eth_payment_uri_is_an_erc_681_payment(network, chain_id):
    uri = transfer_of("ETH", 5 * 10**17, network).payment_uri()
    assert uri == f"ethereum:{WALLET}@{chain_id}?value=500000000000000000"


@assets
def test_the_amount_of_a_payment_uri_is_plain_decimal(asset):
    (query,) = [urlsplit(transfer_of(asset, MAX_UINT256).payment_uri()).query]
    assert parse_qs(query)["value" if asset == "ETH" else "uint256"] == [str(MAX_UINT256)]


@pytest.mark.parametrize(("network", "chain_id"), [(MAINNET, "0x2105"), (TESTNET, "0x14a34")])
def test_the_usdc_calls_are_eip_5792_version_2(network, chain_id):
    assert transfer_of(network=network).wallet_send_calls() == {
        "version": "2.0.0",
        "from": USER.lower(),
        "chainId": chain_id,
        "atomicRequired": False,
        "calls": [{"to": network.usdc, "value": "0x0", "data": CALLDATA}],
    }


@pytest.mark.parametrize(("network", "chain_id"), [(MAINNET, "0x2105"), (TESTNET, "0x14a34")])
def test_the_eth_calls_are_eip_5792_version_2(network, chain_id):
    assert transfer_of("ETH", 1, network).wallet_send_calls() == {
        "version": "2.0.0",
        "from": USER.lower(),
        "chainId": chain_id,
        "atomicRequired": False,
        "calls": [{"to": WALLET, "value": "0x1", "data": "0x"}],
    }


@assets
@networks
@pytest.mark.parametrize("spelled", [str, str.lower], ids=["checksummed", "lower case"])
def test_the_target_is_checksummed_and_the_sender_is_not(asset, network, spelled):
    prepared = Transfer(
        network=network,
        asset=asset,
        units=1,
        from_address=spelled(USER),
        to_address=spelled(WALLET),
    )
    calls = prepared.wallet_send_calls()
    assert is_checksum_address(prepared.transaction()["to"])
    assert is_checksum_address(calls["calls"][0]["to"])
    assert prepared.transaction()["from"] == calls["from"] == USER.lower()
    assert WALLET in prepared.payment_uri()


@assets
@networks
def test_the_other_token_named_usd_is_never_used(asset, network):
    prepared = transfer_of(asset, network=network)
    made = f"{prepared.transaction()} {prepared.wallet_send_calls()} {prepared.payment_uri()}"
    assert USDBC not in made.lower()
    assert USDBC not in network.usdc.lower()
