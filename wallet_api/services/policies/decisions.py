"""Decisions of policies, with the sums of their windows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import TypeAlias

from wallet_api.database import Connection, one_round_trip
from wallet_api.errors import DatabaseDamaged, InvalidPolicy, NotSignable, PolicyRefused
from wallet_api.models import AuditContext, AuditEvent, RecordedSignature, Wallet
from wallet_api.policies.counting import Window
from wallet_api.policies.evaluation import (
    LAYERS,
    Matching,
    PolicyVersion,
    Verdict,
    evaluate,
    match,
)
from wallet_api.policies.explanation import explain_refusal
from wallet_api.policies.matching import Request, spends_of
from wallet_api.policies.reading import read_rules
from wallet_api.policies.rules import Rule
from wallet_api.repositories.api_clients import ActiveClient
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.repositories.policies import LayerRow, PolicyRepository
from wallet_api.repositories.spends import SpendRepository
from wallet_api.services.key_uses import KeyUse
from wallet_api.services.policies.versions import NOT_VALID, stored_rules

MAX_EFFECTS = 64
"""An audit entry holds about 40 effects. More are refused before policies compare each of them."""

SumWindows: TypeAlias = Callable[[Sequence[Window]], Mapping[Window, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict and the facts that it is based on. `sums` has the sums of the matching's windows.

    `now` is the database's time, at which the windows end.
    """

    now: datetime
    request: Request
    matching: Matching
    sums: Mapping[Window, int]
    verdict: Verdict


class PolicedUse(KeyUse):
    """A use of a key that policies must allow. What it spends is recorded with its entry.

    Policies and sums are read after the locks of the wallet are taken, and the spends are written
    in the same transaction. Of two concurrent requests of one wallet, one counts the other.
    """

    def __init__(
        self,
        fid: int,
        *,
        access: AuditContext,
        account: int | None,
        repeats: Callable[[Wallet, RecordedSignature], bool],
        request_of: Callable[[Wallet, int], Request],
        event_of: Callable[[Wallet, Decision], AuditEvent],
    ) -> None:
        """`account` is the chain id of a request that can spend, and None for others.

        `repeats` takes the signature that was recorded with the same Idempotency-Key, and
        `request_of` the time in Unix seconds.
        """
        super().__init__(access)
        self._fid = fid
        self._account = account
        self._repeats = repeats
        self._request_of = request_of
        self._describe = event_of
        self._layers: Callable[[], list[LayerRow]] = list
        self._earlier: Callable[[], RecordedSignature | None] = lambda: None
        self._locked: Callable[[], datetime | None] = lambda: None
        self._decision: Decision | None = None

    def send_queries(self, connection: Connection) -> None:
        """Lock the account of a request that can spend.

        Query the policies that apply, and the signature with the same Idempotency-Key.
        """
        if self._account is not None:
            self._locked = SpendRepository(connection).lock_account(self._fid, self._account)
        super().send_queries(connection)
        self._layers = PolicyRepository(connection).list_layers_later(self._fid)
        self._earlier = AuditRepository(connection).get_signature_later(self._fid, self._access)

    def is_repeated(self, wallet: Wallet, *, now: datetime) -> bool:
        """Return whether the same request was signed before, and all policies still allow it.

        Raises IdempotencyKeyReused and PolicyRefused.
        """
        earlier = self._earlier()
        if earlier is None or not self._repeats(wallet, earlier):
            return False
        # Its spends are in the windows already.
        self._allow(wallet, now, lambda needed: dict.fromkeys(needed, 0))
        return True

    def decide(self, connection: Connection, wallet: Wallet, *, now: datetime) -> AuditEvent:
        """Return the event of a request that all policies allow. Raises PolicyRefused."""
        if self._account is not None:
            now = self._locked() or self._open_account(connection, self._account)
        sums = partial(SpendRepository(connection).sum_windows, self._fid, now=now)
        self._decision = self._allow(wallet, now, sums)
        return self._describe(wallet, self._decision)

    def _open_account(self, connection: Connection, chain_id: int) -> datetime:
        """Create and lock the row of the wallet's first request that can spend on a chain.

        Return the database's time.
        """
        spends = SpendRepository(connection)
        with one_round_trip(connection, begin=False, commit=False):
            spends.open_account(self._fid, chain_id)
            locked = spends.lock_account(self._fid, chain_id)
        locked_at = locked()
        if locked_at is None:
            raise DatabaseDamaged("the table signing_accounts did not store a row")
        return locked_at

    def _allow(self, wallet: Wallet, now: datetime, sum_windows: SumWindows) -> Decision:
        """Return the decision of policies that allow the request. Raises PolicyRefused."""
        decision = decide(
            self._request_of(wallet, int(now.timestamp())),
            read_layers(self._layers(), self._client),
            sum_windows,
            unrestricted=self._access.unrestricted,
            now=now,
        )
        if not decision.verdict.allowed:
            raise refusal_of(decision)
        return decision

    def record(self, connection: Connection, *, audit_id: int) -> None:
        """Send the spends of the request that was allowed."""
        decision = self._decision
        if decision is not None:
            spends = SpendRepository(connection)
            for spend in spends_of(decision.request):
                spends.insert(self._fid, spend, audit_id=audit_id, now=decision.now)


