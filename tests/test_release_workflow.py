"""The release workflow builds what the documentation says, with the permissions that it needs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.empty_environments import OFFLINE
from tests.running_service import ROOT
from wallet_api import __version__

FOLDER = ROOT / ".github" / "workflows"
TEXT = (FOLDER / "release.yml").read_text()
WORKFLOW = yaml.safe_load(TEXT)
RELEASE = WORKFLOW["jobs"]["release"]


# The steps that build the packages and try them, without those of Docker and GitHub.
PACKAGES = (
    "Build the wheel and the source archive",
    "Try the wheel in an empty environment and an empty folder",
    "Build the npm package",
    "Try the npm package in an empty folder",
)
IGNORED = (".git", ".venv", ".data", "node_modules", "dist", "build", "*.egg-info", "__pycache__")


def commands(job):
    return "\n".join(step.get("run", "") for step in job["steps"])


def test_only_a_tag_of_a_version_starts_it():
    # YAML 1.1 reads `on` as true.
    assert list(WORKFLOW[True]) == ["push"]
    (pattern,) = WORKFLOW[True]["push"]["tags"]
    assert re.fullmatch(pattern.replace(".", r"\."), f"v{__version__}")
    assert "wallet_api.__version__" in commands(WORKFLOW["jobs"]["check"])


def test_nothing_is_published_before_all_checks_have_passed():
    assert RELEASE["needs"] == "check"
    assert commands(WORKFLOW["jobs"]["check"]).rstrip().endswith(".ci/run")


def test_a_release_has_a_wheel_a_source_archive_an_npm_package_and_an_image():
    for step in ("build_sdist", "pip wheel", "npm pack", "docker build", "docker push"):
        assert step in commands(RELEASE)
    assert "gh release create" in commands(RELEASE)


def test_only_the_job_that_publishes_may_write():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert RELEASE["permissions"] == {"contents": "write", "packages": "write"}
    assert "permissions" not in WORKFLOW["jobs"]["check"]


def test_actions_are_pinned_to_the_commits_that_ci_uses():
    pinned = [
        set(re.findall(r"uses: (\S+@[0-9a-f]{40} # v\S+)$", path.read_text(), re.MULTILINE))
        for path in (FOLDER / "release.yml", FOLDER / "ci.yml")
    ]
    assert pinned[0] == pinned[1]
    assert TEXT.count("uses: ") == len(re.findall(r"uses: \S+@[0-9a-f]{40} ", TEXT))


@pytest.mark.slow
def test_the_workflows_are_valid_by_the_schema_of_github_actions(tmp_path):
    def check(*files):
        program = Path(sys.executable).with_name("check-jsonschema")
        command = [program, "--builtin-schema", "vendor.github-workflows", *files]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    done = check(*FOLDER.glob("*.yml"))
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "release.yml"
    wrong.write_text(TEXT.replace("runs-on:", "run-on:"))
    assert "'runs-on' is a required property" in check(wrong).stdout


@pytest.mark.long
def test_the_steps_of_the_packages_run(tmp_path):
    if shutil.which("npm") is None:
        pytest.skip("NO npm: THE STEPS OF THE RELEASE WORKFLOW WERE NOT TRIED.")
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(*IGNORED))
    # In place of setup-python.
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "python"], check=True)
    environ = {
        "PATH": f"{tmp_path / 'python' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": os.environ["HOME"],
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_WORKSPACE": str(checkout),
    }
    steps = {step["name"]: step for step in RELEASE["steps"] if "name" in step}
    for name in PACKAGES:
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", steps[name]["run"]],
            cwd=checkout / steps[name].get("working-directory", "."),
            env=environ,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        if done.returncode and OFFLINE.search(done.stderr):
            pytest.skip("NO NETWORK: THE STEPS OF THE RELEASE WORKFLOW WERE NOT TRIED.")
        assert done.returncode == 0, (name, done.stdout, done.stderr)
    suffixes = sorted(
        re.sub(r"^.*?(\.tar\.gz|\.whl|\.tgz)$", r"\1", one.name)
        for one in (checkout / "dist").iterdir()
    )
    assert suffixes == [".tar.gz", ".tgz", ".whl"]
