"""Rules and refusals in English sentences."""

from collections.abc import Collection, Iterable

from wallet_api.ethereum.amounts import ASSETS, Asset, format_amount
from wallet_api.ethereum.networks import NETWORKS
from wallet_api.policies.coverage import kind_of
from wallet_api.policies.evaluation import Verdict
from wallet_api.policies.examples import examples
from wallet_api.policies.rules import NATIVE, Rule, TypedDataCondition

_NETWORKS = {network.chain_id: network for network in NETWORKS.values()}
_KINDS = {
    "native_transfer": "native transfers",
    "token_transfer": "token transfers",
    "allowance": "allowances",
    "contract_call": "contract calls",
    "contract_creation": "new contracts",
    "delegation": "delegations",
    "message": "messages",
    "hash_message": "messages of 32 bytes",
    "typed_data": "typed data of no known standard",
    "network_fee": "network fees",
}
_OWNERS = {
    "service": "the service's policy",
    "client": "the policy of the API client",
    "wallet": "the wallet's policy",
    "user": "the user's own policy",
}


def explain(rule: Rule) -> str:
    """Return what a rule allows or denies, in one English sentence.

    Amounts are in whole assets where the asset is known, and in the smallest unit elsewhere.
    """
    verb = "Allow" if rule.effect == "allow" else "Deny"
    kinds = _kinds(rule)
    what = "anything" if kinds is None else "nothing"
    if kinds:
        what = listed((_KINDS[kind] for kind in kinds), "and")
    sentence = " ".join([verb, what, *_conditions(rule, kinds)])
    if kinds is None and rule.effect == "allow":
        # The comma separates them from the conditions before.
        sentence += ", except delegations and messages of 32 bytes"
    limits = _limits(rule)
    return f"{sentence}: {listed(limits, 'and', ordered=True)}." if limits else f"{sentence}."


def explain_refusal(verdict: Verdict) -> str:
    """Return why a request is refused, in English: which layer, which rule and which limit."""
    refusal = verdict.refusal
    if refusal is None:
        return (
            "No policy lets this API client sign this request. Assign a policy to the client, to "
            "the wallet or to the service."
        )
    owner = _OWNERS[refusal.layer]
    what = _KINDS[refusal.effect.kind] if refusal.effect else "anything"
    rule = refusal.refusing
    if rule is None:
        return f"No rule of {owner} allows {what} like this."
    name = f'Rule "{rule.id}" of {owner}'
    if refusal.reason == "denied":
        return f"{name} denies {what} like this."
    sentence = f"{name} allows {what}: {listed(_limits(rule), 'and', ordered=True)}."
    if refusal.reason == "window":
        return f"{sentence} Earlier signatures count towards this limit."
    if refusal.reason == "unlimited_allowance":
        return f"{sentence} This allowance is unlimited."
    return sentence


def known_asset(token: str, chain_ids: Collection[int] | None) -> Asset | None:
    """Return the asset that a token is on all of the chains, or None if it is not known."""
    if not chain_ids or not all(chain_id in _NETWORKS for chain_id in chain_ids):
        return None
    if token == NATIVE:
        return ASSETS["ETH"]
    known = all(_NETWORKS[chain_id].usdc.lower() == token for chain_id in chain_ids)
    return ASSETS["USDC"] if known else None


def _kinds(rule: Rule) -> set[str] | None:
    """Return the kinds of effects that a rule can match. None if it has no condition on effects."""
    conditions = (rule.kinds, rule.to, rule.tokens, rule.spenders, rule.selectors, rule.typed_data)
    if all(condition is None for condition in conditions):
        return None
    return {kind_of(example) for example in examples(rule)}


def _conditions(rule: Rule, kinds: set[str] | None) -> Iterable[str]:
    if rule.tokens is not None:
        yield f"of {listed((_asset_name(t, rule.chain_ids) for t in rule.tokens), 'or')}"
    if rule.to is not None:
        yield f"to {listed(rule.to, 'or')}"
    if rule.spenders is not None:
        yield f"to the spender {listed(rule.spenders, 'or')}"
    if rule.selectors is not None:
        yield f"with the selector {listed(rule.selectors, 'or')}"
    if rule.typed_data is not None:
        if kinds != {"typed_data"}:
            yield "by typed data"
        yield from _typed_data_conditions(rule.typed_data)
    if rule.methods is not None:
        yield f"by {listed(rule.methods, 'or')}"
    if rule.chain_ids is not None:
        yield f"on {listed((_chain_name(c) for c in sorted(rule.chain_ids)), 'or', ordered=True)}"


def _typed_data_conditions(condition: TypedDataCondition) -> Iterable[str]:
    if condition.primary_types is not None:
        yield f"of type {listed(condition.primary_types, 'or')}"
    if condition.verifying_contracts is not None:
        yield f"for the contract {listed(condition.verifying_contracts, 'or')}"


def _limits(rule: Rule) -> list[str]:
    limits = []
    if rule.max_amount is not None:
        limits.append(f"at most {_amount(rule.max_amount, rule)} in one request")
    # A request is for one chain.
    place = " on each chain" if len(rule.chain_ids or ()) > 1 else ""
    limits += [
        f"at most {_amount(window.max_amount, rule)}{place} in any {duration(window.seconds)}"
        for window in rule.windows
    ]
    if rule.max_lifetime_seconds is not None:
        limits.append(f"valid for at most {duration(rule.max_lifetime_seconds)}")
    return limits


def _amount(units: int, rule: Rule) -> str:
    assets = {known_asset(token, rule.chain_ids) for token in rule.tokens or ()}
    if len(assets) == 1:
        (asset,) = assets
        if asset is not None:
            return f"{format_amount(units, asset)} {asset.symbol}"
    each = " of each" if len(rule.tokens or ()) > 1 else ""
    return f"{units} of the smallest unit{each}"


def _asset_name(token: str, chain_ids: Collection[int] | None) -> str:
    asset = known_asset(token, chain_ids)
    if asset is not None:
        return asset.symbol
    return "the native asset" if token == NATIVE else token


def _chain_name(chain_id: int) -> str:
    network = _NETWORKS.get(chain_id)
    return f"{network.name} ({chain_id})" if network else f"chain {chain_id}"


def listed(items: Iterable[str], conjunction: str, *, ordered: bool = False) -> str:
    """Return items as part of a sentence: a, b and c. They are sorted unless `ordered`."""
    *others, last = items if ordered else sorted(items)
    return f"{', '.join(others)} {conjunction} {last}" if others else last


def duration(seconds: int) -> str:
    """Return a duration in its largest unit that is exact: 90 seconds, 24 hours, 7 days."""
    for name, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        # Any day could be a calendar day. Any 24 hours cannot.
        if seconds % length == 0 and (name != "day" or seconds > length):
            return _plural(seconds // length, name)
    return _plural(seconds, "second")


def _plural(count: int, unit: str) -> str:
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
