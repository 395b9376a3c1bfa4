"""The code that writes a row translates violations of constraints by name; others are bugs."""

import pytest
from psycopg import errors as pg

from tests.database import rows
from tests.factories import ACCESS, BASE_ACCOUNT, FID, OTHER_SECRET, POSTGRES, SECRET
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.database import one_round_trip
from wallet_api.database.sql import QUERIES
from wallet_api.errors import AuditLogBlocked, SecretMismatch
from wallet_api.models import NewWallet
from wallet_api.repositories.wallets.batches import WalletBatchRepository
from wallet_api.repositories.wallets.rows import PostgresWalletRepository, secret_retired
from wallet_api.services.encryption_keys.registration import SecretRegistration
from wallet_api.services.encryption_keys.registry import KnownSecrets, SecretStillInUse
from wallet_api.services.encryption_keys.rotation import KeyRotation, RotationOutcome

OLD = EncryptionService(Secret(SECRET))
NEW = EncryptionService(Secret(OTHER_SECRET), [Secret(SECRET)])

ACTS = {
    "create a wallet": lambda w: w.ensure_trading_wallet(FID, access=ACCESS),
    "set an address": lambda w: w.store_base_account_address(FID, BASE_ACCOUNT, access=ACCESS),
    "refuse a key": lambda w: w.refuse_key(FID, "ethereum", access=ACCESS),
}
# An entry at the first place of a chain that has not begun.
TAKEN = (
    "insert into wallet_audit_log (fid, id, chain, action, actor, request_id)"
    f" values ({FID}, 1, 'ethereum', 'key.read', 'nobody', 'r')"
)
# As Citus answers for a shard on another machine: a SQLSTATE without any name.
NAMELESS = """
create function nameless() returns trigger language plpgsql as $$
begin
    if {condition} then
        raise {violation};
    end if;
    return new;
end
$$;
create trigger nameless before insert or update on {table}
for each row execute function nameless()
"""
IS_TAKEN = "exists (select from wallet_audit_log as l where l.fid = new.fid and l.id = new.id)"
IS_RETIRED = (
    "new.key_id is not null"
    " and not exists (select from active_encryption_keys as a where a.key_id = new.key_id)"
)


def without_constraint_name(table, violation, condition="true"):
    return NAMELESS.format(table=table, violation=violation, condition=condition)


@pytest.fixture(params=["named", pytest.param("in partitions", marks=pytest.mark.slow), "nameless"])
def reported(request, sql):
    """Have PostgreSQL report the constraint as such a database does: reported(table)."""

    def prepare():
        if request.param == "in partitions":
            with sql.transaction():
                sql.execute((QUERIES / "operations/partitions.sql").read_text())
        elif request.param == "nameless":
            sql.execute(without_constraint_name("wallet_audit_log", "unique_violation", IS_TAKEN))
            sql.execute(
                without_constraint_name("wallets", "foreign_key_violation", IS_RETIRED).replace(
                    "function nameless()", "function nameless_too()"
                )
            )

    return prepare


@pytest.fixture
def attempts(monkeypatch):
    """Count how often a transaction is begun."""
    begun = []
    holds = PostgresWalletRepository.get_with_head

    def counted(repository, *arguments):
        begun.append(1)
        return holds(repository, *arguments)

    monkeypatch.setattr(PostgresWalletRepository, "get_with_head", counted)
    return begun


@pytest.mark.parametrize("act", ACTS)
def test_a_taken_position_is_recognized_by_its_constraint(wallets, sql, reported, act):
    wallets.ensure_trading_wallet(FID + 1, access=ACCESS)
    reported()
    sql.execute(TAKEN)
    before = rows(sql)
    with pytest.raises(AuditLogBlocked):
        ACTS[act](wallets)
    assert rows(sql) == before


def test_taken_positions_are_recognized_in_a_batch(wallets, database, sql, reported, tmp_path):
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    reported()
    sql.execute(TAKEN.replace(f"{FID}, 1", f"{FID}, 2"))
    SecretRegistration(database, NEW).register()
    rotation = KeyRotation(database, NEW, ACCESS)
    ((report,),) = [rotation.run(page) for page in rotation.pages(10)]
    assert report.outcome == RotationOutcome.FAILED
    assert "accepts no entry" in report.reason


