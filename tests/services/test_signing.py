"""Signatures of trading wallets: an audit entry before each, and no key outside."""

import json
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from tests.database import discard_rows, plant, refuse_entries
from tests.factories import ACCESS, BASE_ACCOUNT, FID, OTHER_SECRET, service
from tests.round_trips import traced
from tests.services.signing import (
    CHAIN_ID,
    ENGINE,
    KINDS,
    MESSAGE,
    RESTRICTED,
    SPENDER,
    TRANSACTION,
    counted,
    each_kind,
    sign_authorization,
    sign_message,
    sign_transaction,
    sign_typed_data,
    signing_entries,
    small_permit,
)
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
from wallet_api.ethereum.authorizations import read_authorizations
from wallet_api.models import BASE_ACCOUNT_CHAIN
from wallet_api.policies.rules import METHODS
from wallet_api.services.signing.counters import initialize_counters
from wallet_api.services.signing.service import SigningService


def test_each_signature_recovers_to_the_address_by_the_library(named_delegate, signing, address):
    signed = sign_message(signing)
    message = encode_defunct(primitive=MESSAGE)
    assert Account.recover_message(message, signature=signed.to_bytes()) == address
    data = encode_typed_data(full_message=small_permit(SPENDER))
    signed = sign_typed_data(signing)
    assert Account.recover_message(data, signature=signed.to_bytes()) == address
    assert Account.recover_transaction(sign_transaction(signing).raw) == address
    authorization = sign_authorization(signing)
    assert authorization.authority == address.lower()
    (read,) = read_authorizations([authorization.as_json()], chain_id=CHAIN_ID)
    assert read.authority == address.lower()


@each_kind
def test_a_signature_takes_two_round_trips_and_one_commit(
    named_delegate, signing, address, database, sign
):
    sign(signing)
    with traced(database) as traffic:
        sign(signing)
    assert traffic.round_trips == 2
    assert traffic.commits == 1


@each_kind
def test_the_entry_is_committed_before_the_key_is_decrypted(
    named_delegate, signing, wallets, address, sql, monkeypatch, sign
):
    seen = []
    decrypt = wallets._encryption.decrypt

    def count_entries_first(*given, **named):
        seen.append(len(signing_entries(sql)))
        return decrypt(*given, **named)

    monkeypatch.setattr(wallets._encryption, "decrypt", count_entries_first)
    sign(signing)
    assert seen == [1]


@each_kind
def test_without_an_entry_nothing_is_signed(
    named_delegate, signing, wallets, address, sql, monkeypatch, sign
):
    refuse_entries(sql)
    monkeypatch.setattr(wallets._encryption, "decrypt", None)
    with pytest.raises(psycopg.errors.CheckViolation):
        sign(signing)


@each_kind
def test_a_silently_discarded_entry_prevents_the_signature(
    named_delegate, signing, wallets, address, sql, monkeypatch, sign
):
    discard_rows(sql, "wallet_audit_log")
    monkeypatch.setattr(wallets._encryption, "decrypt", None)
    with pytest.raises(DatabaseDamaged):
        sign(signing)


@each_kind
def test_a_key_that_does_not_decrypt_signs_nothing(named_delegate, signing, address, sql, sign):
    plant(sql, "update wallets set encrypted_private_key = repeat('ab', 48)")
    with pytest.raises(KeyUnreadable):
        sign(signing)


@each_kind
def test_a_process_with_another_secret_signs_nothing(named_delegate, address, database, sign):
    with pytest.raises(KeyUnreadable):
        sign(SigningService(service(database, OTHER_SECRET)))


@each_kind
def test_a_signature_of_another_key_is_not_returned(
    named_delegate, signing, address, monkeypatch, sign
):
    monkeypatch.setattr(signatures, "recover_address", lambda *_, **__: SPENDER)
    before = counted(metrics.SIGNATURES)
    with pytest.raises(SignatureMismatch):
        sign(signing)
    assert counted(metrics.SIGNATURES) == before


@each_kind
def test_a_user_without_a_trading_wallet_cannot_sign(signing, wallets, sql, sign):
    wallets.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS)
    with pytest.raises(WalletNotFound):
        sign(signing)
    assert [action for action, _ in signing_entries(sql)] == ["base_account.set"]
    assert wallets.get_wallet(FID, BASE_ACCOUNT_CHAIN, access=ACCESS).address == BASE_ACCOUNT


@each_kind
def test_a_restricted_client_is_refused_and_recorded(signing, address, sql, sign):
    for _ in range(3):
        with pytest.raises(PolicyRefused):
            sign(signing, access=RESTRICTED)
    ((action, details),) = signing_entries(sql)
    assert action == "signing.refused"
    named = json.loads(details)
    assert named["reason"] == "no_policy"
    assert named["effects"]


def test_a_refused_key_read_does_not_hide_a_refused_signature(signing, wallets, address, sql):
    wallets.refuse_key(FID, "ethereum", access=RESTRICTED)
    with pytest.raises(PolicyRefused):
        sign_message(signing, access=RESTRICTED)
    assert [action for action, _ in signing_entries(sql)] == [
        "key.refused",
        "signing.refused",
    ]


def test_a_request_that_names_another_signer_is_refused_without_an_entry(
    signing, wallets, address, sql, monkeypatch
):
    monkeypatch.setattr(wallets._encryption, "decrypt", None)
    for sign in (sign_message, sign_typed_data):
        with pytest.raises(NotSignable) as caught:
            sign(signing, address=SPENDER)
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
    assert signing_entries(sql) == []


def test_the_wallet_may_be_named_in_any_case(signing, address):
    for named in (address, address.lower()):
        assert sign_message(signing, address=named) == sign_message(signing)
        given = {**TRANSACTION, "from": named}
        signing.sign_transaction(
            FID, given, chain_id=CHAIN_ID, method="eth_signTransaction", access=ENGINE
        )


def test_sixteen_threads_that_sign_with_one_wallet_leave_one_intact_audit_chain(
    named_delegate, signing, address, sql, verify
):
    kinds = list(KINDS.values())
    with ThreadPoolExecutor(16) as crowd:
        signed = list(crowd.map(lambda n: kinds[n % 4](signing), range(64)))
    assert len(signed) == 64
    found = [action for action, _ in signing_entries(sql)]
    assert sorted(found) == sorted(list(KINDS) * 16)
    assert verify() == ([], 65)


def test_signatures_are_counted_by_client_and_method_and_start_at_zero(
    named_delegate, signing, address
):
    initialize_counters("engine")
    initialize_counters("newcomer")
    assert counted(metrics.SIGNATURES, "newcomer") == dict.fromkeys(METHODS, 0)
    before = counted(metrics.SIGNATURES)
    for sign in KINDS.values():
        sign(signing)
    after = counted(metrics.SIGNATURES)
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "personal_sign": 1,
        "eth_signTypedData_v4": 1,
        "eth_signTransaction": 1,
        "sign/authorization": 1,
    }
    assert counted(metrics.SIGNATURES, "newcomer") == dict.fromkeys(METHODS, 0)


@pytest.mark.parametrize("mode", ["filesystem", "migrating"])
def test_signatures_with_wallet_files_have_entries_too(
    named_delegate, start_services, samples, sql, mode
):
    signing = start_services(mode).signing
    for sign in KINDS.values():
        sign(signing)
    actions = sql.execute("select action from wallet_audit_log order by id").fetchall()
    assert [action for (action,) in actions][1:] == list(KINDS)
