"""Every constraint of the database, with its name."""

from datetime import UTC, datetime

import pytest
from psycopg import errors

from tests.factories import BASE_ACCOUNT
from tests.sql.rows import (
    ACCOUNT,
    ADDRESS,
    AUDIT,
    BASE,
    CLIENT,
    DEPOSIT,
    HEAD,
    KEY,
    MAC,
    MAC_BYTES,
    POLICY,
    SERVICE_POLICY,
    SPEND,
    TRADING,
    USER_POLICY,
    UUID_ONLY,
    WALLET_POLICY,
    insert,
)

TIMES = [
    *(("wallets", BASE, column, "wallets_times_are_of_our_era")
      for column in ("created_at", "updated_at")),
    ("wallet_audit_log", AUDIT, "created_at", "wallet_audit_log_created_at_is_of_our_era"),
    ("deposits", DEPOSIT, "created_at", "deposits_created_at_is_of_our_era"),
    *(("api_clients", CLIENT, column, "api_clients_times_are_of_our_era")
      for column in ("created_at", "last_used_at", "revoked_at")),
    ("policies", POLICY, "created_at", "policies_created_at_is_of_our_era"),
    ("service_policies", SERVICE_POLICY, "created_at", "service_policies_created_at_is_of_our_era"),
    ("wallet_policies", WALLET_POLICY, "created_at", "wallet_policies_created_at_is_of_our_era"),
    ("user_policies", USER_POLICY, "created_at", "user_policies_created_at_is_of_our_era"),
    ("signing_accounts", ACCOUNT, "created_at", "signing_accounts_created_at_is_of_our_era"),
]  # fmt: skip
SPEND_TIMES = "wallet_spends_times_are_of_our_era"
LAST_DAY = {"valid_until": "9999-12-31 23:59:59+00"}
UNREADABLE = ("infinity", "-infinity", "0001-12-31 23:59:59+00 BC", "10000-01-01 00:00:00+00")


@pytest.mark.parametrize("time", ["0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"])
@pytest.mark.parametrize(("table", "row", "column"), [case[:3] for case in TIMES])
def test_every_stored_time_can_be_read(sql, table, row, column, time):
    """A time that cannot be read would stop every query that reads many rows."""
    insert(sql, table, {**row, column: time})
    sql.execute("set timezone = 'UTC'")
    ((kept,),) = sql.execute(f"select {column} from {table}").fetchall()
    assert kept == datetime.fromisoformat(time)


