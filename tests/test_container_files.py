"""Dockerfile, compose.yaml and .dockerignore fit the service, the Procfile and each other.

No container is started: the files that the image has are copied to a folder, and tried there.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.database import new_database
from tests.running_service import ROOT
from wallet_api.config import Settings

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
PAGE = (ROOT / "docs" / "deploy.md").read_text()
PROCFILE = dict(
    line.split(": ", 1) for line in (ROOT / "Procfile").read_text().strip().splitlines()
)
BUILD, FINAL = re.split("^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]


def instructions(name, stage):
    """Return what the instructions of one kind say, with continuation lines joined."""
    joined = re.sub(r"\\\n\s*", " ", stage)
    return re.findall(rf"^{name} (.+)$", joined, re.MULTILINE)


def copied():
    """Return what is copied from the checkout, in order."""
    return [line.split()[0] for line in instructions("COPY", BUILD)]


def test_the_image_has_the_python_and_the_packages_that_ci_tests():
    version = (ROOT / ".python-version").read_text().strip()
    assert BUILD.startswith(f"python:{version}-slim")
    (install, *_) = instructions("RUN", BUILD)
    assert "--require-hashes -r requirements.txt" in install
    # The image has no compiler.
    assert "--only-binary :all:" in install


def test_the_context_has_the_files_that_are_copied_and_nothing_else():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    assert rules[0] == "*"
    allowed = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert allowed == set(copied())
    assert "**/__pycache__" in rules


def test_the_container_is_not_root_and_runs_what_the_procfile_runs():
    (user,) = instructions("USER", FINAL)
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
    (entry,), (command,) = (instructions(name, FINAL) for name in ("ENTRYPOINT", "CMD"))
    program, *arguments = json.loads(entry)
    assert program.endswith("/python3")
    assert PROCFILE["web"] == " ".join(["python", *arguments, *json.loads(command)])
    release = " ".join(["python", *arguments, *SERVICES["migrate"]["command"]])
    assert PROCFILE["release"].startswith(f"{release} &&")
    assert SERVICES["web"]["command"] == json.loads(command)


def test_a_container_can_write_no_file_and_has_no_capability():
    for name in ("migrate", "web"):
        service = SERVICES[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_ports_agree():
    (port,) = instructions("EXPOSE", FINAL)
    web = SERVICES["web"]
    assert web["environment"]["PORT"] == port
    # Only this machine reaches it: a proxy terminates TLS.
    assert web["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f"http://127.0.0.1:{port}/readyz" in web["healthcheck"]["test"][-1]


@pytest.mark.slow
def test_compose_is_valid_by_the_schema_of_its_specification():
    program = Path(sys.executable).with_name("check-jsonschema")
    command = [program, "--builtin-schema", "vendor.compose-spec", ROOT / "compose.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_web_starts_after_the_upgrade_and_the_upgrade_after_the_database():
    wanted = {
        "migrate": {"database": {"condition": "service_healthy"}},
        "web": {"migrate": {"condition": "service_completed_successfully"}},
    }
    assert {name: SERVICES[name]["depends_on"] for name in wanted} == wanted


def test_compose_gives_the_settings_that_the_service_requires():
    """DATABASE_URL is set in compose.yaml, and the page writes the others into .env."""
    environment = SERVICES["web"]["environment"]
    assert SERVICES["web"]["env_file"] == ".env"
    section = PAGE.split("## A container")[1].split("\n## ")[0]
    written = {
        name: f"{name:.<40}" if value.startswith("$(") else value
        for name, value in re.findall(r"^([A-Z_]+)='(.*)'$", section, re.MULTILINE)
    }
    assert {"ENCRYPTION_SECRET", "JWT_SECRET", "POSTGRES_PASSWORD"} <= written.keys()
    settings = Settings.from_environ({**written, **environment})
    assert settings.port == int(environment["PORT"])


def test_stopping_takes_longer_than_the_requests_that_are_running():
    text = (ROOT / "wallet_api" / "server" / "gunicorn_settings.py").read_text()
    graceful = int(re.search(r'"graceful_timeout": (\d+)', text)[1])
    assert int(SERVICES["web"]["stop_grace_period"].removesuffix("s")) > graceful


@pytest.mark.slow
def test_the_files_of_the_image_are_all_that_the_commands_need(server, environ, tmp_path):
    for name in copied():
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, tmp_path)

    def run(*arguments, **changes):
        done = subprocess.run(
            [sys.executable, "-m", "wallet_api", *arguments],
            cwd=tmp_path,
            # A folder that comes before the checkout, which is installed here.
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), **environ, **changes},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    with new_database(server, "image") as url:
        assert "Applied 0001" in run("db", "upgrade", DATABASE_URL=url)
        assert "0 wallets in" in run("keys", "verify", DATABASE_URL=url)
        assert "would serve" in run("doctor", DATABASE_URL=url)


HADOLINT = shutil.which("hadolint")


@pytest.mark.skipif(
    HADOLINT is None, reason="NO hadolint: THE DOCKERFILE WAS NOT CHECKED BY IT. Install it."
)
def test_hadolint_finds_nothing():
    done = subprocess.run(
        [HADOLINT, ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
