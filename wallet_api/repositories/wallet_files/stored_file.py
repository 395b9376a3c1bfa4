"""Reading of one file in the wallet directory, of any type and size."""

import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from wallet_api.repositories.wallet_files.file import MAX_BYTES

# Larger files are not read for their digest.
_MAX_DIGESTED = 16 * 1024 * 1024
_TOO_LARGE = "it is larger than any wallet file"
_SPECIAL = "it is a pipe, a socket or a device"
_EPOCH = datetime.fromtimestamp(0, UTC)
# The end of the year 8999, in microseconds: file systems support later times than dates do.
_LATEST = 221_845_391_999_999_999


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """The bytes of a file, or the `fault` why it cannot be parsed.

    `sha256` is in hex, None if the file was not read. `is_durable` is False until its writer has
    flushed the directory, so that the name survives a power failure.
    """

    content: bytes = b""
    sha256: str | None = None
    modified_at: datetime = _EPOCH
    is_durable: bool = True
    fault: str | None = None


def read_to_end(descriptor: int) -> StoredFile:
    """Read an open file to its end, and close it."""
    # Before open(), which refuses a directory.
    state = os.fstat(descriptor)
    fault = None
    if not stat.S_ISREG(state.st_mode):
        fault = "it is a directory" if stat.S_ISDIR(state.st_mode) else _SPECIAL
    elif state.st_size > _MAX_DIGESTED:
        fault = _TOO_LARGE
    if fault is not None:
        os.close(descriptor)
        return StoredFile(fault=fault)
    with open(descriptor, "rb", buffering=0) as file:
        try:
            content = file.read(MAX_BYTES + 1) or b""
            digest = hashlib.sha256(content)
            while state.st_size > MAX_BYTES and (more := file.read(1 << 20)):
                digest.update(more)
        except OSError as error:
            return unreadable(error)
    return StoredFile(
        content=content,
        sha256=digest.hexdigest(),
        modified_at=_EPOCH + timedelta(microseconds=_clamped(state.st_mtime_ns)),
        is_durable=state.st_nlink == 1,
        fault=_TOO_LARGE if len(content) > MAX_BYTES else None,
    )


def unreadable(error: OSError) -> StoredFile:
    """Return the result for a file that cannot be opened or read."""
    faults = {
        # Because of O_NOFOLLOW.
        errno.ELOOP: "it is a symbolic link",
        errno.ENXIO: _SPECIAL,
    }
    return StoredFile(fault=faults.get(error.errno or 0, f"it cannot be read ({error.strerror})"))


def _clamped(nanoseconds: int) -> int:
    """Return a file's time in microseconds since 1970, limited to valid dates."""
    return min(max(nanoseconds // 1000, 0), _LATEST)
