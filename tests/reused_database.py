"""A migrated database that tests use one after another, because a copy for each takes 40 ms."""

import time
from contextlib import ExitStack
from typing import Any

import psycopg

from tests.database import Clone

# Dead rows of earlier tests slow down scans, and show in the pages that a test counts.
_MOST_USES = 100
_THIS = "(select oid from pg_database where datname = current_database())"
# Every change of these is a new version of a row, with another xmin.
_CATALOGS = (
    *("pg_attrdef", "pg_attribute", "pg_class", "pg_constraint", "pg_default_acl"),
    *("pg_event_trigger", "pg_extension", "pg_index", "pg_inherits", "pg_policy", "pg_proc"),
    *("pg_publication", "pg_rewrite", "pg_sequence", "pg_statistic", "pg_statistic_ext"),
    *("pg_trigger", "pg_type"),
    "pg_namespace where nspname !~ '^pg_(toast_)?temp_'",
    f"pg_database where oid = {_THIS}",
    f"pg_db_role_setting where setdatabase = {_THIS}",
    "schema_migrations",
)
_STATE = (
    "select array["
    + ", ".join(f"(select sum(xmin::text::bigint) from {catalog})" for catalog in _CATALOGS)
    # VACUUM and ANALYZE change these in place.
    + ", (select sum(reltuples::numeric + relpages) from pg_class where oid > 16383)]"
)
_EMPTY = """
select
    string_agg(
        case relkind
            when 'S' then format('select setval(%L, seqstart, false) from pg_sequence'
                ' where seqrelid = %s;', oid::regclass, oid)
            else format('delete from %s;', oid::regclass)
        end, ' ' order by oid
    )
from pg_class
where
    relnamespace = 'public'::regnamespace
    and relkind in ('r', 'S')
    and relname <> 'schema_migrations'
"""


class ReusedDatabase:
    """A copy of the migrated database that is emptied after each test.

    A test that changes more than rows leaves a trace in a catalog: a definition, a right, a
    setting, statistics. So does a test of migrations. After it, the next test gets a new copy.
    """

    def __init__(self, clone: Clone, *, name: str) -> None:
        self._clone = clone
        self._name = name
        self._copy: ExitStack | None = None

    def take(self) -> str:
        """Return the URL of the database, which has no rows but those of schema_migrations."""
        if self._copy is None:
            self._make()
        self._uses += 1
        return self._url

    def give_back(self) -> None:
        """End the sessions of the test, and remove its rows or the whole copy."""
        try:
            try:
                reusable = self._emptied()
            except psycopg.OperationalError:
                # The test ended this session too.
                self._connection.close()
                self._connection = psycopg.connect(self._url, autocommit=True)
                reusable = self._emptied()
        except psycopg.Error:
            # The test dropped a table or the database, or stopped the server.
            reusable = False
        if not reusable:
            self.close()

    def close(self) -> None:
        """Drop the copy, if there is one."""
        if self._copy is not None:
            self._connection.close()
            self._copy.close()
            self._copy = None

    def _make(self) -> None:
        with ExitStack() as copy:
            self._url = copy.enter_context(self._clone(self._name))
            # It is kept, because a connection costs more than the rest.
            self._connection = psycopg.connect(self._url, autocommit=True)
            deletions = self._connection.execute(_EMPTY).fetchone()[0]
            self._empty = f"set session_replication_role = replica; {deletions}"
            self._migrated = _state(self._connection)
            self._uses = 0
            self._copy = copy.pop_all()

    def _emptied(self) -> bool:
        _end_other_sessions(self._connection)
        if self._uses >= _MOST_USES or _state(self._connection) != self._migrated:
            return False
        self._connection.execute(self._empty)
        return True


def _end_other_sessions(connection: psycopg.Connection[Any]) -> None:
    # With a timeout, pg_terminate_backend() looks only every 100 ms.
    while connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    ).fetchall():
        time.sleep(0.001)


def _state(connection: psycopg.Connection[Any]) -> list[int]:
    return connection.execute(_STATE).fetchone()[0]
