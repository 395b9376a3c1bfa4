"""`audit verify` compares API clients with the entries of their creation and revocation."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from tests.database import FOREIGN_DETAILS, plant
from tests.factories import ACCESS, client_changes, new_client
from tests.leaks import LEAKS
from wallet_api.models import AuditEvent, ClientRights
from wallet_api.services.api_clients import ApiClientService
from wallet_api.services.audit.append import AuditTrail
from wallet_api.services.audit.events import AuditEvents
from wallet_api.services.encryption_keys.registration import SecretRegistration

RIGHTS = ClientRights(
    scopes=frozenset({"wallets:sign", "wallets:read"}),
    allowed_networks=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")),
    expires_at=datetime.now(UTC) + timedelta(days=1),
)


@pytest.fixture
def clients(database):
    """Create the clients `engine` and `gone`, and revoke `gone`."""
    changes = client_changes(database)
    for name in ("engine", "gone"):
        made = changes.create(name, RIGHTS, creator=None, access=ACCESS)
        LEAKS.secrets.add(made.token.reveal())
    changes.revoke("gone", access=ACCESS)
    return changes


def test_clients_that_were_created_and_revoked_by_the_service_are_intact(clients, verify, sql):
    assert verify() == ([], 3)
    # Neither is in an entry of the client.
    sql.execute("update api_clients set last_used_at = now()")
    # The owner may revoke a client in an emergency (docs/commands.md).
    sql.execute("update api_clients set revoked_at = now() where name = 'engine'")
    assert verify() == ([], 3)


DIFFERS = "{} of the API client engine differs from the entry of its creation"
CHANGES = {
    "scopes = scopes || '{keys:read}'": DIFFERS.format("scopes"),
    "scopes = '{wallets:sign}'": DIFFERS.format("scopes"),
    "unrestricted = true": DIFFERS.format("unrestricted"),
    "allowed_networks = null": DIFFERS.format("allowed_networks"),
    "allowed_networks = allowed_networks || '0.0.0.0/0'::cidr": DIFFERS.format("allowed_networks"),
    "expires_at = null": DIFFERS.format("expires_at"),
    "expires_at = expires_at + interval '1 microsecond'": DIFFERS.format("expires_at"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_client_that_was_changed_is_reported(clients, verify, sql, change):
    plant(sql, f"update api_clients set {change} where name = 'engine'")
    assert verify() == ([(None, None, CHANGES[change])], 3)


def test_a_client_without_an_entry_is_reported_unless_it_is_known(clients, verify, sql, database):
    new_client(ApiClientService(database), "keys:read", name="intruder")
    # An intruder would also write an old time.
    plant(sql, "update api_clients set created_at = '2020-01-01' where name = 'intruder'")
    fault = "the API client intruder has no intact entry of its creation"
    assert verify() == ([(None, None, fault)], 3)
    assert verify(known_clients=["of-1-0-0"]) == ([(None, None, fault)], 3)
    assert verify(known_clients=["intruder"]) == ([], 3)


def test_a_client_that_is_valid_again_and_one_that_is_missing_are_reported(clients, verify, sql):
    plant(sql, "update api_clients set revoked_at = null where name = 'gone'")
    fault = "the API client gone was revoked, and is active again"
    assert verify() == ([(None, None, fault)], 3)
    # A known name does not excuse it.
    assert verify(known_clients=["gone"]) == ([(None, None, fault)], 3)
    plant(sql, "delete from api_clients")
    missing = [f"the API client {name} is missing" for name in ("engine", "gone")]
    assert verify() == ([(None, None, fault) for fault in missing], 3)
    # As docs/operations.md says.
    sql.execute(
        "insert into api_clients"
        " (name, id, token_hash, scopes, allowed_networks, expires_at, revoked_at)"
        " select name, left(md5(name), 16), repeat(md5(name), 2), %s, %s, %s, now()"
        " from unnest(%s::text[]) as name",
        [
            sorted(RIGHTS.scopes),
            list(RIGHTS.allowed_networks),
            RIGHTS.expires_at,
            ["engine", "gone"],
        ],
    )
    assert verify() == ([], 3)


@pytest.mark.parametrize("details", FOREIGN_DETAILS, ids=lambda text: text[:20])
def test_an_entry_with_other_details_is_reported(clients, verify, command, sql, details):
    plant(sql, "update wallet_audit_log set details = %s where fid = 0 and id in (1, 3)", [details])
    faults, intact = verify()
    assert [(fid, entry_id) for fid, entry_id, _ in faults] == [(0, 1), (0, 3), (None, None)]
    assert faults[-1][-1] == "the API client engine has no intact entry of its creation"
    assert intact == 1
    done = command("verify", group="audit")
    assert done.status == 1
    assert "FID 0: entry 3: " in done.out
    assert "\x1b" not in done.out


def test_the_command_takes_the_names_of_known_clients(database, command, sql):
    new_client(ApiClientService(database), "wallets:read", name="of-1-0-0")
    done = command("verify", group="audit")
    assert done.status == 1
    assert "the API client of-1-0-0 has no intact entry of its creation" in done.out
    assert command("verify", "--known-client", "of-1-0-0", group="audit").status == 0


@pytest.mark.parametrize("action", ["client.created", "client.revoked"])
@pytest.mark.parametrize("details", [None, *FOREIGN_DETAILS], ids=lambda text: str(text)[:20])
def test_an_intact_entry_that_names_no_client_is_reported(
    clients, verify, database, encryption, action, details
):
    """Only somebody who knows the secret can make one."""
    event = AuditEvent(fid=0, chain="ethereum", action=action, access=ACCESS, details=details)
    registration = SecretRegistration(database, encryption)
    AuditEvents(database, AuditTrail(encryption), registration).record(event)
    assert verify() == ([(None, None, "entry 4 of FID 0 names no API client")], 4)


FORGE = (
    "insert into wallet_audit_log"
    " (fid, id, chain, action, actor, request_id, created_at, details, mac, key_id)"
    " select 0, 4, log.chain, %s, log.actor, 'r', log.created_at,"
    " (log.details::jsonb || jsonb_build_object('client', client.name, 'unrestricted',"
    " client.unrestricted))::json, {mac} from wallet_audit_log as log, api_clients as client"
    " where (log.fid, log.id) = (0, 1) and client.name = %s"
)
INTRUDER = (
    "insert into api_clients"
    " (name, id, token_hash, scopes, unrestricted, allowed_networks, expires_at)"
    " select 'intruder', repeat('0', 16), repeat('0', 64), scopes, unrestricted,"
    " allowed_networks, expires_at from api_clients where name = 'engine'"
)
MACS = {
    "no MAC": "null, null",
    "another MAC": "repeat('0', 64), encode(log.key_id_bytes, 'hex')",
    "an unknown secret": "encode(log.mac_bytes, 'hex'), repeat('0', 16)",
}


@pytest.mark.parametrize("mac", MACS.values(), ids=MACS)
@pytest.mark.parametrize(
    ("change", "action", "name", "faults"),
    [
        (
            INTRUDER,
            "client.created",
            "intruder",
            ["the API client intruder has no intact entry of its creation"],
        ),
        (
            "update api_clients set unrestricted = true where name = 'engine'",
            "client.created",
            "engine",
            [DIFFERS.format("unrestricted")],
        ),
        ("select", "client.revoked", "engine", []),
    ],
    ids=["created", "changed", "revoked"],
)
def test_a_forged_entry_neither_hides_nor_accuses_a_client(
    clients, verify, sql, change, action, name, faults, mac
):
    plant(sql, change)
    plant(sql, FORGE.format(mac=mac), [action, name])
    found, intact = verify()
    assert [fault for fid, _, fault in found if fid is None] == faults
    assert any(entry_id == 4 for _, entry_id, _ in found)
    assert intact == 3


def test_a_forged_entry_does_not_report_a_missing_client(clients, verify, sql):
    plant(sql, FORGE.format(mac=MACS["no MAC"]), ["client.created", "engine"])
    plant(
        sql, """update wallet_audit_log set details = '{"client": "x"}' where (fid, id) = (0, 4)"""
    )
    assert [fid for fid, _, _ in verify()[0]] == [0]
