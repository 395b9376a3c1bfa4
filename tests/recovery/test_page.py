"""Every command of docs/backup.md is tested."""

import re
from pathlib import Path

from tests.recovery.page import COMMANDS, command


def test_every_command_of_the_page_is_tested():
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    run = {command(part) for part in re.findall(r'command\("([^"]+)"\)', tests)}
    assert set(COMMANDS) == run
