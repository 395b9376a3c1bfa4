"""The semantics of docs/policies.md, written a second time, naively and slowly.

It reads rules and effects as JSON, and sums windows over a list of spends, so that it shares no
code with wallet_api.policies.
"""

import math

FOREVER = math.inf

PERMIT2 = "0x000000000022d473030f116ddee9f6b43ac78ba3"
# transfer, transferFrom, approve, increaseAllowance, and approve of Permit2.
OF_TOKENS = ("0xa9059cbb", "0x23b872dd", "0x095ea7b3", "0x39509351", "0x87517c45")


def verdict(layers, request, spends, *, unrestricted):
    """Return None if the request is allowed, and the reason for the first refusal if not.

    `layers` maps the name of a layer to its rules, as JSON.
    """
    for name in ("service", "client", "wallet", "user"):
        if name in layers:
            reason = layer_verdict(layers[name], request, spends)
            if reason is not None:
                return reason
    if not set(layers) & {"service", "client", "wallet"}:
        if not unrestricted:
            return "no_policy"
        for effect in effects_of(request):
            if effect["kind"] in ("hash_message", "delegation"):
                return "no_policy"
    return None


def layer_verdict(rules, request, spends):
    effects = effects_of(request)
    for effect in effects:
        for rule in rules:
            if rule["effect"] == "deny" and conditions_hold(rule, effect, request):
                return "denied"
    if not effects:
        return "no_rule"
    for effect in effects:
        limits = [
            failing_limit(rule, effect, effects, request, spends)
            for rule in rules
            if rule["effect"] == "allow" and may_allow(rule, effect, request)
        ]
        if None in limits:
            continue
        for limit in ("window", "max_amount", "lifetime", "unlimited_allowance"):
            if limit in limits:
                return limit
        return "no_rule"
    return None


def effects_of(request):
    return [effect.as_json() for effect in request.effects]


def conditions_hold(rule, effect, request):
    asked = {
        "methods": request.method,
        "chain_ids": request.chain_id,
        "kinds": effect["kind"],
        "to": recipient(effect),
        "tokens": asset(effect),
        "spenders": effect.get("spender"),
        "selectors": effect.get("selector"),
    }
    for name, value in asked.items():
        if name in rule and value not in rule[name]:
            return False
    if "typed_data" in rule:
        if request.typed_data is None:
            return False
        names = ("verifying_contracts", "primary_types")
        for name, value in zip(names, request.typed_data, strict=True):
            if name in rule["typed_data"] and value not in rule["typed_data"][name]:
                return False
    return True


def may_allow(rule, effect, request):
    if not conditions_hold(rule, effect, request) or effect.get("verifying_contract") == PERMIT2:
        return False
    if effect.get("selector") in OF_TOKENS and "selectors" not in rule:
        return False
    if effect["kind"] == "hash_message" and "hash_message" not in rule.get("kinds", []):
        return False
    if effect["kind"] == "delegation":
        chain_id = int(effect["chain_id"])
        is_named = "to" in rule and "delegation" in rule.get("kinds", [])
        if not is_named or chain_id == 0 or chain_id != request.chain_id:
            return False
    if "max_amount" in rule or "windows" in rule:
        return own_amount(effect, request) is not None
    return True


def recipient(effect):
    if effect["kind"] == "delegation":
        return effect["delegate"]
    return effect.get("to")


def asset(effect):
    if effect["kind"] in ("native_transfer", "network_fee"):
        return "native"
    return effect.get("token")


def own_amount(effect, request):
    """Return what the wallet itself spends, or None."""
    if effect["kind"] == "token_transfer" and effect["sender"] != request.wallet:
        return None
    if effect["kind"] == "allowance" and effect["owner"] != request.wallet:
        return None
    return int(effect["amount"]) if "amount" in effect else None


def failing_limit(rule, effect, effects, request, spends):
    limited = "max_amount" in rule or "windows" in rule
    if limited and effect["kind"] == "allowance" and int(effect["amount"]) >= 2**160 - 1:
        return "unlimited_allowance"
    if "max_lifetime_seconds" in rule:
        end = lifetime_end(effect, request)
        if end is not None and end - request.now > rule["max_lifetime_seconds"]:
            return "lifetime"
    if not limited:
        return None
    total = 0
    for other in effects:
        if asset(other) == asset(effect) and may_allow(rule, other, request):
            total += own_amount(other, request)
    if "max_amount" in rule and total > int(rule["max_amount"]):
        return "max_amount"
    for window in rule.get("windows", []):
        held = held_by(rule, window["seconds"], asset(effect), request, spends)
        if total > 0 and held + total > int(window["max_amount"]):
            return "window"
    return None


def lifetime_end(effect, request):
    """Return when an effect ends: FOREVER if never, None for what a transaction does at once."""
    kind = effect["kind"]
    if kind in ("message", "hash_message", "typed_data", "delegation"):
        return FOREVER
    if kind == "token_transfer" and request.typed_data is not None:
        return number(effect["deadline"])
    if kind == "allowance":
        if effect["expires_at"] is None:
            return FOREVER
        if request.typed_data is None:
            return number(effect["expires_at"])
        return max(number(effect["expires_at"]), number(effect["deadline"]))
    return None


def number(time):
    return FOREVER if time is None or int(time) > 253_402_300_799 else int(time)


def held_by(rule, seconds, token, request, spends):
    """Return what a window holds. A spend: chain, asset, kind, counterparty, amount, until."""
    total = 0
    for spend in spends:
        if spend["chain_id"] != request.chain_id or spend["asset"] != token:
            continue
        if "kinds" in rule and spend["kind"] not in rule["kinds"]:
            continue
        transfer = spend["kind"] in ("native_transfer", "token_transfer")
        if "to" in rule and not (transfer and spend["counterparty"] in rule["to"]):
            continue
        if "spenders" in rule and not (
            spend["kind"] == "allowance" and spend["counterparty"] in rule["spenders"]
        ):
            continue
        if spend["until"] > request.now - seconds:
            total += spend["amount"]
    return total
