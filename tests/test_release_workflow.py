"""The release workflow builds what the documentation says, with the permissions that it needs."""

import re

import yaml

from tests.running_service import ROOT
from wallet_api import __version__

FOLDER = ROOT / ".github" / "workflows"
TEXT = (FOLDER / "release.yml").read_text()
WORKFLOW = yaml.safe_load(TEXT)
RELEASE = WORKFLOW["jobs"]["release"]


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
