"""Loading queries/*.sql: hand-written SQL becomes methods, `:name` becomes a bound parameter."""

from contextlib import AbstractContextManager
from typing import Any

import aiosql
from aiosql.adapters.pyformat import PyFormatAdapter
from psycopg import Copy, Cursor

from wallet_api.database import Connection, Row
from wallet_api.database.sql_files import QUERIES


def load(subject: str) -> Any:
    """Load queries/<subject>.sql; each query is a method that takes a connection and parameters.

    File by file, because aiosql lets a query overwrite one of the same name in another file. Every
    statement carries its name as a comment, so that a DBA can tell who sent it: behind the first
    word, because PostgreSQL 18 leaves comments before it out of pg_stat_statements.
    """

    class NamedAdapter(PyFormatAdapter):
        def process_sql(self, query_name: str, op_type: Any, sql: str) -> str:
            bound = super().process_sql(query_name, op_type, sql)  # type: ignore[no-untyped-call]
            verb, rest = bound.split(maxsplit=1)
            return f"{verb} /* {subject}.{query_name} */ {rest}"

    return aiosql.from_path(QUERIES / f"{subject}.sql", NamedAdapter)


def send(connection: Connection, query: Any, **parameters: Any) -> Cursor[Row]:
    """Send a query without waiting for its rows: inside a pipeline they come after the commit."""
    return connection.execute(query.sql, parameters)


def copy(connection: Connection, query: Any) -> AbstractContextManager[Copy]:
    """Begin a COPY from here to the server; write rows to what this gives."""
    return connection.cursor().copy(query.sql)
