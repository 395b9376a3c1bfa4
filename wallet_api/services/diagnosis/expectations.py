"""What a database must be like: as schema.sql and queries/operations/roles.sql say it."""

import functools
import re

from wallet_api.database.sql_files import QUERIES, SCHEMA
from wallet_api.repositories.database_checks import Right, SchemaObject

_STATEMENT = re.compile(r"(?:\$(\w*)\$.*?\$\1\$|[^;])+;", re.DOTALL)
# pg_dump's statements, and the kind of object that each of them makes.
_KINDS = (
    ("function", re.compile(r"CREATE FUNCTION (?P<name>\w+)\(.*", re.DOTALL)),
    ("trigger", re.compile(r"CREATE TRIGGER (?P<name>\w+) .*", re.DOTALL)),
    ("unique index", re.compile(r"CREATE UNIQUE INDEX (?P<name>\w+) .*", re.DOTALL)),
    ("index", re.compile(r"CREATE INDEX (?P<name>\w+) .*", re.DOTALL)),
    (
        "constraint",
        re.compile(
            r"ALTER TABLE ONLY (?P<table>\w+)\s+ADD CONSTRAINT (?P<name>\w+) (?P<rest>.*)",
            re.DOTALL,
        ),
    ),
    (
        "default",
        re.compile(
            r"ALTER TABLE ONLY (?P<table>\w+) ALTER COLUMN (?P<name>\w+) SET DEFAULT (?P<rest>.*)"
        ),
    ),
    ("sequence", re.compile(r"CREATE SEQUENCE (?P<name>\w+)\s.*", re.DOTALL)),
    ("owner", re.compile(r"ALTER SEQUENCE (?P<name>\w+) OWNED BY .*")),
)
_TABLE = re.compile(r"CREATE TABLE (\w+) \(\n(.*)\n\)", re.DOTALL)
_CONSTRAINT = re.compile(r"CONSTRAINT (\w+) (.*)", re.DOTALL)
_COLUMN = re.compile(r"(\w+) (.*?)(?: DEFAULT (.*?))?( NOT NULL)?")
_GRANT = re.compile(
    r"^grant\s+(.+?)\s+on\s+(?:sequence\s+|function\s+)?([\w\s,()]+?)\s+to\s+wallet_api_runtime;",
    re.MULTILINE | re.DOTALL,
)


@functools.cache
def expected_schema() -> frozenset[SchemaObject]:
    """Return all that the migrations make, from the file that says it.

    Raises ValueError for a statement of a kind that this does not know.
    """
    text = re.sub("^--.*", "", SCHEMA.read_text(), flags=re.MULTILINE).replace("public.", "")
    statements = (match[0].strip().removesuffix(";") for match in _STATEMENT.finditer(text))
    return frozenset(
        SchemaObject(kind, name, " ".join(definition.split()))
        for statement in statements
        for kind, name, definition in _objects(statement)
    )


@functools.cache
def expected_rights() -> frozenset[Right]:
    """Return all that the service may do in the database: what operations/roles.sql grants."""
    return needed_rights() | {Right("USAGE", "the schema"), Right("CONNECT", "the database")}


@functools.cache
def needed_rights() -> frozenset[Right]:
    """Return the rights on tables, columns, sequences and functions without which users get 503."""
    rights: set[Right] = set()
    for privileges, places in _GRANT.findall((QUERIES / "operations/roles.sql").read_text()):
        for name, columns in re.findall(r"(\w+)(?:\s*\(([^)]*)\))?", privileges):
            parts = [f" ({column.strip()})" for column in columns.split(",")] if columns else [""]
            rights |= {
                Right(f"{name.upper()}{part}", place.strip())
                for part in parts
                for place in places.split(",")
            }
    return frozenset(rights)


def _objects(statement: str) -> list[tuple[str, str, str]]:
    if table := _TABLE.fullmatch(statement):
        return _parts(*table.groups())
    for kind, pattern in _KINDS:
        if found := pattern.fullmatch(statement):
            named = found.groupdict()
            if kind == "default":
                return [(kind, f"{named['table']}.{named['name']}", named["rest"])]
            if kind == "constraint":
                return [(kind, named["name"], f"{named['table']} {named['rest']}")]
            return [] if kind == "owner" else [(kind, named["name"], statement)]
    raise ValueError(f"schema.sql has a statement of an unknown kind: {statement:.60}")


def _parts(table: str, body: str) -> list[tuple[str, str, str]]:
    """Take a table apart: itself, its columns with their defaults, its checks."""
    parts = [("table", table, "table")]
    for line in re.split(r",\n(?=    \w)", body):
        if rule := _CONSTRAINT.fullmatch(line.strip()):
            parts.append(("constraint", rule[1], f"{table} {rule[2]}"))
        elif column := _COLUMN.fullmatch(line.strip()):
            name = f"{table}.{column[1]}"
            parts.append(("column", name, f"{column[2]}{column[4] or ''}"))
            if column[3]:
                parts.append(("default", name, column[3]))
    return parts
