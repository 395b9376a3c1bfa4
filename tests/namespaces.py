"""Programs in Linux namespaces of their own, as other users and with read-only folders."""

import shlex
import shutil
import subprocess

import pytest


def isolated(*options):
    """Return a shell command that starts a program in its own namespaces, or skip the test."""
    words = ["unshare", *options]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*words, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("NO NAMESPACES HERE: NAMELESS USERS AND READ-ONLY FOLDERS WERE NOT TRIED.")
    return shlex.join(words)


def nameless():
    """Return a command that starts a program as an unknown user."""
    return isolated("--user", "--map-user=54321", "--map-group=54321")


def readonly(*folders):
    """Return a command that starts a shell's command line with read-only folders."""
    mounts = [
        f"mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}" for folder in folders
    ]
    script = " && ".join([*mounts, 'exec sh -c "$0"'])
    return f"{isolated('--mount')} sh -c {shlex.quote(script)}"
