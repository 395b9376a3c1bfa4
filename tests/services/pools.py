"""Statements that wait for a pool."""

import time

import pytest

from wallet_api import metrics
from wallet_api.errors import DatabaseUnavailable


def select_one(database):
    return database.run(lambda connection: connection.execute("select 1"))


def seconds_to_refuse(database):
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable):
        select_one(database)
    return time.monotonic() - began


def refused_at_once(name):
    return metrics.REGISTRY.get_sample_value("wallet_api_db_pool_refusals_total", {"pool": name})
