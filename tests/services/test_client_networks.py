"""API clients: the networks that they may call from, with and without proxies."""

from ipaddress import ip_address

import pytest

from tests.services.clients import HOME, STATS, created, last_used
from wallet_api.blueprints import client_addresses
from wallet_api.errors import (
    NetworkNotAllowed,
)

NETWORKS = ["10.1.0.0/16", "192.0.2.7", "2001:db8:1::/48", "fd00::1"]
INSIDE = [
    *("10.1.0.0", "10.1.255.255", "192.0.2.7", "2001:db8:1::", "fd00::1"),
    *("2001:db8:1:ffff:ffff:ffff:ffff:ffff", "::ffff:10.1.2.3", "::ffff:192.0.2.7"),
]
OUTSIDE = [
    *("10.0.255.255", "10.2.0.0", "192.0.2.8", "2001:db8:2::", "fd00::2", "127.0.0.1", "::1"),
    *("::ffff:10.2.0.0", "::10.1.2.3", "64:ff9b::10.1.2.3", "", "unix:", "10.1.2.3.4"),
]


@pytest.mark.parametrize("address", INSIDE + OUTSIDE)
def test_a_client_calls_only_from_its_networks(clients, client, address):
    token = created(clients, networks=NETWORKS).reveal()
    answer = client.get(
        STATS,
        headers={"Authorization": f"Bearer {token}"},
        environ_overrides={"REMOTE_ADDR": address},
    )
    assert answer.status_code == (200 if address in INSIDE else 403), answer.text
    if address in OUTSIDE:
        assert answer.get_json(force=True)["code"] == "network_not_allowed"


FORWARDED = {
    **dict.fromkeys(("X-Forwarded-For", "X-Real-IP", "X-Client-IP", "Client-IP"), "203.0.113.9"),
    **dict.fromkeys(("CF-Connecting-IP", "True-Client-IP", "Fly-Client-IP"), "203.0.113.9"),
    **dict.fromkeys(("CF-Connecting-IPv6", "X-Envoy-External-Address"), "2001:db8::9"),
    **dict.fromkeys(("X-Cluster-Client-IP", "Fastly-Client-IP", "X-Remote-Addr"), "10.1.2.3"),
    **dict.fromkeys(("X-Original-Forwarded-For", "X-Azure-ClientIP"), ""),
    "Forwarded": "for=203.0.113.9",
    "X-Forwarded-Proto": "https",
    "Via": "1.1 proxy",
    "CDN-Loop": "cloudflare",
}


@pytest.mark.parametrize("name", FORWARDED)
def test_the_address_of_an_unconfigured_proxy_is_in_no_network(clients, client, name):
    """TRUSTED_PROXY_HOPS is 0, and the header shows that there is a proxy."""
    near = created(clients, "near", networks=["127.0.0.1/32", *NETWORKS]).reveal()
    anywhere = created(clients, "anywhere").reveal()
    for address in ("127.0.0.1", "10.1.2.3", "203.0.113.9"):
        environ = {"REMOTE_ADDR": address}
        for token, status in ((near, 403), (anywhere, 200)):
            headers = {"Authorization": f"Bearer {token}", name: FORWARDED[name]}
            answer = client.get(STATS, headers=headers, environ_overrides=environ)
            assert answer.status_code == status, answer.text


@pytest.mark.parametrize("name", ["X-Request-Id", "Zip", "Description", "X-Clip", "User-Agent"])
def test_a_header_of_a_direct_client_does_not_change_its_address(clients, client, name):
    token = created(clients, networks=NETWORKS).reveal()
    headers = {"Authorization": f"Bearer {token}", name: "1"}
    answer = client.get(STATS, headers=headers, environ_overrides={"REMOTE_ADDR": "10.1.2.3"})
    assert answer.status_code == 200, answer.text


def test_an_unconfigured_proxy_is_logged_once(clients, make_app, caplog):
    client, token = make_app().test_client(), created(clients).reveal()
    client_addresses.report_unexpected_proxy.cache_clear()
    for _ in range(3):
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "203.0.113.9"}
        assert client.get(STATS, headers=headers).status_code == 200
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert sum("TRUSTED_PROXY_HOPS" in line for line in said) == 1
    assert "203.0.113.9" not in caplog.text


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        ("10.1.2.3", 200),
        ("::ffff:10.1.2.3", 200),
        ("2001:db8:1::5", 200),
        ("203.0.113.9, 10.1.2.3", 200),
        ("10.1.2.3, 203.0.113.9", 403),
        ("nonsense", 403),
    ],
)
def test_behind_a_trusted_proxy_the_address_is_the_one_that_it_adds(
    clients, make_app, forwarded, status
):
    token = created(clients, networks=NETWORKS).reveal()
    answer = (
        make_app(TRUSTED_PROXY_HOPS="1")
        .test_client()
        .get(STATS, headers={"Authorization": f"Bearer {token}", "X-Forwarded-For": forwarded})
    )
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("hops", "forwarded"),
    [
        *((1, text) for text in (None, "", " ", ",", "10.1.2.3,", "unknown", '"10.1.2.3"')),
        *((1, f"10.1.2.3%{zone}") for zone in ("", "eth0")),
        *((2, text) for text in (None, "", "10.1.2.3", "10.1.2.3,203.0.113.9,10.1.2.3")),
        # One word to a parser that knows quoted strings, so that the first would count.
        (2, '10.1.2.3, ", 203.0.113.9, 10.1.2.3'),
        (10, "10.1.2.3, 10.1.2.3"),
    ],
)
def test_the_address_of_the_proxy_is_never_used_as_the_client_s(clients, make_app, hops, forwarded):
    """The proxy's own address is in the client's networks; the client's is not, or not known."""
    token = created(clients, networks=NETWORKS).reveal()
    headers = {"Authorization": f"Bearer {token}"}
    if forwarded is not None:
        headers["X-Forwarded-For"] = forwarded
    answer = (
        make_app(TRUSTED_PROXY_HOPS=str(hops))
        .test_client()
        .get(STATS, headers=headers, environ_overrides={"REMOTE_ADDR": "10.1.2.3"})
    )
    assert answer.status_code == 403, answer.text
    assert answer.get_json(force=True)["code"] == "network_not_allowed"


def test_a_client_without_networks_calls_even_from_an_unknown_address(clients):
    client = clients.identify(created(clients))
    for ip in (HOME, ip_address("2001:db8::1"), None):
        clients.authorize(client, scope="keys:read", ip=ip)


def test_a_client_with_networks_does_not_call_from_an_unknown_address(clients, sql):
    client = clients.identify(created(clients, networks=["0.0.0.0/0", "::/0"]))
    with pytest.raises(NetworkNotAllowed):
        clients.authorize(client, scope="keys:read", ip=None)
    assert last_used(sql) is None
