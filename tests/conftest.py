"""Options of the test run, and what makes it quick. The fixtures are in tests/fixtures/."""

import functools
import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from werkzeug.routing import Rule

from wallet_api.crypto.encryption import _scrypt
from wallet_api.crypto.secret import Secret

pytest_plugins = [
    "tests.fixtures.openapi",
    "tests.fixtures.leaks",
    "tests.fixtures.databases",
    "tests.fixtures.services",
    "tests.fixtures.wallets",
    "tests.fixtures.sign_in",
]


# As `ci`, which is used otherwise, without a deadline that a busy machine would miss.
settings.register_profile("random", deadline=None)


def pytest_configure(config: pytest.Config) -> None:
    """Do once what each app would do again: derive keys, compile the functions of url_for().

    scrypt takes 0.3 s, and test modules derive keys at their import. The compilation is half of
    what remains of create_app().
    """
    patch = pytest.MonkeyPatch()
    known = functools.cache(lambda text, salt, n: _scrypt(Secret(text), salt=salt, n=n))
    patch.setattr(
        "wallet_api.crypto.encryption._scrypt",
        lambda secret, salt, n: known(secret.reveal(), salt, n),
    )
    builders: dict[tuple[object, ...], Callable[..., Any]] = {}
    compile_builder = Rule._compile_builder

    def compiled(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
        key = (tuple(rule._trace), str(rule.defaults), append_unknown)
        return builders.get(key) or builders.setdefault(key, compile_builder(rule, append_unknown))

    patch.setattr(Rule, "_compile_builder", compiled)
    config.add_cleanup(patch.undo)


def pytest_xdist_auto_num_workers() -> int:
    """Use more workers than cores: a third of the time, tests wait for clocks and processes."""
    return (os.cpu_count() or 1) * 3 // 2


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write", action="store_true", help="write schema.sql or snapshots anew")
