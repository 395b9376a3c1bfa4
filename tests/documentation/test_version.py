"""The version is the same in the package, the changelog, the commands and the responses."""

import re

from click.testing import CliRunner

from tests.documentation.pages import read
from wallet_api import __version__
from wallet_api.cli import cli


def test_the_newest_release_of_the_changelog_is_this_version():
    releases = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\S+)$", read("CHANGELOG.md"), re.MULTILINE)
    assert releases[0][0] == __version__
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for _, day in releases)


def test_the_command_line_prints_its_version():
    shown = CliRunner().invoke(cli, ["--version"])
    assert (shown.exit_code, shown.output) == (0, f"wallet-api, version {__version__}\n")


def test_the_pages_name_no_release_that_does_not_exist():
    """A release of a later version would have to be invented."""
    named = re.findall(r"\bv(\d+\.\d+\.\d+)\b", read("docs/deploy.md"))
    assert set(named) <= {__version__}
