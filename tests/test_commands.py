"""Every command: its help, its errors and its exit statuses, in one table."""

import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import click
import pytest

from tests.commands import COMMANDS, NEEDED, Running, kept_environ, parse
from tests.factories import DEAD_PORT, JWT_SECRET, SECRET
from tests.leaks import LEAKS
from tests.running_service import ROOT
from wallet_api import __main__ as program
from wallet_api.cli.progress import Progress
from wallet_api.services.encryption_keys.registration import SecretRegistration

WITHOUT_JSON = {
    "dev": "it runs until Ctrl-C, for a person",
    "bench": "it keeps its figures as JSON, in benchmarks/results",
    "serve": "it answers requests, until SIGTERM",
}
WITHOUT_DATABASE = {"dev", "bench", "token", "doctor", "serve", "policies check"}
HIDDEN = "a-password-to-hide"
LEAKS.secrets.add(HIDDEN)
UNREACHABLE = f"postgresql://nobody:{HIDDEN}@127.0.0.1:1/none"
SECRETS = {"ENCRYPTION_SECRET": SECRET, "JWT_SECRET": JWT_SECRET}
COLOR = re.compile(r"\x1b\[[0-9;]*m")


every_command = pytest.mark.parametrize("name", COMMANDS)
every_database_command = pytest.mark.parametrize("name", sorted(COMMANDS.keys() - WITHOUT_DATABASE))


@pytest.fixture
def run(tmp_path):
    """Run a command to its end: run("db status", "--json", NAME="value")."""

    def command(name, *options, **environ):
        arguments = [*name.split(), *NEEDED.get(name, []), *options]
        return Running(arguments, kept_environ(environ), tmp_path).finish()

    return command


def fault(done, status=1):
    """Return the one line that a command ended with."""
    assert (done.status, done.out) == (status, ""), done.err
    (line,) = done.err.splitlines()
    assert line.startswith("Error: ")
    assert HIDDEN not in line
    return line


@every_command
def test_a_command_has_help_with_an_example_that_can_be_typed(name):
    example = COMMANDS[name].help.partition("Example:\n")[2].replace("\\\n", " ").strip()
    words = [word for word in shlex.split(example) if not re.match("[A-Z_]+=", word)]
    parts = name.split()
    assert words[: len(parts) + 1] == ["wallet-api", *parts]
    parse(name, words[len(parts) + 1 :])


@every_command
def test_every_command_has_json_output_unless_listed(name):
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    assert ("--json" in options) is (name not in WITHOUT_JSON)


@every_command
def test_a_command_explains_each_of_its_options(name):
    options = [part for part in COMMANDS[name].params if isinstance(part, click.Option)]
    assert all(option.help for option in options)


@every_command
def test_an_unknown_option_is_reported_in_one_line_with_status_2(run, name):
    line = fault(run(name, "--nope", DATABASE_URL=UNREACHABLE, **SECRETS), 2)
    assert "--nope" in line
    assert line.endswith(f"See `wallet-api {name} --help`.")


@every_database_command
def test_an_environment_without_a_database_is_reported_in_one_line(run, name):
    line = fault(run(name, ENCRYPTION_SECRET="too short"))
    assert "DATABASE_URL is not set" in line
    assert line.endswith("Run `wallet-api doctor` for how to fix it.")


@every_database_command
def test_an_unreachable_database_is_reported_in_one_line(run, name):
    line = fault(run(name, DATABASE_URL=UNREACHABLE, **SECRETS))
    # The address depends on how the server is reached.
    assert re.fullmatch(
        "Error: the database cannot be reached: connection failed: "
        r"connection to server at .*, port 1 failed: Connection refused",
        line,
    )


