"""The clients: the packages of TypeScript, and Python clients of a real service."""

import fcntl
import re
import shutil
import subprocess

import pytest
from wallet_api_client import ServiceApi, UserApi

from tests.clients.programs import CLIENT, run
from tests.factories import new_client, token_of
from tests.service import served

MODULES = CLIENT / "node_modules"
# Several times as fast as TypeScript 5, which is there because the generator needs it.
TSC = "node_modules/typescript-7/bin/tsc"
UNTRIED = "THE TYPESCRIPT CLIENT WAS NOT TRIED"
# What npm says when it is the network that fails, and not the lock file.
OFFLINE = re.compile(
    r"^npm (?:error|ERR!) code (?:EAI_AGAIN|ENOTFOUND|ENETUNREACH|EHOSTUNREACH|ECONN[A-Z]+"
    r"|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENOTCACHED|E403|E407|E429|E5\d\d)$",
    re.MULTILINE,
)


def _has_node_20():
    programs = [shutil.which("node"), shutil.which("npm")]
    return all(programs) and int(run("node", "--version").stdout[1:].split(".")[0]) >= 20


@pytest.fixture(scope="session")
def packages():
    """Have what package-lock.json pins in node_modules. It stays there for the next run."""
    if not _has_node_20():
        pytest.skip(f"NO NODE: {UNTRIED}. Install Node 20 or newer, with npm.")
    lock = (CLIENT / "package-lock.json").read_text()
    done = MODULES / ".installed"
    # Several processes run tests at once, and one of them installs.
    with (CLIENT / "package.json").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if done.exists() and done.read_text() == lock:
            return
        quiet = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
        once = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000")
        try:
            npm = run("npm", "ci", *quiet, *once, cwd=CLIENT)
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm IS TOO SLOW: {UNTRIED}.")
        if npm.returncode and OFFLINE.search(npm.stderr):
            pytest.skip(f"NO WAY TO npm's REGISTRY: {UNTRIED}. {npm.stderr.splitlines()[0]}")
        assert npm.returncode == 0, npm.stderr
        done.write_text(lock)


@pytest.fixture(scope="session")
def compiled(packages, tmp_path_factory):
    """Check the types of every file, and return the folder with what may be run."""
    folder = tmp_path_factory.mktemp("typescript")
    tsc = run("node", TSC, "--outDir", folder, cwd=CLIENT)
    assert tsc.returncode == 0, tsc.stdout
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(MODULES)
    return folder


@pytest.fixture
def url(app):
    with served(app) as url:
        yield url


@pytest.fixture
def user(url):
    with UserApi(url, token_of()) as api:
        yield api


@pytest.fixture
def connect(url, services):
    """Connect as an API client with these scopes: connect("wallets:sign", policy_id=…)."""
    opened = []

    def client(*scopes, **options):
        api = ServiceApi(url, new_client(services.clients, *scopes, **options).reveal())
        opened.append(api)
        return api

    yield client
    for api in opened:
        api.close()


@pytest.fixture
def engine(connect):
    return connect("wallets:write", "wallets:read", "wallets:sign")
