"""Progress output and report files of long-running commands."""

import dataclasses
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

_LINE_INTERVAL = 10.0
_DRAW_INTERVAL = 0.2
_COLORS = {"fine": "green", "advice": "yellow", "FAULT": "red"}


def escaped(text: str) -> str:
    """Escape control characters, so that no value sends commands to a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@contextmanager
def status_line(what: str) -> Iterator[None]:
    """Show a status line on the terminal while the block runs."""
    if not _stderr_is_a_terminal():
        yield
        return
    _draw(what)
    try:
        yield
    finally:
        _draw("")


def print_check(state: str, what: str, details: Iterable[str]) -> None:
    """Print the result of a check ("fine", "advice" or "FAULT"), and each detail on its own line.

    The state is colored if stdout is a terminal, unless NO_COLOR (no-color.org) is set.
    """
    shown = f"{state:7}"
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        shown = click.style(shown, fg=_COLORS[state])
    click.echo(f"{shown} {what}")
    for detail in details:
        click.echo(f"        {detail}")


def _stderr_is_a_terminal() -> bool:
    """Return whether stderr is a terminal on which a line can be drawn again."""
    return sys.stderr.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")


def _draw(text: str) -> None:
    """Replace the last line of the terminal by a text, cut to the terminal's width."""
    width = shutil.get_terminal_size().columns - 1
    # ECMA-48: carriage return, then erase to the end of the line.
    click.echo(f"\r\x1b[K{text[:width]}", err=True, nl=False)


class Progress:
    """Count the outcomes of many items, and show count, rate and remaining time on stderr.

    A terminal gets a line that is redrawn, anything else a line every ten seconds. `expected` and
    `faults` are all possible outcomes. `as_json` prints the result as JSON, and the lines of
    print_line() to stderr as well.
    """

    def __init__(
        self,
        total: int,
        unit: str,
        *,
        expected: Iterable[str],
        faults: Iterable[str],
        as_json: bool,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._as_json = as_json
        self._total = total
        self._unit = unit
        # Outcomes that do not occur are reported as 0.
        self._faults = tuple(faults)
        self.counts.update(dict.fromkeys((*expected, *self._faults), 0))
        self._began = self._shown = time.monotonic()
        self._on_terminal = _stderr_is_a_terminal()

    @property
    def seconds(self) -> float:
        """The elapsed time."""
        return time.monotonic() - self._began

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *raised: object) -> None:
        if self._on_terminal:
            _draw("")

    def add(self, kind: str) -> None:
        """Count an outcome, and refresh the display at intervals."""
        self.counts[kind] += 1
        now = time.monotonic()
        if now - self._shown < (_DRAW_INTERVAL if self._on_terminal else _LINE_INTERVAL):
            return
        self._shown = now
        if self._on_terminal:
            _draw(self._line())
        else:
            click.echo(self._line(), err=True)

    def print_line(self, line: str) -> None:
        """Print a line above the progress line, with its control characters escaped."""
        if self._on_terminal and (self._as_json or sys.stdout.isatty()):
            _draw("")
        click.echo(escaped(line), err=self._as_json)

    def succeeded(self) -> bool:
        """Return whether no fault was counted."""
        return not any(self.counts[fault] for fault in self._faults)

    def as_dict(self) -> dict[str, int | float]:
        """Return the counts, the total and the elapsed seconds, for JSON output."""
        counts = {kind.replace(" ", "_"): count for kind, count in self.counts.items()}
        return {self._unit: self.counts.total(), "seconds": round(self.seconds, 3), **counts}

    def print_result(self, **members: int) -> None:
        """Print the counts and the elapsed time, in one line, or as JSON with more `members`."""
        click.echo(json.dumps(self.as_dict() | members) if self._as_json else self.summary())

    def summary(self) -> str:
        """Return the counts and the elapsed time in one line."""
        done = self.counts.total()
        rate = done / max(self.seconds, 0.001)
        kinds = ", ".join(f"{count} {kind}" for kind, count in self.counts.items())
        return f"{done} {self._unit} in {self.seconds:.1f} s ({rate:.0f}/s): {kinds}"

    def _line(self) -> str:
        done = self.counts.total()
        rate = done / max(self.seconds, 0.001)
        left = timedelta(seconds=round(max(self._total - done, 0) / max(rate, 0.001)))
        occurring = ", ".join(f"{count} {kind}" for kind, count in self.counts.items() if count)
        return f"{done}/{self._total} {self._unit}, {rate:.0f}/s, {left} left: {occurring}"


class ReportFile:
    """A report file that is replaced atomically when it is complete."""

    def __init__(self, path: Path) -> None:
        # Replace the target of a symbolic link, not the link.
        self._path = path.resolve()

    def __enter__(self) -> "ReportFile":
        if self._path.exists() and not self._path.is_file():
            raise click.FileError(str(self._path), hint="it is not a regular file")
        try:
            # mkstemp creates the file with mode 0600.
            descriptor, temporary = tempfile.mkstemp(
                prefix=f".{self._path.name}.", dir=self._path.parent
            )
        except OSError as error:
            raise click.FileError(str(self._path), hint=error.strerror) from error
        self._temporary = Path(temporary)
        self._file = os.fdopen(descriptor, "w")
        return self

    def write(self, line: Any) -> None:
        """Write a dataclass as one line of JSON."""
        self.write_text(json.dumps(dataclasses.asdict(line)) + "\n")

    def write_text(self, text: str) -> None:
        """Write a text unchanged."""
        self._file.write(text)

    def __exit__(self, kind: type[BaseException] | None, *raised: object) -> None:
        try:
            with self._file:
                if kind is None:
                    self._file.flush()
                    os.fsync(self._file.fileno())
            if kind is None:
                self._temporary.replace(self._path)
        finally:
            self._temporary.unlink(missing_ok=True)
