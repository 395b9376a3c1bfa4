"""The CI workflow and the pre-commit hooks do what `make check` does."""

import re
import stat

import yaml

from tests.running_service import ROOT

WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
CONFIG = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
HOOKS = {hook["id"]: hook for repository in CONFIG["repos"] for hook in repository["hooks"]}
LOCK = (ROOT / "requirements-dev.txt").read_text()
# The commands that are not the tools' own names.
DISTRIBUTIONS = {"lint-imports": "import-linter", "squawk": "squawk-cli"}


def checks():
    """Return the commands of `make check` but the tests, each without the list of all pages."""
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    commands = [line.strip().removeprefix("$(BIN)/") for line in recipe[1].splitlines()]
    return [line.removesuffix(" $(PAGES)") for line in commands if not line.startswith("pytest")]


def test_the_hooks_run_the_commands_of_make_check_in_their_order():
    entries = [hook["entry"].removeprefix(".venv/bin/") for hook in HOOKS.values()]
    assert entries == checks()
    assert len(entries) > 5


def test_a_hook_installs_its_tool_in_the_version_that_make_check_runs():
    pins = set(re.findall(r"^([a-z0-9-]+==\S+)", LOCK, re.MULTILINE))
    for name, hook in HOOKS.items():
        wanted = hook.get("additional_dependencies", [])
        assert set(wanted) <= pins, name
        tool = hook["entry"].split()[0]
        if tool.startswith(".venv/bin/"):
            assert hook["language"] == "system", name
        else:
            assert wanted[0].partition("==")[0] == DISTRIBUTIONS.get(tool, tool), name


def test_every_plugin_of_the_markdown_formatter_is_in_its_hook():
    """Without the plugin for tables a hook would escape every one of them."""
    plugins = set(re.findall(r"^(mdformat(?:-[a-z]+)?==\S+)", LOCK, re.MULTILINE))
    assert set(HOOKS["mdformat"]["additional_dependencies"]) == plugins


def test_the_workflow_runs_the_script_that_any_ci_runs():
    job = yaml.safe_load(WORKFLOW)["jobs"]["check"]
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert (ROOT / ".ci" / "run").stat().st_mode & stat.S_IXUSR
    assert yaml.safe_load(WORKFLOW)["permissions"] == {"contents": "read"}


def test_the_workflow_names_actions_by_their_commit_since_tags_can_move():
    actions = re.findall(r"uses: (.*)", WORKFLOW)
    assert len(actions) > 1
    for action in actions:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)


def test_every_file_that_the_review_list_names_exists():
    (template,) = (ROOT / ".github").glob("*.md")
    named = set(re.findall(r"[\w./-]*\w\.(?:md|example)\b", template.read_text()))
    assert named >= {"docs/promises.md", "CHANGELOG.md"}
    assert {name for name in named if not (ROOT / name).exists()} == set()
