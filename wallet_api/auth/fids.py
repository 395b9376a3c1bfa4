"""Parsing of Farcaster ids (FIDs)."""

import re

from wallet_api.models import MAX_FID

_DIGITS = re.compile(r"[0-9]{1,19}", re.ASCII)


def parse_fid(value: object) -> int | None:
    """Return the FID in a positive integer or a string of digits, or None if it is not valid."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_FID:
        return value
    return None