@pytest.mark.parametrize("act", ["create", "copy", "copies", "reseal"])
def test_a_retired_secret_is_recognized_by_its_constraint(wallets, database, sql, reported, act):
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    reported()
    encrypted = NEW.encrypt(
        Secret(b"\1" * 32), fid=FID + 1, chain="ethereum", address="0x" + "ab" * 20
    )

    def write(connection):
        repository = PostgresWalletRepository(connection)
        there = repository.get(FID, "ethereum")
        other = NewWallet(
            fid=FID + 1, chain="ethereum", address="0x" + "ab" * 20, encrypted_key=encrypted
        )
        copied = type(there)(
            fid=FID + 1,
            chain="ethereum",
            wallet_type="trading",
            address=other.address,
            encrypted_key=encrypted,
            created_at=there.created_at,
            updated_at=there.updated_at,
        )
        if act == "create":
            with secret_retired(connection), one_round_trip(connection):
                repository.insert_if_absent_later(other)
        elif act == "copy":
            with secret_retired(connection), one_round_trip(connection):
                repository.add_copy(copied)
        elif act == "copies":
            with connection.transaction():
                WalletBatchRepository(connection).insert_copies_if_absent([copied])
        else:
            with connection.transaction():
                WalletBatchRepository(connection).reencrypt([(there, encrypted)])

    before = rows(sql)
    with pytest.raises(SecretMismatch) as caught:
        database.run(write)
    assert "retired" in caught.value.reason
    assert rows(sql) == before


def test_a_secret_in_use_is_recognized_for_every_table_that_refers_to_it(database, wallets, sql):
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    SecretRegistration(database, NEW).register()
    rotation = KeyRotation(database, NEW, ACCESS)
    for page in rotation.pages(10):
        rotation.run(page)
    sql.execute(
        "create table another (key_id text references active_encryption_keys);"
        f"insert into another values ('{OLD.key_id}')"
    )
    with pytest.raises(SecretStillInUse, match="another table"):
        KnownSecrets(database, NEW, POSTGRES).retire(OLD.key_id)


# Constraints that no code knows. They must not be taken for the known ones of the same table.
REFERRING = """
create table another (fid bigint primary key);
alter table {} add constraint another_rule foreign key (fid) references another not valid
"""
UNKNOWN = {
    "a unique index of wallets": (
        "create unique index another_rule on wallets ((true))",
        pg.UniqueViolation,
    ),
    "a unique index of the log": (
        "create unique index another_rule on wallet_audit_log ((true))",
        pg.UniqueViolation,
    ),
    "a foreign key of wallets": (
        REFERRING.format("wallets"),
        pg.ForeignKeyViolation,
    ),
    "a foreign key of the log": (
        REFERRING.format("wallet_audit_log"),
        pg.ForeignKeyViolation,
    ),
    "a nameless unique index of wallets": (
        without_constraint_name("wallets", "unique_violation"),
        pg.UniqueViolation,
    ),
    "a nameless foreign key of the log": (
        without_constraint_name("wallet_audit_log", "foreign_key_violation"),
        pg.ForeignKeyViolation,
    ),
    "a nameless unique index of the ends": (
        without_constraint_name("wallet_audit_heads", "unique_violation"),
        pg.UniqueViolation,
    ),
}


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_an_unknown_violation_is_a_bug_and_is_not_retried(wallets, sql, attempts, unknown):
    wallets.ensure_trading_wallet(FID + 1, access=ACCESS)
    statements, violation = UNKNOWN[unknown]
    sql.execute(statements)
    before = rows(sql)
    attempts.clear()
    with pytest.raises(violation) as caught:
        wallets.ensure_trading_wallet(FID, access=ACCESS)
    assert caught.type is violation
    assert len(attempts) == 1
    assert rows(sql) == before


# An update of a wallet does not check a foreign key of a column that stays as it is.
@pytest.mark.parametrize("unknown", sorted(UNKNOWN.keys() - {"a foreign key of wallets"}))
def test_an_unknown_violation_in_a_batch_is_a_bug(wallets, database, sql, unknown):
    wallets.ensure_trading_wallet(FID, access=ACCESS)
    wallets.ensure_trading_wallet(FID + 1, access=ACCESS)
    SecretRegistration(database, NEW).register()
    statements, violation = UNKNOWN[unknown]
    if unknown == "a unique index of wallets":
        # Of one row only: both exist.
        statements = "create unique index another_rule on wallets ((true)) where key_id = %s"
        statements = statements.replace("%s", f"'{NEW.key_id}'")
    elif unknown == "a unique index of the log":
        statements += " where action = 'key.resealed'"
    sql.execute(statements)
    rotation = KeyRotation(database, NEW, ACCESS)
    before = rows(sql)
    (page,) = rotation.pages(10)
    with pytest.raises(violation) as caught:
        rotation.run(page)
    assert caught.type is violation
    assert rows(sql) == before
