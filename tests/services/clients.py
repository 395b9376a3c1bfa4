"""API clients of the tests."""

from ipaddress import ip_address, ip_network

from tests.factories import new_client
from wallet_api.models import SCOPES

HOME = ip_address("10.1.2.3")
STATS = "/v1/stats"


def created(clients, name="engine", *, scopes=SCOPES, networks=(), expires_at=None):
    networks = [ip_network(network) for network in networks]
    options = {"allowed_networks": networks, "expires_at": expires_at, "unrestricted": False}
    return new_client(clients, *scopes, name=name, **options)


def last_used(sql):
    return sql.execute("select last_used_at from api_clients").fetchone()[0]
