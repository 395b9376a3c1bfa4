"""The version is the same in the package, the changelog, the commands and the responses."""

import re

import pytest
from click.testing import CliRunner

from tests.documentation.pages import DOCUMENTS, read
from tests.running_service import ROOT
from wallet_api import __version__
from wallet_api.cli import cli


def test_the_newest_release_of_the_changelog_is_this_version():
    releases = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\S+)$", read("CHANGELOG.md"), re.MULTILINE)
    assert releases[0][0] == __version__
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for _, day in releases)


def test_the_command_line_prints_its_version():
    shown = CliRunner().invoke(cli, ["--version"])
    assert (shown.exit_code, shown.output) == (0, f"wallet-api, version {__version__}\n")


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_no_tag_because_no_release_is_published(page):
    assert re.findall(r"(?<![\w./-])v\d+\.\d+(?:\.\d+)?", page.read_text()) == []
