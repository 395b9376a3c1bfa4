"""The policies that apply to a wallet, and the remaining amounts of their windows."""

from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from wallet_api.database import Connection, Database, one_snapshot
from wallet_api.policies.counting import rule_windows
from wallet_api.policies.evaluation import PolicyVersion
from wallet_api.policies.rules import Rule
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.repositories.policies import PolicyRepository
from wallet_api.repositories.spends import SpendRepository
from wallet_api.services.policies.decisions import read_layers
from wallet_api.services.policies.dry_runs import WindowState, require_client
from wallet_api.services.policies.versions import require_policy

MAX_WINDOWS = 500
"""The largest number of windows that are summed: 50 rules may name far more assets and chains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveLayer:
    """The rules of a layer. `policy` and `name` are None for the user's own."""

    layer: str
    policy: str | None
    version: int
    name: str | None
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectivePolicy:
    """What a signature of a wallet must pass.

    `unrestricted` is None if no client was named. `complete` is False if there are more windows.
    """

    unrestricted: bool | None
    layers: tuple[EffectiveLayer, ...]
    windows: tuple[WindowState, ...]
    complete: bool


class EffectivePolicies:
    """The policies that apply to wallets, as signatures see them, without a lock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, fid: int, *, client: str | None) -> EffectivePolicy:
        """Return what applies to a user's wallet, with the policy of a client if one is named.

        Layers and sums are of one snapshot. Raises ClientNotFound.
        """

        def get(connection: Connection) -> EffectivePolicy:
            with one_snapshot(connection):
                active, unrestricted = None, None
                if client is not None:
                    active, unrestricted = require_client(connection, client)
                layers = read_layers(PolicyRepository(connection).list_layers(fid), active)
                windows = _windows(connection, fid, layers)
                return EffectivePolicy(
                    unrestricted=unrestricted,
                    layers=tuple(_named(connection, layer) for layer in layers),
                    windows=windows[:MAX_WINDOWS],
                    complete=len(windows) <= MAX_WINDOWS,
                )

        return self._database.run(get)


def _windows(
    connection: Connection, fid: int, layers: tuple[PolicyVersion, ...]
) -> tuple[WindowState, ...]:
    """Return the windows of all layers, at most one more than MAX_WINDOWS."""
    found = list(
        islice(
            (
                (layer.layer, rule.id, limit, window)
                for layer in layers
                for rule in layer.rules
                for limit, window in rule_windows(rule)
            ),
            MAX_WINDOWS + 1,
        )
    )
    if not found:
        return ()
    windows = list(dict.fromkeys(window for *_, window in found))
    now = AuditRepository(connection).get_time()
    sums = SpendRepository(connection).sum_windows(fid, windows, now=now)
    return tuple(
        WindowState(
            layer=layer,
            rule=rule,
            chain_id=window.chain_id,
            asset=window.asset,
            seconds=limit.seconds,
            max_amount=limit.max_amount,
            spent=sums[window],
        )
        for layer, rule, limit, window in found
    )


def _named(connection: Connection, layer: PolicyVersion) -> EffectiveLayer:
    name = None
    if layer.policy is not None:
        name = require_policy(connection, UUID(layer.policy)).name
    return EffectiveLayer(
        layer=layer.layer,
        policy=layer.policy,
        version=layer.version,
        name=name,
        rules=layer.rules,
    )
