"""What an API client may grant: never more than its own rights."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet_api.auth.client_grants import granted, read_network
from wallet_api.errors import GrantRefused
from wallet_api.models import SCOPES, ApiClient, ClientRights

NOW = datetime(2026, 11, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
POLICY, OTHER = UUID(int=1), UUID(int=2)
HOME = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))


def client(**changes):
    members = {
        "id": "ab" * 8,
        "name": "root",
        "token_hash": "cd" * 32,
        "scopes": frozenset(SCOPES),
        "unrestricted": False,
        "policy_id": None,
        "allowed_networks": None,
        "created_at": NOW,
        "expires_at": None,
        "revoked_at": None,
        "last_used_at": None,
        "expired": False,
        "use_is_stale": False,
    }
    return ApiClient(**{**members, **changes})


def asked(*scopes, **rights):
    return ClientRights(scopes=frozenset(scopes), **rights)


SIGNER = frozenset({"clients:write", "wallets:sign"})
REFUSED = {
    "a scope that it lacks": (
        client(scopes=frozenset({"clients:write", "wallets:read"})),
        asked("wallets:read", "keys:read"),
        "scopes: root does not have keys:read.",
    ),
    "the scope to create clients": (client(), asked("clients:write"), "scopes: only the command"),
    "unrestricted": (
        client(),
        asked("wallets:sign", unrestricted=True),
        "unrestricted: root is not unrestricted.",
    ),
    "another policy than its own": (
        client(policy_id=POLICY),
        asked("wallets:sign", policy_id=OTHER),
        f"clients with the same policy as its own, which is {POLICY}.",
    ),
    # For a wallet without a policy, the policy is what permits a signature.
    "a policy, without one": (
        client(scopes=SIGNER),
        asked("wallets:sign", policy_id=POLICY),
        "which is none.",
    ),
    # Messages of 32 bytes and delegations need a policy, also of an unrestricted client.
    "a policy, without one and unrestricted": (
        client(scopes=SIGNER, unrestricted=True),
        asked("wallets:sign", policy_id=POLICY),
        "which is none.",
    ),
    "a larger network": (
        client(allowed_networks=HOME),
        asked("wallets:read", allowed_networks=(ip_network("10.0.0.0/8"),)),
        "allowedNetworks: all networks must be within those of root.",
    ),
    "a larger network that begins with the same address": (
        client(allowed_networks=(ip_network("10.0.0.0/16"),)),
        asked("wallets:read", allowed_networks=(ip_network("10.0.0.0/8"),)),
        "allowedNetworks:",
    ),
    "one network too many": (
        client(allowed_networks=HOME),
        asked("wallets:read", allowed_networks=(HOME[0], ip_network("192.0.2.1"))),
        "allowedNetworks:",
    ),
    "a network of the other protocol": (
        client(allowed_networks=HOME[:1]),
        asked("wallets:read", allowed_networks=(ip_network("::/0"),)),
        "allowedNetworks:",
    ),
    "a later expiry": (
        client(expires_at=LATER),
        asked("wallets:read", expires_at=LATER + timedelta(microseconds=1)),
        "expiresAt: it must not be later than the expiry of root.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_client_grants_nothing_that_it_lacks(case):
    creator, rights, sentence = REFUSED[case]
    with pytest.raises(GrantRefused) as refusal:
        granted(creator, rights)
    assert sentence in refusal.value.hint


GRANTED = {
    "a part of its scopes": (client(), asked("wallets:read")),
    "unrestricted, as it is itself": (
        client(unrestricted=True),
        asked("wallets:sign", unrestricted=True),
    ),
    "restricted, although it is unrestricted itself": (
        client(unrestricted=True),
        asked("wallets:sign"),
    ),
    "its own policy": (client(policy_id=POLICY), asked("wallets:sign", policy_id=POLICY)),
    "any policy, if it can change all": (client(), asked("wallets:sign", policy_id=POLICY)),
    "a part of its networks": (
        client(allowed_networks=HOME),
        asked("wallets:read", allowed_networks=(ip_network("10.1.2.0/24"), HOME[1])),
    ),
    "networks, although it has none": (client(), asked("wallets:read", allowed_networks=HOME)),
    "an earlier expiry": (client(expires_at=LATER), asked("wallets:read", expires_at=NOW)),
    "an expiry, although it has none": (client(), asked("wallets:read", expires_at=LATER)),
}


@pytest.mark.parametrize("case", GRANTED)
def test_what_it_has_is_granted_as_it_was_asked(case):
    creator, rights = GRANTED[case]
    given = granted(creator, rights)
    assert given.scopes == rights.scopes
    assert given.unrestricted == rights.unrestricted
    for name in ("policy_id", "allowed_networks", "expires_at"):
        assert getattr(given, name) == getattr(rights, name) or getattr(rights, name) is None


def test_what_is_not_asked_for_is_that_of_the_creator():
    creator = client(policy_id=POLICY, allowed_networks=HOME, expires_at=LATER)
    given = granted(creator, asked("wallets:sign"))
    assert (given.policy_id, given.allowed_networks, given.expires_at) == (POLICY, HOME, LATER)
    # A client that does not sign has no policy.
    assert granted(creator, asked("wallets:read")).policy_id is None
    assert granted(client(), asked("wallets:sign")) == asked("wallets:sign")


ADDRESSES = [ip_address(text) for text in ("10.1.2.3", "10.2.0.1", "192.0.2.1", "fd00::1", "::1")]
NETWORKS = st.none() | st.lists(
    st.sampled_from(
        [*HOME, *map(ip_network, ("10.0.0.0/8", "10.1.2.3", "192.0.2.0/24", "fd00::1", "::/0"))]
    ),
    min_size=1,
    max_size=3,
).map(tuple)
TIMES = st.none() | st.sampled_from([NOW, LATER, LATER + timedelta(days=1)])
POLICIES = st.sampled_from([None, POLICY, OTHER])
SCOPE_SETS = st.frozensets(st.sampled_from(SCOPES), min_size=1)


def reaches(rights, scope, address, moment):
    """Return whether a client with these rights may use a scope from an address at a time."""
    networks = rights.allowed_networks
    return (
        scope in rights.scopes
        and (networks is None or any(address in network for network in networks))
        and (rights.expires_at is None or moment < rights.expires_at)
    )


@given(
    creator=st.builds(
        client,
        scopes=SCOPE_SETS,
        unrestricted=st.booleans(),
        policy_id=POLICIES,
        allowed_networks=NETWORKS,
        expires_at=TIMES,
    ),
    rights=st.builds(
        ClientRights,
        scopes=SCOPE_SETS,
        unrestricted=st.booleans(),
        policy_id=POLICIES,
        allowed_networks=NETWORKS,
        expires_at=TIMES,
    ),
)
def test_nothing_is_within_reach_of_a_created_client_that_its_creator_could_not_reach(
    creator, rights
):
    try:
        given = granted(creator, rights)
    except GrantRefused:
        return
    moments = (NOW - timedelta(days=1), NOW, LATER, LATER + timedelta(days=2))
    for scope, address, moment in product(SCOPES, ADDRESSES, moments):
        if reaches(given, scope, address, moment):
            assert reaches(creator, scope, address, moment)
    assert "clients:write" not in given.scopes
    if "wallets:sign" in given.scopes:
        assert given.unrestricted <= creator.unrestricted
        assert given.policy_id == creator.policy_id or (
            creator.policy_id is None and "policies:write" in creator.scopes
        )


@pytest.mark.parametrize("text", ["10.1.2.3/16", "fe80::1%eth0", "::ffff:10.1.2.3", "home", ""])
def test_a_network_that_could_match_nothing_is_not_read(text):
    with pytest.raises(ValueError, match=r".+"):
        read_network(text)
