"""`doctor` reports each fault of an environment and its remedy."""

import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from tests.commands import Running, kept_environ
from tests.factories import (
    ACCESS,
    FID,
    OTHER_SECRET,
    POSTGRES,
    SECRET,
    new_client,
    revoke_client,
    service,
)
from tests.leaks import LEAKS, secrets_in
from tests.policies import EVERYTHING, OPERATOR, policies_of
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.models import AuditContext
from wallet_api.repositories.database_checks import DatabaseCheckRepository, Session
from wallet_api.services.api_clients import ApiClientService
from wallet_api.services.diagnosis.environment import examine_environment
from wallet_api.services.diagnosis.settings import State
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.encryption_keys.registry import KnownSecrets

HIDDEN = "a-password-of-the-doctor"
LEAKS.secrets.add(HIDDEN)
NOWHERE = f"postgresql://nobody:{HIDDEN}@127.0.0.1:1/none"
# With these nothing is left to say but what is fine.
QUIET = {
    "CORS_ORIGINS": "https://app.example.com",
    "METRICS_TOKEN": "a token for the metrics that is long enough",
    "QUICK_AUTH_AUDIENCE": "app.example.com",
}


SCREEN = 50


@pytest.fixture
def doctor(environ, key_server, tmp_path):
    """Examine a valid environment with these changes. None removes a variable."""

    def examined(**changes):
        whole = {**environ, **QUIET, "QUICK_AUTH_JWKS_URL": key_server.url}
        whole["WALLET_STORAGE_PATH"] = str(tmp_path / "wallets")
        whole |= changes
        return examine_environment(
            {name: value for name, value in whole.items() if value is not None}
        )

    return examined


def unusual(found):
    return [(one.state, one.what, one.remedy) for one in found if one.state is not State.FINE]


def test_a_valid_configuration_has_no_fault(doctor):
    found = doctor()
    assert unusual(found) == []
    said = " / ".join(one.what for one in found)
    for what in (
        "connected to the database: PostgreSQL",
        "as wallet_api, without TLS",
        "16 connections at most",
        "migration is applied",
        "the secret matches",
        "keys are available",
        "in memory",
    ):
        assert what in said


FAULTS = [
    ({"DATABASE_URL": None}, "DATABASE_URL is not set", "Set it to postgresql://"),
    ({"DATABASE_URL": f"mysql://{HIDDEN}"}, "DATABASE_URL must begin", "%40"),
    ({"DATABASE_URL": NOWHERE}, "the database cannot be reached: ", "Correct DATABASE_URL"),
    ({"DATABASE_URL": f"{NOWHERE}?connect_timeout=soon"}, "connect_timeout", "Correct DATABASE"),
    ({"JWT_SECRET": None}, "JWT_SECRET is not set", "openssl rand"),
    ({"JWT_SECRET": "short"}, "JWT_SECRET has 5 characters", "openssl rand"),
    ({"JWT_SECRET": SECRET}, "JWT_SECRET must differ", "for this purpose"),
    ({"ENCRYPTION_SECRET": "short"}, "ENCRYPTION_SECRET has 5", "ALLOW_SHORT_SECRET=true"),
    ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN has 5", "Remove it"),
    ({"NETWORK": "base"}, "NETWORK must be one of", "Correct it, or remove"),
    ({"DEMO_FID": "5", "TRUSTED_PROXY_HOPS": "1"}, "DEMO_FID lets anyone", "Remove DEMO_FID"),
    ({"WALLET_STORAGE": "migrating"}, "holds no wallet files", "Mount its disk"),
    (
        {"WALLET_STORAGE": "migrating", "WALLET_STORAGE_PATH": "/nowhere/a: b"},
        "/nowhere/a: b holds no wallet files",
        "Mount its disk",
    ),
    ({"DATABASE_REPLICA_URL": "mysql://db"}, "DATABASE_REPLICA_URL must begin", "postgresql://<"),
    (
        {"PGTARGETSESSIONATTRS": "primary"},
        "PGTARGETSESSIONATTRS is set and changes the target of DATABASE_URL",
        "Unset it, or write target_session_attrs=",
    ),
]
ADVICE = [
    ({"CORS_ORIGINS": None}, "CORS_ORIGINS is empty", "CORS_ORIGINS=https://"),
    ({"METRICS_TOKEN": None}, "METRICS_TOKEN is not set", "openssl rand"),
    ({"QUICK_AUTH_AUDIENCE": None}, "QUICK_AUTH_AUDIENCE is not set", "QUICK_AUTH_AUDIENCE="),
    ({"QUICK_AUTH_JWKS_URL": "http://127.0.0.1:1/"}, "keys are not available", "QUICK_AUTH_ISSUER"),
    ({"PORT": "5000"}, "PORT is set, but TRUSTED_PROXY_HOPS is 0", "TRUSTED_PROXY_HOPS=1"),
    ({"ALLOW_KEY_EXPORT": "true"}, "ALLOW_KEY_EXPORT is true", "Remove ALLOW_KEY_EXPORT"),
    ({"DEMO_FID": "5"}, "DEMO_FID lets anyone on this machine sign in", "Remove DEMO_FID"),
    ({"RATELIMIT_ENABLED": "false"}, "RATELIMIT_ENABLED is false", "Remove RATELIMIT_ENABLED"),
    ({"RATELIMIT_STORAGE_URI": f"redis://:{HIDDEN}@127.0.0.1:1"}, "Redis", "Start it"),
    ({"DATABASE_REPLICA_URL": NOWHERE}, "replica cannot be reached", "DATABASE_REPLICA_URL"),
    ({"WEB_CONCURRENCY": "200"}, "1600 connections at most", "Lower WEB_CONCURRENCY"),
    (
        {"TRUSTED_PROXY_HOP": "1"},
        "TRUSTED_PROXY_HOP is not a setting",
        "Did you mean TRUSTED_PROXY_HOPS",
    ),
    ({"ENCRYPTION_SECRET": "short", "ALLOW_SHORT_SECRET": "true"}, "5 characters", "operations"),
]


