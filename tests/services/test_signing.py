"""Signatures of trading wallets: an audit entry before each, and no key outside."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from tests.database import plant
from tests.factories import ACCESS, BASE_ACCOUNT, FID, OTHER_SECRET, service
from tests.round_trips import traced
from tests.signing import TOKEN
from wallet_api import metrics
from wallet_api.errors import (
    DatabaseDamaged,
    KeyUnreadable,
    NotSignable,
    PolicyRefused,
    SignatureMismatch,
    WalletNotFound,
)
from wallet_api.ethereum import signatures
from wallet_api.ethereum.typed_data import read_typed_data
from wallet_api.models import BASE_ACCOUNT_CHAIN
from wallet_api.services.signing import MAX_DETAILS, SIGNING_METHODS, SigningService

CHAIN_ID = 8453
ENGINE = replace(ACCESS, actor="client:engine", reason="swap 8c1f", unrestricted=True)
RESTRICTED = replace(ENGINE, unrestricted=False)
MESSAGE = b"Sign in to example.com"
SPENDER = "0x" + "22" * 20
TRANSACTION = {
    "type": "0x2",
    "nonce": "0x7",
    "gas": "0x186a0",
    "to": TOKEN,
    "maxFeePerGas": "0x77359400",
    "maxPriorityFeePerGas": "0x1",
    "data": "0xa9059cbb" + "00" * 12 + "22" * 20 + f"{5:064x}",
}


def permit(owner, **changes):
    """Return a Permit (ERC-2612) as JSON."""
    members = {"owner": "address", "spender": "address", "value": "uint256"}
    members |= {"nonce": "uint256", "deadline": "uint256"}
    return {
        "types": {"Permit": [{"name": name, "type": kind} for name, kind in members.items()]},
        "primaryType": "Permit",
        "domain": {
            "name": "USD Coin",
            "version": "2",
            "chainId": CHAIN_ID,
            "verifyingContract": TOKEN,
        },
        "message": {"owner": owner, "spender": SPENDER, "value": 9, "nonce": 0, "deadline": 99}
        | changes,
    }


@pytest.fixture
def signing(wallets):
    return SigningService(wallets)


@pytest.fixture
def address(wallets):
    return wallets.ensure_trading_wallet(FID, access=ACCESS).address


def sign_message(signing, access=ENGINE, fid=FID, **options):
    given = {"chain_id": CHAIN_ID, "address": None, "method": "personal_sign", **options}
    return signing.sign_message(fid, MESSAGE, access=access, **given)


def sign_typed_data(signing, access=ENGINE, fid=FID, **options):
    given = {"chain_id": CHAIN_ID, "address": None, "method": "eth_signTypedData_v4", **options}
    read = read_typed_data(permit(SPENDER), chain_id=CHAIN_ID)
    return signing.sign_typed_data(fid, read, access=access, **given)


def sign_transaction(signing, access=ENGINE, fid=FID, **options):
    given = {"chain_id": CHAIN_ID, "method": "eth_signTransaction", **options}
    return signing.sign_transaction(fid, TRANSACTION, access=access, **given)


ACTS = {
    "message.signed": sign_message,
    "typed_data.signed": sign_typed_data,
    "transaction.signed": sign_transaction,
}
each_act = pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)


def entries(sql, columns="action, details::text"):
    query = f"select {columns} from wallet_audit_log where action <> 'wallet.created' order by id"
    return sql.execute(query).fetchall()


def counted(counter):
    (family,) = counter.collect()
    totals = Counter()
    for sample in family.samples:
        if sample.name.endswith("_total"):
            totals[sample.labels["method"]] += sample.value
    return totals


def test_each_signature_recovers_to_the_address_by_the_library(signing, address):
    signed = sign_message(signing)
    message = encode_defunct(primitive=MESSAGE)
    assert Account.recover_message(message, signature=signed.to_bytes()) == address
    data = encode_typed_data(full_message=permit(SPENDER))
    signed = sign_typed_data(signing)
    assert Account.recover_message(data, signature=signed.to_bytes()) == address
    assert Account.recover_transaction(sign_transaction(signing).raw) == address


def test_an_entry_says_what_was_signed_and_not_the_payload(signing, address, sql):
    signed = [act(signing) for act in ACTS.values()]
    found = entries(sql, "action, actor, request_id, reason, chain, details::text")
    assert [row[0] for row in found] == list(ACTS)
    assert {row[1:5] for row in found} == {("client:engine", "a-test", "swap 8c1f", "ethereum")}
    details = [json.loads(row[5]) for row in found]
    assert [one["method"] for one in details] == [
        "personal_sign",
        "eth_signTypedData_v4",
        "eth_signTransaction",
    ]
    assert {one["chain_id"] for one in details} == {CHAIN_ID}
    digests = [signed[0].digest, signed[1].digest, signed[2].signature.digest]
    assert [one["digest"] for one in details] == ["0x" + digest.hex() for digest in digests]
    assert details[0]["effects"] == [{"kind": "message", "length": str(len(MESSAGE))}]
    assert [one["kind"] for one in details[1]["effects"]] == ["allowance"]
    assert [one["kind"] for one in details[2]["effects"]] == ["token_transfer", "network_fee"]
    transfer = details[2]["effects"][0]
    assert (transfer["sender"], transfer["to"]) == (address.lower(), SPENDER)
    written = str(found)
    assert MESSAGE.decode() not in written
    assert signed[0].to_bytes().hex() not in written


def test_the_same_request_has_the_same_details(signing, address, sql):
    for _ in range(2):
        sign_transaction(signing)
    (_, first), (_, second) = entries(sql)
    assert first == second
    assert first == json.dumps(json.loads(first), separators=(",", ":"))


@each_act
def test_a_signature_takes_two_round_trips_and_one_commit(signing, address, database, act):
    act(signing)
    with traced(database) as traffic:
        act(signing)
    assert traffic.round_trips == 2
    assert traffic.commits == 1


@each_act
def test_the_entry_is_committed_before_the_key_is_decrypted(
    signing, wallets, address, sql, monkeypatch, act
):
    seen = []
    decrypt = wallets._encryption.decrypt

    def look_first(*given, **named):
        seen.append(len(entries(sql)))
        return decrypt(*given, **named)

    monkeypatch.setattr(wallets._encryption, "decrypt", look_first)
    act(signing)
    assert seen == [1]


@each_act
def test_no_entry_no_signature(signing, wallets, address, sql, monkeypatch, act):
    sql.execute("alter table wallet_audit_log add constraint disk_is_full check (false) not valid")
    monkeypatch.setattr(wallets._encryption, "decrypt", None)
    with pytest.raises(psycopg.errors.CheckViolation):
        act(signing)


@each_act
def test_an_entry_that_is_lost_in_silence_gives_no_signature(
    signing, wallets, address, sql, monkeypatch, act
):
    sql.execute(
        "create function lose_it() returns trigger language plpgsql as 'begin return null; end';"
        "create trigger lose_it before insert on wallet_audit_log for each row"
        " execute function lose_it()"
    )
    monkeypatch.setattr(wallets._encryption, "decrypt", None)
    with pytest.raises(DatabaseDamaged):
        act(signing)


@each_act
def test_a_key_that_does_not_decrypt_signs_nothing(signing, address, sql, act):
    plant(sql, "update wallets set encrypted_private_key = repeat('ab', 48)")
    with pytest.raises(KeyUnreadable):
        act(signing)


@each_act
def test_a_process_with_another_secret_signs_nothing(address, database, act):
    with pytest.raises(KeyUnreadable):
        act(SigningService(service(database, OTHER_SECRET)))


@each_act
def test_a_signature_of_another_key_is_not_returned(signing, address, monkeypatch, act):
    monkeypatch.setattr(signatures, "recover_address", lambda *_, **__: SPENDER)
    before = counted(metrics.SIGNATURES)
    with pytest.raises(SignatureMismatch):
        act(signing)
    assert counted(metrics.SIGNATURES) == before


@each_act
def test_who_has_no_trading_wallet_signs_nothing(signing, wallets, sql, act):
    wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    with pytest.raises(WalletNotFound):
        act(signing)
    assert [action for action, _ in entries(sql)] == ["base_account.set"]
    assert wallets.get_wallet(FID, BASE_ACCOUNT_CHAIN, access=ACCESS).address == BASE_ACCOUNT


@each_act
def test_a_client_that_a_policy_would_have_to_allow_is_refused_and_recorded(
    signing, address, sql, act
):
    before = counted(metrics.SIGNING_REFUSALS)
    for _ in range(3):
        with pytest.raises(PolicyRefused):
            act(signing, access=RESTRICTED)
    ((action, details),) = entries(sql)
    assert action == "signing.refused"
    named = json.loads(details)
    assert named["reason"] == "no_policy"
    assert named["effects"]
    method = named["method"]
    assert counted(metrics.SIGNING_REFUSALS)[method] == before[method] + 3


def test_a_refused_key_read_does_not_hide_a_refused_signature(signing, wallets, address, sql):
    wallets.refuse_key(FID, "ethereum", access=RESTRICTED)
    with pytest.raises(PolicyRefused):
        sign_message(signing, access=RESTRICTED)
    assert [action for action, _ in entries(sql)] == ["key.refused", "signing.refused"]


def test_another_signer_than_the_wallet_is_refused_without_an_entry(
    signing, wallets, address, sql, monkeypatch
):
    monkeypatch.setattr(wallets._encryption, "decrypt", None)
    for act in (sign_message, sign_typed_data):
        with pytest.raises(NotSignable) as caught:
            act(signing, address=SPENDER)
        assert caught.value.field == "address"
    for sender in (SPENDER, "nobody"):
        with pytest.raises(NotSignable) as caught:
            signing.sign_transaction(
                FID,
                {**TRANSACTION, "from": sender},
                chain_id=CHAIN_ID,
                method="eth_signTransaction",
                access=ENGINE,
            )
        assert caught.value.field == "from"
    assert entries(sql) == []


def test_the_wallet_may_be_named_in_any_case(signing, address):
    for named in (address, address.lower()):
        assert sign_message(signing, address=named) == sign_message(signing)
        given = {**TRANSACTION, "from": named}
        signing.sign_transaction(
            FID, given, chain_id=CHAIN_ID, method="eth_signTransaction", access=ENGINE
        )


def batch(count):
    """Return a PermitBatch of Permit2 for this number of tokens."""
    details = {"token": "address", "amount": "uint160", "expiration": "uint48", "nonce": "uint48"}
    single = {"token": TOKEN, "amount": 2**160 - 1, "expiration": 2**48 - 1, "nonce": 0}
    return {
        "types": {
            "PermitBatch": [
                {"name": "details", "type": "PermitDetails[]"},
                {"name": "spender", "type": "address"},
                {"name": "sigDeadline", "type": "uint256"},
            ],
            "PermitDetails": [{"name": name, "type": kind} for name, kind in details.items()],
        },
        "primaryType": "PermitBatch",
        "domain": {
            "name": "Permit2",
            "chainId": CHAIN_ID,
            "verifyingContract": "0x000000000022d473030f116ddee9f6b43ac78ba3",
        },
        "message": {
            "details": [{**single, "amount": str(2**160 - 1)}] * count,
            "spender": SPENDER,
            "sigDeadline": str(2**256 - 1),
        },
    }


def sign_batch(signing, count):
    read = read_typed_data(batch(count), chain_id=CHAIN_ID)
    signing.sign_typed_data(
        FID, read, chain_id=CHAIN_ID, address=None, method="eth_signTypedData_v4", access=ENGINE
    )


def test_more_effects_than_an_entry_holds_are_not_signed(signing, address, sql):
    sign_batch(signing, 30)
    ((_, details),) = entries(sql)
    assert len(details) <= MAX_DETAILS
    assert len(json.loads(details)["effects"]) == 30
    with pytest.raises(NotSignable, match="50 effects"):
        sign_batch(signing, 50)
    assert len(entries(sql)) == 1


def test_sixteen_threads_that_sign_with_one_wallet_leave_one_whole_chain(
    signing, address, sql, verify
):
    acts = list(ACTS.values())
    with ThreadPoolExecutor(16) as crowd:
        signed = list(crowd.map(lambda n: acts[n % 3](signing), range(48)))
    assert len(signed) == 48
    found = [action for action, _ in entries(sql)]
    assert sorted(found) == sorted(list(ACTS) * 16)
    assert verify() == ([], 49)


def test_a_preview_has_the_effects_of_the_entry_and_neither_signs_nor_writes(
    signing, wallets, address, sql
):
    read = read_typed_data(permit(SPENDER), chain_id=CHAIN_ID)
    previews = [
        signing.preview_message(FID, MESSAGE, access=RESTRICTED),
        signing.preview_typed_data(FID, read, chain_id=CHAIN_ID, access=RESTRICTED),
        signing.preview_transaction(FID, TRANSACTION, chain_id=CHAIN_ID, access=RESTRICTED),
    ]
    assert entries(sql) == []
    for act in ACTS.values():
        act(signing)
    recorded = [json.loads(details) for _, details in entries(sql)]
    for preview, details in zip(previews, recorded, strict=True):
        assert preview.address == address
        assert "0x" + preview.digest.hex() == details["digest"]
        assert [effect.as_json() for effect in preview.effects] == details["effects"]


def test_a_preview_names_what_cannot_be_signed(signing, address):
    with pytest.raises(NotSignable) as caught:
        signing.preview_transaction(
            FID, {**TRANSACTION, "from": SPENDER}, chain_id=CHAIN_ID, access=ENGINE
        )
    assert caught.value.field == "from"
    with pytest.raises(WalletNotFound):
        signing.preview_message(FID + 1, MESSAGE, access=ENGINE)


def test_signatures_are_counted_by_method_and_every_method_from_zero(signing, address):
    assert set(counted(metrics.SIGNATURES)) == set(SIGNING_METHODS)
    assert set(counted(metrics.SIGNING_REFUSALS)) == set(SIGNING_METHODS)
    before = counted(metrics.SIGNATURES)
    for act in ACTS.values():
        act(signing)
    after = counted(metrics.SIGNATURES)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "personal_sign": 1,
        "eth_signTypedData_v4": 1,
        "eth_signTransaction": 1,
    }


@pytest.mark.parametrize("mode", ["filesystem", "migrating"])
def test_wallets_in_files_sign_with_an_entry_too(start_services, samples, sql, mode):
    signing = start_services(mode).signing
    for act in ACTS.values():
        act(signing)
    actions = sql.execute("select action from wallet_audit_log order by id").fetchall()
    assert [action for (action,) in actions][1:] == list(ACTS)
