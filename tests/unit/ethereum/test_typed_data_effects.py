"""The effects of typed data: each standard, and what is not exactly a standard."""

import json

import pytest
from hypothesis import given, settings

from tests.signing import ADDRESS, TOKEN, documents
from tests.unit.ethereum.expected_effects import (
    COIN,
    MAX_UINT160,
    MAX_UINT256,
    OTHER,
    SPENDER,
    WALLET,
    allowance,
    transfer,
)
from wallet_api.errors import NotSignable
from wallet_api.ethereum import effects
from wallet_api.ethereum.effects import (
    PERMIT2,
    UnknownTypedData,
)
from wallet_api.ethereum.typed_data import read_typed_data


def members(text):
    return [dict(zip(("type", "name"), part.split(), strict=True)) for part in text.split(",")]


TOKEN_DOMAIN = {"name": "USD Coin", "version": "2", "chainId": 1, "verifyingContract": TOKEN}
PERMIT2_DOMAIN = {"name": "Permit2", "chainId": 1, "verifyingContract": PERMIT2}
DETAILS = {"PermitDetails": "address token,uint160 amount,uint48 expiration,uint48 nonce"}
PERMISSIONS = {"TokenPermissions": "address token,uint256 amount"}
DETAIL = {"token": COIN, "amount": 5, "expiration": 60, "nonce": 0}
ANOTHER = {"token": OTHER, "amount": str(MAX_UINT160), "expiration": 70, "nonce": 1}
WITNESS = {"Witness": "address to,uint256 validAfter"}
AUTHORIZATION = (
    "address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce"
)
AUTHORIZED = {
    "from": WALLET,
    "to": OTHER,
    "value": 5,
    "validAfter": 0,
    "validBefore": 90,
    "nonce": "0x" + "00" * 32,
}
LIMITS = {"spender": SPENDER, "nonce": 3, "deadline": 90}
# Primary type: its members, the other types, the domain, the message, and the effects.
STANDARDS = {
    "Permit": (
        "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline",
        {},
        TOKEN_DOMAIN,
        {"owner": WALLET, "spender": SPENDER, "value": 5, "nonce": 0, "deadline": 90},
        [allowance(deadline=90)],
    ),
    "Permit of DAI": (
        "address holder,address spender,uint256 nonce,uint256 expiry,bool allowed",
        {},
        TOKEN_DOMAIN,
        {"holder": WALLET, "spender": SPENDER, "nonce": 0, "expiry": 90, "allowed": True},
        [allowance(MAX_UINT256, deadline=90)],
    ),
    "TransferWithAuthorization": (
        AUTHORIZATION,
        {},
        TOKEN_DOMAIN,
        AUTHORIZED,
        [transfer(deadline=90)],
    ),
    "ReceiveWithAuthorization": (
        AUTHORIZATION,
        {},
        TOKEN_DOMAIN,
        AUTHORIZED,
        [transfer(deadline=90)],
    ),
    "PermitSingle": (
        "PermitDetails details,address spender,uint256 sigDeadline",
        DETAILS,
        PERMIT2_DOMAIN,
        {"details": DETAIL, "spender": SPENDER, "sigDeadline": 90},
        [allowance(contract=PERMIT2, expires_at=60, deadline=90)],
    ),
    "PermitBatch": (
        "PermitDetails[] details,address spender,uint256 sigDeadline",
        DETAILS,
        PERMIT2_DOMAIN,
        {"details": [DETAIL, ANOTHER], "spender": SPENDER, "sigDeadline": 90},
        [
            allowance(contract=PERMIT2, expires_at=60, deadline=90),
            allowance(MAX_UINT160, OTHER, PERMIT2, expires_at=70, deadline=90),
        ],
    ),
    "PermitTransferFrom": (
        "TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline",
        PERMISSIONS,
        PERMIT2_DOMAIN,
        {"permitted": {"token": COIN, "amount": 5}, **LIMITS},
        [allowance(contract=PERMIT2, expires_at=90, deadline=90)],
    ),
    "PermitBatchTransferFrom": (
        "TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline",
        PERMISSIONS,
        PERMIT2_DOMAIN,
        {"permitted": [{"token": COIN, "amount": 5}, {"token": OTHER, "amount": 6}], **LIMITS},
        [
            allowance(contract=PERMIT2, expires_at=90, deadline=90),
            allowance(6, OTHER, PERMIT2, expires_at=90, deadline=90),
        ],
    ),
    "PermitWitnessTransferFrom": (
        "TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,Witness witness",
        PERMISSIONS | WITNESS,
        PERMIT2_DOMAIN,
        {
            "permitted": {"token": COIN, "amount": 5},
            **LIMITS,
            "witness": {"to": OTHER, "validAfter": 0},
        },
        [allowance(contract=PERMIT2, expires_at=90, deadline=90)],
    ),
    "PermitBatchWitnessTransferFrom": (
        "TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline,bytes32 order",
        PERMISSIONS,
        PERMIT2_DOMAIN,
        {"permitted": [{"token": COIN, "amount": 5}], **LIMITS, "order": "0x" + "00" * 32},
        [allowance(contract=PERMIT2, expires_at=90, deadline=90)],
    ),
}
each_standard = pytest.mark.parametrize("name", STANDARDS)


