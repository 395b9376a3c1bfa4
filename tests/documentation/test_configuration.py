"""docs/configuration.md, .env.example and app.json have every setting, and no other."""

import ast
import json
import re
from collections.abc import Iterator, Mapping

import pytest

from tests.documentation.pages import code, read, tables
from tests.running_service import ROOT
from wallet_api.config import ConfigurationError, Settings

PAGE = read("docs/configuration.md")
SERVICE, DEVELOPMENT = PAGE.split("## Development only")
FOLDERS = ("wallet_api", "benchmarks", "tests")
# What every program finds there, and what gunicorn.conf.py sets for its own workers.
OF_THE_SYSTEM = {"PATH", "HOME", "NO_COLOR", "TERM"}
OF_OUR_OWN = {"PROMETHEUS_MULTIPROC_DIR", "SCRIPT_NAME"}


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


def named_in(text):
    names = [name for first, *_ in tables(text) for name in code(first)]
    assert len(names) == len(set(names))
    return set(names)


def asked_for(source):
    """Return the names that Python code looks up in os.environ."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Subscript(
                value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str(name))
            ):
                yield name
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(attr="environ")),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name
            case ast.Call(
                func=ast.Attribute(attr="getenv"), args=[ast.Constant(value=str(name)), *_]
            ):
                yield name


def test_the_page_has_every_setting_and_no_other(variables):
    assert named_in(SERVICE) == variables | {"RPC_URL_<chain id>"}


def test_the_page_has_the_type_and_the_default_of_each_setting():
    for name, meaning, default in tables(PAGE):
        assert meaning, name
        assert default, name


def test_the_page_has_variables_that_are_read_outside_of_the_settings(variables):
    files = [ROOT / "gunicorn.conf.py", ROOT / "wsgi.py"]
    files += [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    # Parsing takes most of the time.
    asked = {
        name
        for text in (path.read_text() for path in files)
        if "environ" in text or "getenv" in text
        for name in asked_for(text)
    }
    asked |= set(re.findall(r"^([A-Z_]+) \?=", read("Makefile"), re.MULTILINE))
    assert asked - variables - OF_THE_SYSTEM - OF_OUR_OWN == named_in(DEVELOPMENT)
    assert set(re.findall(r"^Do not set `([A-Z_]+)`:", DEVELOPMENT, re.MULTILINE)) == OF_OUR_OWN


def test_every_way_to_read_a_variable_is_detected():
    source = (
        "import os\nos.environ['A']\nos.environ.get('B') or os.getenv('C', 'x')\n"
        "os.environ.setdefault('D', '')\nother['E']\n"
    )
    assert sorted(asked_for(source)) == ["A", "B", "C", "D"]


def test_the_example_environment_has_every_setting_and_no_other(variables):
    named = re.findall(r"^(?:# )?([A-Z][A-Z_0-9]+)=", read(".env.example"), re.MULTILINE)
    assert set(named) == variables | {"RPC_URL_8453"}
    assert len(named) == len(variables) + 1


def test_the_deploy_button_asks_for_settings_that_exist(variables):
    asked = set(json.loads(read("app.json"))["env"])
    assert asked < variables
