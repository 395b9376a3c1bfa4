"""The rules for tests that a test can check."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FILES = sorted(TESTS.rglob("*.py"))


def imported(source: str, package: str) -> set[str]:
    """Return the full name of each module, and of each thing in one, that a source imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            above = parents[: len(parents) + 1 - node.level] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


def is_of_pytest(name: str) -> bool:
    """Return whether a name is in a test module or a conftest.py, which only pytest imports."""
    top, *parts = name.split(".")
    return top == "tests" and any(part == "conftest" or part.startswith("test_") for part in parts)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_no_file_imports_from_a_test_module_or_from_a_conftest(path):
    """Share objects in tests/factories.py, and other things in a support module."""
    package = ".".join(path.relative_to(TESTS.parent).parent.parts)
    assert not {name for name in imported(path.read_text(), package) if is_of_pytest(name)}


@pytest.mark.parametrize(
    "statement",
    [
        "import tests.conftest",
        "import tests.sql.test_roles as roles",
        "from tests import conftest",
        "from tests.sql import conftest",
        "from tests.sql import test_roles",
        "from tests.sql.test_roles import PASSWORD",
        "from . import test_roles",
        "from .test_roles import PASSWORD",
        "from .. import conftest",
        "def later():\n    from ..conftest import server",
    ],
)
def test_such_an_import_is_found(statement):
    assert any(map(is_of_pytest, imported(statement, "tests.sql")))


@pytest.mark.parametrize(
    "statement",
    ["import pytest", "from tests.factories import token_of", "from .spreading import PER_USER"],
)
def test_other_imports_are_allowed(statement):
    assert not any(map(is_of_pytest, imported(statement, "tests.sql")))
