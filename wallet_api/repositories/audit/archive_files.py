"""Files of archived audit entries: compressed JSON lines in a directory."""

import fcntl
import gzip
import heapq
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

from wallet_api.models import AuditEntry

_NAMES = [field.name for field in fields(AuditEntry)]
_REQUIRED = {
    "fid": int,
    "id": int,
    **dict.fromkeys(("chain", "action", "actor", "request_id", "created_at", "key_id", "mac"), str),
}
_PATTERN = "audit-*.jsonl.gz"


class ArchiveDamaged(Exception):
    """An archive cannot be read or written. The message is the reason, in one line."""


class ArchiveFolder:
    """A directory of archived entries.

    A file has its name only when it is complete: it is written under another name, flushed to disk,
    read back and compared. It is never changed. Its lines are in the order of (fid, id). An entry
    may be in several files, because an archive that was interrupted writes entries again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Prevent other processes from writing to the directory, and remove incomplete files.

        Raises ArchiveDamaged if another process writes to it.
        """
        with _explained(self.path):
            descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ArchiveDamaged(f"another process writes to {self.path}") from error
            with _explained(self.path):
                for incomplete in self.path.glob(".audit-*"):
                    incomplete.unlink()
            yield
        finally:
            os.close(descriptor)

    def write(self, entries: Sequence[AuditEntry]) -> None:
        """Write a new file, and return when it is on disk and was read back. Inside locked().

        Raises ArchiveDamaged if it cannot be written or read back.
        """
        numbers = [_number(path) for path in self._files()]
        path = self.path / f"audit-{max(numbers, default=0) + 1:06}.jsonl.gz"
        incomplete = path.with_name(f".{path.name}")
        with _explained(incomplete):
            descriptor = os.open(incomplete, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as compressed:
                    compressed.writelines(map(_to_line, entries))
                file.flush()
                os.fsync(file.fileno())
                if hasattr(os, "posix_fadvise"):
                    # Read back from the disk, not from the page cache.
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if list(_read(incomplete)) != list(entries):
            raise ArchiveDamaged(f"{incomplete} cannot be read back: the disk may be damaged")
        with _explained(path):
            incomplete.rename(path)
            self._sync()

    def entries(self) -> Iterator[AuditEntry]:
        """Yield the entries of all files in the order of (fid, id). Raises ArchiveDamaged.

        A file is open only while its entries are due: there may be more files than a process may
        open.
        """
        paths = self._files()
        heap: list[tuple[tuple[int, int], int, AuditEntry, Iterator[AuditEntry] | None]] = []
        for number, path in enumerate(paths):
            for first in _read(path):
                heap.append((position(first), number, first, None))
                break
        heapq.heapify(heap)
        while heap:
            _, number, entry, rest = heap[0]
            yield entry
            if rest is None:
                rest = _read(paths[number])
                next(rest)
            following = next(rest, None)
            if following is None:
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (position(following), number, following, rest))

    def _files(self) -> list[Path]:
        with _explained(self.path):
            # glob() yields nothing for a directory that does not exist.
            self.path.stat()
            return sorted(self.path.glob(_PATTERN), key=_number)

    def _sync(self) -> None:
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def position(entry: AuditEntry) -> tuple[int, int]:
    """Return the sort key of entries in files and in the verification."""
    return entry.fid, entry.id


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Raise ArchiveDamaged for an error of the file system."""
    try:
        yield
    except OSError as error:
        raise ArchiveDamaged(f"{path}: {error.strerror or error}") from error


def _number(path: Path) -> int:
    digits = path.name.removeprefix("audit-").removesuffix(".jsonl.gz")
    if not digits.isdecimal():
        raise ArchiveDamaged(f"{path} is not a file of `wallet-api audit archive`")
    return int(digits)


def _read(path: Path) -> Iterator[AuditEntry]:
    """Yield the entries of a file. Raises ArchiveDamaged."""
    last = (0, 0)
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
            for line in lines:
                entry = _from_line(line, after=last)
                last = position(entry)
                yield entry
    except (OSError, EOFError, ValueError, RecursionError) as error:
        # gzip raises OSError and EOFError for data that is damaged or ends too early.
        raise ArchiveDamaged(f"{path} cannot be read: {error}") from error


def _to_line(entry: AuditEntry) -> bytes:
    members = {name: getattr(entry, name) for name in _NAMES}
    members["ip"] = None if entry.ip is None else str(entry.ip)
    members["created_at"] = entry.created_at.isoformat()
    return json.dumps(members, separators=(",", ":")).encode() + b"\n"


def _from_line(line: str, after: tuple[int, int]) -> AuditEntry:
    """Parse a line. Raises ValueError."""
    members = json.loads(line)
    if not isinstance(members, dict) or not _REQUIRED.keys() <= members.keys() <= {*_NAMES}:
        raise ValueError("a line is not an entry")
    # Members that a later version added are null in older files.
    given = {**dict.fromkeys(_NAMES), **members}
    if not all(isinstance(given[name], _REQUIRED.get(name, str | None)) for name in _NAMES):
        raise ValueError("a line is not an entry")
    given["created_at"] = datetime.fromisoformat(given["created_at"])
    if given["created_at"].tzinfo is None:
        raise ValueError("a line is not an entry")
    given["ip"] = None if given["ip"] is None else ip_address(given["ip"])
    entry = AuditEntry(**given)
    if position(entry) <= after:
        raise ValueError("its entries are not in order")
    return entry
