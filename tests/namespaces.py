"""Programs in Linux namespaces of their own: other users, and folders that are read-only."""

import shlex
import shutil
import subprocess

import pytest


def isolated(*options):
    """Return a shell's words that start a program in namespaces of its own, or skip the test."""
    words = ["unshare", *options]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*words, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("NO NAMESPACES HERE: NAMELESS USERS AND READ-ONLY FOLDERS WERE NOT TRIED.")
    return shlex.join(words)


def nameless():
    """Return what starts a program as a user that nobody has heard of."""
    return isolated("--user", "--map-user=54321", "--map-group=54321")


def readonly(*folders):
    """Return what starts a shell's command line where folders are read-only."""
    mounts = [
        f"mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}" for folder in folders
    ]
    script = " && ".join([*mounts, 'exec sh -c "$0"'])
    return f"{isolated('--mount')} sh -c {shlex.quote(script)}"
