"""Dry runs: what policies would decide about a request."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from wallet_api.database import Connection, Database, one_snapshot
from wallet_api.errors import ClientNotFound
from wallet_api.policies.evaluation import PolicyVersion, Verdict
from wallet_api.policies.matching import Request
from wallet_api.policies.rules import Rule
from wallet_api.repositories.api_clients import ActiveClient, ApiClientRepository
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.repositories.policies import PolicyRepository
from wallet_api.repositories.spends import SpendRepository
from wallet_api.services.policies.decisions import Decision, decide, read_layers
from wallet_api.services.signing.audit_entries import details_of_signature
from wallet_api.services.signing.service import Preview


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowState:
    """A window of a rule, for one asset on one chain. `spent` is its sum without the request."""

    layer: str
    rule: str
    chain_id: int
    asset: str
    seconds: int
    max_amount: int
    spent: int

    @property
    def left(self) -> int:
        """The amount that the window still allows."""
        return max(0, self.max_amount - self.spent)


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What policies would decide now, and the windows that the decision depends on."""

    verdict: Verdict
    windows: tuple[WindowState, ...]


class PolicyDryRuns:
    """Decisions as signatures get them, without a lock, a spend or an audit entry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def run(
        self,
        fid: int,
        preview: Preview,
        *,
        method: str,
        client: str,
        rules: tuple[Rule, ...] | None,
    ) -> DryRun:
        """Decide about a request that an API client would make now.

        `rules`, if given, replace the policy of the wallet. Raises ClientNotFound, and NotSignable
        if policies allow the request and its effects do not fit into an audit entry. With more
        than MAX_EFFECTS, policies are not asked.
        """

        def run(connection: Connection) -> Decision:
            with one_snapshot(connection):
                active, unrestricted = require_client(connection, client)
                layers = read_layers(PolicyRepository(connection).list_layers(fid), active)
                if rules is not None:
                    proposed = PolicyVersion(layer="wallet", policy=None, version=0, rules=rules)
                    layers = (*(one for one in layers if one.layer != "wallet"), proposed)
                now = AuditRepository(connection).get_time()
                request = Request(
                    method=method,
                    chain_id=preview.chain_id,
                    effects=preview.effects,
                    wallet=preview.address,
                    typed_data=preview.typed_data,
                    now=int(now.timestamp()),
                )
                sums = partial(SpendRepository(connection).sum_windows, fid, now=now)
                return decide(request, layers, sums, unrestricted=unrestricted, now=now)

        decision = self._database.run(run)
        if decision.verdict.allowed:
            details_of_signature(preview.digest, decision, idempotency_key=None)
        return DryRun(verdict=decision.verdict, windows=tuple(_windows(decision)))


def require_client(connection: Connection, name: str) -> tuple[ActiveClient, bool]:
    """Return a client that may act now, and whether it is unrestricted. Raises ClientNotFound."""
    clients = ApiClientRepository(connection)
    client = clients.get_by_name(name)
    active = None if client is None else clients.get_active_later(client.id)()
    if client is None or active is None:
        raise ClientNotFound
    return active, client.unrestricted


def _windows(decision: Decision) -> Iterator[WindowState]:
    for layer, matched in decision.matching.layers:
        for one in matched:
            for windows in one.counted.windows.values():
                for limit, window in zip(one.rule.windows, windows, strict=True):
                    yield WindowState(
                        layer=layer.layer,
                        rule=one.rule.id,
                        chain_id=window.chain_id,
                        asset=window.asset,
                        seconds=window.seconds,
                        max_amount=limit.max_amount,
                        spent=decision.sums[window],
                    )
