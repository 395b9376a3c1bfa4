"""docs/commands.md has every command with a working example, and shells complete them."""

import re
import shlex

import pytest

from tests.commands import COMMANDS, Running, kept_environ, parse
from tests.service import ROOT

PAGE = (ROOT / "docs" / "commands.md").read_text()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_page_has_every_command_with_an_example(name):
    assert f"### `wallet-api {name}`" in PAGE
    part = PAGE.split(f"### `wallet-api {name}`")[1].split("\n## ")[0].split("\n### ")[0]
    assert f"wallet-api {name}" in part.split("```console\n")[1].split("```")[0]


def test_the_page_has_no_unknown_command():
    named = re.findall("^### `wallet-api (.+)`$", PAGE, re.MULTILINE)
    assert sorted(named) == sorted(COMMANDS)
    assert all(f"`{name}`" in PAGE.split("## For programs")[1] for name in ("dev", "bench"))


def test_an_example_on_the_page_has_no_option_that_does_not_exist():
    blocks = "".join(re.findall("```console\n(.*?)```", PAGE, re.DOTALL)).replace("\\\n", " ")
    checked = 0
    for line in blocks.splitlines():
        if not line.startswith("$ ") or "_source" in line:
            continue
        words = shlex.split(line.partition(" | ")[0], comments=True)
        given = " ".join(words[words.index("wallet-api") + 1 :])
        name = max((name for name in COMMANDS if f"{given} ".startswith(f"{name} ")), default=None)
        assert name is not None, given
        arguments = shlex.split(given.removeprefix(name))
        parse(name, arguments)
        checked += 1
    assert checked >= len(COMMANDS)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("wallet-api ke", "keys"),
        ("wallet-api db d", "doctor"),
        ("wallet-api db status --j", "--json"),
    ],
)
def test_the_shell_completes_commands_and_options(words, offered, tmp_path):
    environ = {
        "_WALLET_API_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = Running((), kept_environ(environ), tmp_path).finish()
    assert done.status == 0, done.err
    assert done.out == f"plain,{offered}\n"
