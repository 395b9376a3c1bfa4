"""Deposits that are not what was requested."""

import copy


def changed(deposit, path, value):
    """Return a copy of a deposit with another value at a path such as "transaction.to"."""
    copied = copy.deepcopy(deposit)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = copied
    for part in parents:
        place = place[part]
    assert place[last] != value
    place[last] = value
    return copied
