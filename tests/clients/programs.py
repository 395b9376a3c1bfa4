"""The folder of the TypeScript client, and the programs that are run in it."""

import subprocess

from tests.running_service import ROOT

CLIENT = ROOT / "clients" / "typescript"


def run(*command, **options):
    return subprocess.run(
        command, capture_output=True, text=True, timeout=240, check=False, **options
    )
