"""Every command: its short help, its usage errors, empty lists, and unexpected errors."""

import re
import sys

import click
import psycopg
import pytest

from tests.commands import COMMANDS, NEEDED, Running, kept_environ
from tests.factories import JWT_SECRET, SECRET
from wallet_api import __main__ as program
from wallet_api.cli import cli, row_verification

SECRETS = {"ENCRYPTION_SECRET": SECRET, "JWT_SECRET": JWT_SECRET}
HIDDEN = "a value that no error message quotes"

every_command = pytest.mark.parametrize("name", COMMANDS)


@pytest.fixture
def run(tmp_path):
    """Run a command line to its end: run("db status --json", NAME="value")."""

    def command(line, **environ):
        return Running(line.split(), kept_environ(environ), tmp_path).finish()

    return command


def complete(name):
    """Return a command line that is not a usage error."""
    return " ".join([name, *NEEDED.get(name, [])])


def raising(error):
    def callback(*args, **kwargs):
        raise error

    return callback


def bug(done):
    """Return the one line of a command that ended with an unexpected error."""
    assert (done.status, done.out) == (70, ""), done.err
    (line,) = done.err.splitlines()
    assert re.fullmatch(r"Error: unexpected [\w ]+\. This is a bug in wallet-api\. .*", line), line
    assert HIDDEN not in line
    return line


@pytest.mark.slow
@every_command
def test_h_is_help(run, name):
    short, long = run(f"{name} -h"), run(f"{name} --help")
    assert (short.status, short.err) == (0, "")
    assert short.out == long.out
    assert "--debug" in short.out


GROUPS = sorted({name.split()[0] for name in COMMANDS if " " in name})


@pytest.mark.parametrize("name", ["", *GROUPS])
def test_h_is_help_of_groups_too(run, name):
    done = run(f"{name} -h")
    assert done.status == 0
    assert "Commands:" in done.out


@pytest.mark.parametrize("name", ["", *GROUPS])
def test_a_group_without_a_command_prints_its_help_as_an_error(run, name):
    done = run(name)
    assert (done.status, done.out) == (2, "")
    assert "Commands:" in done.err


@pytest.mark.parametrize("group", GROUPS)
def test_debug_is_accepted_after_the_name_of_a_group(run, monkeypatch, group):
    name = next(name for name in COMMANDS if name.startswith(f"{group} "))
    monkeypatch.setattr(COMMANDS[name], "callback", raising(ValueError("the message")))
    done = run(complete(name).replace(group, f"{group} --debug", 1), **SECRETS)
    assert (done.status, done.out) == (70, "")
    assert done.err.startswith("Traceback (most recent call last):")


@every_command
def test_an_unexpected_error_is_one_line_and_status_70(run, monkeypatch, name):
    monkeypatch.setattr(COMMANDS[name], "callback", raising(ValueError(HIDDEN)))
    assert "unexpected ValueError" in bug(run(complete(name), **SECRETS))


@pytest.mark.slow
@every_command
def test_debug_adds_the_traceback_without_secrets(run, monkeypatch, name):
    error = ValueError("0x" + "5e" * 32, "the message")
    monkeypatch.setattr(COMMANDS[name], "callback", raising(error))
    for line in (f"{complete(name)} --debug", f"--debug {complete(name)}"):
        done = run(line, **SECRETS)
        assert (done.status, done.out) == (70, "")
        assert done.err.startswith("Traceback (most recent call last):")
        assert "the message" in done.err
        assert "5e5e" not in done.err
        assert done.err.splitlines()[-1].startswith("Error: unexpected ValueError.")


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.UniqueViolation(HIDDEN),
        psycopg.errors.DivisionByZero(HIDDEN),
        RecursionError(HIDDEN),
        MemoryError(),
        type("Unheard", (Exception,), {})(HIDDEN),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_unexpected_error_of_any_kind_is_one_line(run, monkeypatch, error):
    monkeypatch.setattr(COMMANDS["db status"], "callback", raising(error))
    assert f"unexpected {type(error).__name__}" in bug(run("db status"))


def test_an_unexpected_error_before_the_command_is_one_line(run, monkeypatch):
    monkeypatch.setattr(cli, "get_command", raising(KeyError(HIDDEN)))
    bug(run("db status"))
    monkeypatch.undo()
    (fid,) = (part for part in COMMANDS["token"].params if part.name == "fid")
    monkeypatch.setattr(fid, "callback", raising(KeyError(HIDDEN)))
    bug(run("token --fid 5"))


