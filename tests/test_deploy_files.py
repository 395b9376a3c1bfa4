"""app.json and deploy/ fit the service and docs/deploy.md."""

import json
import re
import shlex
import shutil
import subprocess
from configparser import ConfigParser

import pytest
from honcho import environ as procfiles

from tests.running_service import ROOT
from wallet_api.config import ConfigurationError, Settings

FILES = ROOT / "deploy"
PAGE = (ROOT / "docs" / "deploy.md").read_text()
GUNICORN = (ROOT / "wallet_api" / "server" / "gunicorn_settings.py").read_text()
OPERATIONS = " ".join((ROOT / "docs" / "operations.md").read_text().split())
NGINX = (FILES / "nginx.conf").read_text()
BUTTON = json.loads((ROOT / "app.json").read_text())
REQUIRED = {"DATABASE_URL", "ENCRYPTION_SECRET", "JWT_SECRET"}
# What Heroku's buildpack sets on a Basic dyno.
PROCESSES = 2
# An upgrade takes two connections; two are left for commands.
RESERVED = 4


def unit(name):
    """Read a unit; of a setting that is given more than once, the last."""
    parsed = ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str
    parsed.read(FILES / name)
    return parsed


def configured(name):
    """Return a number among gunicorn's settings."""
    return int(re.search(rf'^ +"{name}": (\d+),$', GUNICORN, re.MULTILINE)[1])


def said_to_nginx(name):
    """Return the seconds that nginx.conf says."""
    return int(re.search(rf"^ *{name} (\d+)s;$", NGINX, re.MULTILINE)[1])


def plans():
    """Return what docs/deploy.md says of Heroku's plans: connections, dynos that fit."""
    rows = re.findall(
        r"^\| ([a-z0-9, -]+-\d[^|]*) \| (\d+) \| (\d+) \| (\d+) \|", PAGE, re.MULTILINE
    )
    return {names: tuple(map(int, numbers)) for names, *numbers in rows}


def test_the_button_generates_or_asks_for_every_required_setting():
    with pytest.raises(ConfigurationError) as faults:
        Settings.from_environ({})
    assert {fault.variable for fault in faults.value.faults} == REQUIRED
    # The add-on brings DATABASE_URL.
    assert BUTTON["addons"] == [{"plan": "heroku-postgresql:essential-0"}]
    for name in REQUIRED - {"DATABASE_URL"}:
        assert BUTTON["env"][name]["generator"] == "secret"


def test_the_service_starts_with_the_settings_of_the_button():
    """`generator: secret` makes 64 characters."""
    filled = {
        name: setting.get("value", f"{name:.<64}" if "generator" in setting else "")
        for name, setting in BUTTON["env"].items()
    }
    settings = Settings.from_environ({**filled, "DATABASE_URL": "postgres://u:p@host/db"})
    assert settings.trusted_proxy_hops == 1
    assert not settings.allow_key_export
    # Nobody can sign in without it, and a blank answer would be taken.
    assert BUTTON["env"]["QUICK_AUTH_AUDIENCE"]["required"] is True


def test_two_releases_of_the_button_fit_into_the_connections_of_its_database():
    assert BUTTON["formation"]["web"] == {"quantity": 1, "size": "basic"}
    pool = int(BUTTON["env"]["DB_POOL_MAX"]["value"])
    (limit, _, _) = plans()["essential-0, essential-1"]
    assert 2 * PROCESSES * pool + RESERVED <= limit


def test_the_table_of_plans_equals_its_formula():
    found = plans()
    assert len(found) >= 5
    for limit, two_processes, four_processes in found.values():
        assert two_processes == (limit - RESERVED) // (2 * 2 * 8)
        assert four_processes == (limit - RESERVED) // (2 * 4 * 8)


