"""What a process that holds secrets asks of the kernel."""

import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4


def keep_memory_private() -> None:
    """Have no core dump hold our secrets, and on Linux no other process of our user read them.

    The limit is inherited by every process that we start. Where core dumps are piped to a program
    the kernel ignores it, but not the flag; that one goes from parent to child as long as the child
    runs no other program. With it, /proc/<pid>/mem and environ and ptrace() are root's alone.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
