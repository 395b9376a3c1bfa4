"""API clients of the tests."""

from ipaddress import ip_address, ip_network

from tests.leaks import LEAKS
from wallet_api.models import SCOPES

HOME = ip_address("10.1.2.3")
STATS = "/v1/stats"


def created(clients, name="engine", *, scopes=SCOPES, networks=(), expires_at=None):
    token = clients.create(
        name,
        scopes=scopes,
        allowed_networks=[ip_network(network) for network in networks],
        expires_at=expires_at,
    )
    LEAKS.secrets.add(token.reveal())
    return token


def last_used(sql):
    return sql.execute("select last_used_at from api_clients").fetchone()[0]
