"""Policies and their rules: immutable, read once, and evaluated for every signature."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

RuleEffect: TypeAlias = Literal["allow", "deny"]

KINDS = (
    "native_transfer",
    "token_transfer",
    "allowance",
    "contract_call",
    "contract_creation",
    "delegation",
    "message",
    "hash_message",
    "typed_data",
    "network_fee",
)
"""The kinds of effects (`wallet_api.ethereum.effects`)."""
METHODS = (
    "personal_sign",
    "eth_sign",
    "eth_signTypedData",
    "eth_signTypedData_v4",
    "eth_signTransaction",
    "sign/message",
    "sign/typed-data",
    "sign/transaction",
    "sign/authorization",
)
"""The ways to sign: a JSON-RPC method, or the last part of a route."""
NATIVE = "native"
"""The asset that pays for gas, in a list of token addresses."""
NATIVE_KINDS = frozenset({"native_transfer", "network_fee"})
"""The kinds that spend it. The other kinds that spend are about tokens."""
RULE_EFFECTS = get_args(RuleEffect)

MAX_RULES = 50
MAX_ITEMS = 100
"""The maximum number of elements in the list of a condition."""
MAX_WINDOWS = 4
MAX_SECONDS = 31_622_400
"""The maximum length of a window, and of the lifetime of a signature: 366 days."""
MAX_NAME = 100
"""The maximum length of a policy's name, in characters."""

_TRANSFERS = frozenset({"native_transfer", "token_transfer"})
_ALLOWANCES = frozenset({"allowance"})
_SPENDS = _TRANSFERS | _ALLOWANCES | {"network_fee"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedDataCondition:
    """A condition on the typed data of a request. None matches anything."""

    verifying_contracts: frozenset[str] | None = None
    primary_types: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowLimit:
    """At most `max_amount` in any `seconds` seconds."""

    seconds: int
    max_amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of a policy.

    A condition that is None matches anything. Addresses and selectors are in lower case. `tokens`
    has addresses and NATIVE. Amounts are in the smallest unit of the asset. Only rules that allow
    have limits, and `limits_amounts` is True if they are limits of amounts. The windows count
    spends whose kind is in `counted_kinds` and whose counterparty is in `counted_counterparties`;
    None counts all, also those without a counterparty. `window_lengths` are in seconds.
    """

    id: str
    effect: RuleEffect
    methods: frozenset[str] | None = None
    chain_ids: frozenset[int] | None = None
    kinds: frozenset[str] | None = None
    to: frozenset[str] | None = None
    tokens: frozenset[str] | None = None
    spenders: frozenset[str] | None = None
    selectors: frozenset[str] | None = None
    typed_data: TypedDataCondition | None = None
    max_amount: int | None = None
    windows: tuple[WindowLimit, ...] = ()
    max_lifetime_seconds: int | None = None
    counted_kinds: frozenset[str] = field(init=False, repr=False, compare=False)
    counted_counterparties: frozenset[str] | None = field(init=False, repr=False, compare=False)
    window_lengths: tuple[int, ...] = field(init=False, repr=False, compare=False)
    limits_amounts: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Derive values that the evaluation needs often."""
        kinds = _SPENDS if self.kinds is None else self.kinds & _SPENDS
        if self.to is not None:
            kinds &= _TRANSFERS
        if self.spenders is not None:
            kinds &= _ALLOWANCES
        parties = self.spenders if self.to is None else self.to
        object.__setattr__(self, "counted_kinds", kinds)
        object.__setattr__(self, "counted_counterparties", parties)
        lengths = tuple([window.seconds for window in self.windows])
        object.__setattr__(self, "window_lengths", lengths)
        limits_amounts = self.max_amount is not None or bool(self.windows)
        object.__setattr__(self, "limits_amounts", limits_amounts)

    def as_json(self) -> dict[str, object]:
        """Return the rule as it is stored: without absent members, lists sorted."""
        described: dict[str, object] = {"id": self.id, "effect": self.effect}
        described |= _lists(
            methods=self.methods,
            chain_ids=self.chain_ids,
            kinds=self.kinds,
            to=self.to,
            tokens=self.tokens,
            spenders=self.spenders,
            selectors=self.selectors,
        )
        if self.typed_data is not None:
            described["typed_data"] = _lists(
                verifying_contracts=self.typed_data.verifying_contracts,
                primary_types=self.typed_data.primary_types,
            )
        if self.max_amount is not None:
            described["max_amount"] = str(self.max_amount)
        if self.windows:
            described["windows"] = [
                {"seconds": window.seconds, "max_amount": str(window.max_amount)}
                for window in self.windows
            ]
        if self.max_lifetime_seconds is not None:
            described["max_lifetime_seconds"] = self.max_lifetime_seconds
        return described


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy as an operator writes it: a name, and 1 to 50 rules in any order."""

    name: str
    rules: tuple[Rule, ...]

    def as_json(self) -> dict[str, object]:
        """Return the policy as a JSON document that read_policy() reads."""
        return {"name": self.name, "rules": [rule.as_json() for rule in self.rules]}


def _lists(**conditions: frozenset[str] | frozenset[int] | None) -> dict[str, object]:
    return {name: sorted(items) for name, items in conditions.items() if items is not None}
