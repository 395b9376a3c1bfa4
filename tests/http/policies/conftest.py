"""A client that signs within policies, and how it stores and uses them."""

import pytest

from tests.factories import calling, signed_in
from tests.http.policies.routes import (
    POLICIES,
    SIGN,
)
from tests.policies import transfer
from tests.signing import CHAIN_ID


@pytest.fixture
def policed(app, address):
    """Return the header of a client that signs only what policies allow."""
    return calling(app, "wallets:sign", name="policed", restricted=True)


@pytest.fixture
def store(client, engine):
    """Store a policy and return its members: store(rules)."""

    def store(rules, status=201, if_match=None, **members):
        headers = engine if if_match is None else {**engine, "If-Match": f'"{if_match}"'}
        body = {"name": "trading", "rules": rules, **members}
        answer = client.post(POLICIES, json=body, headers=headers)
        assert answer.status_code == status, answer.text
        assert status >= 400 or answer.headers["ETag"] == f'"{answer.json["version"]}"'
        return answer.get_json()

    return store


@pytest.fixture
def pay(client, policed):
    def pay(amount, headers=policed):
        body = {"chainId": CHAIN_ID, "transaction": transfer(amount)}
        return client.post(SIGN, json=body, headers=headers)

    return pay


@pytest.fixture
def signed_up():
    return signed_in()
