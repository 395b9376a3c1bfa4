"""CPU time and memory of a running process and its children, on Linux."""

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# The clock of the time that the scheduler gave to a process, see clock_getcpuclockid(3).
_CPUCLOCK_SCHED = 2


class CpuTime:
    """User and system time of a process and its children, from now on.

    It is exact, while the times in /proc/<pid>/stat are in ticks of 10 ms. The time of a child that
    ends meanwhile does not count.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = _cpu_times(pid)

    def seconds(self) -> float:
        """Return the seconds of CPU that were used."""
        now = _cpu_times(self._pid)
        return sum(used - self._before.get(pid, 0.0) for pid, used in now.items())


def memory_bytes(pid: int) -> int:
    """Return the proportional set size of a process and its children."""
    return sum(
        int(line.split()[1]) * 1024
        for one in _tree(pid)
        for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        if line.startswith("Pss:")
    )


def _cpu_times(pid: int) -> dict[int, float]:
    times = {}
    for one in _tree(pid):
        # It may have ended after it was listed.
        with suppress(OSError):
            times[one] = time.clock_gettime(~one << 3 | _CPUCLOCK_SCHED)
    return times


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))
