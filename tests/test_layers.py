"""The rules for the layers that a test can check: folders, and one name through all of them."""

from collections import Counter
from pathlib import Path

import pytest

from tests.running_service import ROOT

PACKAGE = ROOT / "wallet_api"
LAYERS = [
    *(PACKAGE / layer for layer in ("blueprints", "services", "repositories", "cli", "auth")),
    ROOT / "queries",
]
FOLDERS = [
    folder
    for layer in LAYERS
    for folder in (layer, *(path for path in layer.rglob("*") if path.is_dir()))
    if "__pycache__" not in folder.parts
]


def crowded(names: list[str]) -> list[str]:
    """Return the subjects with three modules or more: the first word of a name is its subject."""
    subjects = Counter(name.split("_")[0].removesuffix("s") for name in names if name[0] != "_")
    return sorted(subject for subject, modules in subjects.items() if modules > 2)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_subject_with_three_modules_or_more_is_a_folder(folder: Path):
    assert crowded([path.stem for path in folder.iterdir() if path.suffix in (".py", ".sql")]) == []


def test_such_a_subject_is_found():
    assert crowded(["__init__", "wallets", "wallet_batches", "audit", "audit_checks"]) == []
    assert crowded(["wallets", "wallet_batches", "wallet_search", "audit"]) == ["wallet"]


def test_every_module_of_schemas_has_the_name_of_its_blueprint():
    shared = {"__init__", "bases", "url_parameters"}
    blueprints = {path.stem for path in (PACKAGE / "blueprints").glob("*.py")}
    schemas = {path.stem for path in (PACKAGE / "blueprints" / "schemas").glob("*.py")}
    assert schemas - shared <= blueprints
