"""Fixtures of the unit tests."""

import pytest

from tests.unit.issuer import KeyServer


@pytest.fixture
def issuer():
    server = KeyServer()
    yield server
    server.stop()
