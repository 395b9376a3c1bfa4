"""Loading of queries/*.sql as methods, with `:name` as bound parameters."""

from contextlib import AbstractContextManager
from typing import Any

import aiosql
from aiosql.adapters.pyformat import PyFormatAdapter
from psycopg import Connection, Copy, Cursor

from wallet_api.database.sql_files import QUERIES

Row = dict[str, Any]


def load(file: str) -> Any:
    """Load queries/<file>.sql; each query is a method that takes a connection and parameters.

    Each file is loaded separately, because aiosql lets a query replace one of the same name in
    another file. Every statement carries its name as a comment, for pg_stat_activity and logs: the
    subject, which is the file or its directory, and the query. The comment is after the first word,
    because pg_stat_statements of PostgreSQL 18 omits comments before it.
    """
    subject = file.partition("/")[0]

    class NamedAdapter(PyFormatAdapter):
        def process_sql(self, query_name: str, op_type: Any, sql: str) -> str:
            bound = super().process_sql(query_name, op_type, sql)  # type: ignore[no-untyped-call]
            verb, rest = bound.split(maxsplit=1)
            return f"{verb} /* {subject}.{query_name} */ {rest}"

    return aiosql.from_path(QUERIES / f"{file}.sql", NamedAdapter)


def send(connection: Connection[Row], query: Any, **parameters: Any) -> Cursor[Row]:
    """Send a query; inside a pipeline, its rows are available after the commit."""
    return connection.execute(query.sql, parameters)


def copy(connection: Connection[Row], query: Any) -> AbstractContextManager[Copy]:
    """Begin a COPY to the server; write rows to the result."""
    return connection.cursor().copy(query.sql)
