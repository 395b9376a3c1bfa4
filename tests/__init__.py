import pytest

# So that a failed assertion in a support module shows what it compared.
pytest.register_assert_rewrite(
    "tests.browser",
    "tests.commands",
    "tests.database",
    "tests.documentation",
    "tests.faults",
    "tests.http",
    "tests.machine",
    "tests.migration",
    "tests.recovery",
    "tests.services",
    "tests.sql",
    "tests.wallet_store",
)
