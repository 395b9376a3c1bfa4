"""The three steps of docs/migration.md that move an engine from key reads to signatures."""

import re
import shlex

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from tests.commands import Running, kept_environ
from tests.database import recorded
from tests.documentation.pages import read, section
from tests.factories import ACCESS, FID, authorization
from wallet_api.blueprints.application import application
from wallet_api.blueprints.schemas.signing import TRANSACTION, TYPED_DATA
from wallet_api.crypto.checksum import to_checksum_address

STEPS = section(read("docs/migration.md"), "## From key reads to signatures")
CREATE, REVOKE = (
    shlex.split(line) for line in re.findall(r"^\$ wallet-api (.+)$", STEPS, re.MULTILINE)
)
WALLET = f"/v1/users/{FID}/wallets/ethereum"
TEXT = "Sign in to example.com"


@pytest.fixture
def run_as_json(environ, tmp_path):
    """Run a command, and return what it prints as JSON."""

    def command(*words, **changes):
        arguments = [*words, "--json"]
        done = Running(arguments, kept_environ({**environ, **changes}), tmp_path).finish()
        assert done.status == 0, done.err
        return done.figures

    return command


def read_key(client, engine):
    return client.post(f"{WALLET}/key", json={"reason": "trade"}, headers=engine)


def signed_by_the_engine(key):
    """Return what an engine signs that has read the key."""
    account = Account.from_key(key)
    recipient = to_checksum_address(TRANSACTION["to"])
    signed = account.sign_transaction({**TRANSACTION, "to": recipient, "chainId": 8453})
    return [
        account.sign_message(encode_defunct(text=TEXT)).signature.hex(),
        account.sign_message(encode_typed_data(full_message=TYPED_DATA)).signature.hex(),
        signed.raw_transaction.hex(),
    ]


def signed_by_the_service(client, engine):
    told = [
        client.post(f"{WALLET}/sign/{kind}", json=body, headers=engine).get_json()
        for kind, body in (
            ("message", {"message": TEXT}),
            ("typed-data", {"chainId": 8453, "typedData": TYPED_DATA}),
            ("transaction", {"chainId": 8453, "transaction": TRANSACTION}),
        )
    ]
    signatures = [*(one["signature"] for one in told[:2]), told[2]["rawTransaction"]]
    return [text.removeprefix("0x") for text in signatures]


def last_read(run_as_json, name="engine"):
    """Return what `wallet-api doctor` says about the key reads of a client, or None."""
    found = [one["what"] for one in run_as_json("doctor")]
    told = [what for what in found if what.startswith(f"{name} may read private keys")]
    return told[0] if told else None


@pytest.mark.slow
def test_an_engine_moves_from_key_reads_to_signatures_in_three_steps(make_app, run_as_json, sql):
    app = make_app()
    application(app).wallets.ensure_trading_wallet(FID, access=ACCESS)
    client = app.test_client()
    before = run_as_json("clients", "create", "--name", "engine", "--scope", "keys:read")
    old = authorization(before["token"])
    assert last_read(run_as_json).endswith("the audit log has no read by it")
    key = read_key(client, old).get_json()["privateKey"]

    # 1. Another client, which signs the same, while keys can still be read.
    new = authorization(run_as_json(*CREATE)["token"])
    assert signed_by_the_service(client, new) == signed_by_the_engine(key)
    assert read_key(client, old).status_code == 200
    assert read_key(client, new).status_code == 403

    # 2. The time of the last read no longer changes. Revoke the old client.
    known = last_read(run_as_json)
    assert "it last read one at" in known
    assert signed_by_the_service(client, new) == signed_by_the_engine(key)
    assert last_read(run_as_json) == known
    run_as_json(*REVOKE)
    assert last_read(run_as_json) is None
    assert read_key(client, old).status_code == 401
    assert signed_by_the_service(client, new) == signed_by_the_engine(key)

    # 3. A restart without key reads. Each attempt is recorded.
    forgotten = authorization(
        run_as_json("clients", "create", "--name", "forgotten", "--scope", "keys:read")["token"]
    )
    restarted = make_app(ALLOW_KEY_READ="false").test_client()
    answer = read_key(restarted, forgotten)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "key_read_disabled")
    assert ("key.refused", "client:forgotten") in recorded(sql, "action, actor")
    assert signed_by_the_service(restarted, new) == signed_by_the_engine(key)
