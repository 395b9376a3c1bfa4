"""Generator of table contents in any size, with rows like those that the service writes.

    DATABASE_URL=… ENCRYPTION_SECRET=… python -m benchmarks.wallet_rows --users 1000000

Each user has a trading wallet with a valid encrypted key, a Base Account address, a prepared
deposit, and a chain of audit log entries: one per wallet, and one more for every second user. All
times lie within a year. Everything except the nonces of encrypted keys is derived from the seed.

Wallets are not stored in the order of their times, as after an import, so that each wallet that is
read by time is on another page. Deposits and the audit log are stored in the order of their times,
as after appends. FIDs come in shuffled batches, so that times do not correlate with them.

The private keys are hashes of the seed and therefore worthless. They are only for benchmarks and
tests. A database that already contains wallets is rejected.
"""

import argparse
import functools
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import shake_256
from ipaddress import ip_address
from typing import Any
from uuid import UUID

import psycopg
from coincurve import PublicKey
from eth_hash.auto import keccak

from wallet_api.cli.processes import map_in_processes
from wallet_api.config import ConfigurationError, read_wallet_settings
from wallet_api.crypto.audit_chain import FIRST_HEAD
from wallet_api.crypto.encryption import EncryptionService
from wallet_api.crypto.secret import Secret
from wallet_api.database import Database
from wallet_api.models import BASE_ACCOUNT_CHAIN, TRADING_CHAIN, AuditContext, AuditEvent, AuditHead
from wallet_api.services.audit.append import AuditTrail
from wallet_api.services.encryption_keys.registration import SecretRegistration

YEAR = timedelta(days=365)
BUSY_CLIENT = "client:engine"
BUSY_FID = 1
"""One client caused most audit log entries, and one user has a hundredth of all entries."""
SHARED_BASE_ACCOUNT = "0x" + "5a" * 20
"""A hundredth of the users have the same Base Account address."""

