"""What rules count of a request, and what their windows count of earlier ones."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from wallet_api.policies.matching import Request
from wallet_api.policies.rules import NATIVE, NATIVE_KINDS, Rule, WindowLimit

CountKey: TypeAlias = tuple[
    tuple[bool, ...], tuple[int, ...], frozenset[str], frozenset[str] | None
]
"""The matched effects, and the window lengths, the kinds and the counterparties of a rule."""


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
    kinds: frozenset[str]
    counterparties: frozenset[str] | None


class Counted(NamedTuple):
    """What a rule counts of a request: the amounts, and what each window counts, by asset."""

    totals: Mapping[str | None, int]
    windows: Mapping[str | None, Sequence[Window]]


NOTHING = Counted({}, {})
"""What a rule without limits of amounts counts."""


def count(
    request: Request,
    effects: tuple[bool, ...],
    lengths: tuple[int, ...],
    kinds: frozenset[str],
    counterparties: frozenset[str] | None,
) -> Counted:
    """Return what a rule with limits of amounts counts of the effects that it matches."""
    totals: dict[str | None, int] = {}
    for subject, is_matched in zip(request.subjects, effects, strict=True):
        if is_matched:
            totals[subject.token] = totals.get(subject.token, 0) + (subject.amount or 0)
    windows: dict[str | None, Sequence[Window]] = {}
    if lengths:
        for token in totals:
            if token is None or request.chain_id is None:
                raise AssertionError("unreachable: a rule with windows names tokens and chains")
            windows[token] = [
                Window(token, request.chain_id, seconds, kinds, counterparties)
                for seconds in lengths
            ]
    return Counted(totals, windows)


def rule_windows(rule: Rule) -> Iterator[tuple[WindowLimit, Window]]:
    """Return each window of a rule, for every chain and asset that it names and can match."""
    for asset in sorted(rule.tokens or ()):
        kinds = rule.counted_kinds
        if not (kinds & NATIVE_KINDS if asset == NATIVE else kinds - NATIVE_KINDS):
            continue
        for chain_id in sorted(rule.chain_ids or ()):
            for limit in rule.windows:
                yield (
                    limit,
                    Window(asset, chain_id, limit.seconds, kinds, rule.counted_counterparties),
                )
