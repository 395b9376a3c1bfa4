"""Creation and revocation of API clients, by commands and by API clients."""

import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from uuid import uuid4

import pytest

from tests.database import discard_rows, refuse_entries
from tests.factories import ACCESS, POSTGRES, SECRET, Killed, client_changes, new_client
from tests.leaks import LEAKS
from tests.policies import EVERYTHING, policies_of
from tests.races import race
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.errors import (
    ClientNameTaken,
    ClientNotFound,
    GrantRefused,
    InvalidRequest,
    PolicyNotFound,
    Unauthenticated,
    WalletApiError,
)
from wallet_api.models import SCOPES, AuditContext, ClientRights
from wallet_api.repositories.audit.entries import AuditRepository
from wallet_api.services.audit.chains import EntryOutcome
from wallet_api.services.audit.verify import AuditVerification

READER = ClientRights(scopes=frozenset({"wallets:read"}))
BY_ROOT = AuditContext(actor="client:root", request_id="r")


@pytest.fixture
def changes(database):
    return client_changes(database)


@pytest.fixture
def create(changes):
    """Create a client by a command, or as another client: create(name, rights, creator)."""

    def create(name="engine", rights=READER, creator=None):
        access = BY_ROOT if creator else ACCESS
        made = changes.create(name, rights, creator=creator, access=access)
        LEAKS.secrets.add(made.token.reveal())
        return made

    return create


@pytest.fixture
def root(clients):
    """A client that may create clients."""
    scopes = [scope for scope in SCOPES if scope != "wallets:sign"]
    return clients.identify(new_client(clients, *scopes, name="root"))


def entries(sql):
    return sql.execute(
        "select action, actor, details from wallet_audit_log where fid = 0 order by id"
    ).fetchall()


@pytest.fixture
def intact(database):
    """Verify all chains when the test is over."""
    yield
    reports = []
    AuditVerification(
        database,
        EncryptionService(Secret(SECRET)),
        unchained_before=None,
        storage=POSTGRES,
        # Planted by tests.
        known_clients=("engine", "root"),
    ).verify(reports.append)
    assert {report.outcome for report in reports} <= {EntryOutcome.INTACT}, reports


@pytest.mark.usefixtures("intact")
def test_a_creation_and_a_revocation_are_recorded_with_all_rights_and_no_token(
    create, changes, clients, database, sql
):
    policy = policies_of(database).create(EVERYTHING)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    rights = ClientRights(
        scopes=frozenset({"wallets:sign", "wallets:read"}),
        unrestricted=True,
        policy_id=policy,
        allowed_networks=(ip_network("fd00::/8"), ip_network("10.0.0.0/8")),
        expires_at=tomorrow,
    )
    made = create(rights=rights)
    assert clients.identify(made.token).name == made.name == "engine"
    revoked = changes.revoke("engine", access=ACCESS)
    described = {
        "client": "engine",
        "scopes": ["wallets:read", "wallets:sign"],
        "unrestricted": True,
        "policy": str(policy),
        "allowed_networks": ["10.0.0.0/8", "fd00::/8"],
        "expires_at": tomorrow.isoformat(),
    }
    found = entries(sql)[1:]
    assert found == [
        ("client.created", ACCESS.actor, described),
        ("client.revoked", ACCESS.actor, described),
    ]
    # The secret may contain an underscore.
    for part in made.token.reveal().split("_", 2)[1:]:
        assert part not in json.dumps(found)
    assert revoked.revoked_at is not None
    with pytest.raises(Unauthenticated):
        clients.identify(made.token)


@pytest.mark.usefixtures("intact")
def test_a_name_is_never_used_again(create, changes, clients, sql):
    first = create()
    for _ in range(2):
        row = sql.execute("select * from api_clients").fetchall()
        with pytest.raises(ClientNameTaken):
            create(rights=ClientRights(scopes=frozenset({"keys:read"})))
        assert sql.execute("select * from api_clients").fetchall() == row
        changes.revoke("engine", access=ACCESS)
    with pytest.raises(Unauthenticated):
        clients.identify(first.token)
    assert [action for action, *_ in entries(sql)] == ["client.created", "client.revoked"]


@pytest.mark.usefixtures("intact")
def test_the_first_revocation_stays_and_is_recorded_once(create, changes, sql):
    create()
    first = changes.revoke("engine", access=ACCESS).revoked_at
    row = sql.execute("select ctid, * from api_clients").fetchall()
    assert [changes.revoke("engine", access=ACCESS).revoked_at for _ in range(3)] == [first] * 3
    assert sql.execute("select ctid, * from api_clients").fetchall() == row
    assert [action for action, *_ in entries(sql)] == ["client.created", "client.revoked"]
    with pytest.raises(ClientNotFound):
        changes.revoke("nobody", access=ACCESS)