_BATCH = 2_000
# Prime, so that its multiples visit each batch exactly once.
_STRIDE = 2_654_435_761
_COPIES = (
    """
    copy wallets (
        fid, chain, wallet_type, address, encrypted_private_key, iv, scheme, key_id,
        created_at, updated_at
    ) from stdin
    """,
    """
    copy deposits (
        fid, id, asset, amount, from_address, to_address, chain_id, idempotency_key,
        request_hash, created_at
    ) from stdin
    """,
    """
    copy wallet_audit_log (
        fid, id, chain, action, actor, request_uuid, ip, reason, recipient, address, created_at,
        key_id_bytes, mac_bytes
    ) from stdin
    """,
    "copy wallet_audit_heads (fid, id, mac) from stdin",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The users: FIDs from 1 to `users`, with times in the year before `until`."""

    users: int
    until: datetime
    seed: int = 1

    @property
    def batches(self) -> int:
        """The number of batches. The batch of the last FIDs may be smaller."""
        return -(-self.users // _BATCH)

    def fids(self, batch: int) -> range:
        """Return the FIDs of a batch."""
        first = 1 + batch * _STRIDE % self.batches * _BATCH
        return range(first, min(first + _BATCH, self.users + 1))

    def private_key(self, fid: int) -> bytes:
        """Return the private key of a user's trading wallet."""
        return self._draw("key", fid, 32)

    def trading_address(self, fid: int) -> str:
        """Return the checksummed address (EIP-55) of a user's trading wallet."""
        point = PublicKey.from_secret(self.private_key(fid)).format(compressed=False)
        digits = keccak(point[1:])[12:].hex()
        cases = keccak(digits.encode()).hex()
        checked = [d.upper() if case > "7" else d for d, case in zip(digits, cases, strict=False)]
        return "0x" + "".join(checked)

    def base_account(self, fid: int) -> str:
        """Return a user's Base Account address, in lower case."""
        if fid % 100 == 0:
            return SHARED_BASE_ACCOUNT
        return "0x" + self._draw("base account", fid, 20).hex()

    def rows_of(self, fid: int, batch: int, encryption: EncryptionService) -> tuple[str, ...]:
        """Return the input of COPY for each table."""
        address, base = self.trading_address(fid), self.base_account(fid)
        key = Secret(self.private_key(fid))
        sealed = encryption.encrypt(key, fid=fid, chain=TRADING_CHAIN, address=address)
        draw = self._draw("rest", fid, 64)
        made, named = self._time(_share(draw[:8])), self._time(_share(draw[8:16]))
        wallets = _line(
            fid, TRADING_CHAIN, "trading", address, sealed.ciphertext, sealed.iv, sealed.scheme,
            sealed.key_id, made, made,
        ) + _line(
            fid, BASE_ACCOUNT_CHAIN, "base-account", base, r"\N", r"\N", r"\N", r"\N", named, named
        )  # fmt: skip
        asset, amount = ("ETH", 10**12) if draw[32] < 64 else ("USDC", 10**4)
        amount *= 1 + int.from_bytes(draw[33:35])
        deposit = UUID(bytes=draw[48:64], version=4)
        deposits = _line(
            fid, deposit, asset, amount, base, address, 8453, deposit, draw[32:].hex(),
            self._deposit_time(fid, batch),
        )  # fmt: skip
        if fid == BUSY_FID:
            # Its chain has entries of all batches and is written last.
            return wallets, deposits, "", ""
        events = self._creation_events(fid, address, base)
        if fid % 2 == 0 and fid % 200:
            events.append(self._other_event(fid, fid, batch))
        return wallets, deposits, *_chain(encryption, fid, events)

    def busy_chain(self, encryption: EncryptionService) -> tuple[str, str]:
        """Return the input of COPY for the audit log tables of the busy user."""
        batches = {fids[0]: batch for batch in range(self.batches) if (fids := self.fids(batch))}
        address, base = self.trading_address(BUSY_FID), self.base_account(BUSY_FID)
        events = self._creation_events(BUSY_FID, address, base)
        for fid in range(200, self.users + 1, 200):
            first = (fid - 1) // _BATCH * _BATCH + 1
            events.append(self._other_event(fid, BUSY_FID, batches[first]))
        return _chain(encryption, BUSY_FID, events)

    def _creation_events(
        self, fid: int, address: str, base: str
    ) -> list[tuple[datetime, AuditEvent]]:
        """Return the audit events for the creation of a user's wallets."""
        draw = self._draw("rest", fid, 64)
        access = AuditContext(actor=f"user:{fid}", request_id=draw[48:64].hex())
        made = AuditEvent(
            fid=fid, chain=TRADING_CHAIN, action="wallet.created", access=access,
            address=address,
        )  # fmt: skip
        named = AuditEvent(
            fid=fid, chain=BASE_ACCOUNT_CHAIN, action="base_account.set", access=access,
            address=base,
        )  # fmt: skip
        times = (self._time(_share(part)) for part in (draw[:8], draw[8:16]))
        return list(zip(times, (made, named), strict=True))

    def _other_event(self, fid: int, owner: int, batch: int) -> tuple[datetime, AuditEvent]:
        """Return another audit event of a user."""
        draw = self._draw("rest", fid, 64)
        action, actor = _action(int.from_bytes(draw[35:39]) % 10_000, owner)
        access = AuditContext(
            actor=actor,
            request_id=draw[32:48].hex(),
            ip=ip_address(f"203.0.113.{draw[39]}"),
            reason=f"sign swap {draw[40:44].hex()}",
        )
        read = self._deposit_time(fid, batch) + _share(draw[16:24]) * timedelta(seconds=10)
        event = AuditEvent(fid=owner, chain=TRADING_CHAIN, action=action, access=access)
        return read, event

    def _deposit_time(self, fid: int, batch: int) -> datetime:
        return self._time((batch + (fid - 1) % _BATCH / _BATCH) / self.batches)

    def _draw(self, what: str, fid: int, size: int) -> bytes:
        return shake_256(f"worthless {what} of {fid}, {self.seed}".encode()).digest(size)

    def _time(self, share: float) -> datetime:
        """Return the time after a share of the year."""
        return self.until - YEAR + share * YEAR


def fill(
    database_url: Secret[str],
    encryption_secret: Secret[str],
    users: int,
    *,
    processes: int = 2,
    seed: int = 1,
    until: datetime | None = None,
) -> Population:
    """Fill a migrated database that has no wallets, and return its population.

    Half of the work is in this code (keys and encryption), the other half in PostgreSQL, so that
    one process per core keeps the machine busy. `until` defaults to now. Raises ValueError if there
    are wallets already, and SecretMismatch.
    """
    with psycopg.connect(database_url.reveal(), autocommit=True) as connection:
        if connection.execute("select exists(select from wallets)").fetchone() != (False,):
            raise ValueError("the database already contains wallets")
    encryption = EncryptionService(encryption_secret)
    database = _pool(database_url)
    database.open()
    try:
        SecretRegistration(database, encryption).register()
    finally:
        database.close()
    population = Population(users=users, until=until or datetime.now(UTC), seed=seed)
    database = _pool(database_url)
    work = functools.partial(_fill_batch, database, population, encryption)
    for _ in map_in_processes(
        range(population.batches), work, processes=processes, database=database
    ):
        pass
    with psycopg.connect(database_url.reveal(), autocommit=True) as connection:
        _copy(connection, zip(_COPIES[2:], population.busy_chain(encryption), strict=True))
        connection.execute(
            "vacuum (analyze) wallets, deposits, wallet_audit_log, wallet_audit_heads"
        )
    return population


def _fill_batch(
    database: Database, population: Population, encryption: EncryptionService, batch: int
) -> None:
    fids = population.fids(batch)
    texts = zip(*(population.rows_of(fid, batch, encryption) for fid in fids), strict=True)
    todo = list(zip(_COPIES, map("".join, texts), strict=True))

    database.run(lambda connection: _copy(connection, todo))


def _copy(connection: psycopg.Connection[Any], todo: Iterable[tuple[str, str]]) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        for statement, text in todo:
            with cursor.copy(statement) as stream:
                stream.write(text)


def _chain(
    encryption: EncryptionService, fid: int, events: list[tuple[datetime, AuditEvent]]
) -> tuple[str, str]:
    """Return the input of COPY for a chain of entries in the order of their times, and its head."""
    trail = AuditTrail(encryption)
    head = AuditHead(fid=fid, id=0, mac=FIRST_HEAD, now=datetime.now(UTC))
    lines = ""
    for moment, event in sorted(events, key=lambda one: one[0]):
        one = trail.next_entry(replace(head, now=moment), event)
        entry, head = one.entry, one.head
        columns = (
            entry.fid, entry.id, entry.chain, entry.action, entry.actor, entry.request_id, entry.ip,
            entry.reason, entry.recipient, entry.address, entry.created_at,
            rf"\\x{entry.key_id}", rf"\\x{entry.mac}",
        )  # fmt: skip
        lines += _line(*(r"\N" if column is None else column for column in columns))
    return lines, _line(fid, head.id, head.mac)


def _action(draw: int, fid: int) -> tuple[str, str]:
    """Return an action and an actor. Most are the same, some are rare."""
    if draw == 0:
        return "key.exported", "cli:operator"
    if draw < 300:
        return "key.refused", "client:curious"
    return "key.read", f"user:{fid}" if draw < 2_000 else BUSY_CLIENT


def _share(draw: bytes) -> float:
    return int.from_bytes(draw) / 256 ** len(draw)


def _line(*columns: object) -> str:
    # No value needs escaping, except the backslash of the bytes.
    return "\t".join(map(str, columns)) + "\n"


def _pool(database_url: Secret[str]) -> Database:
    return Database(database_url, min_size=1, max_size=1, timeout_seconds=30, slow_query_seconds=60)


def main() -> None:
    """Fill the database that the environment configures, and print the duration."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wallet_rows")
    parser.add_argument("--users", type=int, required=True)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    try:
        settings = read_wallet_settings(os.environ)
    except ConfigurationError as error:
        sys.exit(str(error))
    began = time.perf_counter()
    try:
        fill(
            settings.database_url,
            settings.encryption_secret,
            arguments.users,
            processes=arguments.processes,
            seed=arguments.seed,
        )
    except ValueError as error:
        sys.exit(str(error))
    seconds = time.perf_counter() - began
    rate = arguments.users / seconds
    sys.stdout.write(f"{arguments.users} users in {seconds:.1f} s, {rate:.0f} per second\n")


if __name__ == "__main__":
    main()
