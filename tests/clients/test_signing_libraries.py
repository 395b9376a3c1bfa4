"""Signatures of the service, compared byte for byte with those of viem and ethers."""

import json
import subprocess

import hypothesis
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.clients.programs import CLIENT
from tests.running_service import ROOT
from tests.signing import (
    ADDRESS,
    ADDRESSES,
    DATA,
    KEY,
    cases,
    document,
    documents,
    quantities,
    readings,
    too_large,
    transactions,
)
from wallet_api.errors import NotSignable
from wallet_api.ethereum.authorizations import read_authorization
from wallet_api.ethereum.signatures import (
    message_digest,
    sign_authorization,
    sign_transaction,
)
from wallet_api.ethereum.transactions import read_transaction
from wallet_api.ethereum.typed_data import read_typed_data

# An install of all packages may take a minute.
pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]
LIBRARIES = ("viem", "ethers")
many = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def ask_libraries(packages):
    """Ask both libraries for one request. The answer has hex, or null for a refusal."""
    node = subprocess.Popen(
        ["node", ROOT / "tests" / "clients" / "signing.mjs"],
        cwd=CLIENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )

    def request(**members):
        node.stdin.write(json.dumps(members) + "\n")
        return json.loads(node.stdout.readline())

    yield request
    node.stdin.close()
    assert node.wait(timeout=10) == 0
    node.stdout.close()


def both(text):
    return dict.fromkeys(LIBRARIES, text)


def test_the_table_matches_what_viem_and_ethers_do(ask_libraries, request):
    rows = readings()
    for row in rows:
        answer = ask_libraries(kind="typedData", text=document(row))
        said = {name: digest and digest[:10] for name, digest in answer.items()}
        if request.config.getoption("--write"):
            row.update(said)
        else:
            assert {name: row[name] for name in LIBRARIES} == said, row["case"]
    if request.config.getoption("--write"):
        lines = (json.dumps(row, ensure_ascii=False) for row in rows)
        (DATA / "readings.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


@pytest.mark.slow
@many
@hypothesis.given(documents())
def test_typed_data_that_we_accept_has_the_same_digest_everywhere(ask_libraries, text):
    try:
        read = read_typed_data(text, chain_id=1)
    except NotSignable:
        hypothesis.event("refused")
        return
    hypothesis.event("accepted")
    assert ask_libraries(kind="typedData", text=text) == both("0x" + read.digest.hex())


@many
@hypothesis.given(st.binary(max_size=200))
def test_a_message_has_the_same_digest_everywhere(ask_libraries, message):
    digest = "0x" + message_digest(message).hex()
    assert ask_libraries(kind="message", data="0x" + message.hex()) == both(digest)


@many
@hypothesis.given(transactions(KEY))
def test_a_transaction_that_we_accept_has_the_same_bytes_everywhere(ask_libraries, given):
    wrong = too_large(given)
    for index, authorization in enumerate(given.get("authorizationList", [])):
        wrong |= {f"authorizationList[{index}].{name}" for name in too_large(authorization)}
    if given.get("to") is None and given["data"] == "0x":
        wrong.add("to")
    chain_id = int(given["chainId"], 16)
    if wrong:
        hypothesis.event("refused")
        with pytest.raises(NotSignable) as refused:
            read_transaction(given, chain_id=chain_id)
        assert refused.value.field in wrong
        return
    hypothesis.event("accepted")
    read = read_transaction(given, chain_id=chain_id)
    raw = "0x" + sign_transaction(read, private_key=KEY, address=ADDRESS).raw.hex()
    answer = ask_libraries(kind="transaction", key="0x" + KEY.hex(), transaction=given)
    assert answer == both(raw)


@many
@hypothesis.given(ADDRESSES, quantities("nonce"), st.integers(1, 2**53 - 1))
def test_an_authorization_has_the_same_signature_everywhere(
    ask_libraries, delegate, nonce, chain_id
):
    given = {"address": delegate, "nonce": nonce, "chainId": hex(chain_id)}
    if too_large(given):
        hypothesis.event("refused")
        with pytest.raises(NotSignable, match=r"^nonce: "):
            read_authorization(given, chain_id=chain_id)
        return
    hypothesis.event("accepted")
    unsigned = read_authorization(given, chain_id=chain_id)
    signed = sign_authorization(unsigned, private_key=KEY, address=ADDRESS)
    signature = signed.r.to_bytes(32) + signed.s.to_bytes(32) + bytes([27 + signed.y_parity])
    answer = ask_libraries(kind="authorization", key="0x" + KEY.hex(), authorization=given)
    assert answer == both("0x" + signature.hex())


@pytest.mark.slow
def test_viem_agrees_on_all_cases_of_ethers(ask_libraries):
    for case in cases("eip712"):
        given = {name: case[name] for name in ("types", "primaryType", "domain")}
        text = json.dumps(given | {"message": case["data"]})
        assert ask_libraries(kind="typedData", text=text) == both(case["digest"]), case["name"]
