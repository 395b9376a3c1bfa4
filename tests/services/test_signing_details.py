"""The details of the audit entry of a signature, and previews, which show the same effects."""

import json

import pytest

from tests.database import recorded
from tests.factories import FID
from tests.services.signing import (
    AUTHORIZATION,
    CHAIN_ID,
    ENGINE,
    KINDS,
    MESSAGE,
    RESTRICTED,
    SPENDER,
    TRANSACTION,
    permit_batch,
    sign_transaction,
    signing_entries,
    small_permit,
)
from wallet_api.errors import (
    NotSignable,
    WalletNotFound,
)
from wallet_api.ethereum.typed_data import read_typed_data
from wallet_api.services.policies import decisions
from wallet_api.services.signing.audit_entries import MAX_DETAILS


def test_an_entry_says_what_was_signed_and_not_the_payload(named_delegate, signing, address, sql):
    signed = [sign(signing) for sign in KINDS.values()]
    found = recorded(sql, "action, actor, request_id, reason, chain, details::text")
    assert [row[0] for row in found] == list(KINDS)
    assert {row[1:5] for row in found} == {("client:engine", "a-test", "swap 8c1f", "ethereum")}
    details = [json.loads(row[5]) for row in found]
    assert [one["method"] for one in details] == [
        "personal_sign",
        "eth_signTypedData_v4",
        "eth_signTransaction",
        "sign/authorization",
    ]
    assert {one["chain_id"] for one in details} == {CHAIN_ID}
    digests = [signed[0].digest, signed[1].digest, signed[2].signature.digest, signed[3].digest]
    assert [one["digest"] for one in details] == ["0x" + digest.hex() for digest in digests]
    assert details[0]["effects"] == [{"kind": "message", "length": str(len(MESSAGE))}]
    assert [one["kind"] for one in details[1]["effects"]] == ["allowance"]
    assert [one["kind"] for one in details[2]["effects"]] == ["token_transfer", "network_fee"]
    assert details[3]["effects"] == [
        {
            "kind": "delegation",
            "authority": address.lower(),
            "delegate": SPENDER,
            "chain_id": str(CHAIN_ID),
        }
    ]
    transfer = details[2]["effects"][0]
    assert (transfer["sender"], transfer["to"]) == (address.lower(), SPENDER)
    written = str(found)
    assert MESSAGE.decode() not in written
    assert signed[0].to_bytes().hex() not in written


def test_the_same_request_has_the_same_details(signing, address, sql):
    for _ in range(2):
        sign_transaction(signing)
    (_, first), (_, second) = signing_entries(sql)
    assert first == second
    assert first == json.dumps(json.loads(first), separators=(",", ":"))


def sign_batch(signing, count):
    read = read_typed_data(permit_batch(count), chain_id=CHAIN_ID)
    signing.sign_typed_data(
        FID, read, chain_id=CHAIN_ID, address=None, method="eth_signTypedData_v4", access=ENGINE
    )


def test_more_effects_than_an_entry_holds_are_not_signed(signing, address, sql):
    sign_batch(signing, 30)
    ((_, details),) = signing_entries(sql)
    assert len(details) <= MAX_DETAILS
    assert len(json.loads(details)["effects"]) == 30
    for count in (50, 300):
        with pytest.raises(NotSignable, match=f"{count} effects"):
            sign_batch(signing, count)
    assert len(signing_entries(sql)) == 1


def test_policies_do_not_compare_more_effects_than_an_entry_can_hold(signing, address, monkeypatch):
    compared = []
    monkeypatch.setattr(decisions, "match", lambda request, _: compared.append(request))
    with pytest.raises(NotSignable, match="65 effects"):
        sign_batch(signing, 65)
    assert compared == []


def test_a_preview_has_the_effects_of_the_entry_and_neither_signs_nor_writes(
    named_delegate, signing, wallets, address, sql
):
    read = read_typed_data(small_permit(SPENDER), chain_id=CHAIN_ID)
    previews = [
        signing.preview_message(FID, MESSAGE, chain_id=None, access=RESTRICTED),
        signing.preview_typed_data(FID, read, chain_id=CHAIN_ID, access=RESTRICTED),
        signing.preview_transaction(FID, TRANSACTION, chain_id=CHAIN_ID, access=RESTRICTED),
        signing.preview_authorization(FID, AUTHORIZATION, chain_id=CHAIN_ID, access=RESTRICTED),
    ]
    assert signing_entries(sql) == []
    for sign in KINDS.values():
        sign(signing)
    recorded = [json.loads(details) for _, details in signing_entries(sql)]
    for preview, details in zip(previews, recorded, strict=True):
        assert preview.address == address
        assert "0x" + preview.digest.hex() == details["digest"]
        assert [effect.as_json() for effect in preview.effects] == details["effects"]


def test_a_preview_rejects_what_cannot_be_signed(signing, address):
    with pytest.raises(NotSignable) as caught:
        signing.preview_transaction(
            FID, {**TRANSACTION, "from": SPENDER}, chain_id=CHAIN_ID, access=ENGINE
        )
    assert caught.value.field == "from"
    with pytest.raises(WalletNotFound):
        signing.preview_message(FID + 1, MESSAGE, chain_id=None, access=ENGINE)
