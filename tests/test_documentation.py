"""What the documents say is so."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from tests.conftest import ACCESS, FID, LEAKS
from wallet_api.cli import cli
from wallet_api.config import ConfigurationError, Settings

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
DOCUMENTS = [path for path in ROOT.rglob("*.md") if ".venv" not in path.parts]


class Recorder(Mapping[str, str]):
    """An environment that notes which variables are asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


@pytest.fixture(scope="module")
def variables():
    recorder = Recorder()
    with pytest.raises(ConfigurationError):
        Settings.from_environ(recorder)
    return recorder.asked


def test_the_readme_has_every_setting_and_no_other(variables):
    table = README.split("## Configuration")[1].split("Development only")[0]
    named = set(
        re.findall(r"`([A-Z][A-Z_]+)`", "".join(re.findall(r"^\|([^|]*)\|", table, re.MULTILINE)))
    )
    assert named == variables


def test_the_example_environment_has_every_setting_and_no_other(variables):
    named = re.findall(
        r"^(?:# )?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE
    )
    assert set(named) == variables
    assert len(named) == len(variables)


def test_the_deploy_button_asks_for_settings_that_exist(variables):
    asked = set(json.loads((ROOT / "app.json").read_text())["env"])
    assert asked < variables


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(path):
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_every_folder_of_the_map_exists():
    table = README.split("## Where things are")[1].split("## Configuration")[0]
    for name in re.findall(r"`([\w/.]+(?:/|\.sql))`", table):
        assert (ROOT / name).exists(), name


def test_the_answer_in_the_readme_has_the_shape_of_a_real_one(client, bearer):
    shown = json.loads(README.split("```json\n")[1].split("```")[0])
    body = {"asset": "USDC", "amount": "20", "baseAddress": shown["transaction"]["from"]}
    real = client.post("/api/wallet/deposit", json=body, headers=bearer()).get_json()
    changing = {"depositAddress", "depositId"}
    assert list(shown) == list(real)
    text = json.dumps({name: value for name, value in real.items() if name not in changing})
    there = real["depositAddress"].removeprefix("0x")
    here = shown["depositAddress"].removeprefix("0x")
    text = text.replace(there, here).replace(there.lower(), here.lower())
    assert json.loads(text) == {n: v for n, v in shown.items() if n not in changing}


def test_every_command_has_help_with_an_example():
    def leaves(group):
        for command in group.commands.values():
            yield from leaves(command) if hasattr(command, "commands") else [command]

    commands = list(leaves(cli))
    assert {command.name for command in commands} == {
        "bench",
        "register",
        "dev",
        "upgrade",
        "status",
        "doctor",
        "token",
        "import",
        "export",
        "verify",
        "show",
        "create",
        "list",
        "revoke",
        "rotate",
        "retire",
    }
    assert all("Example:" in command.help for command in commands)


def test_the_python_example_reads_a_key_that_is_sealed_to_it(serve, services):
    example = (ROOT / "docs" / "http_api.md").read_text().split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(example, names)  # noqa: S102
    token = services.clients.create(
        "reader", scopes=["keys:read"], allowed_networks=[], expires_at=None
    )
    address = services.wallets.ensure_trading_wallet(FID, access=ACCESS).address
    url = f"http://127.0.0.1:{serve(WEB_CONCURRENCY='1').port}"
    private_key = names["read_key"](url, token.reveal(), FID, "to try the example")
    LEAKS.secrets |= {token.reveal(), private_key.hex()}
    assert Account.from_key(private_key).address == address