def decide(
    request: Request,
    layers: tuple[PolicyVersion, ...],
    sum_windows: SumWindows,
    *,
    unrestricted: bool,
    now: datetime,
) -> Decision:
    """Return the decision of these layers. Windows are summed if a rule with windows matches.

    Raises NotSignable if the request has more than MAX_EFFECTS.
    """
    if len(request.effects) > MAX_EFFECTS:
        raise NotSignable(
            f"It has {len(request.effects)} effects, too many for one audit entry. Split it."
        )
    matching = match(request, layers)
    sums = sum_windows(matching.windows) if matching.windows else {}
    verdict = evaluate(matching, sums, unrestricted=unrestricted)
    return Decision(now=now, request=request, matching=matching, sums=sums, verdict=verdict)


def read_layers(rows: Iterable[LayerRow], client: ActiveClient | None) -> tuple[PolicyVersion, ...]:
    """Return the layers of these rows and of a client, in the order of LAYERS.

    Raises DatabaseDamaged if one cannot be applied.
    """
    found = list(rows)
    if client is not None and client.policy_id is not None:
        found.append(
            LayerRow(
                layer="client",
                policy_id=client.policy_id,
                version=client.version,
                rules=client.rules,
            )
        )
    return tuple(_read_layer(row) for row in sorted(found, key=lambda row: LAYERS.index(row.layer)))


def _read_layer(row: LayerRow) -> PolicyVersion:
    if row.version is None or row.rules is None:
        raise DatabaseDamaged(
            f"the policy of the {row.layer} is missing", "restore it from a backup"
        )
    return PolicyVersion(
        layer=row.layer,
        policy=None if row.policy_id is None else str(row.policy_id),
        version=row.version,
        rules=read_stored_rules(row.rules),
    )


# Parsing takes longer than a decision. The cache cannot be stale, because its key is the text.
@lru_cache(maxsize=1024)
def read_stored_rules(text: str) -> tuple[Rule, ...]:
    """Return the rules of a policy that was stored. Raises DatabaseDamaged."""
    try:
        return read_rules(stored_rules(text))
    except InvalidPolicy as error:
        raise DatabaseDamaged(*NOT_VALID) from error


def refusal_of(decision: Decision) -> PolicyRefused:
    """Return the error for a request that is refused."""
    verdict = decision.verdict
    if verdict.reason is None:
        raise AssertionError("unreachable: the request is allowed")
    refusing = verdict.refusal
    return PolicyRefused(
        explain_refusal(verdict),
        reason=verdict.reason,
        layer=refusing.layer if refusing else None,
        policy=refusing.policy if refusing else None,
        version=refusing.version if refusing else None,
        rule=refusing.rules[0] if refusing and refusing.rules else None,
        effects=[effect.as_json() for effect in decision.request.effects],
    )
