"""Virtual environments that begin empty, and get only what is installed into them."""

import re
import subprocess
import sys
import venv

import pytest

# What pip says when it is the network that fails, and not what it installs.
OFFLINE = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectTimeoutError|ReadTimeoutError|ProxyError"
    r"|SSLError|Temporary failure in name resolution"
)


def empty_environment(home):
    """Make an environment without any package, and return the folder of its programs."""
    venv.create(home)
    return home / "bin"


def install(programs, *arguments):
    """Install into an environment, from pip's cache if possible, or skip without a network."""
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "install"]
    quick = ("--quiet", "--disable-pip-version-check", "--retries", "1", "--timeout", "20")
    done = subprocess.run(
        [*pip, *quick, "--only-binary", ":all:", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode and OFFLINE.search(done.stderr):
        pytest.skip("NO PACKAGES CAN BE LOADED: AN EMPTY ENVIRONMENT WAS NOT TRIED.")
    assert done.returncode == 0, done.stderr


def assert_complete(programs):
    """Check that every package of an environment has what it requires."""
    check = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "check"]
    done = subprocess.run(check, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