def typed(name, **changes):
    """Return the document of a standard, with some of its parts replaced."""
    shape, others, domain, message, _ = STANDARDS[name]
    primary_type = name.partition(" ")[0]
    types = {primary_type: shape, **others, **changes.pop("types", {})}
    return {
        "types": {key: members(text) for key, text in types.items()},
        "primaryType": primary_type,
        "domain": domain,
        "message": message,
        **changes,
    }


def effects_of(document):
    return list(effects.of_typed_data(read_typed_data(document, chain_id=1), signer=ADDRESS))


def unknown(name, contract):
    return [
        UnknownTypedData(primary_type=name.partition(" ")[0], verifying_contract=contract),
    ]


@each_standard
def test_a_standard_has_its_effects(name):
    assert effects_of(typed(name)) == STANDARDS[name][-1]


@each_standard
def test_a_standard_under_another_name_is_unknown(name):
    document = json.loads(json.dumps(typed(name)).replace('"' + name.partition(" ")[0], '"X'))
    contract = STANDARDS[name][2]["verifyingContract"].lower()
    assert effects_of(document)[0].kind == "typed_data"
    assert effects_of(document)[0].verifying_contract == contract


@each_standard
def test_a_standard_with_one_member_more_is_unknown(name):
    shape, _, domain, message, _ = STANDARDS[name]
    primary_type = name.partition(" ")[0]
    document = typed(
        name, types={primary_type: f"{shape},uint256 more"}, message=message | {"more": 1}
    )
    assert effects_of(document) == unknown(name, domain["verifyingContract"].lower())


@each_standard
def test_a_standard_without_its_chain_id_is_unknown(name):
    domain = {key: value for key, value in STANDARDS[name][2].items() if key != "chainId"}
    assert effects_of(typed(name, domain=domain)) == unknown(
        name, domain["verifyingContract"].lower()
    )


@each_standard
def test_a_standard_without_its_contract_is_unknown(name):
    domain = {"name": STANDARDS[name][2]["name"], "chainId": 1}
    assert effects_of(typed(name, domain=domain)) == unknown(name, None)


at_permit2 = pytest.mark.parametrize("name", [name for name in STANDARDS if STANDARDS[name][1]])


@at_permit2
@pytest.mark.parametrize(
    "domain",
    [
        {**PERMIT2_DOMAIN, "verifyingContract": OTHER},
        {**PERMIT2_DOMAIN, "name": "Permit3"},
        {**PERMIT2_DOMAIN, "version": "1"},
        {"chainId": 1, "verifyingContract": PERMIT2},
    ],
    ids=["contract", "name", "version", "no name"],
)
def test_permit2_has_exactly_one_domain(name, domain):
    assert effects_of(typed(name, domain=domain)) == unknown(name, domain["verifyingContract"])


@at_permit2
def test_an_allowance_at_permit2_for_permit2_itself_gives_nothing(name):
    message = STANDARDS[name][3] | {"spender": PERMIT2}
    assert effects_of(typed(name, message=message)) == unknown(name, PERMIT2)


