"""The expected schema and privileges, from catalog.json, which `make schema` writes."""

import functools
import json

from wallet_api.database.sql_files import CATALOG
from wallet_api.repositories.database_checks import Privilege, SchemaObject


@functools.cache
def expected_schema() -> frozenset[SchemaObject]:
    """Return all objects that the migrations create."""
    return frozenset(SchemaObject(*part) for part in _catalog()["schema"])


@functools.cache
def expected_privileges() -> frozenset[Privilege]:
    """Return all privileges that roles.sql and clients.sql of queries/operations/ grant."""
    return frozenset(Privilege(*privilege) for privilege in _catalog()["privileges"])


@functools.cache
def needed_privileges() -> frozenset[Privilege]:
    """Return the privileges on tables, columns, sequences and functions that serving needs.

    Those that only clients.sql grants are optional.
    """
    return frozenset(
        privilege
        for privilege in expected_privileges()
        if not privilege.target.startswith("the ")
        and not (privilege.target == "api_clients" and privilege.name.startswith("INSERT"))
    )


def _catalog() -> dict[str, list[list[str]]]:
    catalog: dict[str, list[list[str]]] = json.loads(CATALOG.read_text())
    return catalog
