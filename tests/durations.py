"""Durations on a machine that does other work too."""

import time
from collections.abc import Callable


def quickest(act: Callable[[], object], tries: int = 5) -> float:
    """Return the seconds of the quickest try: other work on the machine delays some of them."""
    taken = []
    for _ in range(tries):
        began = time.monotonic()
        act()
        taken.append(time.monotonic() - began)
    return min(taken)
