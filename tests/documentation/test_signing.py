"""The examples of docs/signing.md, as they are printed."""

import json
import re
import shutil
import subprocess

import pytest

from tests.documentation.pages import code, read, section, tables
from tests.factories import ACCESS, FID, new_client
from tests.policies import name_delegate
from wallet_api.blueprints.schemas.signing import AUTHORIZATION
from wallet_api.ethereum import effects
from wallet_api.ethereum.effects.kinds import Effect

PAGE = read("docs/signing.md")
HOST = "https://wallets.example.com"
EXAMPLES = re.findall(r"^\$ (curl .*?)\n```$", PAGE, re.DOTALL | re.MULTILINE)
NO_CURL = "NO curl: THE EXAMPLES OF docs/signing.md WERE NOT TRIED. Install it."


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason=NO_CURL)
def test_every_curl_example_of_the_page_works(serve, services, sql):
    name_delegate(sql, AUTHORIZATION["address"])
    address = services.wallets.ensure_trading_wallet(FID, access=ACCESS).address
    token = new_client(services.clients, "wallets:sign")
    url = f"http://127.0.0.1:{serve(WEB_CONCURRENCY='1').port}"
    told = []
    for example in EXAMPLES:
        assert example.count(HOST) == 1
        finished = subprocess.run(
            ["bash", "-c", example.replace(HOST, url)],
            env={"PATH": "/usr/bin:/bin:/usr/local/bin", "TOKEN": token.reveal()},
            capture_output=True,
            text=True,
            check=True,
        )
        told.append(json.loads(finished.stdout))
    members = [
        {"address", "digest", "signature"},
        {"address", "digest", "signature"},
        {"address", "digest", "rawTransaction", "hash", "transaction"},
        {"address", "digest", "authorization"},
        {"address", "digest", "signature"},
        {"address", "digest", "effects"},
    ]
    assert [one.keys() for one in told] == members
    assert {one["address"] for one in told} == {address}


def test_every_effect_is_on_the_page():
    shown = {name for first, _ in tables(section(PAGE, "### Preview")) for name in code(first)}
    assert shown == {kind.kind for kind in Effect.__args__}
    assert {kind.__name__ for kind in Effect.__args__} <= set(effects.__all__)
