"""Every command of docs/backup.md is tested."""

import re
from pathlib import Path

from tests.recovery.page import COMMANDS, command


def test_every_command_of_the_page_is_one_that_a_test_runs():
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    run = {command(part) for part in re.findall(r'command\("([^"]+)"\)', tests)}
    assert set(COMMANDS) == run
