"""The paths of the SQL files: at the top of a checkout, or in the package of a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
# What setup.py packs.
_PACKED = _PACKAGE / "_sql"
_FOLDER = _PACKED if _PACKED.is_dir() else _PACKAGE.parent

QUERIES = _FOLDER / "queries"
MIGRATIONS = _FOLDER / "migrations"
CATALOG = _FOLDER / "catalog.json"
