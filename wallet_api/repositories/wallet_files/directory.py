"""The wallet directory: safe reads, and atomic and durable writes.

A file is written under a temporary name, flushed to disk, and then linked to its name, which fails
if the name exists. A writer holds the directory's lock, in every process. Names that begin with a
dot are not wallet files:

    .lock        locked by a writer
    .migrating   PostgreSQL has taken over: no wallet may be created here any more
    .new-…       a temporary file; a crash may leave one
"""

import errno
import fcntl
import os
import re
import secrets
import time
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wallet_api.errors import StorageUnavailable
from wallet_api.repositories.wallet_files.stored_file import StoredFile, read_to_end, unreadable

_LOCK = ".lock"
_MIGRATING = ".migrating"
_TEMPORARY = re.compile(r"\.new-[0-9a-f]{16}")
_LOCK_SECONDS = 5.0
_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
_OPEN_LOCK = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class WalletDirectory:
    """One directory, held open from its first use, so that later changes of its path do not matter.

    Every method raises StorageUnavailable if the directory cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._handed_over = False

    def exists(self) -> bool:
        """Return whether there is a directory at the path."""
        with self._faults("cannot be reached"):
            return self._descriptor is not None or self.path.is_dir()

    def create(self) -> None:
        """Create the directory and its lock file if needed; set mode 0700 on an empty one."""
        with self._faults("cannot be created"):
            new = [path for path in (self.path, *self.path.parents) if not path.exists()]
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for path in new:
                _fsync(path.parent)
            if not any(self.names()):
                os.fchmod(self._open(), 0o700)
        with self.locked():
            self.fsync()

    def is_marked(self) -> bool:
        """Return whether this service has ever written to the directory."""
        return self.has(_LOCK) or self.has(_MIGRATING)

    def names(self) -> Iterator[str]:
        """Yield the names in the directory, except those of our own files."""
        with self._faults("cannot be listed"):
            for name in self._entries():
                if name not in (_LOCK, _MIGRATING) and not _TEMPORARY.fullmatch(name):
                    yield name

    def read(self, name: str) -> StoredFile | None:
        """Read a file; None if there is none. Do not follow links or wait for pipes.

        Raises ValueError for a name that could lead out of the directory.
        """
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise ValueError("not the name of a file")
        try:
            descriptor = os.open(name, _READ | os.O_NONBLOCK, dir_fd=self._open())
        except FileNotFoundError:
            self._refuse_if_removed()
            return None
        except OSError as error:
            return unreadable(error)
        return read_to_end(descriptor)

    def has(self, name: str) -> bool:
        """Return whether a name exists."""
        with self._faults("cannot be read"):
            try:
                os.stat(name, dir_fd=self._open(), follow_symlinks=False)
            except FileNotFoundError:
                return False
        return True

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory's lock, which excludes writers in this and other processes."""
        with self._faults("cannot be locked"):
            descriptor = os.open(_LOCK, _OPEN_LOCK | os.O_CREAT, 0o600, dir_fd=self._open())
        try:
            with self._faults("cannot be locked"):
                self._wait_for_lock(descriptor)
            yield
        finally:
            os.close(descriptor)

    def require_lock(self) -> None:
        """Raise StorageUnavailable if permissions or the disk do not allow taking the lock.

        Write nothing. Without a lock file, check the permissions of the directory; without a
        directory, those of the nearest existing parent.
        """
        if not self.exists():
            with self._faults("cannot be created"):
                parent = _opened(next(path for path in self.path.parents if path.exists()))
                try:
                    _require_write_access(parent)
                finally:
                    os.close(parent)
            return
        with self._faults("cannot be locked"):
            try:
                descriptor = os.open(_LOCK, _OPEN_LOCK, dir_fd=self._open())
            except FileNotFoundError:
                _require_write_access(self._open())
                return
            try:
                with suppress(BlockingIOError):
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            finally:
                os.close(descriptor)

    def is_handed_over(self) -> bool:
        """Return whether PostgreSQL has taken over."""
        return self.has(_MIGRATING)

    def refuse_if_handed_over(self) -> None:
        """Raise StorageUnavailable if PostgreSQL has taken over. Call it with the lock held."""
        if self.is_handed_over():
            raise StorageUnavailable(
                f"{self.path} was handed over to PostgreSQL ({_MIGRATING}): "
                "no wallet may be created in it any more"
            )

    def hand_over(self, *, check_only: bool = False) -> None:
        """Mark the directory, so that no wallet is created here any more: PostgreSQL takes over.

        After this returns, no new wallet file appears. If we may not write, an operator must set
        the mark, because other processes may be able to write. With `check_only`, write nothing.
        """
        if not self.is_handed_over():
            self._handed_over = False
            try:
                if check_only:
                    self.require_lock()
                    return
                with self.locked(), self._faults("cannot be marked"):
                    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
                    os.close(os.open(_MIGRATING, flags, 0o600, dir_fd=self._open()))
            except StorageUnavailable as error:
                raise StorageUnavailable(
                    f"{error.reason}, so that other processes may still create wallets in it",
                    "after they "
                    f"have stopped, create an empty file {_MIGRATING} in it (until then, only "
                    "users who have a wallet are served)",
                ) from error
        if not (self._handed_over or check_only):
            self.fsync()
            self._handed_over = True

    def add_all(self, files: dict[str, bytes]) -> dict[str, bool]:
        """Write files durably, except those whose names exist; return which were written."""
        temporary: dict[str, str] = {}
        added = {}
        with self._faults("cannot be written to"):
            try:
                for name, content in files.items():
                    temporary[name] = self._write_temporary(content)
                for name, new in temporary.items():
                    added[name] = self._link(new, name)
                # Before temporary names are removed: a reader that sees two links flushes itself.
                self.fsync()
            except OSError:
                self._unlink(new for name, new in temporary.items() if not added.get(name))
                raise
            self._unlink(temporary.values())
        return added

    def replace(self, name: str, content: bytes) -> None:
        """Replace a file durably."""
        with self._faults("cannot be written to"):
            new = self._write_temporary(content)
            # It keeps a second link until the first one is flushed, as in add_all().
            second = f".new-{secrets.token_hex(8)}"
            directory = self._open()
            try:
                self._link(new, second)
                os.rename(second, name, src_dir_fd=directory, dst_dir_fd=directory)
            except OSError:
                self._unlink([new, second])
                raise
            self.fsync()
            self._unlink([new])

    def fsync(self) -> None:
        """Flush the directory, so that its names survive a power failure."""
        with self._faults("cannot be flushed to the disk"):
            os.fsync(self._open())

    def remove_temporary_files(self) -> None:
        """Remove temporary files of killed writers. Call it with the lock held."""
        with self._faults("cannot be cleaned"):
            self._unlink(filter(_TEMPORARY.fullmatch, self._entries()))

    def _open(self) -> int:
        if self._descriptor is None:
            with self._faults("cannot be opened"):
                self._descriptor = _opened(self.path)
                weakref.finalize(self, os.close, self._descriptor)
        return self._descriptor

    def _entries(self) -> Iterator[str]:
        # A descriptor of its own, because a listing has a position in the directory.
        listing = os.open(".", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._open())
        try:
            with os.scandir(listing) as entries:
                for entry in entries:
                    yield entry.name
        finally:
            os.close(listing)

    def _write_temporary(self, content: bytes) -> str:
        name = f".new-{secrets.token_hex(8)}"
        descriptor = os.open(name, _CREATE, 0o600, dir_fd=self._open())
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123
                file.write(content)
                file.flush()
                os.fsync(descriptor)
        except OSError:
            os.unlink(name, dir_fd=self._open())
            raise
        return name

    def _unlink(self, names: Iterable[str]) -> None:
        for name in names:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=self._open())

    def _refuse_if_removed(self) -> None:
        """Raise StorageUnavailable if the directory was removed: its files are not missing."""
        if os.fstat(self._open()).st_nlink == 0:
            raise StorageUnavailable(f"{self.path} was removed", "restart this process")

    def _link(self, new: str, name: str) -> bool:
        directory = self._open()
        try:
            os.link(new, name, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
        except FileExistsError:
            return False
        return True

    def _wait_for_lock(self, descriptor: int) -> None:
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise StorageUnavailable(f"{self.path} is locked by another process") from error
                time.sleep(0.005)
            else:
                break
        if os.fstat(descriptor).st_nlink == 0:
            raise StorageUnavailable(f"{self.path / _LOCK} was removed while it was in use")

    @contextmanager
    def _faults(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageUnavailable(f"{self.path} {what} ({error.strerror})") from error


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _require_write_access(folder: int) -> None:
    """Raise OSError unless a file can be created in an open directory."""
    if not os.access(".", os.W_OK | os.X_OK, dir_fd=folder):
        read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
        code = errno.EROFS if read_only else errno.EACCES
        raise OSError(code, os.strerror(code))


def _fsync(path: Path) -> None:
    descriptor = _opened(path)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
