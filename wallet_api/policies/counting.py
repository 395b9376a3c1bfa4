"""What rules count of a request, and what their windows count of earlier ones."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from wallet_api.policies.matching import Request
from wallet_api.policies.rules import NATIVE, NATIVE_KINDS, Rule, WindowLimit


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


class Counts:
    """What rules count of a request. Most rules of a policy count the same, which is kept."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._totals: dict[tuple[bool, ...], Mapping[str | None, int]] = {}
        self._counted: dict[tuple[object, ...], Counted] = {}

    def of(self, rule: Rule, effects: tuple[bool, ...]) -> Counted:
        """Return what a rule counts of the effects that it matches."""
        if not rule.limits_amounts:
            return NOTHING
        key = (effects, rule.window_lengths, rule.counted_kinds, rule.counted_counterparties)
        counted = self._counted.get(key)
        if counted is None:
            counted = self._counted[key] = self._count(*key)
        return counted

    def windows(self) -> tuple[Window, ...]:
        """Return the windows of all rules, each once."""
        windows = (each for counted in self._counted.values() for each in counted.windows.values())
        return tuple(dict.fromkeys(chain.from_iterable(windows)))

    def _count(
        self,
        effects: tuple[bool, ...],
        lengths: tuple[int, ...],
        kinds: frozenset[str],
        counterparties: frozenset[str] | None,
    ) -> Counted:
        totals = self._totals.get(effects)
        if totals is None:
            totals = self._totals[effects] = _totals(self._request, effects)
        if not lengths:
            return Counted(totals, {})
        chain_id = self._request.chain_id
        windows: dict[str | None, Sequence[Window]] = {}
        for token in totals:
            if token is None or chain_id is None:
                raise AssertionError("unreachable: a rule with windows names tokens and chains")
            windows[token] = _windows(token, chain_id, lengths, kinds, counterparties)
        return Counted(totals, windows)


def _totals(request: Request, effects: tuple[bool, ...]) -> Mapping[str | None, int]:
    totals: dict[str | None, int] = {}
    for subject, is_matched in zip(request.subjects, effects, strict=True):
        if is_matched:
            totals[subject.token] = totals.get(subject.token, 0) + (subject.amount or 0)
    return totals


# Requests of one wallet have the same windows, and making them takes a third of a verdict.
@lru_cache(maxsize=4096)
def _windows(
    asset: str,
    chain_id: int,
    lengths: tuple[int, ...],
    kinds: frozenset[str],
    counterparties: frozenset[str] | None,
) -> tuple[Window, ...]:
    return tuple([Window(asset, chain_id, seconds, kinds, counterparties) for seconds in lengths])


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
