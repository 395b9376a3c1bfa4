"""The verdict of policies on a request: a pure function of the request, the rules and the sums.

Neither the order of the rules nor the order of the layers matters.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias, get_args

from wallet_api.ethereum.effects import Effect
from wallet_api.policies.matching import (
    Request,
    Subject,
    is_about,
    matches,
    subjects_of,
)
from wallet_api.policies.rules import Rule, WindowLimit

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
"""Why a request is refused."""

_BASE = LAYERS[:3]
# What a signer cannot see through, and what gives away control of the account permanently.
_NEED_POLICY = ("hash_message", "delegation")
# In the order in which they are checked.
_LIMITS: tuple[Reason, ...] = ("unlimited_allowance", "lifetime", "max_amount", "window")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    """The rules of a layer. `policy` is the id of the policy; None for the rules of the user."""

    layer: str
    policy: str | None
    version: int
    rules: tuple[Rule, ...]


class Window(NamedTuple):
    """The spends that a window of a rule counts.

    These are the wallet's spends in `asset` on `chain_id` with one of `kinds` and one of
    `counterparties` (None: all spends), whose `valid_until` is later than `seconds` ago. The
    conditions `methods`, `selectors` and `typed_data` do not restrict what is counted, because a
    spend does not have these properties.
    """

    asset: str
    chain_id: int
    seconds: int
    kinds: tuple[str, ...]
    counterparties: tuple[str, ...] | None


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


def needed_windows(request: Request, layers: Collection[PolicyVersion]) -> list[Window]:
    """Return the windows whose sums evaluate() needs, each once."""
    subjects = subjects_of(request)
    needed: dict[Window, None] = {}
    for layer in layers:
        for rule in layer.rules:
            if rule.windows and is_about(rule, request):
                for subject in subjects:
                    if matches(rule, subject):
                        needed |= dict.fromkeys(_windows(rule, subject, request))
    return list(needed)


def rule_windows(rule: Rule) -> Iterator[tuple[WindowLimit, Window]]:
    """Return each window of a rule, for every asset and chain that the rule names."""
    for asset in sorted(rule.tokens or ()):
        for chain_id in sorted(rule.chain_ids or ()):
            for limit in rule.windows:
                yield limit, _window(rule, limit, asset, chain_id)


def evaluate(
    request: Request,
    layers: Collection[PolicyVersion],
    sums: Mapping[Window, int],
    *,
    unrestricted: bool,
) -> Verdict:
    """Return whether all layers allow the request.

    `sums` has the sum of each of needed_windows(), without this request. A client that is
    `unrestricted` needs no policy, but existing policies apply to it too. A message that may be a
    hash, and a delegation, are refused without a policy even for such a client.
    """
    subjects = subjects_of(request)
    ordered = sorted(layers, key=lambda layer: LAYERS.index(layer.layer))
    verdicts = tuple(_judge(layer, subjects, request, sums) for layer in ordered)
    reason = next((verdict.reason for verdict in verdicts if verdict.reason is not None), None)
    if reason is None and not any(layer.layer in _BASE for layer in layers):
        needs_policy = any(subject.kind in _NEED_POLICY for subject in subjects)
        if needs_policy or not unrestricted:
            reason = "no_policy"
    return Verdict(reason=reason, layers=verdicts)


def _judge(
    layer: PolicyVersion,
    subjects: Sequence[Subject],
    request: Request,
    sums: Mapping[Window, int],
) -> LayerVerdict:
    rules = [rule for rule in layer.rules if is_about(rule, request)]
    outcome = _denial(rules, subjects) or _permission(rules, subjects, request, sums)
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


def _denial(rules: Sequence[Rule], subjects: Sequence[Subject]) -> _Outcome | None:
    """Return the refusal of the first effect that a rule denies, or None."""
    denying = [rule for rule in rules if rule.effect == "deny"]
    for subject in subjects:
        denied = [rule for rule in denying if matches(rule, subject)]
        if denied:
            return _Outcome("denied", subject.effect, _first(denied))
    return None


def _permission(
    rules: Sequence[Rule],
    subjects: Sequence[Subject],
    request: Request,
    sums: Mapping[Window, int],
) -> _Outcome:
    """Return which rules allow all effects, or the refusal of the first that none allows."""
    candidates = [
        _Allowing(rule, subjects, matched, request)
        for rule in rules
        if rule.effect == "allow" and any(matched := [matches(rule, s) for s in subjects])
    ]
    allowing = set()
    for index, subject in enumerate(subjects):
        faults = [
            (candidate.fault(subject, sums), candidate.rule)
            for candidate in candidates
            if candidate.matches[index]
        ]
        # Report the rule that comes closest to allowing the effect: it fails at the last limit.
        for reason in (None, *reversed(_LIMITS)):
            found = [rule for fault, rule in faults if fault == reason]
            if found:
                break
        else:
            return _Outcome("no_rule", subject.effect)
        if reason is not None:
            return _Outcome(reason, subject.effect, _first(found))
        allowing.add(_first(found).id)
    # A request without effects is not allowed.
    return _Outcome(None if allowing else "no_rule", allowing=tuple(sorted(allowing)))


def _first(rules: Sequence[Rule]) -> Rule:
    """Return the rule with the smallest id, so that the result does not depend on the order."""
    return min(rules, key=lambda rule: rule.id)


class _Allowing:
    """A rule that allows, with the effects of a request that it matches and what they spend."""

    def __init__(
        self, rule: Rule, subjects: Sequence[Subject], matched: Sequence[bool], request: Request
    ) -> None:
        self.rule = rule
        self.matches = matched
        self._request = request
        self._totals: Counter[str | None] = Counter()
        if rule.limits_amounts:
            for subject, matches_it in zip(subjects, matched, strict=True):
                if matches_it and subject.amount:
                    self._totals[subject.token] += subject.amount

    def fault(self, subject: Subject, sums: Mapping[Window, int]) -> Reason | None:
        """Return the first limit that does not hold for an effect that matches, or None."""
        rule = self.rule
        if rule.limits_amounts and subject.unlimited:
            return "unlimited_allowance"
        if (
            rule.max_lifetime_seconds is not None
            and subject.lifetime_end is not None
            and subject.lifetime_end - self._request.now > rule.max_lifetime_seconds
        ):
            return "lifetime"
        total = self._totals[subject.token]
        if rule.max_amount is not None and total > rule.max_amount:
            return "max_amount"
        if rule.windows:
            windows = _windows(rule, subject, self._request)
            for limit, window in zip(rule.windows, windows, strict=True):
                # What spends nothing, such as the end of an allowance, is allowed in a full window.
                if total and sums[window] + total > limit.max_amount:
                    return "window"
        return None


def _windows(rule: Rule, subject: Subject, request: Request) -> Iterator[Window]:
    """Return what each window of a rule that matches the effect counts."""
    if subject.token is None or request.chain_id is None:
        raise AssertionError("unreachable: a rule with windows names tokens and chains")
    for limit in rule.windows:
        yield _window(rule, limit, subject.token, request.chain_id)


def _window(rule: Rule, limit: WindowLimit, asset: str, chain_id: int) -> Window:
    return Window(
        asset=asset,
        chain_id=chain_id,
        seconds=limit.seconds,
        kinds=rule.counted_kinds,
        counterparties=rule.counted_counterparties,
    )
