"""The house style of queries/README.md, where a machine can read it."""

import re
from pathlib import Path

import pytest

from tests.sql.test_snapshots import SUBJECTS, queries
from wallet_api.database import sql as loader

PACKAGE = Path(__file__).resolve().parents[2] / "wallet_api"
# Only these call a cursor: the loader, begin and commit, the cursor itself, and the local server.
MAY_EXECUTE = {
    "database/sql.py",
    "database/connections.py",
    "database/transactions.py",
    "development/postgres.py",
}
# Modules of repositories that are not a repository of a query file.
WITHOUT_SQL = {
    "__init__",
    "wallet_repository",
}
# The query files of connections and transactions, which belong to modules of database/.
OF_DATABASE = {"machines", "replication", "session_settings", "transactions"}

EVERY_QUERY = [
    pytest.param(subject, query, id=f"{subject}.{name}")
    for subject in SUBJECTS
    for name, query in queries(subject).items()
]


def test_sql_is_sent_from_a_few_modules_only():
    sending = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if re.search(r"(?<!\bsql)\.(execute|executemany|copy)\(", path.read_text())
    }
    assert sending == MAY_EXECUTE


def test_every_query_file_has_the_module_of_its_name():
    repositories = {path.stem for path in (PACKAGE / "repositories").glob("*.py")} - WITHOUT_SQL
    loading = {
        path.stem for path in (PACKAGE / "database").glob("*.py") if "sql.load(" in path.read_text()
    }
    assert loading == OF_DATABASE
    assert set(SUBJECTS) == repositories | OF_DATABASE


@pytest.mark.parametrize(("subject", "query"), EVERY_QUERY)
def test_every_query_says_what_it_is_for_and_its_module_calls_it(subject, query):
    assert query.__doc__
    folder = "database" if subject in OF_DATABASE else "repositories"
    assert f"_QUERIES.{query.__name__}" in (PACKAGE / folder / f"{subject}.py").read_text()


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
def test_comments_stand_on_lines_of_their_own_above_the_statement(path):
    for line in path.read_text().splitlines():
        assert line.lstrip().startswith("--") or "--" not in line
