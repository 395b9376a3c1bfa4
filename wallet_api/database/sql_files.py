"""Paths of the SQL files, in a checkout or in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
# Packed by setup.py.
_PACKED = _PACKAGE / "_sql"
_FOLDER = _PACKED if _PACKED.is_dir() else _PACKAGE.parent

QUERIES = _FOLDER / "queries"
MIGRATIONS = _FOLDER / "migrations"
CATALOG = _FOLDER / "catalog.json"
