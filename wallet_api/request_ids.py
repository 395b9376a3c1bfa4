"""Request ids, which contain the time at which they were made (UUID version 7, RFC 9562)."""

import re
import secrets
import time
from datetime import UTC, datetime, timedelta

_OURS = re.compile(r"(?P<milliseconds>[0-9a-f]{12})7[0-9a-f]{3}[89ab][0-9a-f]{15}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The years 2026 to 2125 in milliseconds. Very few random ids have such a time by chance.
_TIMES = range(1_767_225_600_000, 4_922_899_200_000)


def new_request_id() -> str:
    """Return a new request id: 32 hexadecimal digits."""
    milliseconds = time.time_ns() // 1_000_000
    rest = secrets.randbits(74)
    number = milliseconds << 80 | 7 << 76 | rest >> 62 << 64 | 2 << 62 | rest & (1 << 62) - 1
    return f"{number:032x}"


def time_of(request_id: str) -> datetime | None:
    """Return when a request id was made, or None if this service did not make it."""
    found = _OURS.fullmatch(request_id)
    if found is None:
        return None
    milliseconds = int(found["milliseconds"], 16)
    return _EPOCH + timedelta(milliseconds=milliseconds) if milliseconds in _TIMES else None
