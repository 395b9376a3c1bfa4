"""What is probably a mistake in a policy, although it can be read."""

from collections.abc import Sequence

from wallet_api.policies.rules import Rule


def warnings(rules: Sequence[Rule]) -> list[str]:
    """Return one English sentence for each contradiction and each rule without an effect."""
    if all(rule.effect == "deny" for rule in rules):
        return ["The policy refuses everything: it has no rule that allows."]
    return []
