"""A path has one spelling, under whatever server; tests/faults/test_server_trust.py has more."""

import pytest

STATS = "/v1/stats"


def ask(client, **environ):
    """Ask for what PATH_INFO says, where a server says more about how it came."""
    unsaid = {"RAW_URI": None, "REQUEST_URI": None}
    return client.get(STATS, environ_overrides={**unsaid, **environ})


def test_a_plain_path_reaches_its_route_whatever_the_server_calls_it(client):
    for environ in ({}, {"RAW_URI": f"{STATS}?a=%76"}, {"REQUEST_URI": f"{STATS}?a=//%2F"}):
        assert ask(client, **environ).status_code == 401


@pytest.mark.parametrize("name", ["RAW_URI", "REQUEST_URI"])
@pytest.mark.parametrize("target", ["/%761/stats", "/v%31/stats", "/v1%2fstats", "//v1/stats"])
def test_another_spelling_of_it_is_404(client, name, target):
    answer = ask(client, **{name: target})
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


@pytest.mark.parametrize("came", [{"SCRIPT_NAME": "/x"}, {"PATH_INFO": f"/{STATS}"}])
def test_a_path_that_begins_elsewhere_is_404(client, came):
    assert ask(client, **came).status_code == 404
