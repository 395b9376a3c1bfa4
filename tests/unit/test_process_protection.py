"""A process with secrets has no core dumps and no readable memory."""

import subprocess
import sys

import click

from tests.running_service import ROOT
from wallet_api.cli import cli
from wallet_api.cli.command import Command

# Prints the limits on core dumps and PR_GET_DUMPABLE, of itself and of a child.
LOOK = """
import ctypes, os, resource

def look():
    print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3), flush=True)

def look_twice():
    look()
    if os.fork() == 0:
        look()
        os._exit(0)
    os.wait()

"""
PRIVATE = "(0, 0) 0\n"


def run_program(program):
    finished = subprocess.run(
        [sys.executable, "-c", LOOK + program],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return finished.stdout


def test_a_process_and_its_forks_dump_no_core_and_only_root_can_read_them():
    assert run_program("look_twice()") != 2 * PRIVATE
    program = (
        "from wallet_api.process_protection import protect_memory as keep; keep(); look_twice()"
    )
    assert run_program(program) == 2 * PRIVATE


def test_every_command_protects_its_process_first():
    program = """
import click
from wallet_api.cli.command import Command

click.command(cls=Command)(look)()
"""
    assert run_program(program) == PRIVATE
    groups, commands = [cli], []
    while groups:
        for command in groups.pop().commands.values():
            (groups if isinstance(command, click.Group) else commands).append(command)
    assert commands
    assert [command.name for command in commands if not isinstance(command, Command)] == []


def test_the_master_protects_its_process_before_it_derives_keys():
    """It is a fault of the configuration that keeps it from going on."""
    program = """
import runpy

try:
    runpy.run_path("gunicorn.conf.py")
except SystemExit:
    look()
"""
    assert run_program(program) == PRIVATE
