"""Damage to files and rows, and its repair."""

from dataclasses import replace

from tests.machine.model import Kept
from wallet_api.crypto import key_pairs as keys

KINDS = ["cut off", "empty", "another address", "a bit"]
COLUMNS = ["address", "encrypted_private_key", "iv", "key_id"]


class Damage:
    """What is damaged now, in the world and in the model, and how it was before."""

    def __init__(self, world, model):
        self._world = world
        self._model = model
        self._files = {}
        self._rows = {}

    def __bool__(self):
        return bool(self._files or self._rows)

    def is_enough(self):
        """Whether one more is too many: of three bad files, a process suspects its secret."""
        return len(self._files) + len(self._rows) >= 2

    def add_file(self, name, *, whole=None):
        """Remember a file that is damaged; one that was never whole is taken away one day."""
        self._files[name] = whole
        self._model.files[name] = replace(self._model.files[name], damaged=True)
        self._model.written.add(name)

    def damage_file(self, name, how):
        path = self._world.path_of(name)
        whole = damaged = path.read_bytes()
        file = self._model.files[name]
        if how == "another address" and file.keyed:
            damaged = whole.replace(file.address.encode(), keys.generate().address.encode())
        elif how == "a bit" and file.keyed:
            head, tail = whole.split(b'"encryptedPrivateKey": "')
            tail = (b"1" if tail.startswith(b"0") else b"0") + tail[1:]
            damaged = head + b'"encryptedPrivateKey": "' + tail
        else:
            damaged = whole[: len(whole) // 2] if how == "cut off" else b""
        path.write_bytes(damaged)
        self.add_file(name, whole=whole)

    def damage_row(self, key, column):
        whole = self._world.value(key, column)
        damaged = whole[:-1] + ("1" if whole[-1] == "0" else "0")
        row = replace(self._model.rows[key], damaged=True)
        if column == "address":
            damaged = keys.generate().address
            row = replace(row, address=damaged)
        self._world.set_value(key, column, damaged)
        self._rows[key] = (column, whole, self._model.rows[key])
        self._model.rows[key] = row

    def mend(self):
        """Restore everything from a backup, and remove files that were never whole.

        The last file remains: a process on files refuses a folder without any, as if its disk were
        not mounted.
        """
        for key, (column, whole, row) in self._rows.items():
            self._world.set_value(key, column, whole)
            self._model.rows[key] = row
        for name, whole in list(self._files.items()):
            if whole is None and len(self._model.files) == 1:
                continue
            del self._files[name]
            file = self._model.files.pop(name)
            if whole is None:
                self._world.path_of(name).unlink()
            else:
                self._world.path_of(name).write_bytes(whole)
                self._model.files[name] = Kept(file.address, file.keyed)
                self._model.written.add(name)
        self._rows.clear()
