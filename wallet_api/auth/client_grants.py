"""The rules for new API clients, and the rights that a client may grant to those it creates."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_network

from wallet_api.errors import GrantRefused
from wallet_api.models import SCOPES, ApiClient, ClientRights, IPNetwork

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
"""The name of an API client."""

NAME_RULE = (
    "use up to 63 lower-case letters, digits, dots, dashes and underscores, starting with a letter "
    "or a digit."
)

NOT_GRANTED = "clients:write"
"""The scope that only `wallet-api clients create` grants.

A client that a client created cannot create clients.
"""

_YEAR_TOO_LATE = 9000


def fault_of_expiry(moment: datetime) -> str | None:
    """Return in a sentence why no client can expire at this time, or None."""
    if moment <= datetime.now(UTC):
        return "that is in the past."
    # The database compares in UTC.
    if moment.astimezone(UTC).year >= _YEAR_TOO_LATE:
        return "that is too far in the future. Omit it for no expiry."
    return None


def read_network(text: str) -> IPNetwork:
    """Return the network of an address or CIDR. Raises ValueError with a sentence."""
    network = ip_network(text)
    first = network.network_address
    if isinstance(first, IPv6Address) and (first.scope_id or first.ipv4_mapped):
        raise ValueError(f"{network}: omit the zone, and write an IPv4 address as IPv4")
    return network


def granted(creator: ApiClient, asked: ClientRights) -> ClientRights:
    """Return the rights of a client that `creator` creates: never more than its own.

    Where `asked` names no networks, no expiry or no policy, those of the creator apply. Raises
    GrantRefused.
    """
    signs = "wallets:sign" in asked.scopes
    rights = ClientRights(
        scopes=asked.scopes,
        unrestricted=asked.unrestricted,
        policy_id=asked.policy_id or (creator.policy_id if signs else None),
        allowed_networks=asked.allowed_networks or creator.allowed_networks,
        expires_at=asked.expires_at or creator.expires_at,
    )
    for excess in _excesses(creator, rights):
        raise GrantRefused(hint=excess)
    return rights


def _excesses(creator: ApiClient, rights: ClientRights) -> Iterator[str]:
    """Yield a sentence about each right that `creator` may not grant."""
    beyond = rights.scopes - creator.scopes
    if beyond:
        yield f"scopes: {creator.name} does not have {', '.join(sorted(beyond, key=SCOPES.index))}."
    if NOT_GRANTED in rights.scopes:
        yield f"scopes: only the command `wallet-api clients create` grants {NOT_GRANTED}."
    if rights.unrestricted and not creator.unrestricted:
        yield f"unrestricted: {creator.name} is not unrestricted."
    if "wallets:sign" in rights.scopes and not _may_assign(creator, rights):
        yield (
            f"policyId: {creator.name} may create only clients with the same policy as its own, "
            f"which is {creator.policy_id or 'none'}."
        )
    if not _is_within(rights.allowed_networks, creator.allowed_networks):
        yield f"allowedNetworks: all networks must be within those of {creator.name}."
    if not _is_before(rights.expires_at, creator.expires_at):
        yield f"expiresAt: it must not be later than the expiry of {creator.name}."


def _may_assign(creator: ApiClient, rights: ClientRights) -> bool:
    """Return whether the policy of the new client gives it nothing that its creator lacks.

    A policy narrows what a client may sign. But for a wallet without any policy, it is also what
    permits a signature: only a client that can change policies may choose one.
    """
    if rights.policy_id == creator.policy_id:
        return True
    return creator.policy_id is None and "policies:write" in creator.scopes


def _is_within(networks: Iterable[IPNetwork] | None, allowed: Iterable[IPNetwork] | None) -> bool:
    if allowed is None:
        return True
    return networks is not None and all(
        any(_contains(outer, network) for outer in allowed) for network in networks
    )


def _contains(outer: IPNetwork, network: IPNetwork) -> bool:
    return (
        outer.version == network.version
        and outer.prefixlen <= network.prefixlen
        and network.network_address in outer
    )


def _is_before(moment: datetime | None, end: datetime | None) -> bool:
    return end is None or (moment is not None and moment <= end)
