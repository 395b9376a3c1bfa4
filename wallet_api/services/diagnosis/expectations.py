"""The expected schema and privileges, from catalog.json, which `make schema` writes."""

import functools
import json

from wallet_api.database.sql_files import CATALOG
from wallet_api.repositories.database_checks import Right, SchemaObject


@functools.cache
def expected_schema() -> frozenset[SchemaObject]:
    """Return all objects that the migrations create."""
    return frozenset(SchemaObject(*part) for part in _catalog()["schema"])


@functools.cache
def expected_rights() -> frozenset[Right]:
    """Return all privileges that roles.sql and clients.sql of queries/operations/ grant."""
    return frozenset(Right(*right) for right in _catalog()["rights"])


@functools.cache
def needed_rights() -> frozenset[Right]:
    """Return the privileges on tables, columns, sequences and functions that serving needs.

    Those that only clients.sql grants are optional.
    """
    return frozenset(
        right
        for right in expected_rights()
        if not right.target.startswith("the ")
        and not (right.target == "api_clients" and right.name.startswith("INSERT"))
    )


def _catalog() -> dict[str, list[list[str]]]:
    catalog: dict[str, list[list[str]]] = json.loads(CATALOG.read_text())
    return catalog
