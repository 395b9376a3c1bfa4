"""The three modes of WALLET_STORAGE in random sequences of events, compared with a model."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.machine.damage import COLUMNS, KINDS, Damage
from tests.machine.model import Kept, Model, outcome_of
from tests.machine.world import Process, World, open_file
from tests.wallet_store import keyed, keyless, put
from wallet_api.errors import DatabaseUnavailable, KeyUnreadable, StorageUnavailable
from wallet_api.models import BASE_ACCOUNT_SPELLINGS
from wallet_api.services.wallet_files.importing import Outcome

CHAINS = ["base-account", "ethereum"]
# A few users and addresses, so that everything that happens, happens to the same ones.
users = st.integers(1, 3)
BASE_ACCOUNTS = [f"0x{digit * 40}" for digit in "123"]
addresses = st.sampled_from(BASE_ACCOUNTS)
picks = st.integers(0, 11)
# The connection of which statement is cut, if any, and whether only its answer is lost.
cuts = st.none() | st.tuples(st.integers(1, 4), st.booleans())
spellings = st.sampled_from([*BASE_ACCOUNT_SPELLINGS, "ethereum"])


class WalletStores(RuleBasedStateMachine):
    """One deployment, from its first process to its last.

    It begins in any mode and goes from files to rows and back, as docs/migration.md says. Processes
    of the mode before go on beside those of the new one.
    """

    def __init__(self, world):
        super().__init__()
        self.world = world
        self.world.empty()
        self.model = Model()
        self.processes = []
        self.damage = Damage(world, self.model)
        self.before = {}

    @initialize(
        mode=st.sampled_from(["postgres", "filesystem", "migrating"]),
        files=st.lists(st.tuples(users, st.booleans(), spellings, addresses), max_size=6),
    )
    def begin(self, mode, files):
        self.mode = mode
        self.world.folder.mkdir()
        if mode == "migrating":
            self._put_file(1, "ethereum", keyed())
        if mode != "postgres":
            for file in files:
                self.a_file_of_the_old_service_appears(*file)
        self._start()

    # What users do.

    @rule(fid=users, callers=st.lists(picks, min_size=1, max_size=6), cut=cuts)
    def ask_for_a_wallet(self, fid, callers, cut):
        """Several first deposits of one user at once."""
        self.world.scissors.open(cut)
        racing = [self._process(pick) for pick in callers]
        with ThreadPoolExecutor(len(racing)) as crowd:
            answers = list(crowd.map(lambda process: outcome_of(process.ensure, fid), racing))
        for process, answer in zip(racing, answers, strict=True):
            assert answer == outcome_of(self.model.ensure, process.mode, fid, answer)
            self._was_given_out(fid, answer)

    @rule(fid=users, address=addresses, pick=picks, cut=cuts)
    def sign_in_with_a_base_account(self, fid, address, pick, cut):
        self._do(pick, cut, "put_base_account", fid, address)

    @rule(fid=users, pick=picks, cut=cuts)
    def read_a_key(self, fid, pick, cut):
        self._do(pick, cut, "read_key", fid)

    @rule(fid=users, pick=picks, cut=cuts, base_account_first=st.booleans())
    def look_at_wallets(self, fid, pick, cut, base_account_first):
        for chain in CHAINS if base_account_first else reversed(CHAINS):
            self._do(pick, cut, "look", fid, chain)
        self._do(pick, None, "list", fid)

    # What happens to processes and their connections.

    @rule()
    def start_another_process(self):
        self._start()

    @precondition(lambda self: len(self.processes) > 1)
    @rule()
    def stop_the_oldest_process(self):
        del self.processes[0]

    # What the old service leaves, and what becomes of disks.

    @precondition(lambda self: self.mode != "postgres")
    @rule(fid=users, with_key=st.booleans(), spelling=spellings, address=addresses)
    def a_file_of_the_old_service_appears(self, fid, with_key, spelling, address):
        """Any kind that it wrote, and a key where none belongs."""
        promised = fid in self.model.promised or (fid, "ethereum") in self.model.rows
        misplaced = with_key and spelling != "ethereum"
        if (fid, spelling) in self.model.files or (with_key and promised):
            return
        if misplaced and self.damage.is_enough():
            return
        self._put_file(fid, spelling, keyed() if with_key else keyless(address, spelling))
        if misplaced:
            self.damage.add_file((fid, spelling))

    @precondition(lambda self: not self.damage.is_enough())
    @rule(pick=picks, how=st.sampled_from(KINDS))
    def a_file_is_damaged(self, pick, how):
        whole = [name for name, kept in sorted(self.model.files.items()) if not kept.damaged]
        if whole:
            name = whole[pick % len(whole)]
            self.damage.damage_file(name, how)
            self._ask_everybody(name[0])
            self._export({key for key in self.model.rows if key[0] == name[0]})

    @precondition(lambda self: not self.damage.is_enough())
    @rule(pick=picks, column=st.sampled_from(COLUMNS))
    def a_row_is_damaged(self, pick, column):
        rows = sorted(self.model.rows.items())
        whole = [key for key, kept in rows if kept.keyed and not kept.damaged]
        if whole:
            key = whole[pick % len(whole)]
            self.damage.damage_row(key, column)
            self._ask_everybody(key[0])
            self._import(self.model.files.keys() & {key})

    @precondition(lambda self: self.damage)
    @rule()
    def everything_is_mended(self):
        self.damage.mend()

    # What operators do.

    @rule(names=st.lists(st.tuples(users, spellings), max_size=6, unique=True), every=st.booleans())
    def import_files(self, names, every):
        self._import([name for name in sorted(self.model.files) if every or name in names])

    @rule(keys=st.lists(st.tuples(users, st.sampled_from(CHAINS)), max_size=6), every=st.booleans())
    def export_rows(self, keys, every):
        self._export({key for key in self.model.rows if every or key in keys})

    @precondition(lambda self: self.mode == "filesystem" and self.model.files)
    @rule(fid=users, address=addresses)
    def switch_from_files_to_migrating(self, fid, address):
        """The processes on files that are still there make nothing more."""
        self.mode = "migrating"
        self._start()
        self.ask_for_a_wallet(fid, [0], None)
        self.sign_in_with_a_base_account(fid, address, 0, None)

    @precondition(lambda self: self.mode == "migrating" and not self.damage)
    @rule()
    def finish_the_migration(self):
        outcomes = self._import(sorted(self.model.files))
        # A Base Account address in conflict is harmless.
        if all(
            outcome != Outcome.CONFLICT
            for name, outcome in outcomes.items()
            if self.model.files[name].keyed
        ):
            self.mode = "postgres"
            self._start()

    @precondition(lambda self: self.mode != "filesystem" and not self.damage)
    @rule(exported=st.booleans())
    def go_back_to_files(self, exported):
        """Users whom the export left out are refused on files, until the rows are back."""
        if (exported and self._export(set(self.model.rows))) or self.model.files:
            self.processes.clear()
            (self.world.folder / ".migrating").unlink(missing_ok=True)
            self.model.handed_over = False
            self.mode = "filesystem"
            self._start()
            for fid in list(self.model.promised):
                self.ask_for_a_wallet(fid, [0], None)

    # What is so after every step.

    @invariant()
    def what_is_kept_is_what_the_model_keeps(self):
        damaged = {key for key, kept in self.model.rows.items() if kept.damaged}
        rows = {key: replace(kept, damaged=False) for key, kept in self.model.rows.items()}
        assert self.world.rows(damaged=damaged) == rows
        contents = self.world.contents()
        assert contents.keys() == self.model.files.keys()
        for name, kept in self.model.files.items():
            if name in self.model.written:
                assert kept.damaged or open_file(contents[name][0]) == kept
            else:
                assert contents[name] == self.before[name]
        assert self.world.leftovers() == set()
        self.before = contents
        self.model.written.clear()

    @invariant()
    def every_key_that_left_is_in_the_audit_log_and_no_other(self):
        assert self.world.audited() == (self.model.key_reads, self.model.key_exports)

    @invariant()
    def every_promise_is_kept(self):
        for fid, address in self.model.promised.items():
            kept = replace(self.model, rows={**self.model.rows})
            answer = outcome_of(kept.look, self.mode, fid, "ethereum")
            if answer == StorageUnavailable:
                # On files, a wallet that is only a row is refused until it is exported.
                assert self.mode == "filesystem"
                assert self.model.rows[fid, "ethereum"].address == address
            else:
                assert answer in (KeyUnreadable, address)

    def teardown(self):
        """Repair everything, request every address again, and export everything."""
        self.world.heal()
        if self.processes:
            self.damage.mend()
            if self.mode == "filesystem" and self.model.files:
                self.mode = "migrating"
            self._start()
            for fid, address in self.model.promised.items():
                assert self.processes[-1].ensure(fid) == address
                assert self.processes[-1].read_key(fid) == address
                self.model.read_key(self.mode, fid)
            self._export(set(self.model.rows))
            self.every_key_that_left_is_in_the_audit_log_and_no_other()
            self.what_is_kept_is_what_the_model_keeps()
            assert self.world.faults_of_the_log() == []

    def _process(self, pick):
        return self.processes[pick % len(self.processes)]

    def _start(self):
        process = Process(self.world, self.mode)
        self._again_if_cut(process.check)
        self.model.handed_over |= self.mode == "migrating"
        self.processes.append(process)

    def _ask_everybody(self, fid):
        # What changes from here on, the stores have changed.
        self.what_is_kept_is_what_the_model_keeps()
        for pick in range(len(self.processes)):
            self.ask_for_a_wallet(fid, [pick], None)
            self.look_at_wallets(fid, pick, None, base_account_first=True)
            self.read_a_key(fid, pick, None)

    def _do(self, pick, cut, name, *arguments):
        """Have a process do something, and the model, and compare."""
        self.world.scissors.open(cut)
        process = self._process(pick)
        answer = self._again_if_cut(outcome_of, getattr(process, name), *arguments)
        assert answer == outcome_of(getattr(self.model, name), process.mode, *arguments)
        for address in answer if isinstance(answer, list) else [answer]:
            self._was_given_out(arguments[0], address)

    def _was_given_out(self, fid, answer):
        if isinstance(answer, str) and answer not in BASE_ACCOUNTS:
            self.model.promise(fid, answer)

    def _again_if_cut(self, call, *arguments):
        """Repeat what may not repeat itself, if its connection was cut."""
        try:
            return call(*arguments)
        except DatabaseUnavailable:
            assert self.world.scissors.have_cut
            self.world.scissors.open(None)
            # Whether a row was written is not known before one looks; a key did not leave.
            reads, _ = self.world.audited()
            assert reads - self.model.key_reads in (0, 1)
            self.model.key_reads = reads
            return call(*arguments)

    def _import(self, names):
        outcomes = self.world.import_files(names)
        allowed = self.model.import_files(names)
        assert outcomes.keys() == allowed.keys()
        assert all(outcome in allowed[name] for name, outcome in outcomes.items())
        return outcomes

    def _export(self, wanted):
        """Export rows, and tell whether each trading wallet has a file now."""
        self.world.heal()
        outcomes = self.world.export(wanted) if wanted else {}
        allowed = self.model.export(wanted, outcomes)
        assert outcomes.keys() == allowed.keys()
        assert all(outcome in allowed[key] for key, outcome in outcomes.items())
        return all(
            outcome != Outcome.CONFLICT for key, outcome in outcomes.items() if key[1] == "ethereum"
        )

    def _put_file(self, fid, spelling, members):
        put(self.world.folder, fid, members, spelling)
        is_keyed = members["address"] not in BASE_ACCOUNTS
        self.model.files[fid, spelling] = Kept(members["address"], keyed=is_keyed)
        self.model.written.add((fid, spelling))


def run_stores(world, **changes):
    plan = settings(
        deadline=None, database=None, suppress_health_check=list(HealthCheck), **changes
    )
    run_state_machine_as_test(lambda: WalletStores(world), settings=plan)


@pytest.fixture
def world(environ, sql, tmp_path):
    world = World(environ, sql, tmp_path)
    world.database.open()
    yield world
    world.database.close()


@pytest.mark.slow
def test_no_sequence_of_events_changes_an_address_or_loses_a_key(world):
    run_stores(world, max_examples=15, stateful_step_count=30, derandomize=True)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_it_holds_for_thousands_of_random_steps(world):
    run_stores(world, max_examples=400, stateful_step_count=50, print_blob=True)
