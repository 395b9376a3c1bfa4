"""The commands of docs/backup.md, which the tests run."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.running_service import ROOT
from wallet_api.development.programs import Account, run_as

PAGE = (ROOT / "docs" / "backup.md").read_text()
BACKUPS = "/var/backups/wallets"
"""The page's name for the folder of backups."""

COMMANDS = [
    command
    for block in re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for command in re.findall(r"^\$ (.+)$", block, re.MULTILINE)
]


def command(part):
    """Return the one command of the page that holds `part`."""
    (found,) = {command for command in COMMANDS if part in command}
    return found


def settings(name, *, backups, **variables):
    """Return the settings of the block that has the setting `name`, for this place of backups."""
    (block,) = re.findall(rf"^```ini\n([^`]*^{name} = [^`]*)^```", PAGE, re.MULTILINE)
    for variable, value in {BACKUPS: backups, **variables}.items():
        block = block.replace(variable, str(value))
    pairs = (line.split(" = ", 1) for line in block.splitlines())
    return {name: value.strip("'") for name, value in pairs}


class Shell:
    """Runs commands of the page as an operator does, on the programs of a server."""

    def __init__(self, postgres, environ, backups=None):
        # The servers' files belong to whom PostgreSQL runs as, the checkout to us.
        self._owner = run_as(Account(*_owner_of(postgres.home)))
        self._backups = backups
        path = [postgres.bindir, Path(sys.executable).parent, os.environ["PATH"]]
        self._environ = {"PATH": os.pathsep.join(map(str, path)), "LC_ALL": "C.UTF-8", **environ}

    def run(self, text, *, as_owner=False, **variables):
        """Run one command to its end, and return what became of it."""
        how = self._owner if as_owner else {"cwd": ROOT}
        environ = {**self._environ, **{name: str(value) for name, value in variables.items()}}
        text = text.replace(BACKUPS, str(self._backups))
        how = {**how, "env": environ, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.run(["bash", "-euc", text], text=True, timeout=100, check=False, **how)

    def succeed(self, text, *, as_owner=False, **variables):
        """Run one command, which must succeed, and return what it prints."""
        done = self.run(text, as_owner=as_owner, **variables)
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def _owner_of(path):
    status = path.stat()
    return status.st_uid, status.st_gid
