"""RPC_URL_<chain id>: the URLs of nodes."""

import pytest

from wallet_api.config import ConfigurationError, Settings

REQUIRED = {
    "DATABASE_URL": "postgresql://app:the-database-password@db.example/wallets",
    "ENCRYPTION_SECRET": "an encryption secret of forty characters",
    "JWT_SECRET": "a secret for tokens of forty characters!",
}


def urls(**variables):
    found = Settings.from_environ(REQUIRED | variables).node_urls
    return {chain_id: url.reveal() for chain_id, url in found.items()}


@pytest.mark.parametrize(
    "url",
    [
        "https://base.example/v2/key?x=y",
        "https://base.example:8545",
        "https://192.0.2.1",
        "http://localhost:8545/",
        "http://127.0.0.1:8545",
        "http://127.1.2.3",
        "http://[::1]:8545",
    ],
)
def test_a_node_has_an_https_url_or_is_on_this_machine(url):
    assert urls(RPC_URL_8453=url) == {8453: url}


def test_each_chain_has_its_node_and_a_blank_one_is_unset():
    given = {"RPC_URL_1": " 'https://one.example' ", "RPC_URL_10": " ", "RPC_URL_8453": ""}
    assert urls(**given) == {1: "https://one.example"}
    assert urls() == {}


@pytest.mark.parametrize(
    "url",
    [
        "http://base.example",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://10.0.0.1:8545",
        "http://0.0.0.0:8545",
        "https://user:the-password@base.example",
        "wss://base.example",
        "base.example",
        "file:///the-password",
        "https://base.example/the-password with a space",
    ],
)
def test_any_other_url_is_a_fault_that_does_not_repeat_it(url):
    with pytest.raises(ConfigurationError) as caught:
        urls(RPC_URL_8453=url)
    (fault,) = caught.value.faults
    assert str(fault).startswith("RPC_URL_8453 must be")
    assert url not in str(caught.value)
    assert "the-password" not in str(caught.value)


@pytest.mark.parametrize("name", ["BASE", "0", "08453", "0x2105", "-1", "9" * 20, "", "1_"])
def test_a_name_ends_in_a_chain_id(name):
    with pytest.raises(ConfigurationError, match="must end in a chain id"):
        urls(**{f"RPC_URL_{name}": "https://base.example"})


def test_a_url_is_not_printed():
    settings = Settings.from_environ(REQUIRED | {"RPC_URL_1": "https://a.example/the-key"})
    assert "the-key" not in repr(settings)