@pytest.mark.parametrize(
    ("table", "row", "change", "constraint"),
    [
        *(
            (table, row, {column: time}, constraint)
            for table, row, column, constraint in TIMES
            for time in UNREADABLE
        ),
        ("wallets", TRADING, {"fid": 0}, "wallets_fid_is_positive"),
        ("wallets", TRADING, {"fid": -1}, "wallets_fid_is_positive"),
        ("wallets", BASE, {"chain": "solana"}, "wallets_chain_is_known"),
        ("wallets", BASE, {"chain": "ethereum"}, "wallets_type_follows_from_chain"),
        ("wallets", TRADING, {"chain": "base-account"}, "wallets_type_follows_from_chain"),
        ("wallets", TRADING, {"address": "0x12"}, "wallets_address_is_an_ethereum_address"),
        (
            "wallets",
            TRADING,
            {"address": ADDRESS + "\n"},
            "wallets_address_is_an_ethereum_address",
        ),
        (
            "wallets",
            TRADING,
            {"encrypted_private_key": None, "iv": None, "scheme": None, "key_id": None},
            "wallets_trading_wallet_has_a_key",
        ),
        (
            "wallets",
            BASE,
            {"encrypted_private_key": "ab" * 48},
            "wallets_base_account_has_no_key",
        ),
        ("wallets", TRADING, {"iv": None}, "wallets_key_is_sealed_completely"),
        ("wallets", TRADING, {"key_id": None}, "wallets_key_is_sealed_completely"),
        ("wallets", TRADING, {"scheme": "aes-256-cbc"}, "wallets_scheme_is_known"),
        ("wallets", TRADING, {"encrypted_private_key": "ab" * 47}, "wallets_ciphertext_is_whole"),
        ("wallets", TRADING, {"iv": "cd" * 16}, "wallets_iv_is_12_bytes"),
        ("wallets", TRADING, {"key_id": "EF" * 8}, "wallets_key_id_is_16_hex_digits"),
        ("deposits", DEPOSIT, {"fid": 0}, "deposits_fid_is_positive"),
        ("deposits", DEPOSIT, {"asset": "USDbC"}, "deposits_asset_is_known"),
        ("deposits", DEPOSIT, {"amount": 0}, "deposits_amount_is_a_positive_uint256"),
        ("deposits", DEPOSIT, {"amount": 2**256}, "deposits_amount_is_a_positive_uint256"),
        (
            "deposits",
            DEPOSIT,
            {"from_address": ADDRESS},
            "deposits_from_address_is_an_ethereum_address",
        ),
        ("deposits", DEPOSIT, {"to_address": "0x"}, "deposits_to_address_is_an_ethereum_address"),
        (
            "deposits",
            DEPOSIT,
            {"request_hash": None},
            "deposits_idempotency_key_has_a_request_hash",
        ),
        ("deposits", DEPOSIT, {"idempotency_key": "k" * 256}, "deposits_idempotency_key_is_short"),
        ("deposits", DEPOSIT, {"idempotency_key": ""}, "deposits_idempotency_key_is_short"),
        ("deposits", DEPOSIT, {"request_hash": "ab"}, "deposits_request_hash_is_sha256"),
        ("deposits", DEPOSIT, {"chain_id": 0}, "deposits_chain_id_is_positive"),
        ("wallet_audit_log", AUDIT, {"chain": "solana"}, "wallet_audit_log_chain_is_known"),
        ("wallet_audit_log", AUDIT, {"actor": ""}, "wallet_audit_log_actor_is_short"),
        ("wallet_audit_log", AUDIT, {"request_id": ""}, "wallet_audit_log_request_id_is_short"),
        (
            "wallet_audit_log",
            AUDIT,
            {"fid": 0},
            "wallet_audit_log_only_changes_are_without_a_user",
        ),
        (
            "wallet_audit_log",
            AUDIT,
            {"fid": -1, "action": "policy.changed"},
            "wallet_audit_log_only_changes_are_without_a_user",
        ),
        ("wallet_audit_log", AUDIT, {"action": "tea"}, "wallet_audit_log_action_is_known"),
        ("wallet_audit_log", AUDIT, {"reason": ""}, "wallet_audit_log_reason_is_short"),
        ("wallet_audit_log", AUDIT, {"reason": "x" * 501}, "wallet_audit_log_reason_is_short"),
        (
            "wallet_audit_log",
            AUDIT,
            {"recipient": "A" * 42},
            "wallet_audit_log_recipient_is_32_bytes",
        ),
        (
            "wallet_audit_log",
            AUDIT,
            {"address": "0x12"},
            "wallet_audit_log_address_is_an_ethereum_address",
        ),
        (
            "wallet_audit_log",
            AUDIT,
            MAC | {"mac": "AB" * 32},
            "wallet_audit_log_mac_is_hmac_sha256",
        ),
        (
            "wallet_audit_log",
            AUDIT,
            MAC | {"key_id": "short"},
            "wallet_audit_log_key_id_is_16_hex_digits",
        ),
        ("wallet_audit_log", AUDIT, {"mac": "ab" * 32}, "wallet_audit_log_mac_names_its_key"),
        ("wallet_audit_log", AUDIT, {"key_id": "ef" * 8}, "wallet_audit_log_mac_names_its_key"),
        (
            "wallet_audit_log",
            AUDIT,
            {"details": '"' + "x" * 16_383 + '"'},
            "wallet_audit_log_details_are_short",
        ),
        ("wallet_audit_log", AUDIT, {"details": "1"}, "wallet_audit_log_details_are_short"),
        (
            "wallet_audit_log",
            AUDIT,
            {"request_id": None},
            "wallet_audit_log_request_id_has_one_form",
        ),
        (
            "wallet_audit_log",
            AUDIT,
            UUID_ONLY | {"request_id": "r"},
            "wallet_audit_log_request_id_has_one_form",
        ),
        ("wallet_audit_log", AUDIT, MAC | MAC_BYTES, "wallet_audit_log_mac_has_one_form"),
        (
            "wallet_audit_log",
            AUDIT,
            MAC_BYTES | {"key_id_bytes": None},
            "wallet_audit_log_mac_bytes_name_their_key",
        ),
        (
            "wallet_audit_log",
            AUDIT,
            MAC_BYTES | {"mac_bytes": None},
            "wallet_audit_log_mac_bytes_name_their_key",
        ),
        (
            "wallet_audit_log",
            AUDIT,
            MAC_BYTES | {"mac_bytes": b"m" * 31},
            "wallet_audit_log_mac_is_32_bytes",
        ),
        (
            "wallet_audit_log",
            AUDIT,
            MAC_BYTES | {"key_id_bytes": b"k" * 9},
            "wallet_audit_log_key_id_is_8_bytes",
        ),
        ("wallet_audit_heads", HEAD, {"fid": -1}, "wallet_audit_heads_fid_is_not_negative"),
        ("wallet_audit_heads", HEAD, {"mac": "ab"}, "wallet_audit_heads_mac_is_hmac_sha256"),
        ("encryption_keys", KEY, {"key_id": "short"}, "encryption_keys_id_is_16_hex_digits"),
        (
            "encryption_keys",
            KEY,
            {"sealed_audit_root": "ab" * 59},
            "encryption_keys_audit_root_is_sealed",
        ),
        ("api_clients", CLIENT, {"id": "short"}, "api_clients_id_is_16_hex_digits"),
        ("api_clients", CLIENT, {"name": "Engine"}, "api_clients_name_is_a_short_word"),
        ("api_clients", CLIENT, {"name": "a b"}, "api_clients_name_is_a_short_word"),
        ("api_clients", CLIENT, {"token_hash": "ab"}, "api_clients_token_hash_is_sha256"),
        ("api_clients", CLIENT, {"scopes": ["all"]}, "api_clients_scopes_are_known"),
        ("api_clients", CLIENT, {"scopes": []}, "api_clients_scopes_are_known"),
        ("api_clients", CLIENT, {"unrestricted": True}, "api_clients_unrestricted_ones_sign"),
        (
            "api_clients",
            CLIENT,
            {"policy_id": POLICY["id"]},
            "api_clients_with_a_policy_sign",
        ),
        (
            "api_clients",
            CLIENT,
            {"allowed_networks": []},
            "api_clients_allowed_networks_are_some",
        ),
        (
            "api_clients",
            CLIENT,
            {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)},
            "api_clients_expire_after_they_began",
        ),
        (
            "api_clients",
            CLIENT,
            {"expires_at": datetime(9999, 1, 1, tzinfo=UTC)},
            "api_clients_expire_before_the_year_9000",
        ),
        ("policies", POLICY, {"version": 0}, "policies_version_is_positive"),
        ("policies", POLICY, {"name": ""}, "policies_name_is_short"),
        ("policies", POLICY, {"name": "x" * 101}, "policies_name_is_short"),
        ("policies", POLICY, {"rules": "{}"}, "policies_rules_are_a_list"),
        ("policies", POLICY, {"rules": "null"}, "policies_rules_are_a_list"),
        ("policies", POLICY, {"rules": f'["{"x" * 65_533}"]'}, "policies_rules_are_short"),
        ("policies", POLICY, {"created_by": ""}, "policies_created_by_is_short"),
        (
            "service_policies",
            SERVICE_POLICY,
            {"version": 0},
            "service_policies_version_is_positive",
        ),
        (
            "service_policies",
            SERVICE_POLICY,
            {"created_by": ""},
            "service_policies_created_by_is_short",
        ),
        ("wallet_policies", WALLET_POLICY, {"fid": 0}, "wallet_policies_fid_is_positive"),
        ("wallet_policies", WALLET_POLICY, {"version": 0}, "wallet_policies_version_is_positive"),
        (
            "wallet_policies",
            WALLET_POLICY,
            {"created_by": "x" * 201},
            "wallet_policies_created_by_is_short",
        ),
        ("user_policies", USER_POLICY, {"fid": 0}, "user_policies_fid_is_positive"),
        ("user_policies", USER_POLICY, {"version": 0}, "user_policies_version_is_positive"),
        ("user_policies", USER_POLICY, {"rules": '"all"'}, "user_policies_rules_are_a_list"),
        (
            "user_policies",
            USER_POLICY,
            {"rules": f'["{"x" * 65_533}"]'},
            "user_policies_rules_are_short",
        ),
        ("signing_accounts", ACCOUNT, {"fid": 0}, "signing_accounts_fid_is_positive"),
        ("signing_accounts", ACCOUNT, {"chain_id": 0}, "signing_accounts_chain_id_is_positive"),
        ("wallet_spends", SPEND, {"fid": 0}, "wallet_spends_fid_is_positive"),
        ("wallet_spends", SPEND, {"chain_id": 0}, "wallet_spends_chain_id_is_positive"),
        ("wallet_spends", SPEND, {"kind": "contract_call"}, "wallet_spends_kind_is_known"),
        (
            "wallet_spends",
            SPEND,
            {"asset": BASE_ACCOUNT.upper()},
            "wallet_spends_asset_is_native_or_an_address",
        ),
        ("wallet_spends", SPEND, {"asset": "native"}, "wallet_spends_asset_follows_from_kind"),
        (
            "wallet_spends",
            SPEND,
            {"kind": "native_transfer"},
            "wallet_spends_asset_follows_from_kind",
        ),
        (
            "wallet_spends",
            SPEND,
            {"counterparty": "0x12"},
            "wallet_spends_counterparty_is_an_ethereum_address",
        ),
        (
            "wallet_spends",
            SPEND,
            {"counterparty": None},
            "wallet_spends_counterparty_follows_from_kind",
        ),
        (
            "wallet_spends",
            SPEND,
            {"asset": "native", "kind": "network_fee"},
            "wallet_spends_counterparty_follows_from_kind",
        ),
        ("wallet_spends", SPEND, {"amount": 0}, "wallet_spends_amount_is_a_positive_uint256"),
        ("wallet_spends", SPEND, {"amount": 2**256}, "wallet_spends_amount_is_a_positive_uint256"),
        ("wallet_spends", SPEND, {"audit_id": 0}, "wallet_spends_audit_id_is_positive"),
        *(
            ("wallet_spends", SPEND, LAST_DAY | {"created_at": time}, SPEND_TIMES)
            for time in UNREADABLE[1:3]
        ),
        *(
            ("wallet_spends", SPEND, {"valid_until": time}, SPEND_TIMES)
            for time in ("infinity", "10000-01-01 00:00:00+00")
        ),
        (
            "wallet_spends",
            SPEND,
            {"valid_until": "2025-12-31 23:59:59+00"},
            "wallet_spends_are_valid_when_they_are_made",
        ),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused_by_the_constraint_of_that_name(
    sql, table, row, change, constraint
):
    with pytest.raises(errors.CheckViolation) as caught:
        insert(sql, table, row | change)
    assert caught.value.diag.constraint_name == constraint


def test_every_check_of_the_schema_has_a_case(sql):
    found = sql.execute(
        "select conname from pg_constraint join pg_class on pg_class.oid = conrelid"
        " where contype = 'c' and relname <> 'schema_migrations'"
    ).fetchall()
    cases = test_a_row_that_breaks_a_rule_is_refused_by_the_constraint_of_that_name
    broken = {case[3] for case in cases.pytestmark[0].args[1]}
    # There is no other status yet that would be wrong.
    assert {name for (name,) in found} == broken | {"deposits_status_is_known"}