@pytest.mark.parametrize(
    ("name", "types", "message"),
    [
        (
            "Permit",
            {"Permit": STANDARDS["Permit"][0].replace("uint256 value", "uint128 value")},
            {},
        ),
        ("Permit", {"Permit": STANDARDS["Permit"][0].replace("uint256 value", "int256 value")}, {}),
        (
            "Permit",
            {
                "Permit": "address spender,address owner,uint256 value,uint256 nonce,"
                "uint256 deadline"
            },
            {},
        ),
        (
            "PermitSingle",
            {"PermitDetails": "address token,uint256 amount,uint48 expiration,uint48 nonce"},
            {},
        ),
        (
            "PermitSingle",
            {"PermitDetails": "address token,uint160 amount,uint48 nonce,uint48 expiration"},
            {},
        ),
        ("PermitTransferFrom", {"TokenPermissions": "address token,uint160 amount"}, {}),
        ("PermitWitnessTransferFrom", {"TokenPermissions": "address token,uint160 amount"}, {}),
        ("PermitBatch", {}, {"details": []}),
        ("PermitBatchTransferFrom", {}, {"permitted": []}),
        ("PermitBatchWitnessTransferFrom", {}, {"permitted": []}),
    ],
)
def test_what_is_almost_a_standard_is_unknown(name, types, message):
    document = typed(name, types=types, message=STANDARDS[name][3] | message)
    contract = STANDARDS[name][2]["verifyingContract"].lower()
    assert effects_of(document) == unknown(name, contract)


WITNESSES = {
    "PermitDetails": {"PermitDetails": "uint256 x"},
    "PermitDetails[]": {"PermitDetails": "Order order", "Order": "uint256 x"},
    "TokenPermissions": {},
    "TokenPermissions[]": {},
    "PermitWitnessTransferFrom_": {"PermitWitnessTransferFrom_": "uint256 x"},
    "PermitSingle": {"PermitSingle": "PermitDetails a", "PermitDetails": "uint256 x"},
    "bytes": {},
    "uint8[2]": {},
}


def witness_of(kind, types):
    """Return a value of a type whose members are all zero."""
    base, bracket, _ = kind.partition("[")
    if bracket:
        return [witness_of(base, types)] * (2 if kind.endswith("2]") else 1)
    if base not in types:
        return {"address": COIN, "bytes": "0x"}.get(base, 0)
    return {one["name"]: witness_of(one["type"], types) for one in types[base]}


@pytest.mark.parametrize("kind", WITNESSES)
@pytest.mark.parametrize("name", ["PermitWitnessTransferFrom", "PermitBatchWitnessTransferFrom"])
def test_permit2_accepts_a_witness_of_any_type_and_name(name, kind):
    shape, *_, message, expected = STANDARDS[name]
    shape = f"{shape.rpartition(',')[0]},{kind} it"
    document = typed(name, types={name: shape, **PERMISSIONS, **WITNESSES[kind]})
    document["types"].pop("Witness", None)
    rest = {key: value for key, value in message.items() if key not in ("witness", "order")}
    document["message"] = rest | {"it": witness_of(kind, document["types"])}
    assert effects_of(document) == expected


def test_a_permit_of_dai_that_is_not_allowed_revokes_the_allowance():
    message = STANDARDS["Permit of DAI"][3] | {"allowed": False, "expiry": 0}
    assert effects_of(typed("Permit of DAI", message=message)) == [allowance(0)]


def test_the_owner_is_the_one_in_the_message():
    message = STANDARDS["Permit"][3] | {"owner": OTHER}
    assert effects_of(typed("Permit", message=message)) == [allowance(deadline=90, owner=OTHER)]
    assert effects_of(typed("TransferWithAuthorization", message=AUTHORIZED | {"from": OTHER})) == [
        transfer(sender=OTHER, deadline=90)
    ]


@settings(deadline=None)
@given(documents())
def test_typed_data_of_no_standard_is_unknown(text):
    try:
        document = read_typed_data(text, chain_id=1)
    except NotSignable:
        return
    (effect,) = effects.of_typed_data(document, signer=ADDRESS)
    assert effect.kind == "typed_data"
    assert effect.primary_type == document.primary_type