@pytest.fixture
def refusing(sql, server, database_url):
    """The URL of each fault of a connection, and the end of its sentence."""
    name = f"full_{uuid.uuid4().hex[:8]}"
    sql.execute(f"create role {name} login password 'web' connection limit 0")
    one, two = f"127.0.0.1:{DEAD_PORT}", f"localhost:{DEAD_PORT}"
    yield {
        f"postgresql://u:{HIDDEN}@{one}/x": f"port {DEAD_PORT} failed: Connection refused",
        f"postgresql://u:{HIDDEN}@{one},{two}/x": f"port {DEAD_PORT} failed: Connection refused",
        f"postgresql://u:{HIDDEN}@nowhere.invalid/x": "Name or service not known",
        re.sub("//.*@", f"//{name}:another@", database_url): (
            f'FATAL: password authentication failed for user "{name}"'
        ),
        re.sub("//.*@", f"//{name}:web@", database_url): (
            f'FATAL: too many connections for role "{name}"'
        ),
        server.url("nowhere"): 'FATAL: database "nowhere" does not exist',
    }
    sql.execute(f"drop role {name}")


def test_each_fault_of_a_connection_has_one_sentence_in_all_commands(run, refusing):
    # `db status` opens a connection of its own, `clients list` checks it before it opens a pool.
    for url, end in refusing.items():
        lines = {
            fault(run(name, DATABASE_URL=url, **SECRETS)) for name in ("db status", "clients list")
        }
        (line,) = lines
        assert line.startswith("Error: the database cannot be reached: ")
        assert line.endswith(end)
        assert "?" not in line


@pytest.mark.parametrize(
    "name", sorted(COMMANDS.keys() - WITHOUT_DATABASE - {"db upgrade", "db status", "db doctor"})
)
def test_a_database_that_was_never_upgraded_is_reported_in_one_line(run, name, sql, database_url):
    sql.execute("drop schema public cascade; create schema public")
    line = fault(run(name, DATABASE_URL=database_url, **SECRETS))
    assert line.startswith("Error: migrations 0001, 0002, 0003 and ")
    assert line.endswith("more are missing: run `wallet-api db upgrade`")


@pytest.mark.parametrize(
    "name",
    [name for name in COMMANDS if name.startswith(("keys ", "wallets ", "audit "))]
    + ["policies history", "policies remove", "policies set", "policies show"],
)
def test_a_secret_of_another_database_is_reported(run, name, database, encryption, environ):
    SecretRegistration(database, encryption).register()
    done = run(name, **{**environ, "ENCRYPTION_SECRET": "another secret of sufficient length"})
    if name == "keys status":
        assert (done.status, done.err) == (0, "")
        assert " missing " in done.out
    elif name == "keys retire":
        assert "is not active in this database" in fault(done)
    else:
        assert "ENCRYPTION_SECRET is not the secret" in fault(done)


def wallet_api(*arguments, **options):
    """Return a command that runs as its user's shell starts it."""
    command = [sys.executable, "-m", "wallet_api", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, **options)


# A start of Python and the imports take most of a second.
SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "arguments",
    [
        ("db", "status"),
        pytest.param(("--help",), marks=SLOW),
        pytest.param(("db", "status", "--json"), marks=SLOW),
    ],
)
def test_a_closed_pipe_is_not_reported(arguments, environ):
    reading, writing = os.pipe()
    os.close(reading)
    with wallet_api(*arguments, stdout=writing, env=kept_environ(environ)) as process:
        os.close(writing)
        assert process.communicate()[1] == ""
    assert process.returncode == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("db", "status"),
        pytest.param(("--help",), marks=SLOW),
        pytest.param(("db", "--help"), marks=SLOW),
    ],
)
def test_a_full_disk_is_reported_in_one_line(arguments, environ):
    with (
        Path("/dev/full").open("w") as full,
        wallet_api(*arguments, stdout=full, env=kept_environ(environ)) as process,
    ):
        assert process.communicate()[1] == "Error: No space left on device\n"
    assert process.returncode == 1


def test_no_client_is_created_if_its_token_cannot_be_printed(environ, sql):
    command = shlex.join([sys.executable, "-m", "wallet_api", "clients", "create"])
    options = shlex.join(NEEDED["clients create"])
    done = subprocess.run(
        ["sh", "-c", f"exec {command} {options} >&-"],
        cwd=ROOT,
        env=kept_environ(environ),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "Error: standard output is closed.\n")
    assert sql.execute("select count(*) from api_clients").fetchone() == (0,)