def outcome(work):
    """Return a function that returns the result of `work`, or the class of its error."""

    def run(argument):
        try:
            return work(argument)
        except WalletApiError as error:
            return type(error)

    return run


@pytest.mark.usefixtures("intact")
def test_one_of_ten_concurrent_creations_gets_the_name(create, clients, sql):
    """The service has no audit chain yet, so that there is no head to lock."""
    made = race(outcome(lambda _: create()), range(10))
    (winner,) = [one for one in made if one is not ClientNameTaken]
    assert clients.identify(winner.token).name == "engine"
    assert sql.execute("select count(*) from api_clients").fetchone() == (1,)
    assert [action for action, *_ in entries(sql)] == ["client.created"]


@pytest.mark.usefixtures("intact")
def test_of_ten_concurrent_revocations_one_is_recorded(clients, changes, sql):
    new_client(clients, "wallets:read")
    times = race(lambda _: changes.revoke("engine", access=ACCESS).revoked_at, range(10))
    assert len(set(times)) == 1
    assert [action for action, *_ in entries(sql)] == ["client.revoked"]


@pytest.mark.usefixtures("intact")
def test_a_client_creates_none_after_its_own_revocation(create, changes, root, sql):
    """Ten creations and a revocation at once: in the log, none comes after it."""

    def act(number):
        if number == 5:
            return changes.revoke("root", access=ACCESS)
        return create(f"child-{number}", creator=root)

    made = race(outcome(act), range(11))
    names = {one.name for one in made if one is not Unauthenticated and one.name != "root"}
    recorded = [details["client"] for _, _, details in entries(sql)]
    assert recorded[-1] == "root"
    assert set(recorded[:-1]) == names
    stored = sql.execute("select name from api_clients where name <> 'root'").fetchall()
    assert {name for (name,) in stored} == names
    with pytest.raises(Unauthenticated):
        create("late", creator=root)


@pytest.mark.usefixtures("intact")
def test_the_rights_of_the_creator_are_those_of_the_moment(create, clients, database, sql):
    """It was identified before its policy changed."""
    policies = policies_of(database)
    token = new_client(clients, "clients:write", "wallets:sign", name="root", unrestricted=False)
    creator = clients.identify(token)
    policy = policies.create(EVERYTHING)
    policies.assignments.assign_to_client("root", policy, access=ACCESS)
    made = create(rights=ClientRights(scopes=frozenset({"wallets:sign"})), creator=creator)
    assert made.policy_id == policy
    action, actor, details = entries(sql)[-1]
    assert (action, actor, details["policy"]) == ("client.created", "client:root", str(policy))


def test_a_refused_creation_leaves_nothing(create, root, sql):
    past = datetime.now(UTC) - timedelta(seconds=1)
    for rights, creator, error in (
        (ClientRights(scopes=frozenset({"wallets:sign"})), root, GrantRefused),
        (ClientRights(scopes=frozenset({"wallets:sign"}), policy_id=uuid4()), None, PolicyNotFound),
        (ClientRights(scopes=frozenset({"wallets:read"}), expires_at=past), None, InvalidRequest),
    ):
        with pytest.raises(error):
            create(rights=rights, creator=creator)
    assert entries(sql) == []
    assert sql.execute("select name from api_clients").fetchall() == [("root",)]


def test_without_an_entry_there_is_no_client_and_no_revocation(create, changes, clients, sql):
    new_client(clients, "wallets:read", name="old")
    before = sql.execute("select * from api_clients").fetchall()
    refuse_entries(sql)
    for change in (create, lambda: changes.revoke("old", access=ACCESS)):
        with pytest.raises(Exception, match="disk_is_full"):
            change()
        assert sql.execute("select * from api_clients").fetchall() == before


def test_a_row_that_is_not_stored_has_no_entry(create, sql):
    discard_rows(sql, "api_clients")
    with pytest.raises(ClientNameTaken):
        create()
    assert entries(sql) == []


def test_a_process_that_dies_before_the_entry_leaves_no_client(
    create, changes, clients, sql, monkeypatch
):
    new_client(clients, "wallets:read", name="old")
    before = sql.execute("select * from api_clients").fetchall()

    def die(*_):
        raise Killed

    with monkeypatch.context() as dying:
        dying.setattr(AuditRepository, "append_later", die)
        for change in (create, lambda: changes.revoke("old", access=ACCESS)):
            with pytest.raises(Killed):
                change()
    assert sql.execute("select * from api_clients").fetchall() == before
    assert create().name == "engine"
    assert changes.revoke("old", access=ACCESS).revoked_at is not None
