"""What applies to a wallet: every layer, and what is left of each window, to the unit."""

import time
from dataclasses import replace

import pytest

from tests.factories import ACCESS, FID, new_client
from tests.policies import (
    CLIENT,
    EVERYTHING,
    FEES,
    RECIPIENT,
    SPENDER,
    USDC,
    payments,
    permit,
    transfer,
)
from tests.signing import CHAIN_ID
from wallet_api.errors import ClientNotFound, PolicyRefused
from wallet_api.ethereum.typed_data import read_typed_data
from wallet_api.services.api_clients import ApiClientService
from wallet_api.services.policies import effective
from wallet_api.services.policies.effective import EffectivePolicies
from wallet_api.services.signing.service import SigningService

HOUR, DAY = 3600, 86_400


@pytest.fixture
def applying(database):
    """Return what applies to the wallet: applying(client="engine")."""
    return lambda fid=FID, client=None: EffectivePolicies(database).get(fid, client=client)


@pytest.fixture
def why_refused(wallets):
    """Sign a transfer of USDC. Return why it is refused, or None."""
    signing = SigningService(wallets)
    wallets.ensure_trading_wallet(FID, access=ACCESS)

    def why_refused(amount, access=CLIENT, to=RECIPIENT):
        try:
            signing.sign_transaction(
                FID,
                transfer(amount, to=to),
                chain_id=CHAIN_ID,
                method="eth_signTransaction",
                access=access,
            )
        except PolicyRefused as refused:
            return refused.reason
        return None

    return why_refused


def left(found):
    """Return what is left of each window, by layer, rule and seconds."""
    return {(one.layer, one.rule, one.seconds): one.left for one in found.windows}


def test_what_is_left_is_what_the_next_signature_may_spend_to_the_unit(
    policies, applying, why_refused
):
    policies.put_wallet(payments((HOUR, 1000), (DAY, 1500)), FEES)
    policies.put_user(payments((DAY, 1200), id="own"), FEES)
    for amount in (400, 300):
        assert why_refused(amount) is None
    while smallest := min(left(applying()).values()):
        assert why_refused(smallest + 1) == "window"
        assert why_refused(smallest // 2 + 1) is None
    assert left(applying()) == {
        ("wallet", "payments", HOUR): 0,
        ("wallet", "payments", DAY): 500,
        ("user", "own", DAY): 200,
    }
    assert why_refused(1) == "window"


def test_a_window_counts_what_a_signature_counts(wallets, policies, applying, why_refused):
    policies.put_wallet(
        payments((HOUR, 1000), id="one", to=[RECIPIENT]),
        payments((HOUR, 1000), id="other", to=[SPENDER]),
        payments((HOUR, 1000), id="allowances", kinds=["allowance"]),
        FEES,
    )
    address = wallets.ensure_trading_wallet(FID, access=ACCESS).address
    assert why_refused(30) is None
    read = read_typed_data(permit(address, 70, int(time.time()) + HOUR), chain_id=CHAIN_ID)
    SigningService(wallets).sign_typed_data(
        FID, read, chain_id=CHAIN_ID, address=None, method="sign/typed-data", access=CLIENT
    )
    assert left(applying()) == {
        ("wallet", "one", HOUR): 970,
        ("wallet", "other", HOUR): 1000,
        ("wallet", "allowances", HOUR): 930,
    }
    # Another user's wallet under the same policy has spent nothing.
    policies.assignments.assign_to_wallet(
        FID + 1, policies.assignments.get_of_wallet(FID).policy.id, access=ACCESS
    )
    assert set(left(applying(FID + 1)).values()) == {1000}


@pytest.mark.parametrize(
    ("members", "assets"),
    [
        ({"kinds": ["token_transfer", "native_transfer"]}, {USDC, "native"}),
        # The same list of assets for rules that can match only some of them.
        ({"kinds": ["token_transfer"]}, {USDC}),
        ({"kinds": ["network_fee"]}, {"native"}),
        ({"kinds": ["token_transfer", "allowance"], "spenders": [SPENDER]}, {USDC}),
    ],
)
def test_there_is_a_window_for_every_chain_and_asset_that_a_rule_can_match(
    policies, applying, members, assets
):
    rule = payments((HOUR, 5), tokens=[USDC, "native"], chain_ids=[CHAIN_ID, 1], **members)
    policies.put_wallet(rule)
    found = {(one.asset, one.chain_id) for one in applying().windows}
    assert found == {(asset, chain) for asset in assets for chain in (CHAIN_ID, 1)}


def test_every_layer_is_shown_and_that_of_a_client_if_it_is_named(database, policies, applying):
    clients = ApiClientService(database)
    new_client(clients, "wallets:sign", name="free")
    policy_id = policies.create(EVERYTHING, name="engine")
    new_client(clients, "wallets:sign", unrestricted=False, policy_id=policy_id)
    nothing = applying()
    assert (nothing.unrestricted, nothing.layers, nothing.windows) == (None, (), ())
    assert applying(client="free").unrestricted is True
    policies.put_service(EVERYTHING)
    policies.put_wallet(EVERYTHING)
    policies.put_user(EVERYTHING)
    assert {one.layer for one in applying().layers} == {"service", "wallet", "user"}
    found = applying(client="engine")
    assert found.unrestricted is False
    names = {one.layer: one.name for one in found.layers}
    assert names == {"service": "policy", "client": "engine", "wallet": "policy", "user": None}
    with pytest.raises(ClientNotFound):
        applying(client="nobody")


def test_more_windows_than_are_summed_are_announced(policies, applying, monkeypatch):
    policies.put_wallet(payments((HOUR, 5), (DAY, 6), chain_ids=[CHAIN_ID, 1]))
    assert (len(applying().windows), applying().complete) == (4, True)
    monkeypatch.setattr(effective, "MAX_WINDOWS", 3)
    assert (len(applying().windows), applying().complete) == (3, False)


def test_a_client_policy_counts_the_wallets_spends_of_all_clients(
    database, policies, applying, why_refused
):
    policy_id = policies.create(payments((HOUR, 100)), FEES)
    clients = ApiClientService(database)
    token = new_client(clients, "wallets:sign", unrestricted=False, policy_id=policy_id)
    access = replace(CLIENT, client_id=clients.identify(token).id)
    assert why_refused(60, access=access) is None
    assert left(applying(client="engine")) == {("client", "payments", HOUR): 40}
    assert why_refused(41, access=access) == "window"
    assert why_refused(40, access=access) is None
