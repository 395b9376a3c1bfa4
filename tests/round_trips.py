"""Round trips, statements and commits, counted by libpq's trace."""

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from psycopg.pq import Trace

from wallet_api.database import Connection, Database

_MESSAGE = re.compile(r"^([FB])\t\d+\t(.*)$", re.MULTILINE)


@dataclass
class Traffic:
    """The messages between us and PostgreSQL, in order: ("F", "Query"), ("B", "DataRow"), …"""

    messages: list[tuple[str, str]] = field(default_factory=list)

    @property
    def round_trips(self) -> int:
        """The number of times that we sent something and waited for the answer."""
        directions = [direction for direction, _ in self.messages]
        return sum(pair == ("F", "B") for pair in pairwise(directions))

    @property
    def statements(self) -> int:
        """The number of statements that we sent, including begin and commit."""
        return sum(
            direction == "F" and text.partition("\t")[0] in ("Query", "Execute")
            for direction, text in self.messages
        )

    @property
    def commits(self) -> int:
        return sum(
            text.startswith("CommandComplete") and "COMMIT" in text for _, text in self.messages
        )


@contextmanager
def traced(database: Database) -> Iterator[Traffic]:
    """Trace every connection that `database` uses inside the block."""
    traffic = Traffic()
    attempt = database._attempt

    def traced_attempt(work: Callable[[Connection], object], connection: Connection) -> object:
        with tempfile.TemporaryFile("w+") as file:
            connection.pgconn.trace(file.fileno())
            connection.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
            try:
                return attempt(work, connection)
            finally:
                connection.pgconn.untrace()
                file.seek(0)
                # The text of a statement may go on for several lines.
                for direction, text in _MESSAGE.findall(file.read()):
                    traffic.messages.append((direction, text))

    database._attempt = traced_attempt  # type: ignore[method-assign]
    try:
        yield traffic
    finally:
        del database._attempt