@pytest.mark.parametrize(
    ("state", "changes", "what", "remedy"),
    [(State.FAULT, *row) for row in FAULTS] + [(State.ADVICE, *row) for row in ADVICE],
    ids=[str(list(row[0])) for row in FAULTS + ADVICE],
)
def test_each_fault_is_reported_by_itself_with_its_remedy(doctor, state, changes, what, remedy):
    ((found, said, mended),) = unusual(doctor(**changes))
    assert found is state
    assert what in said
    assert remedy in mended
    assert HIDDEN not in said + mended


def test_all_faults_of_the_environment_are_reported_and_the_database_is_examined(
    doctor,
):
    found = doctor(JWT_SECRET=None, NETWORK="base", WEB_THREADS="many")
    assert [what.split()[0] for _, what, _ in unusual(found)] == [
        "WEB_THREADS",
        "JWT_SECRET",
        "NETWORK",
    ]
    assert "the secret matches the database" in [one.what for one in found]


def test_missing_migrations_are_a_fault(doctor, sql):
    sql.execute("delete from schema_migrations where version = '0004'")
    assert unusual(doctor()) == [
        (State.FAULT, "migrations 0004 are missing", "Run `wallet-api db upgrade`.")
    ]


def test_a_secret_of_another_database_is_a_fault(doctor, database):
    service(database).ensure_trading_wallet(FID, access=ACCESS)
    ((state, what, remedy),) = unusual(doctor(ENCRYPTION_SECRET=OTHER_SECRET))
    assert state is State.FAULT
    assert what.startswith("ENCRYPTION_SECRET is not the secret")
    assert remedy.startswith("Set the secret that it was created with")


def test_clients_that_read_keys_or_sign_everything_are_reported(doctor, database):
    """Revoked clients are not: they can do neither."""
    clients, wallets = ApiClientService(database), service(database)
    for name, scopes, unrestricted in (
        ("engine", ["keys:read", "wallets:read"], False),
        ("idle", ["keys:read"], False),
        ("policed", ["wallets:sign"], False),
        ("revoked", ["keys:read", "wallets:sign"], True),
        ("trader", ["wallets:sign"], True),
    ):
        new_client(clients, *scopes, name=name, unrestricted=unrestricted)
    revoke_client(clients, "revoked")
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    wallets.get_wallet_with_key(
        FID, "ethereum", access=AuditContext(actor="client:engine", request_id="r")
    )
    found = unusual(doctor())
    assert {state for state, *_ in found} == {State.ADVICE}
    engine, idle, policed, trader = (what for _, what, _ in found)
    assert re.fullmatch(
        r"engine may read private keys \(keys:read\): it last read one at 2\S+\+00:00", engine
    )
    assert idle == "idle may read private keys (keys:read): the audit log has no read by it"
    assert policed == "policed has no policy: it signs only with wallets that have one"
    assert trader == (
        "trader is unrestricted and has no policy: its token signs anything with every wallet "
        "without a policy"
    )


def test_clients_under_a_policy_are_fine_unless_they_can_change_it(doctor, database):
    policies, clients = policies_of(database), ApiClientService(database)
    for name, scopes, unrestricted in (
        ("narrow", ["wallets:sign"], False),
        ("own", ["wallets:sign", "policies:write"], False),
        ("trader", ["wallets:sign"], True),
    ):
        new_client(clients, *scopes, name=name, unrestricted=unrestricted)
    policies.put_service(EVERYTHING)
    only_own = ["own may sign and change policies: it can weaken its own limits"]
    assert [what for _, what, _ in unusual(doctor())] == only_own
    policies.assignments.assign_to_service(None, access=OPERATOR)
    for name in ("narrow", "own", "trader"):
        own = policies.create(EVERYTHING)
        policies.assignments.assign_to_client(name, own, access=OPERATOR)
    assert [what for _, what, _ in unusual(doctor())] == only_own


