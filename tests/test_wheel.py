"""A wheel in an environment that was empty: every command, and a working service.

Slow: it builds the wheel, installs what the wheel needs, and runs a dozen programs.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import COMMANDS, wait_until
from tests.database import new_database
from tests.empty_environments import assert_complete, empty_environment, install
from tests.factories import BASE_ACCOUNT, FID
from tests.leaks import LEAKS
from tests.running_service import ROOT, RunningService, free_port
from wallet_api.database.sql_files import CATALOG, MIGRATIONS, QUERIES

pytestmark = pytest.mark.slow

SOURCES = ("setup.py", "setup.cfg", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE")
SOURCES += ("wallet_api", "queries", "migrations", "catalog.json", "schema.sql")


def output_of(*command, statuses=(0,), **options):
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, timeout=120, **options
    )
    assert done.returncode in statuses, done.stderr
    return done.stdout


def copy_sources(checkout):
    """Copy what a wheel is built from to a new folder, and return it."""
    checkout.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, checkout / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, checkout / name)
    return checkout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Install the wheel of the source archive and the pinned packages, and nothing else.

    Return the folder of its programs.
    """
    folder = tmp_path_factory.mktemp("wheel")
    checkout = copy_sources(folder / "checkout")
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    options = ("--no-deps", "--no-build-isolation", "--no-index")
    archive = "from setuptools import build_meta; build_meta.build_sdist('..')"
    output_of(sys.executable, "-c", archive, cwd=checkout)
    shutil.rmtree(checkout)
    (source,) = folder.glob("*.tar.gz")
    output_of(*pip, "wheel", *options, "--wheel-dir", folder, source)
    (wheel,) = folder.glob("*.whl")
    programs = empty_environment(folder / "venv")
    install(programs, "--require-hashes", "-r", ROOT / "requirements.txt")
    install(programs, "--no-deps", "--no-index", wheel)
    return programs


@pytest.fixture
def plain_url(server):
    with new_database(server, "wheel") as url:
        yield url


@pytest.fixture
def empty(installed, tmp_path):
    """Run a program of that environment in an empty folder: empty("wallet-api", "--help")."""
    path = f"{installed}{os.pathsep}{os.defpath}"
    (tmp_path / "empty").mkdir()

    def start(program, *arguments, statuses=(0,), **environ):
        return output_of(
            installed / program,
            *arguments,
            statuses=statuses,
            cwd=tmp_path / "empty",
            env={"PATH": path, "HOME": str(tmp_path), **environ},
        )

    start.path = path
    return start


def test_the_pinned_packages_are_what_the_wheel_requires(installed):
    assert_complete(installed)


def test_the_package_is_the_one_of_the_wheel_with_all_of_the_sql(empty, installed):
    program = "from wallet_api.database import sql_files; print(sql_files.CATALOG.parent)"
    packed = Path(empty("python", "-c", program).strip())
    assert packed.is_relative_to(installed.parent)
    for folder in (QUERIES, MIGRATIONS):
        for path in folder.rglob("*.*"):
            inside = path.relative_to(folder.parent)
            assert (packed / inside).read_bytes() == path.read_bytes()
    assert (packed / CATALOG.name).read_bytes() == CATALOG.read_bytes()


def test_a_second_build_packs_no_file_that_was_deleted_or_renamed(tmp_path):
    checkout = copy_sources(tmp_path / "checkout")
    build = (sys.executable, "setup.py", "--quiet", "build", "--build-lib", tmp_path / "lib")
    deleted = checkout / "migrations" / "0000_delete_me.sql"
    deleted.touch()
    renamed = checkout / "queries" / "old.sql"
    renamed.touch()
    module = checkout / "wallet_api" / "deleted.py"
    module.touch()
    output_of(*build, cwd=checkout)
    packed = tmp_path / "lib" / "wallet_api" / "_sql"
    assert (packed / "migrations" / deleted.name).exists()
    deleted.unlink()
    module.unlink()
    renamed.rename(renamed.with_name("new.sql"))
    output_of(*build, cwd=checkout)
    for folder in ("migrations", "queries"):
        sources, copies = (
            {path.name for path in (top / folder).iterdir()} for top in (checkout, packed)
        )
        assert copies == sources
    assert not (packed.parent / module.name).exists()


def test_every_command_has_its_help(empty):
    assert "Commands:" in empty("wallet-api", "--help")
    program = (
        "import sys; from click.testing import CliRunner; from wallet_api.cli import cli\n"
        "for name in sys.argv[1:]:\n"
        "    done = CliRunner().invoke(cli, [*name.split(), '--help'])\n"
        "    assert done.exit_code == 0 and 'Example:' in done.output, (name, done)\n"
    )
    empty("python", "-c", program, *COMMANDS)


def test_an_empty_database_can_be_upgraded_and_serve_a_deposit(
    empty, installed, plain_url, environ, tmp_path
):
    environ["DATABASE_URL"] = plain_url
    assert "Applied 0001" in empty("wallet-api", "db", "upgrade", **environ)
    port = free_port()
    log = tmp_path / "serve.log"
    LEAKS.logs.append(log)
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [installed / "wallet-api", "serve", "--bind", f"127.0.0.1:{port}"],
            cwd=tmp_path / "empty",
            env={"PATH": empty.path, **environ},
            stdout=stream,
            stderr=stream,
        )
    service = RunningService(process, port, environ)
    try:
        wait_until(lambda: service.get("/readyz").status == 200, seconds=40)
        first, second = (service.call(service.deposit(FID, base=BASE_ACCOUNT)) for _ in range(2))
        assert (first.status, second.status) == (200, 200), log.read_text()
        assert first.body["depositAddress"] == second.body["depositAddress"]
        assert service.get("/openapi.json").body["openapi"] == "3.1.0"
        for command in ("db status", "keys verify", "audit verify"):
            assert empty("wallet-api", *command.split(), **environ), command
        # This server of the tests does not sync.
        found = empty("wallet-api", "db", "doctor", statuses=(1,), **environ)
        assert re.findall("^FAULT +(.*)$", found, re.MULTILINE) == ["fsync is on"], found
        assert service.stop() == 0
    finally:
        service.stop()
    # Another server, which imports the module of the wheel.
    program = (
        "from wallet_api.wsgi import app; client = app.test_client()\n"
        "for path in ('/readyz', '/docs', '/api/wallet/primary'):\n"
        "    print(client.get(path).status_code)"
    )
    assert empty("python", "-c", program, **environ).split() == ["200", "200", "401"]
    assert list((tmp_path / "empty").iterdir()) == []
