"""The rules of queries/README.md that a test can check."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.sql.queries import FILES, queries, subject_of
from wallet_api.database import sql as loader

PACKAGE = Path(__file__).resolve().parents[2] / "wallet_api"
# Only these may send SQL themselves: the loader, begin and commit, the set-up of sessions, and
# that of the local server.
MAY_EXECUTE = {
    "database/sql.py",
    "database/connections.py",
    "database/transactions.py",
    "development/postgres.py",
}
EVERY_QUERY = [
    pytest.param(subject_of(file), query, id=f"{file}.{name}")
    for file in FILES
    for name, query in queries(file).items()
]


def test_sql_is_sent_from_a_few_modules_only():
    sending = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if re.search(r"(?<!\bsql)\.(execute|executemany|copy)\(", path.read_text())
    }
    assert sending == MAY_EXECUTE


def last_name(node: ast.AST) -> str:
    return ast.unparse(node).rpartition(".")[2]


def file_of(node: ast.AST) -> str | None:
    """Return the file that an expression loads: "wallets/rows" for `sql.load("wallets/rows")`."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("sql.load", "load"):
        return ast.literal_eval(node.args[0])
    return None


def files_by_name(tree: ast.Module) -> dict[str, str]:
    """Return what a module loads, by the name or attribute that it is assigned to."""
    return {
        last_name(target): file
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and (file := file_of(node.value))
        for target in node.targets
    }


def uses(source: str) -> set[tuple[str, str, str]]:
    """Return (subject, query, method) for each use of a query inside a function or a method."""
    tree = ast.parse(source)
    names = files_by_name(tree)
    return {
        (subject_of(file), node.attr, method.name)
        for method in ast.walk(tree)
        if isinstance(method, ast.FunctionDef)
        for node in ast.walk(method)
        if isinstance(node, ast.Attribute)
        and (file := names.get(last_name(node.value)) or file_of(node.value))
    }


REPOSITORIES = {
    str(path.relative_to(PACKAGE / layer).with_suffix("")): path.read_text()
    for layer in ("repositories", "database")
    for path in (PACKAGE / layer).rglob("*.py")
}
USES = {use for source in REPOSITORIES.values() for use in uses(source)}


def misplaced(uses: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    """Return the uses of queries outside of the method of the same name.

    A method whose result is fetched after the commit has the query's name and `_later`. The method
    of a query that is a step of another method is private.
    """
    return {
        (subject, query, method)
        for subject, query, method in uses
        if method.removeprefix("_") not in (query, f"{query}_later")
    }


def test_every_repository_loads_the_query_file_of_its_name():
    loaded = {
        module: {*files_by_name(ast.parse(source)).values()}
        for module, source in REPOSITORIES.items()
    }
    assert {module: found for module, found in loaded.items() if found} == {
        file: {file} for file in FILES
    }


def test_every_query_is_called_by_the_method_of_its_name():
    called = {(subject, query) for subject, query, _ in USES}
    assert called == {(subject_of(file), name) for file in FILES for name in queries(file)}
    assert misplaced(USES) == set()


def test_no_two_statements_have_one_name():
    names = Counter(f"{subject_of(file)}.{name}" for file in FILES for name in queries(file))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize(
    "source",
    [
        'Q = sql.load("audit")\ndef get_time(): return Q.append',
        'Q = load("audit")\ndef get_time(): send(lambda: Q.append)',
        'def get_time(): return sql.load("audit").append',
        'class R:\n q = sql.load("audit")\n def get_time(self): "self.q.get_time"; R.q.append',
        'class R:\n def get_time(self): "q.get_time"; self.q = sql.load("audit"); self.q.append(1)',
    ],
)
def test_a_query_in_a_method_of_another_name_is_found(source):
    assert misplaced(uses(source)) == {("audit", "append", "get_time")}


@pytest.mark.parametrize(("subject", "query"), EVERY_QUERY)
def test_every_query_has_a_comment(subject, query):
    assert query.__doc__


@pytest.mark.parametrize(("subject", "query"), EVERY_QUERY)
def test_every_parameter_has_a_type(subject, query):
    untyped = re.findall(r"%\(\w+\)s(?!::)", query.sql)
    assert untyped == []


@pytest.mark.parametrize(("subject", "query"), EVERY_QUERY)
def test_every_query_is_one_statement_without_a_star(subject, query):
    assert query.sql.rstrip("; \n").count(";") == 0
    assert not re.search(r"\bselect\s+\*", query.sql)
    assert query.sql.split(maxsplit=1)[1].startswith(f"/* {subject}.{query.__name__} */ ")


@pytest.mark.parametrize("path", sorted(loader.QUERIES.rglob("*.sql")), ids=lambda path: path.stem)
def test_comments_are_on_separate_lines_above_the_statement(path):
    for line in path.read_text().splitlines():
        assert line.lstrip().startswith("--") or "--" not in line