class Unpicklable(Exception):
    """An error that its own class cannot restore."""

    def __init__(self, *, needed):
        super().__init__(needed)


@pytest.mark.parametrize("error", [ValueError(HIDDEN), Unpicklable(needed=HIDDEN)])
def test_an_unexpected_error_in_a_worker_process_is_one_line(run, monkeypatch, environ, error):
    monkeypatch.setattr(row_verification.StoredWallets, "pages", lambda *_: iter([[]]))
    monkeypatch.setattr(row_verification, "check_rows", raising(error))
    bug(run("keys verify --processes 1", **environ))
    done = run("keys verify --processes 1 --debug", **environ)
    assert done.status == 70
    # The traceback of the worker, too.
    assert "_run_worker" in done.err
    assert "in callback" in done.err


def test_a_missing_package_is_one_line(monkeypatch):
    class Missing:
        def find_spec(self, name, path, target=None):
            if name == "wallet_api.cli":
                raise ImportError("no pq wrapper available.\nAttempts made:")

    monkeypatch.delitem(sys.modules, "wallet_api.cli")
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        program.main()
    (line,) = str(ended.value.code).splitlines()
    assert line.startswith("Error: wallet-api is not installed completely: no pq wrapper")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("statu", "No such command 'statu'."),
        ("db statu", "No such command 'statu'. Did you mean 'status'?"),
        ("db status extra", "Got unexpected extra argument (extra)."),
        ("db status --json=1", "Option '--json' does not take a value."),
        ("token", "Missing option '--fid'."),
        ("token --fid", "Option '--fid' requires an argument."),
        ("token --fid x", "Invalid value for '--fid': 'x' is not a whole number from 1 to "),
        ("token --fid 0", "Invalid value for '--fid': '0' is not a whole number from 1 to "),
        ("audit verify --fid -1", "'-1' is not a whole number from 1 to "),
        ("wallets show x", "Invalid value for FID: 'x' is not a whole number from 1 to "),
        ("keys verify --processes 65", "'65' is not a whole number from 1 to 64."),
        ("audit archive --to . --before x", "'x' is neither a date (2026-01-31) nor a time "),
        ("audit archive --to . --before 0001-01-01T00:00+14:00", "is neither a date"),
        ("audit verify --unchained-before 1", "'1' is neither a date (2026-01-31) nor a time "),
        ("clients revoke", "Missing argument NAME."),
        ("clients create --name a --scope x", "'x' is not one of 'wallets:read', "),
        ("clients create --name a --scope keys:read --expires x", "use a number of days such as"),
        ("wallets import setup.cfg", "Invalid value for PATH: Directory 'setup.cfg' is a file."),
    ],
)
def test_a_usage_error_says_in_words_what_is_wrong(run, line, words):
    done = run(line, **SECRETS)
    assert (done.status, done.out) == (2, "")
    (said,) = done.err.splitlines()
    assert words in said
    assert re.search(r"[.?] See `wallet-api .*--help`\.$", said)


def test_times_are_read_with_an_offset(run, environ, tmp_path):
    line = f"audit archive --to {tmp_path} --before"
    for moment in ("2026-01-31", "2026-01-31T18:00", "2026-01-31T18:00:00+02:00"):
        done = run(f"{line} {moment} --json", **environ)
        assert (done.status, done.figures["entries"]) == (0, 0), done.err


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("clients list", "There are no API clients."),
        ("keys status", "No key has been encrypted in this database."),
        ("wallets show 5", "FID 5 has no wallets."),
        ("keys verify", "0 wallets in "),
        ("wallets verify", "0 wallets in "),
        ("audit verify", "0 entries in "),
    ],
)
def test_an_empty_list_is_said_to_be_empty(run, environ, sql, line, words):
    done = run(line, **environ)
    assert words in done.out, done


def test_the_status_of_a_database_names_its_migrations(run, environ, sql):
    sql.execute("insert into schema_migrations values ('9998')")
    sql.execute("delete from schema_migrations where version = '0002'")
    done = run("db status", **environ)
    assert done.status == 1
    first, second, *_, last = done.out.splitlines()
    assert re.fullmatch(r"0001  applied  create_\w+", first)
    assert re.fullmatch(r"0002  MISSING  [a-z_]+", second)
    assert last == "9998  applied  (not a migration of this version of wallet-api)"


def test_every_command_is_one_of_ours():
    """Others do not know --debug, and do not report errors in one line."""
    assert {type(command) for command in COMMANDS.values()} == {type(COMMANDS["token"])}
    assert not {type(command) for command in COMMANDS.values()} & {click.Command, click.Group}
