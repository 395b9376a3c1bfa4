"""The verdict of policies on a request: a pure function of the request, the rules and the sums.

Neither the order of the rules nor the order of the layers matters.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal, NamedTuple, TypeAlias, get_args

from wallet_api.ethereum.effects import Effect
from wallet_api.policies.counting import Counted, Counts, Window
from wallet_api.policies.matching import Request, Subject, effects_that_match, is_about
from wallet_api.policies.rules import Rule

Reason: TypeAlias = Literal[
    "no_policy",
    "denied",
    "no_rule",
    "unlimited_allowance",
    "lifetime",
    "max_amount",
    "window",
]

LAYERS = ("service", "client", "wallet", "user")
"""The layers, in the order in which a refusal is reported. "user" only narrows the others."""
REASONS: tuple[Reason, ...] = get_args(Reason)
"""Why a request is refused. The limits are last, in the order in which they are checked."""

_BASE = LAYERS[:3]
# What a signer cannot see through, and what gives away control of the account permanently.
_NEED_POLICY = ("hash_message", "delegation")
_RANKS: Mapping[Reason | None, int] = {reason: rank for rank, reason in enumerate(REASONS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    """The rules of a layer. `policy` is the id of the policy; None for the rules of the user."""

    layer: str
    policy: str | None
    version: int
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerVerdict:
    """The verdict of one layer.

    If the layer allows the request, `reason` is None and `rules` has the ids of the rules that
    allow it. If it refuses, `rules` has the id of the rule that denies or whose limit is exceeded,
    or is empty if no rule matches; `effect` is what is refused, and `refusing` is that rule.
    """

    layer: str
    policy: str | None
    version: int
    reason: Reason | None
    rules: tuple[str, ...]
    effect: Effect | None = None
    refusing: Rule | None = None

    def as_json(self) -> dict[str, object]:
        """Return the verdict for a response or an audit entry."""
        verdict: dict[str, object] = {
            "layer": self.layer,
            "policy": self.policy,
            "version": self.version,
            "rules": list(self.rules),
        }
        if self.reason is not None:
            verdict["reason"] = self.reason
            verdict["effect"] = self.effect.as_json() if self.effect else None
        return verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict of all layers, in the order of LAYERS. `reason` is None if it is allowed."""

    reason: Reason | None
    layers: tuple[LayerVerdict, ...]

    @property
    def allowed(self) -> bool:
        """Whether the request may be signed."""
        return self.reason is None

    @property
    def refusal(self) -> LayerVerdict | None:
        """The first layer that refuses. None if it is allowed, or refused without a policy."""
        return next((layer for layer in self.layers if layer.reason is not None), None)


class Match(NamedTuple):
    """A rule that matches effects of a request, which of them, and what it counts of them."""

    rule: Rule
    effects: tuple[bool, ...]
    counted: Counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """The rules of all layers that match a request, in the order of LAYERS.

    `windows` are those whose sums evaluate() needs, each once.
    """

    request: Request
    layers: tuple[tuple[PolicyVersion, tuple[Match, ...]], ...]
    windows: tuple[Window, ...]


_rule_id = attrgetter("rule.id")


def match(request: Request, layers: Iterable[PolicyVersion]) -> Matching:
    """Return which rules of all layers match the request."""
    counts = Counts(request)
    found = tuple(
        [
            (layer, tuple(_matches_of(layer.rules, request, counts)))
            for layer in sorted(layers, key=lambda layer: LAYERS.index(layer.layer))
        ]
    )
    return Matching(request=request, layers=found, windows=counts.windows())


def _matches_of(rules: Iterable[Rule], request: Request, counts: Counts) -> Iterator[Match]:
    for rule in rules:
        if not is_about(rule, request):
            continue
        effects = effects_that_match(rule, request)
        if True in effects:
            yield Match(rule, effects, counts.of(rule, effects))