def test_the_example_environment_means_the_same_to_honcho_as_to_a_shell():
    """Honcho joins the words of a value that is not quoted, and cuts it at a #."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    found = [re.fullmatch(r"(?:# )?([A-Z][A-Z_]+=.*)", line) for line in lines]
    settings = [line[1] for line in found if line]
    assert len(settings) > 20
    for setting in settings:
        (word,) = shlex.split(setting)
        name, _, value = word.partition("=")
        # A name without a value is nothing to honcho.
        assert procfiles.parse(setting).get(name, "") == value


def test_systemd_waits_longer_for_the_stop_than_the_service_needs():
    service = unit("wallet-api.service")["Service"]
    graceful = configured("graceful_timeout")
    assert service["KillMode"] == "mixed"
    assert int(service["TimeoutStopSec"]) > graceful
    assert said_to_nginx("proxy_read_timeout") > int(service["TimeoutStopSec"])


def test_proxies_close_an_idle_connection_before_the_service_does():
    """A request that meets a connection that is being closed is lost."""
    assert said_to_nginx("keepalive_timeout") < configured("keepalive")
    heroku_router_seconds = 90
    assert heroku_router_seconds < configured("keepalive")


def test_the_unit_gives_the_service_what_it_needs_and_no_core_dumps():
    service = unit("wallet-api.service")["Service"]
    # The service creates a folder for metrics, which other users must not read.
    assert (service["ProtectSystem"], service["PrivateTmp"]) == ("strict", "yes")
    room = int(re.search(r"open files \(`ulimit -n`\) above (\d+)", OPERATIONS)[1])
    assert int(service["LimitNOFILE"]) > room
    assert service["LimitCORE"] == "0"


def test_the_port_is_open_only_to_the_local_proxy():
    listen = unit("wallet-api.socket")["Socket"]["ListenStream"]
    assert listen.startswith("127.0.0.1:")
    assert f"server {listen};" in NGINX
    assert unit("wallet-api.service")["Unit"]["Requires"] == "wallet-api.socket"
    assert "--bind" not in unit("wallet-api.service")["Service"]["ExecStart"]


def test_the_proxy_sets_the_headers_that_the_service_trusts():
    """What a client wrote into them is replaced, not added to."""
    said = dict(re.findall(r"proxy_set_header (\S+) (\S+);", NGINX))
    assert said["X-Forwarded-For"] == "$remote_addr"
    assert said["X-Forwarded-Proto"] == "$scheme"
    assert said["Host"] == "$host"


def test_the_proxy_lets_the_internet_reach_the_api_and_health_and_nothing_else():
    """A real nginx is asked in tests/faults/test_nginx.py."""
    server, *locations = re.split(r"^    location (.+) \{$", NGINX, flags=re.MULTILINE)
    rules = dict(zip(locations[::2], locations[1::2], strict=True))
    assert "internal;" in rules.pop("= /proxy-refusal")
    assert rules.keys() == {"/api/", "= /healthz", "/"}
    assert [place for place, said in rules.items() if "deny all;" in said] == ["/"]
    assert not re.search(r"^ *allow ", NGINX, re.MULTILINE)
    # nginx would forget those of the server where a location has its own.
    assert "proxy_set_header" in server
    assert not any("proxy_set_header" in said for said in rules.values())


@pytest.mark.parametrize("name", ["wallet-api.service", "wallet-api-migrate@.service"])
def test_the_paths_of_a_unit_are_those_of_the_page(name):
    service = unit(name)["Service"]
    for key in ("WorkingDirectory", "EnvironmentFile", "User"):
        assert service[key].replace("%i", "$RELEASE") in PAGE, key
    program, *arguments = service["ExecStart"].split()
    assert program.startswith(f"{service['WorkingDirectory']}/.venv/bin/")
    procfile = (ROOT / "Procfile").read_text()
    assert " ".join([program.rpartition("/")[2], *arguments]) in procfile


def test_every_file_for_a_server_of_your_own_is_on_the_page():
    for path in FILES.iterdir():
        assert f"deploy/{path.name}" in PAGE, path.name


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="NO systemd-analyze: SYSTEMD DID NOT LOOK AT THE UNITS. Install systemd.",
)
def test_systemd_accepts_the_units(tmp_path):
    for path in FILES.glob("wallet-api*"):
        # The programs are not installed here, and systemd looks for them.
        name = path.name.replace("@.", "@v1.0.0.")
        text = re.sub(
            r"^ExecStart=\S+", "ExecStart=/bin/true", path.read_text(), flags=re.MULTILINE
        )
        (tmp_path / name).write_text(text)
    units = [str(path) for path in sorted(tmp_path.glob("*.s[eo]*"))]
    assert len(units) == 3
    checked = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False
    )
    ours = [line for line in checked.stderr.splitlines() if "wallet-api" in line]
    assert (checked.returncode, ours) == (0, []), checked.stderr
