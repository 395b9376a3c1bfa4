"""The model of the stores: two dictionaries, and the rules of what the stores must return."""

from dataclasses import dataclass, field, replace

from wallet_api.errors import KeyUnreadable, StorageUnavailable
from wallet_api.models import BASE_ACCOUNT_CHAIN as BASE
from wallet_api.models import BASE_ACCOUNT_SPELLINGS
from wallet_api.models import TRADING_CHAIN as TRADING
from wallet_api.services.wallet_files.importing import Outcome

Key = tuple[int, str]


def outcome_of(call, *arguments):
    """Return what a call returns, or the kind of refusal."""
    try:
        return call(*arguments)
    except (KeyUnreadable, StorageUnavailable) as refusal:
        return type(refusal)


@dataclass(frozen=True)
class Kept:
    """A wallet as a row or a file keeps it."""

    address: str
    keyed: bool
    damaged: bool = False

    def opened(self):
        if self.damaged:
            raise KeyUnreadable("damaged")
        return self


@dataclass
class Model:
    """Rows by FID and chain, files by FID and spelling, and what was said about them.

    A method does to the model what the stores must do, and returns or raises what they must.
    """

    rows: dict[Key, Kept] = field(default_factory=dict)
    files: dict[Key, Kept] = field(default_factory=dict)
    written: set[Key] = field(default_factory=set)
    """The files that the last step may have written: no other one may have changed."""
    handed_over: bool = False
    promised: dict[int, str] = field(default_factory=dict)
    """The address that each user was given."""
    key_reads: int = 0
    key_exports: int = 0

    def ensure(self, mode, fid, candidate):
        """Return the address to answer: the user's, or `candidate`, which is kept then."""
        kept = self._find(mode, fid, TRADING)
        if kept is None:
            kept = Kept(candidate, keyed=True)
            if mode == "filesystem":
                self._make_file(fid, kept)
            else:
                self.rows[fid, TRADING] = kept
        return kept.address

    def put_base_account(self, mode, fid, address):
        there = self._find(mode, fid, BASE)
        if mode != "filesystem":
            self.rows[fid, BASE] = Kept(address, keyed=False)
        elif there is None or there.address != address:
            self._refuse_if_handed_over()
            self._write(fid, BASE, Kept(address, keyed=False))

    def list(self, mode, fid):
        """Return the addresses to answer; a trading wallet's row does not wait for a bad file."""
        try:
            base = self._find(mode, fid, BASE)
        except KeyUnreadable:
            if mode != "migrating" or (fid, TRADING) not in self.rows:
                raise
            base = None
        trading = self._find(mode, fid, TRADING)
        return [kept.address for kept in (base, trading) if kept is not None]

    def read_key(self, mode, fid):
        """Return the address whose key leaves. An attempt on a damaged row is recorded too."""
        kept = self.rows.get((fid, TRADING))
        if mode == "filesystem" or kept is None:
            kept = self._find(mode, fid, TRADING)
        if kept is None:
            return None
        self.key_reads += 1
        return kept.opened().address

    def look(self, mode, fid, chain):
        """Return the address to answer for a user and chain."""
        kept = self._find(mode, fid, chain)
        return kept and kept.address

    def import_files(self, names):
        """Return what may be reported of each file."""
        return {name: self._import(*name) for name in names}

    def export(self, keys, reported):
        """Return what may be reported of each row; of two Base Accounts the dates decide."""
        missing = {key for key in keys if key not in self.files and not self.rows[key].damaged}
        outcomes = {key: self._meet(key, reported[key]) for key in keys if key not in missing}
        self.key_exports += sum(self.rows[key].keyed for key in missing)
        for key in missing:
            # A keyless file may just have moved there.
            self.files.setdefault(key, self.rows[key])
            self.written.add(key)
            same = self.files[key] == self.rows[key]
            outcomes[key] = {Outcome.EXPORTED if same else Outcome.CONFLICT}
        return outcomes

    def promise(self, fid, address):
        """Remember that an address was given out; it must be the one that always was."""
        assert self.promised.setdefault(fid, address) == address

    def _find(self, mode, fid, chain):
        """Return what is kept for a user on a chain, as a store in `mode` finds it."""
        if mode == "filesystem":
            kept = self._in_files(fid, chain)
            if kept is None and chain == TRADING and (fid, TRADING) in self.rows:
                raise StorageUnavailable("export it first")
            return kept
        kept = self.rows.get((fid, chain))
        if kept is None and mode == "migrating":
            kept = self._in_files(fid, chain)
            if kept is not None:
                self.rows[fid, chain] = kept
            elif chain == TRADING:
                # A key that lies under the other chain keeps its user from getting another one.
                self._in_files(fid, BASE)
        return kept and kept.opened()

    def _in_files(self, fid, chain):
        oldest = self.files.get((fid, TRADING))
        if chain == BASE:
            for spelling in BASE_ACCOUNT_SPELLINGS:
                if (fid, spelling) in self.files:
                    return self.files[fid, spelling].opened()
        if oldest is None or oldest.opened().keyed != (chain == TRADING):
            return None
        return oldest

    def _make_file(self, fid, kept):
        self._refuse_if_handed_over()
        if (fid, TRADING) in self.rows:
            raise StorageUnavailable("export it first")
        self._make_room(fid)
        self._write(fid, TRADING, kept)

    def _make_room(self, fid):
        """Move the Base Account address of one of the oldest files to a file of its own."""
        oldest = self.files.get((fid, TRADING))
        if oldest is not None and self._in_files(fid, BASE) is oldest:
            self._write(fid, BASE, oldest)

    def _refuse_if_handed_over(self):
        if self.handed_over:
            raise StorageUnavailable("handed over")

    def _write(self, fid, spelling, kept):
        self.files[fid, spelling] = kept
        self.written.add((fid, spelling))

    def _import(self, fid, spelling):
        file = self.files[fid, spelling]
        if file.damaged:
            return {Outcome.INVALID}
        if not file.keyed:
            first = next((s for s in BASE_ACCOUNT_SPELLINGS if (fid, s) in self.files), spelling)
            if first != spelling:
                return {Outcome.PRESENT if self.files[fid, first] == file else Outcome.CONFLICT}
        key = (fid, TRADING if file.keyed else BASE)
        if key not in self.rows:
            self.rows[key] = replace(file)
            return {Outcome.IMPORTED}
        if self.rows[key] == file:
            return {Outcome.PRESENT}
        return {Outcome.CONFLICT} if file.keyed else {Outcome.PRESENT, Outcome.CONFLICT}

    def _meet(self, key, reported):
        row, there = self.rows[key], self.files.get(key)
        if row.damaged:
            return {Outcome.INVALID}
        if there == row:
            return {Outcome.PRESENT}
        if there.damaged or there.keyed:
            return {Outcome.CONFLICT}
        if row.keyed:
            if outcome_of(self._make_room, key[0]) is KeyUnreadable:
                return {Outcome.CONFLICT}
            self.key_exports += 1
        elif reported == Outcome.CONFLICT:
            return {Outcome.CONFLICT}
        self._write(*key, row)
        return {Outcome.EXPORTED}