def evaluate(matching: Matching, sums: Mapping[Window, int], *, unrestricted: bool) -> Verdict:
    """Return whether all layers allow the request.

    `sums` has the sum of each of the windows, without this request. A client that is `unrestricted`
    needs no policy, but existing policies apply to it too. A message that may be a hash, and a
    delegation, are refused without a policy even for such a client.
    """
    request = matching.request
    verdicts = tuple([_judge(*layer, request, sums) for layer in matching.layers])
    reason = next((verdict.reason for verdict in verdicts if verdict.reason is not None), None)
    if reason is None and not any(verdict.layer in _BASE for verdict in verdicts):
        needs_policy = any(subject.kind in _NEED_POLICY for subject in request.subjects)
        if needs_policy or not unrestricted:
            reason = "no_policy"
    return Verdict(reason=reason, layers=verdicts)


def _judge(
    layer: PolicyVersion,
    matched: Sequence[Match],
    request: Request,
    sums: Mapping[Window, int],
) -> LayerVerdict:
    # Of several rules the first is reported: the result does not depend on the order of the policy.
    matched = sorted(matched, key=_rule_id)
    outcome = _denial(matched, request) or _permission(matched, request, sums)
    return LayerVerdict(
        layer=layer.layer,
        policy=layer.policy,
        version=layer.version,
        reason=outcome.reason,
        rules=outcome.allowing if outcome.refusing is None else (outcome.refusing.id,),
        effect=outcome.effect,
        refusing=outcome.refusing,
    )


class _Outcome(NamedTuple):
    """The part of LayerVerdict that depends on the rules."""

    reason: Reason | None
    effect: Effect | None = None
    refusing: Rule | None = None
    allowing: tuple[str, ...] = ()


def _denial(matched: Sequence[Match], request: Request) -> _Outcome | None:
    """Return the refusal of the first effect that a rule denies, or None."""
    denying = [one for one in matched if one.rule.effect == "deny"]
    for index, effect in enumerate(request.effects):
        for one in denying:
            if one.effects[index]:
                return _Outcome("denied", effect, one.rule)
    return None


def _permission(matched: Sequence[Match], request: Request, sums: Mapping[Window, int]) -> _Outcome:
    """Return which rules allow all effects, or the refusal of the first that none allows."""
    candidates = [one for one in matched if one.rule.effect == "allow"]
    allowing = set()
    for index, subject in enumerate(request.subjects):
        refusal = _Outcome("no_rule", subject.effect)
        for one in candidates:
            if not one.effects[index]:
                continue
            reason = _fault(one, subject, request, sums)
            if reason is None:
                allowing.add(one.rule.id)
                break
            # Report the rule that comes closest to allowing the effect: it fails at the last limit.
            if _RANKS[reason] > _RANKS[refusal.reason]:
                refusal = _Outcome(reason, subject.effect, one.rule)
        else:
            return refusal
    # A request without effects is not allowed.
    return _Outcome(None if allowing else "no_rule", allowing=tuple(sorted(allowing)))


def _fault(
    allowing: Match, subject: Subject, request: Request, sums: Mapping[Window, int]
) -> Reason | None:
    """Return the first limit of a rule that does not hold for an effect that it matches, or None.

    An amount is that of all effects of the request that the rule matches.
    """
    rule = allowing.rule
    if rule.limits_amounts and subject.unlimited:
        return "unlimited_allowance"
    if (
        rule.max_lifetime_seconds is not None
        and subject.lifetime_end is not None
        and subject.lifetime_end - request.now > rule.max_lifetime_seconds
    ):
        return "lifetime"
    total = allowing.counted.totals.get(subject.token, 0)
    if rule.max_amount is not None and total > rule.max_amount:
        return "max_amount"
    # What spends nothing, such as the end of an allowance, is allowed in a full window.
    if total and rule.windows:
        windows = allowing.counted.windows[subject.token]
        for limit, window in zip(rule.windows, windows, strict=True):
            if sums[window] + total > limit.max_amount:
                return "window"
    return None
