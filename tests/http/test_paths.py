"""A path has one spelling under every server; tests/faults/test_server_trust.py has more."""

import pytest

STATS = "/v1/stats"


# What servers make of `/v1/stats`, without a word of ours: gunicorn, waitress, Werkzeug.
TARGETS = [
    "/%761/stats",
    "/v%31/stats",
    "/v1%2fstats",
    "/v1%2Fstats",
    "//v1/stats",
    "///v1/stats",
    "/v\t1/stats",
    "/\tv1/stats",
    "/v\r1/stats",
    "/v%091/stats",
    "/\x0b/v1/stats",
    "\x0b/v1/stats",
    " /v1/stats",
    "v1/stats",
    "a:/v1/stats",
    "http:/v1/stats",
    "http:///v1/stats",
    "http://a/v1/stats",
    "http://a//v1/stats",
    "x://a/v1/stats",
    "/v1/stats#x",
    "/v1/stats;x",
    "/./v1/stats",
    "/x/../v1/stats",
    "\\v1\\stats",
    "/\\v1/stats",
    "/V1/stats",
    "/v1/stats/",
    "/v1/stats%",
    "/v1/stat\xf3",
    "*",
]


def get_stats(client, **environ):
    """Ask for what PATH_INFO says, where a server says more about how it came."""
    unsaid = {"RAW_URI": None, "REQUEST_URI": None}
    return client.get(STATS, environ_overrides={**unsaid, **environ})


def test_a_plain_path_reaches_its_route_in_every_spelling_of_servers(client):
    for environ in ({}, {"RAW_URI": f"{STATS}?a=%76"}, {"REQUEST_URI": f"{STATS}?a=//%2F\t"}):
        assert get_stats(client, **environ).status_code == 401


@pytest.mark.parametrize(
    ("target", "path"),
    [
        # As encodeURIComponent writes them, and as they are without it.
        ("/v1/users/1/wallets/a%3Ab", "/v1/users/1/wallets/a:b"),
        ("/v1/users/1/wallets/a:b", "/v1/users/1/wallets/a:b"),
        ("/v1/users/1/wallets/a%20b%5b", "/v1/users/1/wallets/a b["),
        ("/v1/users/1/wallets/%C3%A9", "/v1/users/1/wallets/\xc3\xa9"),
    ],
)
def test_encoded_characters_reach_their_route(client, target, path):
    assert get_stats(client, RAW_URI=target, PATH_INFO=path).status_code == 401


@pytest.mark.parametrize("name", ["RAW_URI", "REQUEST_URI"])
@pytest.mark.parametrize("target", TARGETS)
def test_every_other_spelling_that_a_server_accepts_is_404(client, name, target):
    answer = get_stats(client, **{name: target})
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "came",
    [
        {"SCRIPT_NAME": "/x"},
        {"PATH_INFO": f"/{STATS}"},
        {"PATH_INFO": "/v1/sta\tts"},
        {"PATH_INFO": "\x0b/v1/stats"},
        {"PATH_INFO": "v1/stats"},
        {"PATH_INFO": ""},
    ],
)
def test_a_path_with_another_prefix_is_404(client, came):
    answer = get_stats(client, **came)
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
