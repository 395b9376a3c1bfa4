import pytest

# Its assertions say what they compared.
pytest.register_assert_rewrite("tests.faults.load")