def test_ctrl_c_during_the_imports_prints_no_traceback(monkeypatch):
    class Interrupted:
        def find_spec(self, name, path, target=None):
            if name == "wallet_api.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "wallet_api.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 130


def test_an_upgrade_that_waits_for_another_reports_it_and_stops_at_ctrl_c(run, environ, sql):
    assert sql.execute("select pg_try_advisory_lock(7251304811)").fetchone() == (True,)
    options = {
        "stdout": subprocess.PIPE,
        "env": kept_environ(environ),
        "process_group": 0,
        # A shell ignores SIGINT in what it starts in the background, and processes inherit that.
        "preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    }
    with wallet_api("db", "upgrade", **options) as process:
        said = process.stderr.readline()
        assert said == "Another upgrade is running: waiting for it.\n"
        os.killpg(process.pid, signal.SIGINT)
        assert process.stderr.read().strip() == "Stopped."
    assert process.returncode == 130


def on_terminal(*arguments, **environ):
    """Return what a command writes to a terminal."""
    ours, theirs = pty.openpty()
    environ = kept_environ({"TERM": "xterm-256color", **environ})
    command = Running(arguments, environ, terminal=os.ttyname(theirs))
    written = b""
    while command.is_running() or select.select([ours], [], [], 0)[0]:
        if select.select([ours], [], [], 0.05)[0]:
            written += os.read(ours, 4096)
    command.stop()
    os.close(theirs)
    os.close(ours)
    return written.decode()


COLORED = [("doctor",), ("db", "doctor")]
WITH_STATUS_LINE = [("keys", "verify"), ("keys", "status")]


@pytest.mark.parametrize("arguments", COLORED, ids=" ".join)
def test_terminal_output_has_colors_unless_no_color_is_set(arguments, environ):
    assert COLOR.search(on_terminal(*arguments, **environ))
    assert not COLOR.search(on_terminal(*arguments, NO_COLOR="1", **environ))


@pytest.mark.parametrize("arguments", COLORED + WITH_STATUS_LINE, ids=" ".join)
def test_output_to_a_pipe_has_no_colors_even_with_force_color(run, arguments, environ):
    done = run(" ".join(arguments), FORCE_COLOR="1", **environ)
    assert "\x1b" not in done.out + done.err
    assert done.out


def test_a_status_line_is_drawn_on_a_terminal_and_removed(environ):
    drawn = "\r\x1b[KChecking the configuration\r\x1b[K"
    assert drawn in on_terminal("doctor", **environ)
    assert "Checking" not in on_terminal("doctor", **environ | {"TERM": "dumb"})


def test_a_progress_line_is_drawn_on_a_terminal_at_its_width_and_removed(
    monkeypatch, capsys, tmp_path
):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "24")
    monkeypatch.setattr("wallet_api.cli.progress._DRAW_INTERVAL", 0)
    with Progress(2, "wallets", expected=["ok"], faults=["bad"], as_json=True) as progress:
        progress.add("ok")
        progress.print_line("a fault")
    (line, *rest) = capsys.readouterr().err.split("\r\x1b[K")[1:]
    assert line.startswith("1/2 wallets, ")
    assert len(line) == 23
    assert rest == ["a fault\n", ""]


def test_an_upgrade_prints_each_migration_that_it_applies(run, database_url, sql):
    sql.execute("drop schema public cascade; create schema public")
    done = run("db upgrade", "--json", DATABASE_URL=database_url)
    assert done.status == 0
    said = [line.split()[1][:4] for line in done.err.splitlines()]
    assert said == json.loads(done.out)["applied"]


def test_a_checkpoint_that_cannot_be_written_is_refused_before_the_work(run, environ, tmp_path):
    missing = tmp_path / "missing" / "checkpoint.json"
    line = fault(run("audit verify", "--checkpoint", str(missing), **environ))
    assert line == f"Error: {missing.parent} is not writable."


def test_a_file_that_is_not_a_checkpoint_is_reported(run, environ, tmp_path):
    (other := tmp_path / "other.txt").write_text("something else")
    line = fault(run("audit verify", "--against", str(other), **environ))
    assert "is not a checkpoint" in line