def test_clients_that_manage_clients_are_reported_unless_they_expire(doctor, database):
    clients = ApiClientService(database)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    for name, expires_at in (("desk", tomorrow), ("root", None), ("gone", None)):
        new_client(clients, "clients:write", name=name, expires_at=expires_at)
    revoke_client(clients, "gone")
    found = [(one.state, one.what) for one in doctor() if "clients:write" in one.what]
    manages = "may revoke every client, and create clients with its rights (clients:write)"
    assert found == [
        (State.FINE, f"desk {manages}: it expires"),
        (State.ADVICE, f"root {manages}: it never expires"),
    ]


def test_a_retired_secret_that_is_still_configured_is_advice(doctor, database, encryption):
    both = {
        "ENCRYPTION_SECRET": OTHER_SECRET,
        "ENCRYPTION_SECRET_PREVIOUS": json.dumps([SECRET]),
    }
    newer = EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET)])
    SecretRegistration(database, encryption).register()
    SecretRegistration(database, newer).register()
    assert unusual(doctor(**both)) == []
    assert KnownSecrets(database, newer, POSTGRES).retire(encryption.key_id)
    ((state, what, remedy),) = unusual(doctor(**both))
    assert (state, remedy.startswith("Remove it")) == (State.ADVICE, True)
    assert encryption.key_id in what


def test_wallet_files_without_a_storage_setting_are_a_fault_as_at_the_start(doctor, samples):
    ((state, what, _),) = unusual(doctor())
    assert (state, what.split(", ")[0]) == (State.FAULT, "WALLET_STORAGE is not set")
    ((state, what, _),) = unusual(doctor(WALLET_STORAGE="postgres"))
    assert (state, what.split()[0]) == (State.ADVICE, "WALLET_STORAGE=postgres")


def test_a_folder_before_its_handover_is_only_read(doctor, samples):
    before = sorted(path.name for path in samples.iterdir())
    found = doctor(WALLET_STORAGE="migrating")
    assert unusual(found) == []
    assert f"the secret matches the database, and the files in {samples}" in [
        one.what for one in found
    ]
    assert sorted(path.name for path in samples.iterdir()) == before


def test_the_diagnosis_registers_no_secret(doctor, sql):
    doctor()
    assert sql.execute("select count(*) from encryption_keys").fetchone() == (0,)


def test_the_limit_of_a_role_counts(doctor, sql, database_url):
    sql.execute("create role few login password 'few' connection limit 20")
    try:
        sql.execute("grant select on all tables in schema public to few")
        url = urlsplit(database_url)
        place = f"postgresql://few:few@{url.hostname}:{url.port}{url.path}"
        found = doctor(DATABASE_URL=place)
        assert any(
            "16 connections at most" in what and "of the 20" in what
            for state, what, _ in unusual(found)
            if state is State.ADVICE
        )
    finally:
        sql.execute("drop owned by few")
        sql.execute("drop role few")


def session(**changes):
    usual = {
        "role_name": "web",
        "postgres": "18.1",
        "is_local": True,
        "tls": False,
        "pooled": False,
    }
    return lambda self: Session(**{**usual, "connections": 100, **changes})


def test_remote_connections_need_tls_and_a_pooler_has_its_own_limit(doctor, monkeypatch):
    monkeypatch.setattr(DatabaseCheckRepository, "get_session", session(is_local=False))
    ((state, what, remedy),) = unusual(doctor())
    assert (state, what) == (State.ADVICE, "the connection to the database is not encrypted")
    assert "sslmode=verify-full" in remedy
    changed = session(is_local=False, tls=True, pooled=True, connections=1)
    monkeypatch.setattr(DatabaseCheckRepository, "get_session", changed)
    assert unusual(doctor()) == []


@pytest.fixture
def run(tmp_path_factory):
    def command(environ, *options):
        folder = tmp_path_factory.mktemp("command")
        return Running(("doctor", *options), kept_environ(environ), folder).finish()

    return command


def test_the_command_fails_only_for_faults_and_reports_them_as_json(run, environ):
    done = run(environ)
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith("The service would serve. Faults: 0, advice: 3.\n")
    assert len(done.out.splitlines()) < SCREEN
    done = run({**environ, "NETWORK": "base"}, "--json")
    assert (done.status, done.err) == (1, "")
    (fault,) = [one for one in json.loads(done.out) if one["state"] == "fault"]
    assert fault.keys() == {"state", "what", "remedy", "code"}


def test_the_worst_configuration_fits_on_a_screen_and_no_secret_is_shown(run, environ, key_server):
    changes = {
        name: value
        for rows in (FAULTS, ADVICE)
        for row in rows
        for name, value in row[0].items()
        if value is not None and name not in ("DATABASE_URL", "NETWORK")
    }
    changes |= {"DATABASE_URL": NOWHERE, "JWT_SECRET": SECRET, "ENCRYPTION_SECRET": SECRET}
    for options in ((), ("--json",)):
        for worse in (
            {},
            {"TRUSTED_PROXY_HOPS": "0", "METRICS_TOKEN": "", "JWT_SECRET": OTHER_SECRET},
        ):
            done = run({**environ, **changes, **worse}, *options)
            assert (done.status, done.err) == (1, "")
            assert not secrets_in(done.out)
            assert options or len(done.out.splitlines()) < SCREEN
